"""How samples become time: holds, marks, epochs, rules."""

import pytest

from monitor.domain.combination import combine
from monitor.domain.epochs import Epoch, merge_epochs
from monitor.domain.observation import Status, UnknownCause
from monitor.domain.service import Rule, StatusRule
from monitor.domain.timeline import (
    Mark,
    Pace,
    Sample,
    Span,
    clip,
    hold_limit,
    paced_spans,
    spans,
    within,
)
from monitor.domain.windows import Window

UP, DEGRADED, DOWN, UNKNOWN = Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN
NO_DATA = UnknownCause.NO_DATA
STOPPED = UnknownCause.MONITOR_STOPPED
STEP = UnknownCause.CLOCK_STEP
HOUR = Window(0, 3_600)


def shown(timeline):
    return [(span.start, span.end, span.status) for span in timeline]


def every(interval, start, end, status=UP):
    return [Sample(t, status) for t in range(start, end, interval)]


@pytest.mark.parametrize(("interval", "limit"), [(60, 150), (61, 152), (1, 2)])
def test_hold_limit(interval, limit):
    """A sample holds at most 2.5 intervals, rounded down to the microsecond."""
    assert hold_limit(interval) == limit


def test_before_the_first_sample_and_after_the_hold_limit():
    """What nobody looked at is unknown, before the first sample and after the hold limit."""
    assert spans([Sample(1_000, UP)], 60, HOUR) == [
        Span(0, 1_000, UNKNOWN, NO_DATA),
        Span(1_000, 1_060, UP),
        Span(1_060, 1_150, UP, bridged=True),
        Span(1_150, 3_600, UNKNOWN, NO_DATA),
    ]


def test_no_samples():
    """Without samples the whole window is unknown."""
    assert spans([], 60, HOUR) == [Span(0, 3_600, UNKNOWN, NO_DATA)]


def test_a_sample_before_the_window_holds_into_it():
    """The status at the window's start is what was last seen before it."""
    known = spans([Sample(-100, DOWN), Sample(30, UP)], 60, Window(0, 90))

    assert known == [Span(0, 30, DOWN, bridged=True), Span(30, 90, UP)]


def test_samples_after_the_window_are_left_out():
    """What is seen from the window's end on belongs to the next window."""
    assert shown(spans([Sample(0, UP), Sample(60, DOWN)], 60, Window(0, 60))) == [(0, 60, UP)]


def test_the_order_of_arrival_does_not_matter():
    """Samples count by their time, not by the order in which they were stored."""
    ordered = [Sample(0, UP), Sample(60, DOWN), Sample(120, UP)]

    assert spans(ordered[::-1], 60, HOUR) == spans(ordered, 60, HOUR)


def test_a_retry_is_a_sample():
    """A failing retry between two slots is down from its own time on."""
    seen = [Sample(0, UP), Sample(60, DOWN), Sample(75, UP), Sample(120, UP)]

    assert shown(spans(seen, 60, Window(0, 180))) == [(0, 60, UP), (60, 75, DOWN), (75, 180, UP)]


def test_an_unknown_sample_ends_the_hold():
    """An unknown sample is unknown time with its cause, and after its own limit without."""
    seen = [Sample(0, UP), Sample(60, UNKNOWN, UnknownCause.RESOLVER)]

    assert spans(seen, 60, Window(0, 600)) == [
        Span(0, 60, UP),
        Span(60, 210, UNKNOWN, UnknownCause.RESOLVER),
        Span(210, 600, UNKNOWN, NO_DATA),
    ]


def test_a_mark_ends_the_hold_at_once():
    """From a recorded stop to the next sample nothing is known, however long that takes."""
    known = spans([Sample(0, UP), Sample(600, UP)], 60, Window(0, 660), [Mark(20, STOPPED)])

    assert known == [Span(0, 20, UP), Span(20, 600, UNKNOWN, STOPPED), Span(600, 660, UP)]


def test_a_mark_outlasts_a_sample_at_the_same_instant():
    """Only a sample after the mark ends the unknown time."""
    known = spans([Sample(60, UP), Sample(120, UP)], 60, Window(60, 180), [Mark(60, STOPPED)])

    assert known == [Span(60, 120, UNKNOWN, STOPPED), Span(120, 180, UP)]


def test_an_interval_that_changed():
    """Each sample holds by the interval that its check had when it was taken."""
    seen = [*every(60, 0, 600), *every(300, 600, 3_600)]
    known = paced_spans(seen, [Pace(0, 60), Pace(590, 300)], HOUR)

    assert known == [Span(0, 3_600, UP)]
    assert len(spans(seen, 60, HOUR)) > 1


def test_a_pace_without_samples_yet():
    """Until the first sample at the new interval the old one holds by its own limit."""
    known = paced_spans(every(60, 0, 600), [Pace(0, 60), Pace(590, 300)], HOUR)

    assert shown(known)[-1] == (690, 3_600, UNKNOWN)


def test_clip_and_within():
    """A window cuts what reaches over its edges, and what isn't covered in it is unknown."""
    history = [Span(0, 10, UP), Span(10, 20, DOWN), Span(30, 40, UP)]

    assert clip(history, Window(5, 15)) == [Span(5, 10, UP), Span(10, 15, DOWN)]
    assert within(history, [Window(15, 35), Window(50, 60)]) == [
        Span(15, 20, DOWN),
        Span(20, 30, UNKNOWN, NO_DATA),
        Span(30, 35, UP),
        Span(50, 60, UNKNOWN, NO_DATA),
    ]


def timeline_of(*epochs, window=HOUR):
    samples, marks = merge_epochs(epochs)
    return spans(samples, 60, window, marks)


def test_a_step_back():
    """Time that was lived twice is unknown until the first sample after it."""
    before = Epoch(samples=every(60, 0, 1_800), began=0, ended=1_790)
    after = Epoch(samples=every(60, 1_230, 3_600, DOWN), began=1_210)

    assert timeline_of(before, after) == [
        Span(0, 1_210, UP),
        Span(1_210, 1_830, UNKNOWN, STEP),
        Span(1_830, 3_600, DOWN),
    ]


def test_a_step_forward():
    """Time that was never lived is unknown, from the recorded step to the next sample."""
    before = Epoch(samples=every(60, 0, 600), began=0, ended=570)
    after = Epoch(samples=every(60, 1_500, 3_600), began=1_490)

    assert timeline_of(before, after) == [
        Span(0, 570, UP),
        Span(570, 1_500, UNKNOWN, STEP),
        Span(1_500, 3_600, UP),
    ]


def test_a_step_forward_and_back():
    """After a step that is undone only the time that was lived twice is unknown."""
    first = Epoch(samples=every(60, 0, 600), began=0, ended=590)
    astray = Epoch(samples=every(60, 3_000, 3_120), began=2_990, ended=3_110)
    again = Epoch(samples=every(60, 700, 3_600), began=690)

    assert shown(timeline_of(first, astray, again)) == [
        (0, 590, UP),
        (590, 700, UNKNOWN),
        (700, 2_990, UP),
        (2_990, 3_160, UNKNOWN),
        (3_160, 3_600, UP),
    ]


def test_a_restart_after_a_kill():
    """An end that nobody recorded is no mark: the last sample holds to its limit."""
    before = Epoch(samples=every(60, 0, 601))
    after = Epoch(samples=every(60, 700, 3_600))

    assert timeline_of(before, after) == [
        Span(0, 660, UP),
        Span(660, 700, UP, bridged=True),
        Span(700, 3_600, UP),
    ]


def test_a_restart_after_a_stop():
    """From a recorded stop to the first sample after the start it is unknown."""
    before = Epoch(samples=every(60, 0, 601), began=0, ended=610, end_cause=STOPPED)
    after = Epoch(samples=every(60, 700, 3_600), began=650)

    assert timeline_of(before, after)[1] == Span(610, 700, UNKNOWN, STOPPED)


def test_epochs_that_overlap_without_a_record():
    """Without records the first and the last sample stand for the edges of an epoch."""
    before, after = Epoch(samples=every(60, 0, 1_801)), Epoch(samples=every(60, 1_230, 3_600))

    assert Span(1_230, 1_830, UNKNOWN, STEP) in timeline_of(before, after)


def test_an_epoch_without_samples():
    """An epoch in which nothing was seen and nothing recorded says nothing."""
    assert merge_epochs([Epoch(samples=[]), Epoch(samples=every(60, 0, 120))])[0] == every(
        60, 0, 120
    )


ALL, ANY = StatusRule(), StatusRule(rule=Rule.ANY)
TWO = StatusRule(rule=Rule.QUORUM, quorum=2)


@pytest.mark.parametrize(
    ("rule", "statuses", "expected"),
    [
        (ALL, [UP, UP], UP),
        (ALL, [UP, DEGRADED], DEGRADED),
        (ALL, [UP, UNKNOWN], UNKNOWN),
        (ALL, [DOWN, UNKNOWN], DOWN),
        (ALL, [], UNKNOWN),
        (ANY, [UP, DOWN], UP),
        (ANY, [DOWN, DEGRADED], DEGRADED),
        (ANY, [DOWN, UNKNOWN], UNKNOWN),
        (ANY, [UP, UNKNOWN], UP),
        (ANY, [DOWN, DOWN], DOWN),
        (TWO, [UP, UP, DOWN], UP),
        (TWO, [UP, DEGRADED, DOWN], DEGRADED),
        (TWO, [UP, DOWN, UNKNOWN], UNKNOWN),
        (TWO, [UP, DOWN, DOWN], DOWN),
        (TWO, [UNKNOWN, DOWN, DOWN], DOWN),
        (TWO, [UP], UP),
    ],
)
def test_service_status(rule, statuses, expected):
    """Up if enough checks are up, down if enough can no longer be, else unknown."""
    assert rule.combined(statuses) is expected
    assert rule.combined(statuses[::-1]) is expected


def test_combine():
    """A service's status changes where one of its checks' does; down beats unknown under all."""
    web = [Span(0, 50, UP), Span(50, 60, UP, bridged=True), Span(60, 100, UNKNOWN, STOPPED)]
    dns = [Span(0, 20, UP), Span(20, 30, DOWN), Span(30, 80, DEGRADED), Span(80, 100, DOWN)]

    assert combine([web, dns], ALL, Window(0, 100)) == [
        Span(0, 20, UP),
        Span(20, 30, DOWN),
        Span(30, 50, DEGRADED),
        Span(50, 60, DEGRADED, bridged=True),
        Span(60, 80, UNKNOWN, STOPPED),
        Span(80, 100, DOWN),
    ]


def test_a_check_takes_part_while_it_is_configured():
    """A check that was added later changes nothing before it was."""
    old, new = [Span(0, 100, UP)], [Span(50, 60, UNKNOWN, NO_DATA), Span(60, 100, DOWN)]

    assert shown(combine([old, new], ALL, Window(0, 100))) == [
        (0, 50, UP),
        (50, 60, UNKNOWN),
        (60, 100, DOWN),
    ]


@pytest.mark.parametrize("timelines", [[], [[Span(0, 5, UP)]]])
def test_a_service_without_checks_is_unknown(timelines):
    """Where no check takes part nothing is known about the service."""
    assert combine(timelines, ALL, Window(10, 20)) == [Span(10, 20, UNKNOWN, NO_DATA)]
