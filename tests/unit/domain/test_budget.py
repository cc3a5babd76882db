"""What a promise allows, what of it is used, and how fast."""

from fractions import Fraction

import pytest

from monitor.domain.budget import LOOK_BACK, PAIRS, Budget, Burn, allowance, burns, confirmed
from monitor.domain.observation import Status, UnknownCause
from monitor.domain.timeline import Span
from monitor.domain.windows import Window

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
END = 1_000 * DAY
LATELY = Window(END - LOOK_BACK, END)
UP, DOWN, UNKNOWN = Status.UP, Status.DOWN, Status.UNKNOWN
THREE_NINES = Fraction(999, 1_000)


def down_until_now(length, before=UP):
    return [Span(LATELY.start, END - length, before), Span(END - length, END, DOWN)]


def rates(timeline, hours=(LATELY,), planned=(), target=THREE_NINES):
    return [(each.long, each.short) for each in burns(timeline, hours, planned, target)]


@pytest.mark.parametrize(
    ("target", "minutes"), [("99.0", "432"), ("99.5", "216"), ("99.9", "43.2")]
)
def test_what_30_days_allow(target, minutes):
    """A target allows its complement of the hours that were promised."""
    hours = [Window(0, 30 * DAY)]

    assert allowance(Fraction(target) / 100, hours, ()) == Fraction(minutes) * MINUTE


def test_maintenance_allows_nothing():
    """Time that was planned as maintenance is no part of what was promised."""
    hours = [Window(0, 10 * DAY), Window(20 * DAY, 40 * DAY)]
    planned = [Window(5 * DAY, 25 * DAY)]

    assert allowance(Fraction(9, 10), hours, planned) == 2 * DAY


def test_rates_of_a_minute():
    """A rate is the share of down in the known time, in units of what the target allows."""
    assert rates(down_until_now(6 * MINUTE)) == [
        (100, 1_000),
        (Fraction(6 * 1_000, 360), 200),
        (Fraction(6 * 1_000, 1_440), 50),
        (Fraction(6 * 1_000, 4_320), Fraction(6 * 1_000, 360)),
    ]


def test_unknown_time_says_nothing():
    """Time in which nobody could see neither raises nor lowers a rate."""
    blind = [Span(LATELY.start, END - HOUR // 2, UNKNOWN), Span(END - HOUR // 2, END, DOWN)]

    assert rates(blind)[0] == (1_000, 1_000)
    assert rates([Span(*LATELY, UNKNOWN)]) == [(None, None)] * len(PAIRS)


def test_only_promised_time_counts():
    """Outside service hours, and while work was planned, nothing is used up."""
    timeline = down_until_now(HOUR)

    assert rates(timeline, [Window(LATELY.start, END - HOUR)]) == [
        (None, None),
        (0, None),
        (0, 0),
        (0, 0),
    ]
    assert rates(timeline, planned=[Window(END - HOUR, END)])[1] == (0, None)


def test_a_promise_of_all_time_has_no_rate():
    """Where nothing may be used, there is no rate at which it is."""
    assert rates(down_until_now(HOUR), target=Fraction(1)) == [(None, None)] * len(PAIRS)


@pytest.mark.parametrize(
    ("long", "short", "expected"),
    [
        (Fraction(144, 10), Fraction(144, 10), True),
        (Fraction(1439, 100), Fraction(1000), False),
        (Fraction(1000), Fraction(1439, 100), False),
        (None, Fraction(1000), False),
        (Fraction(1000), None, False),
    ],
)
def test_both_windows_must_be_high(long, short, expected):
    """A rate is high where both windows reach the threshold: for long enough, and still."""
    assert Burn(pair=PAIRS[0], long=long, short=short).is_high is expected


def test_a_failed_probe_alone_uses_nothing():
    """Rates go by what was confirmed: a probe that failed once changed no status."""
    sampled = [Span(0, 50, UP), Span(50, 60, DOWN), Span(60, 100, UP)]

    assert confirmed([Span(0, 100, UP)], sampled) == [Span(0, 100, UP)]


def test_what_was_shown_last_is_not_known_for_ever():
    """Where samples say that nobody looked, what was shown meanwhile is unknown."""
    cause = UnknownCause.MONITOR_STOPPED
    sampled = [Span(0, 60, UP), Span(60, 100, UNKNOWN, cause)]

    assert confirmed([Span(0, 100, UP)], sampled) == [
        Span(0, 60, UP),
        Span(60, 100, UNKNOWN, cause),
    ]


def test_before_the_first_verdict_nothing_is_confirmed():
    """Time that was sampled and not judged yet says nothing of the rate."""
    [first, second] = confirmed([Span(40, 100, UP)], [Span(0, 100, UP)])

    assert (first[:3], second) == ((0, 40, UNKNOWN), Span(40, 100, UP))


def test_what_is_left_may_be_less_than_nothing():
    """More may be used than is allowed, and then less than nothing is left."""
    budget = Budget(allowed=Fraction(100), used=150)

    assert (budget.left, budget.share) == (-50, Fraction(3, 2))
    assert Budget(allowed=Fraction(0), used=0).share is None
