"""How `pantau demo` looks: a line for each thing that happens, and below them how all stands."""

import os
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

import click

from monitor.cli.demowords import MESSAGES, TURNS, WORDS
from monitor.cli.output import coloured, cut, table, terminal_width
from monitor.cli.words import COLOURS
from monitor.demo import scenes
from monitor.domain.availability import whole_seconds
from monitor.domain.observation import UnknownCause
from monitor.domain.status import Status
from monitor.domain.text import visible_text
from monitor.locales import Language
from monitor.locales.dates import duration_text, time_text
from monitor.locales.messages_reasons import cause_text, failure_text
from monitor.locales.numbers import decimal
from monitor.locales.shares import headline
from monitor.reports.entries import Entry
from monitor.web.texts import GLYPHS, STATUSES

_ZONE = ZoneInfo("Asia/Makassar")
_USUAL_WIDTH = 100
_FACT = 16
_INDENT = " " * 12
_ERASE_LINE = "\r\x1b[K"

Event = scenes.Opened | scenes.Turned | scenes.Changed | scenes.Arrived


class Screen:
    """Prints scenes. On a terminal the last line says how all stands, and renews itself."""

    def __init__(
        self, language: Language, figures: Callable[[scenes.Ended], Sequence[Entry]]
    ) -> None:
        """`figures` computes how available each service was."""
        self._language = language
        self._figures = figures
        self._renews = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self._standing = ""

    def show(self, scene: scenes.Scene) -> None:
        width = terminal_width() or _USUAL_WIDTH
        match scene:
            case scenes.Ticked():
                self._stand(cut(standing_line(scene, self._language), width - 1))
            case scenes.Ended():
                self._print(ended_lines(scene, self._figures(scene), self._language, width))
            case _:
                self._print(lines(scene, self._language, width))

    def clear(self) -> None:
        """Take the last line away."""
        if self._standing:
            self._standing = ""
            click.echo(_ERASE_LINE, nl=False)

    def _print(self, drawn: Iterable[str]) -> None:
        self.clear()
        for line in drawn:
            click.echo(line)
        sys.stdout.flush()

    def _stand(self, line: str) -> None:
        if self._renews and line != self._standing:
            self._standing = line
            click.echo(f"{_ERASE_LINE}{line}", nl=False)
            sys.stdout.flush()


def lines(scene: Event, language: Language, width: int) -> list[str]:
    """Return what a scene looks like, in lines of at most `width` cells."""
    match scene:
        case scenes.Opened():
            return _opened(scene, language, width)
        case scenes.Turned():
            text = TURNS[language][scene.turn.trouble, scene.turn.begins]
            return [coloured(line, "cyan") for line in _event(scene.at, "▸", text, width, language)]
        case scenes.Changed():
            return _changed(scene, language, width)
        case scenes.Arrived():
            return _arrived(scene, language, width)


def standing_line(scene: scenes.Ticked, language: Language) -> str:
    """Return how many services are in each status, and for how long this has been going on."""
    counts = (f"{GLYPHS[status]} {scene.counts.get(status, 0)}" for status in Status)
    length = _length(scene.seconds, language)
    return f"{'  '.join(counts)}   {WORDS[language]['running'].format(length=length)}"


def _opened(scene: scenes.Opened, language: Language, width: int) -> list[str]:
    words = WORDS[language]
    facts = [
        ("page", scene.page_url),
        ("metrics", scene.metrics_url),
        ("config", str(scene.config)),
        ("log", str(scene.log)),
    ]
    return [
        words["title"],
        *textwrap.wrap(words["where"], width),
        "",
        *(f"  {words[name]:<{_FACT}}{visible_text(text)}" for name, text in facts),
        "",
        words["stop"],
        "",
    ]


def _changed(scene: scenes.Changed, language: Language, width: int) -> list[str]:
    """Return a paragraph for each status and reason: the services of which the same is true."""
    found = []
    ordered = sorted(scene.standings, key=_reading(language))
    for (status, reason), alike in groupby(ordered, key=_reading(language)):
        names = ", ".join(standing.name for standing in alike)
        text = f"{STATUSES[language][status]}: {names}" + (f" ({reason})" if reason else "")
        drawn = _event(scene.at, GLYPHS[status], text, width, language)
        found += [coloured(line, COLOURS[status]) for line in drawn]
    return found


def _reading(language: Language) -> Callable[[scenes.Standing], tuple[Status, str]]:
    def read(standing: scenes.Standing) -> tuple[Status, str]:
        if standing.cause is not None:
            return standing.status, cause_text(UnknownCause(standing.cause), language)
        has_reason = standing.failure is not None
        return standing.status, failure_text(standing.failure, language) if has_reason else ""

    return read


def _arrived(scene: scenes.Arrived, language: Language, width: int) -> list[str]:
    first, *more = scene.message.summary[language].splitlines()
    kind = visible_text(scene.message.type)
    note = f"({kind}, {WORDS[language]['genuine']})"
    return [
        *_event(scene.at, "✉", visible_text(first), width, language),
        *_paragraphs([*map(visible_text, more), note], width),
    ]


def _event(at: datetime, sign: str, text: str, width: int, language: Language) -> list[str]:
    clock = time_text(at, _ZONE, language, seconds=True)
    return textwrap.wrap(
        f"{clock}  {sign} {text}", width, subsequent_indent=_INDENT, break_on_hyphens=False
    )


def _paragraphs(texts: Iterable[str], width: int) -> list[str]:
    return [
        line
        for text in texts
        for line in textwrap.wrap(
            text,
            width,
            initial_indent=_INDENT,
            subsequent_indent=f"{_INDENT}  ",
            break_on_hyphens=False,
        )
    ]


def ended_lines(
    scene: scenes.Ended, entries: Sequence[Entry], language: Language, width: int
) -> list[str]:
    """Return the summary at the end: what arrived, and how available each service was."""
    words = WORDS[language]
    length = _length((scene.ended_at - scene.began_at).total_seconds(), language)
    head = [words[name] for name in ("service", "down", "unknown", "availability")]
    drawn = table(head, [_row(entry, language) for entry in entries], width - 2)
    return [
        "",
        words["ended"].format(length=length),
        *textwrap.wrap(_told(scene, language), width),
        *([words["forged"].format(count=scene.forged)] if scene.forged else []),
        "",
        words["figures"],
        *(f"  {line}" for line in drawn.splitlines()),
        "",
        words["next"],
    ]


def _told(scene: scenes.Ended, language: Language) -> str:
    words = WORDS[language]
    if not scene.messages:
        return words["no_messages"]
    counts = (
        f"{decimal(count, language)} {MESSAGES[language].get(kind, kind)}"
        for kind, count in scene.messages.items()
    )
    return words["messages"].format(counts=", ".join(counts))


def _row(entry: Entry, language: Language) -> Sequence[str]:
    seconds = whole_seconds(entry.figures.parts)
    return [
        entry.service.name,
        *(_seconds(count, language) for count in (seconds.down, seconds.unknown)),
        headline(entry.figures, language),
    ]


def _seconds(count: int, language: Language) -> str:
    return WORDS[language]["seconds"].format(count=decimal(count, language))


def _length(seconds: float, language: Language) -> str:
    return duration_text(timedelta(seconds=int(seconds)), language, units=2)
