"""The samples of an hour, as the bytes that are kept of them."""

import json
import zlib
from itertools import accumulate
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.text import visible_text
from monitor.ledger.canonical import canonical
from monitor.store.block import HOUR, Block, Skipped, Taken, packed, unpacked
from monitor.store.codes import CAUSE, KIND, MISSED, STATUS

NUMBER = 492_000
BEGAN = NUMBER * HOUR
offsets = st.integers(0, HOUR - 1)


def column(codes):
    return st.sampled_from(sorted(codes.meaning))


taken = st.builds(
    Taken,
    epoch=st.integers(0, 3),
    scheduled_at=offsets.map(lambda offset: BEGAN + offset),
    attempt=st.integers(0, 3),
    started=st.integers(-5_000_000, 5_000_000),
    duration=st.integers(0, 60_000_000),
    status=column(STATUS),
    kind=st.none() | column(KIND),
    cause=st.none() | column(CAUSE),
    detail=st.none() | st.text(max_size=20).map(visible_text),
)
skipped = st.builds(
    Skipped,
    epoch=st.integers(0, 3),
    scheduled_at=offsets.map(lambda offset: BEGAN + offset),
    reason=column(MISSED),
    times=st.integers(1, 1000),
)


def in_order(rows):
    return sorted({row[:2]: row for row in rows}.values(), key=lambda row: row[:2])


blocks = st.builds(
    Block,
    check=st.sampled_from(["portal-http", "pajak"]),
    vantage=st.just("balaikota"),
    hour=st.just(NUMBER),
    taken=st.lists(taken, max_size=40).map(in_order),
    skipped=st.lists(skipped, max_size=4).map(in_order),
)


@given(blocks)
def test_what_goes_in_comes_out(block):
    """Every row of every column comes out of a block as it went in."""
    assert unpacked(packed(block)) == block


@given(blocks)
def test_a_block_is_canonical(block):
    """A block is canonical JSON (RFC 8785): the same samples always give the same bytes."""
    text = zlib.decompress(packed(block))

    assert canonical(json.loads(text)) == text


def usual(count=120, interval=30_000_000, chance=None):
    """Return an hour of a healthy check, jittering as a server on a network does."""
    chance = chance or Random(1)
    return Block(
        check="portal-makassar-http",
        vantage="balaikota",
        hour=NUMBER,
        taken=[
            Taken(
                3,
                BEGAN + 17_512_345 + n * interval,
                0,
                int(chance.expovariate(1 / 2500)),
                int(chance.lognormvariate(10.5, 0.25)),
                1,
                None,
                None,
                None,
            )
            for n in range(count)
        ],
    )


def test_the_standard_library_reads_a_block():
    """Two lines of Python give an auditor the times of the samples in a block."""
    block = usual()

    [epoch] = json.loads(zlib.decompress(packed(block)))["epochs"]
    times = [BEGAN + offset for offset in accumulate(epoch["at"])]

    assert times == [row.scheduled_at for row in block.taken]
    assert epoch["duration"] == [row.duration for row in block.taken]


def test_a_thousand_checks_take_twenty_megabytes_a_day():
    """120 samples take 800 bytes at most: so five blocks share a page, and a thousand checks at 30
    seconds take 20 MB a day.
    """
    chance = Random(1)
    sizes = [len(packed(usual(chance=chance))) for _ in range(200)]

    assert max(sizes) <= 800


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"no zlib",
        zlib.compress(b"[]"),
        zlib.compress(b'{"format":2}'),
        zlib.compress(b'{"format":1,"hour":1}'),
        packed(usual())[:-9],
        zlib.compress(zlib.decompress(packed(usual())).replace(b'"up"', b'"fine"')),
        zlib.compress(zlib.decompress(packed(usual())).replace(b",30000000]", b"]", 1)),
    ],
)
def test_other_bytes_are_no_block(stored):
    """What is not a whole block of this format is refused, never read in part."""
    with pytest.raises(ValueError, match=r"block|column|known"):
        unpacked(stored)
