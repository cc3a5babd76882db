"""Corrections over what was recorded: the last one counts, and nothing else changes."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.check import CheckId
from monitor.domain.correction import (
    Correction,
    CorrectionRecord,
    Withdrawal,
    corrected,
    correction_id,
    standing,
)
from monitor.domain.instant import instant, microseconds
from monitor.domain.observation import Status, UnknownCause
from monitor.domain.timeline import Span
from monitor.domain.windows import Window

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
T = microseconds(NOON)
UP, DOWN, UNKNOWN = Status.UP, Status.DOWN, Status.UNKNOWN
DAY = [Span(T, T + 40, UP), Span(T + 40, T + 60, DOWN), Span(T + 60, T + 100, UP)]


def correction(start, end, status, **fields):
    said = {"id": "a", "check": CheckId("web"), "reason": "r", "evidence": "e", "by": "Rina"}
    span = {"start": instant(T + start), "end": instant(T + end), "status": status}
    return Correction(**{**said, **span, "at": NOON, **fields})


def shown(spans):
    return [(span.start - T, span.end - T, span.status) for span in spans]


@pytest.mark.parametrize(
    ("corrections", "expected"),
    [
        ([], [(0, 40, UP), (40, 60, DOWN), (60, 100, UP)]),
        ([correction(40, 60, UP)], [(0, 100, UP)]),
        ([correction(40, 60, UNKNOWN)], [(0, 40, UP), (40, 60, UNKNOWN), (60, 100, UP)]),
        ([correction(10, 50, DOWN)], [(0, 10, UP), (10, 60, DOWN), (60, 100, UP)]),
        ([correction(-50, 10, DOWN)], [(0, 10, DOWN), (10, 40, UP), (40, 60, DOWN), (60, 100, UP)]),
        ([correction(90, 500, DOWN)], [(0, 40, UP), (40, 60, DOWN), (60, 90, UP), (90, 100, DOWN)]),
        ([correction(100, 500, DOWN)], [(0, 40, UP), (40, 60, DOWN), (60, 100, UP)]),
        ([correction(-9, 0, DOWN)], [(0, 40, UP), (40, 60, DOWN), (60, 100, UP)]),
        (
            [correction(0, 100, UP), correction(20, 30, UNKNOWN)],
            [(0, 20, UP), (20, 30, UNKNOWN), (30, 100, UP)],
        ),
        ([correction(20, 30, UNKNOWN), correction(0, 100, UP)], [(0, 100, UP)]),
    ],
)
def test_the_last_one_counts(corrections, expected):
    """A correction says what was so in its time, whatever was measured or said before of it."""
    assert shown(corrected(DAY, corrections)) == expected


def test_what_nobody_could_see_was_our_reason():
    """Time that is corrected to unknown is unknown for a reason on our side."""
    [_, unknown, _] = corrected(DAY, [correction(40, 60, UNKNOWN)])

    assert unknown.cause is UnknownCause.LOCAL


def test_nobody_s_time_stays_so():
    """Where nothing was watched there is nothing to correct."""
    assert corrected([], [correction(0, 10, UP)]) == []


def test_what_was_withdrawn_does_not_count():
    """A correction that was withdrawn counts no more, and others as before."""
    made = correction(0, 10, DOWN)
    other = replace(made, id="b")
    withdrawal = Withdrawal(correction="a", by="Budi", reason="keliru", at=NOON)
    records = [
        CorrectionRecord(correction=made, withdrawn=withdrawal),
        CorrectionRecord(correction=other),
    ]

    assert standing(records, Window(T, T + 10)) == (other,)
    assert standing(records, Window(T + 10, T + 20)) == ()


def test_ids_differ():
    """Two corrections have two ids, even where they say the same at different times."""
    made = correction(0, 10, DOWN, id="")

    assert correction_id(made) != correction_id(replace(made, at=NOON + timedelta(seconds=1)))


statuses = st.sampled_from(list(Status))
corrections = st.tuples(st.integers(-20, 120), st.integers(1, 80), statuses).map(
    lambda one: correction(one[0], one[0] + one[1], one[2])
)


@given(st.lists(corrections, max_size=6))
def test_no_instant_is_lost(some):
    """Every instant has one status still: that of the last correction of it, else as measured."""
    found = corrected(DAY, some)

    assert [found[0].start, found[-1].end] == [T, T + 100]
    assert all(one.end == other.start for one, other in itertools.pairwise(found))
    for at in range(T, T + 100):
        [status] = [span.status for span in found if span.start <= at < span.end]
        [measured] = [span.status for span in DAY if span.start <= at < span.end]
        said = [each.status for each in some if each.window.start <= at < each.window.end]
        assert status is [measured, *said][-1]
