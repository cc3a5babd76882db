"""What is expected of an SQL server and its answer, and what is told when it is not so."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.conditions.sql import SqlConditions, judge, number
from monitor.domain.observation import FailureKind as Kind
from monitor.fields import Pattern
from monitor.net.sql import MOST_ROWS, Answer, SqlHeard


def heard(value="12", rows=1, **said):
    return SqlHeard(answer=Answer(value=value, rows=rows), **said)


@pytest.mark.parametrize(
    ("expected", "value", "told"),
    [
        ({}, "12", ""),
        ({"value": "siap"}, "siap", ""),
        ({"value": "siap"}, "Siti", "query: a text of 4 bytes, expected 'siap'"),
        ({"value": "siap"}, None, "query: no value, expected 'siap'"),
        ({"value": "12"}, "12.0", "query: 12, expected '12'"),
        ({"value_matches": Pattern("^ok")}, "ok then", ""),
        (
            {"value_matches": Pattern("^ok")},
            "Siti",
            "query: a text of 4 bytes, expected to match '^ok'",
        ),
        ({"value_matches": Pattern("")}, None, "query: no value, expected to match ''"),
        ({"value_max": 10}, "10", ""),
        ({"value_max": 10}, "12345678", "query: 12345678, expected at most 10"),
        ({"value_min": 0.5}, "0.25", "query: 0.25, expected at least 0.5"),
        ({"value_min": -1, "value_max": 1}, " -1e0 ", ""),
        ({"value_max": 10}, "Siti", "query: a text of 4 bytes, expected a number"),
        ({"value_max": 10}, "NaN", "query: a text of 3 bytes, expected a number"),
        ({"value_max": 10}, "1e999", "query: a text of 5 bytes, expected a number"),
        ({"value_max": 10}, None, "query: no value, expected a number"),
    ],
)
def test_the_value(expected, value, told):
    """A value that fails is told when it is a number, and a text by its length alone."""
    finding = judge(SqlConditions(**expected), heard(value), 0.1)

    assert (finding.failure.detail if finding else "") == told
    assert finding is None or (finding.failure.kind, finding.degrades) == (Kind.ANSWER, False)


@pytest.mark.parametrize(
    ("bounds", "rows", "told"),
    [
        ((2, 2), 2, ""),
        ((2, 2), 3, "query: 3 rows, expected 2"),
        ((1, None), 0, "query: 0 rows, expected at least 1"),
        ((None, 5), 6, "query: 6 rows, expected at most 5"),
        ((None, 1000), MOST_ROWS, "query: 1001 rows or more, expected at most 1000"),
        ((1000, None), MOST_ROWS, ""),
        ((0, 0), 0, ""),
    ],
)
def test_the_number_of_rows(bounds, rows, told):
    """A number of rows out of bounds is told."""
    finding = judge(SqlConditions(rows=bounds), heard(rows=rows), 0.1)

    assert (finding.failure.detail if finding else "") == told


@pytest.mark.parametrize(
    ("wanted", "found", "told"),
    [
        (None, True, ""),
        (True, True, ""),
        (False, True, "role: replica, expected primary"),
        (True, False, "role: primary, expected replica"),
        (True, None, ""),
    ],
)
def test_the_role(wanted, found, told):
    """A server of the other role fails the check."""
    finding = judge(SqlConditions(replica=wanted), SqlHeard(replica=found), 0.1)

    assert (finding.failure.detail if finding else "") == told


def test_the_duration():
    """A visit that takes too long fails as slow, and only where nothing else does."""
    slow = judge(SqlConditions(max_seconds=1.0), heard(), 1.5)
    wrong = judge(SqlConditions(max_seconds=1.0, value="x"), heard(), 1.5)

    assert slow.failure.kind is Kind.SLOW
    assert wrong.failure.kind is Kind.ANSWER


@given(st.text(max_size=50) | st.floats().map(str) | st.integers().map(str))
def test_numbers_are_finite(text):
    """What counts as a number is one, and finite."""
    found = number(text)

    assert found is None or (math.isfinite(found) and found == float(text.strip()))


@given(st.text(alphabet="abcdefghij", min_size=5))
def test_a_text_is_never_told(value):
    """No failing text holds what a query returned."""
    conditions = SqlConditions(value="_", value_matches=Pattern("_"), value_max=1)

    for each in ("value", "value_matches", "value_max"):
        only = SqlConditions(**{each: getattr(conditions, each)})
        assert value not in judge(only, heard(value), 0.1).failure.detail
