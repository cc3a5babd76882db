"""What two versions of a report say otherwise: two laporan.json in, rows out.

When a report was made, and by which software, is no difference: what it says is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from monitor.locales import Language
from monitor.locales.dates import duration_text
from monitor.locales.numbers import decimal
from monitor.reports.exactly import SHARES
from monitor.reports.report import Difference, Value

Parsed = Mapping[str, Any]
"""laporan.json, or an object of it, as `json.loads` gives it."""

_CIRCUMSTANCES = {"format", "version", "replaces", "provenance", "differences"}
_LENGTHS = ("up", "down", "unknown", "maintenance")
_COUNTS = ("outages", "expected", "received")
_MICROSECOND = timedelta(microseconds=1)
_HOURS = ("around_the_clock", "in_hours")


def differences(before: Parsed, after: Parsed) -> Sequence[Difference]:
    """Return what `after` says otherwise than `before`, nothing where they say the same.

    Figures of services come first, in the order of `after`, then those of services that are gone,
    then parts of the report.
    """
    was, now = _by_service(before), _by_service(after)
    rows = [
        row
        for name in dict.fromkeys((*now, *was))
        for row in _of_service(name, was.get(name), now.get(name))
    ]
    return (*rows, *_of_report(before, after))


def told_differences(report: Parsed) -> Sequence[Difference]:
    """Return the differences that a laporan.json tells of."""
    return [
        Difference(
            service=each["service"],
            figure=each["figure"],
            hours=each["hours"],
            before=_told(each["before"]),
            after=_told(each["after"]),
            corrections=tuple(each["corrections"]),
        )
        for each in report["differences"]
    ]


def _told(value: Parsed | None) -> Value | None:
    if value is None:
        return None
    words = {language: value[language] for language in Language}
    return Value(exact=value["exact"], words=words)


def _by_service(report: Parsed) -> dict[str, Parsed]:
    return {each["service"]: each for each in report["services"]}


def _of_service(name: str, was: Parsed | None, now: Parsed | None) -> Iterator[Difference]:
    if was is None or now is None:
        yield Difference(
            service=name,
            figure="service",
            before=None if was is None else _same(was["name"]),
            after=None if now is None else _same(now["name"]),
        )
        return
    corrections = _corrections(was, now)
    told = set()
    for hours in _HOURS:
        old, new = _figures(was, hours), _figures(now, hours)
        for figure in dict.fromkeys((*old, *new)):
            if old.get(figure) != new.get(figure):
                told.add("figures")
                yield Difference(
                    service=name,
                    figure=figure,
                    hours=hours,
                    before=old.get(figure),
                    after=new.get(figure),
                    corrections=corrections,
                )
    for part in dict.fromkeys((*now, *was)):
        if was.get(part) != now.get(part) and part not in told:
            figure = "work" if part == "maintenance" else part
            yield Difference(service=name, figure=figure, corrections=corrections)


def _of_report(before: Parsed, after: Parsed) -> Iterator[Difference]:
    for part in dict.fromkeys((*after, *before)):
        if part not in _CIRCUMSTANCES | {"services"} and before.get(part) != after.get(part):
            yield Difference(figure=part)
    order = [[each["service"] for each in report["services"]] for report in (before, after)]
    if order[0] != order[1] and sorted(order[0]) == sorted(order[1]):
        yield Difference(figure="asked")


def _corrections(was: Parsed, now: Parsed) -> tuple[str, ...]:
    """Return the corrections that came or were withdrawn in between, or touch it no more."""
    known = {each["id"]: each for each in was["corrections"]}
    new = {each["id"]: each for each in now["corrections"]}
    return tuple(name for name in dict.fromkeys((*new, *known)) if new.get(name) != known.get(name))


def _figures(service: Parsed, hours: str) -> dict[str, Value]:
    found = service["figures"][hours]
    if found is None:
        return {}
    values = {name: _share(found[name]) for name in SHARES}
    values |= {name: _length(found["microseconds"][name]) for name in _LENGTHS}
    values |= {name: _count(found[name]) for name in _COUNTS}
    target = service["target"]
    if target is not None and hours == _promised(service):
        values["verdict"] = _share(target["verdict_text"] | {"exact": target["verdict"]})
    return values


def _promised(service: Parsed) -> str:
    return "around_the_clock" if service["figures"]["in_hours"] is None else "in_hours"


def _share(one: Parsed) -> Value:
    return Value(exact=one["exact"], words={language: one[language] for language in Language})


def _length(microseconds: int) -> Value:
    return _in_words(
        str(microseconds), lambda language: duration_text(microseconds * _MICROSECOND, language)
    )


def _count(count: int) -> Value:
    return _in_words(str(count), lambda language: decimal(count, language))


def _same(text: str) -> Value:
    return _in_words(text, lambda _: text)


def _in_words(exact: str, words: Callable[[Language], str]) -> Value:
    return Value(exact=exact, words={language: words(language) for language in Language})
