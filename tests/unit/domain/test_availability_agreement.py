"""A second implementation, in another language and by brute force, finds the same figures."""

import random
import subprocess
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.availability import figures
from monitor.domain.calendar import Calendar, Hours, open_windows
from monitor.domain.combination import combine
from monitor.domain.instant import instant
from monitor.domain.observation import Status, UnknownCause
from monitor.domain.periods import between, month
from monitor.domain.service import Rule, StatusRule
from monitor.domain.timeline import Mark, Sample, hold_limit, spans
from monitor.domain.windows import Window
from tests.peers import peer

CASES = 10_000
PROGRAM = Path(__file__).parents[2] / "data" / "availability.awk"
LETTERS = {Status.UP: "u", Status.DEGRADED: "g", Status.DOWN: "d", Status.UNKNOWN: "x"}
ODD_MONTHS = [
    *(("Australia/Lord_Howe", "2026-04"), ("Australia/Lord_Howe", "2026-10")),
    *(("America/New_York", "2026-03"), ("Pacific/Apia", "2011-12"), ("Asia/Kathmandu", "2026-06")),
    *(("Asia/Makassar", "2026-02"), ("America/Havana", "2026-11")),
]
ODD_DAYS = [
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Asia/Kathmandu", date(2026, 6, 1)),
    ("Asia/Makassar", date(2026, 6, 1)),
    ("Pacific/Apia", date(2011, 12, 29)),
]


class Case:
    """A random service over a random period, or over one local day of an odd zone."""

    def __init__(self, number: int) -> None:
        self.random = random.Random(number)
        self.window = self._window()
        self.zone = ZoneInfo("UTC")
        self.is_month = self.random.random() < 0.1
        if self.is_month:
            self.zone, self.window = self._month()
        self.interval = max(self.window.length // self.random.randint(3, 14), 2)
        self.needed = self.random.randint(1, 3)
        self.checks = [self._check() for _ in range(self.random.randint(1, 3))]
        self.maintenance = self._windows(self.random.choice([0, 0, 1, 2]))
        self.hours = self._windows(self.random.choice([0, 0, 0, 1, 3]))
        if self.is_month:
            self.hours = open_windows(self._calendar(), self.window)

    def _window(self):
        if self.random.random() < 0.3:
            zone, day = self.random.choice(ODD_DAYS)
            return between(day, day + timedelta(days=1), ZoneInfo(zone))
        start = self.random.randint(0, 50)
        return Window(start, start + self.random.choice([7, 100, 1_000, 3_600_000_000]))

    def _month(self):
        """A month of an odd zone, in which a clock is changed, a day left out, or nothing."""
        name, text = self.random.choice(ODD_MONTHS)
        return ZoneInfo(name), month(text, ZoneInfo(name))

    def _calendar(self):
        """Hours of weekdays by the clock of the zone, with a holiday or two."""
        minutes = sorted(self.random.sample(range(0, 1_441, 15), 4))
        spans = [
            Hours(*(timedelta(minutes=m) for m in pair)) for pair in (minutes[:2], minutes[2:])
        ]
        first = instant(self.window.start).astimezone(self.zone).date()
        off = {first + timedelta(days=self.random.randint(0, 30)): "" for _ in range(2)}
        week = [tuple(spans[: self.random.randint(0, 2)]) for _ in range(7)]
        return Calendar(id="c", name="c", zone=self.zone, week=tuple(week), holidays=off)

    def _instant(self):
        margin = hold_limit(self.interval)
        return self.random.randint(self.window.start - margin, self.window.end + self.interval)

    def _check(self):
        weights = self.random.choice([(8, 1, 1, 1), (1, 1, 8, 1), (1, 1, 1, 1), (1, 0, 0, 0)])
        samples = [
            Sample(at, self.random.choices(list(LETTERS), weights)[0])
            for at in sorted(self._sample_times())
        ]
        count = self.random.choice([0, 0, 1, 2])
        return samples, [Mark(self._instant(), UnknownCause.MONITOR_STOPPED) for _ in range(count)]

    def _sample_times(self):
        first = self.window.start - self.random.randint(0, 3 * self.interval)
        slots = range(first, self.window.end + 1, self.interval)
        missing = self.random.choice([0, 0.1, 0.5, 1])
        kept = {slot for slot in slots if self.random.random() >= missing}
        return kept | {self._instant() for _ in range(self.random.choice([0, 2, 5]))}

    def _windows(self, count):
        edges = [tuple(sorted((self._instant(), self._instant()))) for _ in range(count)]
        return [Window(*pair) for pair in edges]

    def text(self):
        """The case as the other program reads it."""
        lines = [f"case {self.window.start} {self.window.end} {self.interval} {self.rule_needs}"]
        for samples, marks in self.checks:
            events = [(s.at, 0, f"s {s.at} {LETTERS[s.status]}") for s in samples]
            events += [(m.at, 1, f"k {m.at}") for m in marks]
            lines += ["c", *(line for _, _, line in sorted(events))]
        lines += [f"m {start} {end}" for start, end in self.maintenance]
        # A calendar that is never open is told from a service without one by hours that are empty.
        never = [Window(self.window.start, self.window.start)] if self.is_month else []
        lines += [f"h {start} {end}" for start, end in self.hours or never]
        return "\n".join([*lines, "end"])

    @property
    def rule_needs(self):
        return min(self.needed, len(self.checks))

    def figures(self):
        known = [
            spans(samples, self.interval, self.window, marks) for samples, marks in self.checks
        ]
        service = combine(known, StatusRule(rule=Rule.QUORUM, quorum=self.needed), self.window)
        period = [
            Window(max(start, self.window.start), min(end, self.window.end))
            for start, end in self.hours or ([] if self.is_month else [self.window])
        ]
        return figures(service, period, interval=self.interval, maintenance=self.maintenance)

    def line(self):
        """The figures as the other program prints them."""
        results = self.figures()
        parts = results.parts
        sums = (parts.up, parts.down, parts.unknown, parts.maintenance)
        seen = (parts.up_in_maintenance, parts.down_in_maintenance, parts.degraded, parts.bridged)
        shares = (floor5(results.availability), floor5(results.lower), ceil5(results.upper))
        return " ".join(str(value) for value in (*sums, *seen, results.outages, *shares))


def floor5(share: Fraction | None):
    return "-" if share is None else share * 100_000 // 1


def ceil5(share: Fraction | None):
    return "-" if share is None else -(-share * 100_000 // 1)


@pytest.mark.slow
def test_two_programs_agree():
    """In 10,000 of 10,000 random histories both programs find the same sums and roundings."""
    cases = [Case(number) for number in range(CASES)]
    command = [peer("awk"), "-f", PROGRAM]
    asked = "\n".join(case.text() for case in cases) + "\n"
    answer = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    answers = answer.stdout.splitlines()

    differing = [
        f"case {number}: {case.line()} here, {line} there"
        for number, (case, line) in enumerate(zip(cases, answers, strict=True))
        if case.line() != line
    ]
    assert not differing, f"{len(differing)} differ, first: {differing[0]}"


@pytest.mark.parametrize("number", range(0, CASES, 100))
def test_parts_sum_to_the_period(number):
    """Up, down, unknown and maintenance sum to the period to the microsecond."""
    case = Case(number)
    case.hours, case.is_month = [], False

    assert case.figures().parts.total == case.window.length


def test_a_timeline_has_no_gaps():
    """Every instant of the window is in exactly one span, and neighbours differ."""
    for number in range(0, CASES, 50):
        case = Case(number)
        for samples, marks in case.checks:
            known = spans(samples, case.interval, case.window, marks)

            assert (known[0].start, known[-1].end) == case.window
            assert all(a.end == b.start and a[2:] != b[2:] for a, b in pairwise(known))
