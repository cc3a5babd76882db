"""The sheets of a report's workbook: what stands in which cell, in one language.

Shares are numbers in percent with their exact fraction beside them; where no number of three
decimals is honest, the words stand that people read elsewhere. Times are seconds, and moments those
of the report's zone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from monitor.domain.availability import Figures, verdict
from monitor.domain.correction import Withdrawal
from monitor.domain.instant import instant, microseconds
from monitor.domain.observation import Failure, UnknownCause
from monitor.domain.service import ALWAYS
from monitor.domain.windowrecord import Cancellation
from monitor.locales import Language
from monitor.locales.messages_reasons import CAUSES, failure_text
from monitor.locales.shares import VERDICTS
from monitor.reports.exactly import SHARES, exact, number
from monitor.reports.report import Account, Report, ResponseTimes
from monitor.reports.sections.vocabulary import STATUSES
from monitor.reports.sheetwords import (
    AFFECTED,
    CONCERNS,
    HEADINGS,
    IDENTITY,
    TITLES,
    WORDS,
)

Cell = str | int | Decimal | datetime | None

_SECOND = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table with its heading, and names with values that stand above it."""

    title: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    above: Sequence[tuple[str, Cell]] = ()


def sheets(report: Report, digest: str, language: Language) -> list[Sheet]:
    """Return the sheets of a report whose *sidik data* is `digest`."""
    made = _Sheets(report, language)
    bodies = {
        "summary": made.summary(),
        "daily": made.daily(),
        "incidents": made.incidents(),
        "maintenance": made.maintenance(),
        "corrections": made.corrections(),
        "completeness": made.completeness(),
    }
    causes = [CAUSES[language][cause] for cause in UnknownCause]
    more = {"completeness": [f"{text} ({WORDS[language]['seconds']})" for text in causes]}
    zone = report.scope.zone
    return [
        Sheet(
            title=TITLES[language][name],
            columns=[
                *(text.format(zone=zone) for text in HEADINGS[language][name]),
                *more.get(name, ()),
            ],
            rows=rows,
            above=made.identity(digest) if name == "summary" else (),
        )
        for name, rows in bodies.items()
    ]


class _Sheets:
    """Makes the rows of each sheet."""

    def __init__(self, report: Report, language: Language) -> None:
        self._report = report
        self._language = language
        self._zone = ZoneInfo(report.scope.zone)
        self._words = WORDS[language]

    def identity(self, digest: str) -> list[tuple[str, Cell]]:
        scope, origin = self._report.scope, self._report.provenance
        ledger = origin.ledger
        values: dict[str, Cell] = {
            "from": self._at(scope.period.start),
            "until": self._at(scope.period.end),
            "known": self._at(scope.until),
            "zone": scope.zone,
            "owner": ", ".join(scope.owners) or None,
            "services": ", ".join(scope.services) or None,
            "number": self._report.wording.number,
            "version": self._report.version,
            "digest": digest,
            "software": f"Pantau {origin.software}",
            "configuration": origin.configuration,
            "ledger": None if ledger is None else f"{ledger.origin} {ledger.size} {ledger.root}",
        }
        names = IDENTITY[self._language]
        return [(names[name], value) for name, value in values.items() if value is not None]

    def summary(self) -> Iterator[Sequence[Cell]]:
        """Yield a row for the promised hours, one around the clock, and both as measured."""
        for one in self._report.accounts:
            yield from self._summed(one, one.in_hours, one.always, "")
            if one.measured is not None:
                before = self._words["measured"]
                yield from self._summed(one, one.measured_in_hours, one.measured, before)

    def daily(self) -> Iterator[Sequence[Cell]]:
        for one in self._report.accounts:
            for day in one.days:
                for hours, figures in ((one.hours, day.in_hours), (ALWAYS, day.figures)):
                    if figures is None or hours is None:
                        continue
                    named = (*_name(one)[:3], day.date.isoformat(), hours)
                    yield (*named, *self._figures(figures), *_response(day.response))

    def incidents(self) -> Iterator[Sequence[Cell]]:
        wording, language = self._report.wording, self._language
        for told in self._report.incidents:
            one = told.incident
            yield (
                one.id,
                one.service,
                CONCERNS[language][one.concern],
                AFFECTED[language][one.affects],
                self._moment(one.started_at),
                self._moment(one.ended_at),
                None if one.ended_at is None else _seconds_between(one.started_at, one.ended_at),
                ", ".join(each.id for each in one.checks),
                "; ".join(_failure(each.failure, language) for each in one.checks if each.failure),
                wording.causes.get(one.id),
                wording.remarks.get(one.id),
                "; ".join(" ".join(filter(None, (n.by, n.text))) for n in told.notes),
            )

    def maintenance(self) -> Iterator[Sequence[Cell]]:
        for account in self._report.accounts:
            for one in account.work:
                record, window = one.record, one.record.window
                counted = None if one.after_the_fact else one.counted
                yield (
                    account.service.id,
                    window.id,
                    self._moment(one.occurrence.start),
                    self._moment(one.occurrence.end),
                    self._moment(None if counted is None else counted.start),
                    self._moment(None if counted is None else counted.end),
                    self._words["yes" if one.after_the_fact else "no"],
                    window.approved_by,
                    window.reason,
                    self._moment(record.added_at),
                    record.added_by,
                    *self._act(record.cancelled),
                )

    def corrections(self) -> Iterator[Sequence[Cell]]:
        for account in self._report.accounts:
            for one in account.corrections:
                made = one.correction
                yield (
                    account.service.id,
                    made.id,
                    made.check,
                    self._moment(made.start),
                    self._moment(made.end),
                    STATUSES[self._language][made.status],
                    made.reason,
                    made.evidence,
                    made.by,
                    self._moment(made.at),
                    *self._act(one.withdrawn),
                )

    def completeness(self) -> Iterator[Sequence[Cell]]:
        for one in self._report.accounts:
            figures = one.always
            causes = figures.unknown_by_cause
            yield (
                one.service.id,
                one.service.name,
                ", ".join(check.id for check in one.checks),
                None if one.began is None else self._at(one.began),
                figures.expected,
                figures.received,
                self._share("coverage", figures),
                exact(figures.coverage),
                _seconds(figures.parts.unknown),
                *(_seconds(causes.get(cause, 0)) for cause in UnknownCause),
            )

    def _summed(
        self, one: Account, in_hours: Figures | None, always: Figures, note: str
    ) -> Iterator[Sequence[Cell]]:
        promised = in_hours or always
        hours = ALWAYS if in_hours is None else one.hours
        yield (*_name(one), hours, note, *self._promise(one, promised), *self._sums(promised))
        if in_hours is not None:
            none = (None,) * len(self._promise(one, always))
            yield (*_name(one), ALWAYS, note, *none, *self._sums(always))

    def _promise(self, one: Account, promised: Figures) -> tuple[Cell, Cell, Cell, Cell]:
        sla = one.service.sla
        if sla is None:
            return None, None, None, None
        said = VERDICTS[self._language][verdict(promised, sla.target)]
        target = Decimal(sla.target.numerator * 100) / Decimal(sla.target.denominator)
        return target, exact(sla.target), sla.basis, said

    def _sums(self, figures: Figures) -> tuple[Cell, ...]:
        means = (figures.mtbf, figures.mttr)
        return (
            *self._figures(figures),
            *(None if mean is None else _seconds(round(mean)) for mean in means),
        )

    def _figures(self, figures: Figures) -> tuple[Cell, ...]:
        parts = figures.parts
        lengths = (parts.up, parts.degraded, parts.down, parts.unknown, parts.maintenance)
        seen = (parts.up_in_maintenance, parts.down_in_maintenance, parts.total)
        shares = (
            cell
            for name in SHARES
            for cell in (self._share(name, figures), exact(getattr(figures, name)))
        )
        counts = (figures.outages, figures.expected, figures.received)
        return (*shares, *map(_seconds, (*lengths, *seen)), *counts)

    def _share(self, name: str, figures: Figures) -> Cell:
        found = number(name, figures)
        return SHARES[name](figures, self._language) if found is None else found

    def _act(self, one: Cancellation | Withdrawal | None) -> tuple[Cell, Cell, Cell]:
        return (None, None, None) if one is None else (self._moment(one.at), one.by, one.reason)

    def _at(self, at: int) -> datetime:
        return instant(at).astimezone(self._zone).replace(tzinfo=None)

    def _moment(self, at: datetime | None) -> datetime | None:
        return None if at is None else self._at(microseconds(at))


def _name(one: Account) -> tuple[Cell, ...]:
    service = one.service
    return service.id, service.name, service.owner, service.criticality.value


def _response(one: ResponseTimes | None) -> tuple[Cell, ...]:
    return (None,) * 3 if one is None else tuple(map(_seconds, (one.p50, one.p95, one.p99)))


def _failure(one: Failure, language: Language) -> str:
    return ": ".join(filter(None, (failure_text(one.kind, language), one.detail)))


def _seconds_between(start: datetime, end: datetime) -> Cell:
    return _seconds(microseconds(end) - microseconds(start))


def _seconds(length: int) -> Cell:
    """Return microseconds in seconds, of which a double holds every digit for centuries."""
    return Decimal(length) / _SECOND
