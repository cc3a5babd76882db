"""Laws that hold for the figures of any service: whatever was seen, planned, promised, corrected."""

import os
from dataclasses import dataclass, fields, replace
from datetime import date, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from monitor.domain.availability import Parts
from monitor.domain.calendar import Calendar, Hours, open_windows
from monitor.domain.check import CheckId
from monitor.domain.correction import Correction, CorrectionRecord, Withdrawal
from monitor.domain.epochs import Epoch, merge_epochs
from monitor.domain.instant import instant, span_microseconds
from monitor.domain.maintenance import MaintenanceWindow, Occurrence, Recurrence
from monitor.domain.observation import Status, UnknownCause
from monitor.domain.periods import days, month
from monitor.domain.service import Rule, Service, ServiceId, Sla, StatusRule
from monitor.domain.timeline import Mark, Sample, spans
from monitor.domain.windowrecord import Cancellation, Source, WindowRecord
from monitor.domain.windows import Window, difference, duration
from monitor.reports.entries import Terms
from monitor.reports.reckoning import entry
from monitor.store.timeline import Known
from tests.fakes import a_check

CASES = int(os.environ.get("AVAILABILITY_CASES", "100"))
# Clocks changed by half an hour and by an hour, a day left out, midnight twice, quarters of an hour.
MONTHS = [
    *(("Australia/Lord_Howe", "2026-04"), ("Australia/Lord_Howe", "2026-10")),
    *(("Pacific/Apia", "2011-12"), ("Asia/Kathmandu", "2026-06"), ("America/Havana", "2026-11")),
    *(("America/New_York", "2026-03"), ("Asia/Makassar", "2026-02")),
]
# Making a month takes a busy machine long, and that is no fault of the case.
LAWS = settings(max_examples=CASES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
WEB = a_check(id=CheckId("web"), labels={"rack": "a"}, interval=timedelta(hours=5, microseconds=1))
DNS = a_check(id=CheckId("dns"), interval=timedelta(hours=7))
PORTAL = ServiceId("portal")


@dataclass(frozen=True)
class Slots:
    received: int = 0
    missed: tuple = ()


@dataclass(frozen=True)
class Seen:
    """Samples and marks of each check."""

    samples: dict
    marks: dict

    def known(self, check_id, interval, window):
        samples, ends = merge_epochs([Epoch(samples=self.samples.get(check_id, ()))])
        known = spans(samples, interval, window, [*ends, *self.marks.get(check_id, ())])
        return Known(first=samples[0].at if samples else None, spans=known)

    def slots(self, check_id, start, end):
        return Slots()

    def intervals(self, check_id, start, end):
        return ()


@dataclass(frozen=True)
class Case:
    zone: ZoneInfo
    period: Window
    service: Service
    seen: Seen
    terms: Terms

    @property
    def found(self):
        return entry(self.service, [WEB, DNS], self.seen, self.period, self.terms)


@st.composite
def calendars(draw, zone, period):
    minutes = st.lists(st.integers(0, 96), min_size=2, max_size=4, unique=True).map(sorted)
    week = []
    for _ in range(7):
        marks = draw(minutes)
        pairs = zip(marks[::2], marks[1::2], strict=False)
        week.append(tuple(Hours(*(timedelta(minutes=15 * m) for m in pair)) for pair in pairs))
    first = instant(period.start).astimezone(zone).date()
    off = draw(st.lists(st.integers(0, 31), max_size=3))
    holidays = {first + timedelta(days=each): "" for each in off}
    return Calendar(id="kantor", name="Kantor", zone=zone, week=tuple(week), holidays=holidays)


@st.composite
def cases(draw):
    name, text = draw(st.sampled_from(MONTHS))
    zone = ZoneInfo(name)
    period = month(text, zone)
    moments = st.integers(period.start - 3 * 86_400_000_000, period.end + 86_400_000_000)

    def when():
        return instant(draw(moments))

    def some_work(number):
        start = when()
        occurrence = Occurrence(start, start + timedelta(minutes=draw(st.integers(1, 4_000))))
        recurrence = Recurrence(
            rule=draw(st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=SU,WE"])),
            first=date(2011, 1, 1),
            start=time(draw(st.integers(0, 23)), 30),
            duration=timedelta(minutes=draw(st.integers(1, 300))),
            zone=zone,
        )
        covers = draw(
            st.sampled_from([{"services": frozenset({PORTAL})}, {"labels": {"rack": "a"}}])
        )
        window = MaintenanceWindow(
            id=f"w{number}",
            when=draw(st.sampled_from([occurrence, recurrence])),
            reason="r",
            approved_by="a",
            **covers,
        )
        known = when()
        end = Cancellation(at=max(known, when()), by="a", reason="r")
        cancelled = draw(st.sampled_from([None, None, end]))
        return WindowRecord(window=window, source=Source.FILE, added_at=known, cancelled=cancelled)

    def some_correction(number):
        start = when()
        about = draw(st.sampled_from([{"service": PORTAL}, {"check": WEB.id}, {"check": DNS.id}]))
        made = Correction(
            id=f"k{number}",
            start=start,
            end=start + timedelta(minutes=draw(st.integers(1, 5_000))),
            status=draw(st.sampled_from(Status)),
            reason="r",
            evidence="e",
            by="a",
            at=start,
            **about,
        )
        gone = Withdrawal(correction=made.id, by="a", reason="r", at=start)
        return CorrectionRecord(
            correction=made, withdrawn=draw(st.sampled_from([None, None, gone]))
        )

    def some_samples(check):
        step = span_microseconds(check.interval)
        # Most checks are older than the month.
        early = period.start - draw(st.integers(1, 3 * 86_400_000_000))
        first = draw(st.sampled_from([early, early, early, draw(moments)]))
        slots = range(first, period.end, step)
        seed = draw(st.randoms(use_true_random=False))
        kept = [at for at in slots if at == first or seed.random() > 0.2]
        return [Sample(at, seed.choice([Status.UP] * 4 + list(Status))) for at in kept]

    def some_marks():
        times = draw(st.lists(moments, max_size=2))
        return [Mark(at, UnknownCause.MONITOR_STOPPED) for at in times]

    rule = StatusRule(rule=draw(st.sampled_from(Rule)), quorum=1)
    sla = Sla(target=Fraction(99, 100), basis="SK", hours=draw(st.sampled_from(["kantor", "24x7"])))
    return Case(
        zone=zone,
        period=period,
        service=Service(id=PORTAL, name="Portal", owner="d", status=rule, sla=sla),
        seen=Seen(
            {check.id: some_samples(check) for check in (WEB, DNS)},
            {check.id: some_marks() for check in (WEB, DNS)},
        ),
        terms=Terms(
            calendars={"kantor": draw(calendars(zone, period))},
            windows=tuple(some_work(n) for n in range(draw(st.integers(0, 3)))),
            corrections=tuple(some_correction(n) for n in range(draw(st.integers(0, 3)))),
        ),
    )


def reckonings(found):
    """Return the hours of every reckoning with its figures: promised and all, corrected and not.

    Where nothing was corrected, what was measured is what is shown.
    """
    shown = found.figures, found.always
    before = found.measured
    measured = shown if before is None else (before.figures, before.always)
    for promised, always in (shown, measured):
        yield found.hours, promised
        yield None, always or promised


def hours_of(calendar, period):
    return [period] if calendar is None else open_windows(calendar, period)


@LAWS
@given(cases())
def test_parts_are_the_whole(case):
    """Up, down, unknown and maintenance sum to the hours to the microsecond, corrected or not."""
    for calendar, each in reckonings(case.found):
        parts = each.parts
        length = duration(hours_of(calendar, case.period))
        assert parts.up + parts.down + parts.unknown + parts.maintenance == length
        assert parts.degraded <= parts.up
        assert sum(each.unknown_by_cause.values()) == parts.unknown


@LAWS
@given(cases())
def test_a_month_is_the_sum_of_its_days(case):
    """Every part of a month is the sum of those of its local days, by any hours, corrected or not.

    Its checks took part from before it on: of a day before it began, a check says nothing.
    """
    first = [samples[0].at for samples in case.seen.samples.values() if samples]
    assume(len(first) == 2 and max(first) < case.period.start)
    by_day = [
        list(reckonings(replace(case, period=window).found))
        for _, window in days(case.period, case.zone)
    ]

    for place, (_, of_month) in enumerate(reckonings(case.found)):
        assert sum((each[place][1].parts for each in by_day), Parts()) == of_month.parts


@LAWS
@given(cases())
def test_hours_and_the_rest_are_all(case):
    """What lies in the promised hours and what lies outside sums to the whole, part by part."""
    found = case.found
    if found.always is None:
        return
    plain = replace(case, terms=replace(case.terms, corrections=()))
    inside, always = plain.found.figures.parts, plain.found.always.parts
    outside = difference([case.period], hours_of(found.hours, case.period))

    for field in fields(Parts):
        assert getattr(inside, field.name) <= getattr(always, field.name)
    assert always.total - inside.total == duration(outside)
