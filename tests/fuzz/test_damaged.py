"""Damaged input is a value: it raises nothing, and holds nothing up."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.parsers import parsers

PARSERS = parsers()
SECONDS = 1.0  # of CPU, for one input

_TOKENS = (
    b"\0",
    b"\xff" * 4,
    b"\r\n",
    b"\n\n",
    b": ",
    b"0" * 40,
    b"9" * 40,
    b"\xc0\x0c",
    b"{",
    b"&a ",
)


def damaged(seed: bytes) -> st.SearchStrategy[bytes]:
    """Return `seed` with a few cuts, repeats and strange bytes."""
    place = st.integers(0, len(seed))
    edit = st.tuples(
        place,
        st.sampled_from((0, 0, 1, 2, len(seed))),
        st.sampled_from(_TOKENS) | st.binary(max_size=8),
        st.integers(0, 60),
    )
    return st.lists(edit, min_size=1, max_size=3).map(lambda edits: _edited(seed, edits))


def _edited(seed: bytes, edits: list[tuple[int, int, bytes, int]]) -> bytes:
    for place, cut, octets, repeats in edits:
        seed = seed[:place] + octets * repeats + seed[place + cut :]
    return seed


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_bytes_are_read_or_refused(name: str, data: st.DataObject):
    """Whatever a stranger sends is read or refused within a second of CPU, without an exception."""
    parser = PARSERS[name]
    octets = data.draw(
        st.sampled_from(parser.seeds).flatmap(damaged) | st.binary(max_size=400), label=name
    )

    began = time.process_time()
    parser.read(octets)

    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize("name", PARSERS)
def test_seeds_are_understood(name: str):
    """The inputs that damage begins from are sound, so that it reaches every part of a parser."""
    assert PARSERS[name].seeds
    assert all(PARSERS[name].read(seed) for seed in PARSERS[name].seeds)
