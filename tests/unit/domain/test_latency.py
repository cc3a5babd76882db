"""How long answers took, kept in a few bytes."""

from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.latency import (
    BOUNDS,
    RELATIVE_ERROR,
    counts_of,
    merged,
    packed,
    quantile,
    sketch,
    unpacked,
)

durations = st.lists(st.integers(0, 90_000_000) | st.integers(0, 3_000), max_size=200)
SHARES = [Fraction(50, 100), Fraction(95, 100), Fraction(99, 100), Fraction(1)]


def exactly(seen, share):
    """Return the quantile of the durations themselves."""
    return sorted(seen)[-(-share * len(seen) // 1) - 1]


@given(durations.filter(bool), st.sampled_from(SHARES))
def test_quantiles_are_within_two_percent(seen, share):
    """A median or a percentile from a sketch is within 2 % of the one of all durations."""
    exact = exactly(seen, share)

    assert abs(quantile(sketch(seen), share) - exact) <= RELATIVE_ERROR * exact


@given(st.lists(durations, max_size=5))
def test_sketches_add_up(parts):
    """The sum of sketches is the sketch of all durations together, to the byte."""
    whole = sketch(duration for part in parts for duration in part)

    assert merged(map(sketch, parts)) == whole
    assert packed(merged(map(sketch, parts))) == packed(whole)


@given(durations)
def test_bytes_give_the_sketch_back(seen):
    """What is stored of a sketch is all of it."""
    assert unpacked(packed(sketch(seen))) == sketch(seen)


@given(st.binary(max_size=20))
def test_other_bytes_are_refused(written):
    """Bytes that no sketch is written as are refused, so that nothing has two forms."""
    try:
        found = unpacked(written)
    except ValueError:
        return
    assert packed(found) == written


def test_nothing_has_no_quantile():
    """Without a duration there is no median."""
    assert quantile(sketch([]), Fraction(1, 2)) is None


def test_a_usual_hour_takes_fifty_bytes():
    """The answers of an hour at 30 seconds, spread as those of a server are, take 50 bytes."""
    chance = Random(1)
    sizes = [
        len(packed(sketch(int(chance.lognormvariate(10.5, 0.25)) for _ in range(120))))
        for _ in range(200)
    ]

    assert sum(sizes) / len(sizes) < 50


def test_bins_are_as_narrow_as_promised():
    """A bin ends within 51/49 of where it begins, or holds one number."""
    for low, high in pairwise(BOUNDS[1:]):
        assert high == low + 1 or high * 49 <= low * 51


@given(st.lists(durations, max_size=5))
def test_bytes_of_many_add_up(parts):
    """The bytes of many sketches give the sketch of all durations together."""
    assert counts_of(packed(sketch(part)) for part in parts) == merged(map(sketch, parts))


@pytest.mark.parametrize("often", [1, 127, 128, 20_000])
@pytest.mark.parametrize("gap", [1, 2, 127, 128, 129, 400])
@pytest.mark.parametrize("first", [1, 127, 128, 150])
def test_bytes_add_up_whatever_their_length(first, gap, often):
    """Numbers of one byte and of several count the same."""
    one = {first: often, first + gap: 1, first + gap + 1: often}
    other = {first + gap: 3}

    assert counts_of(map(packed, (one, other, {}))) == merged((one, other))
