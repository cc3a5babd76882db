"""The page behind a link in a message: what is down, and who takes care of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from monitor.domain.acklink import AckLink
from monitor.domain.incident import Incident
from monitor.domain.note import Note
from monitor.domain.service import Service
from monitor.domain.status import Status
from monitor.locales import Language
from monitor.locales.dates import duration_text, moment_text
from monitor.locales.messages_reasons import failure_text
from monitor.ports import Story
from monitor.web.pages import environment, other_language
from monitor.web.texts import GLYPHS
from monitor.web.texts_incidents import ACK

_MOST_NOTES = 20
_MOST_REASONS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What somebody wrote, to be shown to them again. `error` names a text of the page."""

    by: str = ""
    comment: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """What is behind a link that holds, at `now`. `service` is None when it is gone."""

    link: AckLink
    story: Story
    service: Service | None
    now: datetime


class AckPage:
    """Renders the page, and those that say why there is none."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        templates = environment()
        self._page = templates.get_template("ack.html")
        self._refused = templates.get_template("nothere.html")

    def html(self, behind: Behind, language: Language, form: Form | None = None) -> str:
        """Return the page, with what was written in its form before."""
        text, form, service = ACK[language], form or Form(), behind.service
        incident = behind.story.incident
        is_open = incident.ended_at is None
        status = incident.concern.status if is_open else Status.UP
        over = "" if is_open else "_over"
        name = service.name if service else incident.service
        return self._page.render(
            **_frame(language),
            status=status.value,
            glyph=GLYPHS[status],
            is_open=is_open,
            sentence=text[f"{incident.concern}{over}"].format(service=name),
            facts=list(self._facts(behind, language)),
            taken=self._taken(incident, language),
            notes=[self._note(each, language) for each in _latest(behind.story)],
            by=form.by,
            comment=form.comment,
            error=text[form.error] if form.error else "",
            footer=text["footer"].format(until=self._moment(behind.link.until, language)),
        )

    def refusal(self, why: str, language: Language) -> str:
        """Return the page that says why a link leads nowhere: `refused`, `expired`, …"""
        text = ACK[language]
        return self._refused.render(
            **_frame(language),
            heading=text[why],
            why=text[f"{why}_why"],
            list="",
            sign_in=None,
        )

    def _facts(self, behind: Behind, language: Language) -> Iterator[tuple[str, str]]:
        incident, service = behind.story.incident, behind.service
        text = ACK[language]
        if service is not None:
            yield text["owner"], service.owner
        yield text["since"], self._moment(incident.started_at, language)
        if incident.ended_at is not None:
            yield text["ended"], self._moment(incident.ended_at, language)
        length = (incident.ended_at or behind.now) - incident.started_at
        yield text["length"], duration_text(length, language, units=2)
        for reason, checks in list(_reasons(incident, language).items())[:_MOST_REASONS]:
            yield text["why"], f"{reason} ({', '.join(checks[:_MOST_REASONS])})"
        yield text["told"], behind.link.receiver

    def _taken(self, incident: Incident, language: Language) -> dict[str, str] | None:
        known = incident.acknowledged
        if known is None:
            return None
        at = self._moment(known.at, language)
        said = ACK[language]["taken"].format(by=known.by, at=at)
        return {"text": said, "comment": known.comment}

    def _note(self, note: Note, language: Language) -> dict[str, Any]:
        return {
            "did": ACK[language][f"did_{note.kind}"].format(by=note.by),
            "iso": note.at.isoformat(),
            "at": self._moment(note.at, language),
            "text": note.text,
        }

    def _moment(self, at: datetime, language: Language) -> str:
        return moment_text(at, self._zone, language)


def _reasons(incident: Incident, language: Language) -> Mapping[str, Sequence[str]]:
    """Return the checks that fail, by the reason in words."""
    found = defaultdict(list)
    for each in incident.checks:
        if each.until is None and each.failure is not None:
            found[failure_text(each.failure.kind, language)].append(each.id)
    return found


def _latest(story: Story) -> Iterable[Note]:
    return reversed(story.notes[-_MOST_NOTES:])


def _frame(language: Language) -> dict[str, Any]:
    other = other_language(language).value
    return {
        "language": language.value,
        "other": other,
        "switch": f"?lang={other}",
        "text": ACK[language],
    }
