"""From stored samples to the figures of services: what tables and reports are made of."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from monitor.domain.availability import Figures, expected_samples, figures
from monitor.domain.budget import Budget
from monitor.domain.calendar import Calendar, doubts, open_windows
from monitor.domain.carving import carved_out, concerning
from monitor.domain.check import Affects, Check, CheckId
from monitor.domain.combination import combine
from monitor.domain.correction import Correction, CorrectionRecord, corrected, standing
from monitor.domain.instant import span_microseconds
from monitor.domain.observation import MissedReason
from monitor.domain.schedule import phase
from monitor.domain.service import Service, ServiceId
from monitor.domain.timeline import Span, clip
from monitor.domain.windowrecord import Occasion
from monitor.domain.windows import Window, intersection
from monitor.reports.entries import Entry, Reckoning, Terms
from monitor.reports.spending import (
    Shown,
    Spending,
    confirmed_timeline,
    looked_back,
    shown_spans,
)

_NONE = Terms()


class SlotCounts(Protocol):
    """How the slots of a check went in a period."""

    @property
    def received(self) -> int: ...
    @property
    def missed(self) -> Mapping[MissedReason, int]: ...


class Known(Protocol):
    """What is known of a check throughout a period.

    `first` is its first sample in the period, or the one before that may hold into it.
    """

    @property
    def first(self) -> int | None: ...
    @property
    def spans(self) -> Sequence[Span]: ...


class History(Protocol):
    """What the store remembers. Periods are in microseconds since the Unix epoch."""

    def known(self, check_id: CheckId, interval: int, window: Window) -> Known: ...

    def slots(self, check_id: CheckId, start: int, end: int) -> SlotCounts: ...

    def intervals(self, check_id: CheckId, start: int, end: int) -> Sequence[Shown]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One check over one period: what is known of it, and how many slots there were.

    `begins` is where it began to take part: at the earliest at the period's start, at its end
    when nothing was ever seen.
    """

    begins: int
    timeline: Sequence[Span]
    interval: int
    expected: int
    received: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What the figures of a service over `period` rest on.

    `checks` are those that affect its availability, `work` the maintenance that touches the
    period and `planned` what that takes out of it. `acts` are the corrections about it, withdrawn
    ones too; `standing` are those that count. `open_hours` is when it was promised.
    """

    service: Service
    checks: Sequence[Check]
    tracks: Mapping[CheckId, Track]
    hours: Calendar | None
    open_hours: Sequence[Window]
    work: tuple[Occasion, ...]
    planned: Sequence[Window]
    acts: tuple[CorrectionRecord, ...]
    standing: Sequence[Correction]
    period: Window

    @property
    def began(self) -> int | None:
        """Return when watching began, None if before the period."""
        begins = min((one.begins for one in self.tracks.values()), default=self.period.end)
        return begins if begins > self.period.start else None

    def timeline(self, corrections: Sequence[Correction]) -> list[Span]:
        """Return the status throughout; what is said of the service as a whole comes last."""
        timelines = [
            corrected(one.timeline, [each for each in corrections if each.check == name])
            for name, one in self.tracks.items()
        ]
        combined = combine(timelines, self.service.status, self.period)
        return corrected(combined, [each for each in corrections if each.check is None])

    def reckoned(self, timeline: Sequence[Span]) -> Reckoning:
        """Return the figures of the period, whose slots are all of it whatever was promised."""
        tracks = self.tracks.values()
        expected = sum(one.expected for one in tracks)
        received = sum(one.received for one in tracks)
        always = self.over(timeline, [self.period], expected, received)
        if self.hours is None:
            return Reckoning(figures=always)
        promised = self.over(timeline, self.open_hours, expected, received)
        return Reckoning(figures=promised, always=always)

    def over(
        self, timeline: Sequence[Span], windows: Sequence[Window], expected: int, received: int
    ) -> Figures:
        """Return the figures of any part of the period, with the slots that it has."""
        return figures(
            timeline,
            windows,
            interval=max((one.interval for one in self.tracks.values()), default=0),
            maintenance=self.planned,
            expected=expected,
            received=received,
        )


def entry(
    service: Service,
    checks: Iterable[Check],
    history: History,
    period: Window,
    terms: Terms = _NONE,
) -> Entry:
    """Return a service and its figures over `period`, from its checks that affect availability.

    Slots are counted over the whole period, whatever hours were promised.
    """
    known = grounds(service, checks, history, period, terms)
    found = known.reckoned(known.timeline(known.standing))
    return Entry(
        service=service,
        figures=found.figures,
        hours=known.hours,
        always=found.always,
        budget=_budget(known, found.figures, history, terms),
        measured=known.reckoned(known.timeline(())) if known.standing else None,
        corrections=known.acts,
        work=known.work,
        carved=tuple(known.planned),
        doubts=tuple(doubts(known.hours, period)) if known.hours else (),
        began=known.began,
    )


def grounds(
    service: Service,
    checks: Iterable[Check],
    history: History,
    period: Window,
    terms: Terms = _NONE,
) -> Grounds:
    """Return what the figures of a service over `period` rest on."""
    counted = _counted(service.id, checks)
    tracks = {check.id: track(check, history, period) for check in counted}
    work = concerning(terms.windows, service, counted, period)
    hours = terms.calendars.get(service.sla.hours) if service.sla else None
    acts = tuple(each for each in terms.corrections if _is_about(each, service, tracks, period))
    return Grounds(
        service=service,
        checks=counted,
        tracks=tracks,
        hours=hours,
        open_hours=() if hours is None else open_windows(hours, period),
        work=work,
        planned=intersection([period], carved_out(work, service, counted)),
        acts=acts,
        standing=standing(acts, period),
        period=period,
    )


def _budget(known: Grounds, found: Figures, history: History, terms: Terms) -> Budget | None:
    """Return what the target of a service allows, None where it has none."""
    service = known.service
    if service.sla is None:
        return None
    spending = Spending(
        service=service,
        sla=service.sla,
        checks=known.checks,
        hours=known.hours,
        windows=terms.windows,
        whole=terms.whole or known.period,
    )
    window = looked_back(known.period)
    lately = _confirmed(service, known.checks, history, window, terms.corrections)
    return spending.budget(found, lately)


def _confirmed(
    service: Service,
    checks: Iterable[Check],
    history: History,
    window: Window,
    corrections: Iterable[CorrectionRecord],
) -> list[Span]:
    """Return the confirmed status of a service throughout `window`."""
    sampled = {each.id: track(each, history, window).timeline for each in checks}
    shown = {name: shown_spans(history.intervals(name, *window), window) for name in sampled}
    acts = [each for each in corrections if _is_about(each, service, sampled, window)]
    return confirmed_timeline(service, sampled, shown, standing(acts, window), window)


def _is_about(
    record: CorrectionRecord, service: Service, checks: Container[CheckId], period: Window
) -> bool:
    """Say whether it was about a service or one of its checks, and touches the period."""
    start, end = record.correction.window
    named = record.correction.check in checks or record.correction.service == service.id
    return named and start < period.end and end > period.start


def _counted(service: ServiceId, checks: Iterable[Check]) -> list[Check]:
    return [
        check
        for check in checks
        if check.service == service and check.affects is Affects.AVAILABILITY
    ]


def track(check: Check, history: History, period: Window) -> Track:
    """Return what is known of a check throughout `period`, from its first record on.

    Before that it was not configured, and its service's status is that of the others.
    """
    interval = span_microseconds(check.interval)
    known = history.known(check.id, interval, period)
    first = period.end if known.first is None else known.first
    if first > period.start and history.slots(check.id, period.start, first).missed:
        first = period.start
    taking_part = Window(max(first, period.start), period.end)
    return Track(
        begins=taking_part.start,
        timeline=clip(known.spans, taking_part),
        interval=interval,
        expected=expected_in(check, [taking_part]),
        received=history.slots(check.id, *period).received,
    )


def expected_in(check: Check, windows: Iterable[Window]) -> int:
    """Return how many slots a check has in `windows`."""
    interval = span_microseconds(check.interval)
    return expected_samples(windows, interval, span_microseconds(phase(check.id, check.interval)))
