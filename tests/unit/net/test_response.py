"""What is taken of a response, whatever version carried it."""

import asyncio
import gzip
import random
import sys
import time
import tracemalloc
import zlib

import brotli
import pytest

from monitor.domain.observation import FailureKind as Kind
from monitor.net.errors import NetError
from monitor.net.response import SLICE, Response


def taken(body: bytes, *fields: tuple[bytes, bytes], step=65_536, **how) -> Response:
    """Return a response with a body, as the readers of HTTP put one together."""
    response = Response(**how)
    try:
        for name, value in fields:
            response.take_header(name, value)
        response.take_head(200, "1.1")
        for start in range(0, len(body), step):
            response.take_body(body[start : start + step])
        response.finish()
    except NetError as error:
        response.fail(error)
    return response


def kind(response):
    return None if response.failure is None else response.failure.failure.kind


def raw_deflate(octets: bytes) -> bytes:
    engine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return engine.compress(octets) + engine.flush()


def packed(octets: bytes, coding: str) -> bytes:
    match coding:
        case "gzip":
            return gzip.compress(octets, 1)
        case "br":
            return brotli.compress(octets, quality=1)
        case _:
            return zlib.compress(octets, 1)


PACKED = {
    "gzip": gzip.compress(b"Makassar"),
    "br": brotli.compress(b"Makassar"),
    "deflate": zlib.compress(b"Makassar"),
    "identity": b"Makassar",
}


@pytest.mark.parametrize("coding", PACKED)
def test_a_given_coding_is_undone_whatever_the_headers_say(coding):
    """With `coding` Content-Encoding is not looked at, neither where it is missing nor where it differs."""
    for fields in ((), ((b"content-encoding", b"x-unknown"),), ((b"content-encoding", b"gzip"),)):
        assert taken(PACKED[coding], *fields, coding=coding).body == b"Makassar"


@pytest.mark.parametrize("encoding", [b"aws-chunked", b"utf-8", b"gzip, gzip"])
def test_a_coding_that_is_not_known(encoding):
    """A body in a coding that is not undone is a failure where it is looked at, and there alone."""
    fields = ((b"content-encoding", encoding),)

    assert kind(taken(b"Makassar", *fields)) is Kind.PROTOCOL
    counted = taken(b"Makassar", *fields, keep_body=False)
    assert (counted.complete, counted.body_size) == (True, 8)


def test_deflate_without_its_header():
    """Deflate may come bare, as some send it."""
    assert taken(raw_deflate(b"Makassar"), coding="deflate").body == b"Makassar"


def test_identity_leaves_what_is_packed():
    """By `identity` an encoded body is searched as it came."""
    packed = PACKED["gzip"]

    assert taken(packed, (b"content-encoding", b"gzip"), coding="identity").body == packed


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate"])
@pytest.mark.parametrize("body", [b"", b"Makassar is no archive"])
def test_what_cannot_be_undone(coding, body):
    """A body that is not of the given coding, also an empty one, breaks the protocol."""
    assert kind(taken(body, coding=coding)) in {Kind.PROTOCOL, Kind.TRUNCATED}
    assert body or kind(taken(body, coding=coding)) is Kind.PROTOCOL


def test_an_empty_body_is_an_empty_body():
    """Without a body nothing need be undone: identity is never begun."""
    assert taken(b"", coding="identity").complete
    assert taken(b"", (b"content-encoding", b"gzip")).complete


def test_half_of_an_encoded_body():
    """A body that ends in the middle is truncated."""
    assert kind(taken(PACKED["gzip"][:-6], coding="gzip")) is Kind.TRUNCATED


def test_a_body_without_a_bound():
    """With `largest_body` None any length is taken."""
    response = taken(b"x" * 3_000_000, (b"content-length", b"3000000"), largest_body=None)

    assert (len(response.body), response.failure) == (3_000_000, None)


async def test_a_body_that_is_only_counted():
    """Without `keep_body` a body costs no memory, and its size and coding are judged all the same."""
    octets = gzip.compress(bytes(50_000_000), 1)
    response = Response(coding="gzip", largest_body=None, keep_body=False)
    response.take_head(200, "1.1")
    tracemalloc.start()
    for start in range(0, len(octets), 1024):
        response.take_body(octets[start : start + 1024])
        await response.keep_up()
    response.finish()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (response.body_size, response.body, response.complete) == (50_000_000, b"", True)
    assert peak < 5_000_000
    cut = taken(b"Makassar", keep_body=False, largest_body=5)
    assert (kind(cut), cut.failure.failure.detail) == (Kind.TOO_LARGE, "body over 5 bytes")


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate"])
async def test_nobody_waits_while_a_bomb_is_unpacked(coding):
    """A piece that becomes 100 MB is unpacked in slices, between which others have their turn."""
    size = 100_000_000
    response = Response(coding=coding, largest_body=None, keep_body=False)
    response.take_head(200, "1.1")
    at_once = []
    response.take_body(packed(bytes(size), coding))
    response.finish()

    unpacking = asyncio.create_task(response.keep_up())
    while not unpacking.done():
        before = response.body_size
        await asyncio.sleep(0)
        at_once.append(response.body_size - before)

    assert (response.body_size, response.complete, response.failure) == (size, True, None)
    assert max(at_once) <= 2 * SLICE


async def test_many_small_pieces_unpack_in_slices():
    """However many pieces come at once, one slice of them is unpacked before others had a turn."""
    response = Response(coding="gzip", largest_body=None, keep_body=False)
    response.take_head(200, "1.1")
    for octet in packed(bytes(10_000_000), "gzip"):
        response.take_body(bytes([octet]))
    response.finish()

    assert response.body_size <= SLICE
    await response.keep_up()
    assert (response.body_size, response.complete) == (10_000_000, True)


@pytest.mark.parametrize("size", [SLICE - 1, SLICE, SLICE + 1, 3 * SLICE])
@pytest.mark.parametrize("coding", ["gzip", "br", "deflate"])
async def test_no_byte_is_lost_between_slices(coding, size):
    """What was packed comes out whole, wherever a slice ends."""
    text = random.Random(7).randbytes(size)
    response = Response(coding=coding, largest_body=None)
    response.take_head(200, "1.1")
    response.take_body(packed(text, coding))
    response.finish()

    await response.keep_up()

    assert response.complete
    assert response.body == text


async def test_members_of_gzip_that_end_with_a_slice():
    """The next member of a gzip body is read also when the one before fills a slice."""
    response = Response(coding="gzip", largest_body=None)
    response.take_head(200, "1.1")
    response.take_body(gzip.compress(bytes(SLICE)) + gzip.compress(b"Makassar") + b"\0\0")
    response.finish()

    await response.keep_up()

    assert response.complete
    assert response.body == bytes(SLICE) + b"Makassar"


async def test_a_body_that_breaks_between_slices():
    """What is found broken when others had their turn is a failure as any other."""
    octets = packed(random.Random(7).randbytes(3 * SLICE), "gzip")
    response = Response(coding="gzip", largest_body=None)
    response.take_head(200, "1.1")
    response.take_body(octets[:-8] + bytes(8))
    response.finish()

    await response.keep_up()

    assert kind(response) is Kind.PROTOCOL
    assert not response.complete


def test_the_bound_for_what_is_unbounded_is_none():
    """No body that fits into this machine's memory passes the number that stands for none."""
    response = taken(b"", (b"content-length", b"%d" % (sys.maxsize // 16)), largest_body=None)

    assert kind(response) is Kind.TRUNCATED


@pytest.mark.parametrize(
    ("body", "lengths", "expected"),
    [
        (b"Makassar", [b"8"], None),
        (b"Makassar", [b"\t8 "], None),
        (b"Makassar", [b"008"], None),
        (b"Makassar", [b"8", b"8"], None),
        (b"Makassar", [b"9"], Kind.TRUNCATED),
        (b"", [b"8"], Kind.TRUNCATED),
        (b"Makassar", [b"7"], Kind.PROTOCOL),
        (b"Makassar", [b"8", b"9"], Kind.PROTOCOL),
        *((b"Makassar", [value], Kind.PROTOCOL) for value in (b"+8", b"0_8", b"-8", b"", b"8, 8")),
        (b"Makassar", ["\N{FULLWIDTH DIGIT EIGHT}".encode()], Kind.PROTOCOL),
        (b"Makassar", [b"8" * 5000], Kind.PROTOCOL),
    ],
)
def test_a_body_has_the_announced_length(body, lengths, expected):
    """In every version of HTTP a body has the length that its Content-Length says, in one way only."""
    fields = [(b"content-length", value) for value in lengths]

    assert kind(taken(body, *fields)) is expected


def test_the_announced_length_is_that_of_the_wire():
    """Content-Length counts the bytes of an encoded body as they came."""
    packed = PACKED["gzip"]
    fields = ((b"content-encoding", b"gzip"), (b"content-length", b"%d" % len(packed)))

    assert taken(packed, *fields).body == b"Makassar"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([b"chunked"], None),
        ([b"Chunked "], None),
        ([b"identity"], None),
        ([b"gzip, chunked"], Kind.PROTOCOL),
        ([b"gzip", b"chunked"], Kind.PROTOCOL),
        ([b"chunked, chunked"], Kind.PROTOCOL),
        ([b"chunked", b"identity"], Kind.PROTOCOL),
        ([b"xchunked"], Kind.PROTOCOL),
        ([b""], Kind.PROTOCOL),
    ],
)
def test_a_transfer_encoding_that_nobody_asked_for(values, expected):
    """But for chunks no transfer encoding is undone, and what would be left of one is not looked at."""
    fields = [(b"Transfer-Encoding", value) for value in values]

    assert kind(taken(b"Makassar", *fields)) is expected


def test_blanks_around_a_value_are_no_part_of_it():
    """The value of a header ends before the blanks behind it."""
    response = taken(b"", (b"x-own", b" a b \t"))

    assert response.headers == [(b"x-own", b"a b")]


def test_padding_behind_gzip_is_passed_over():
    """Zeros may stand behind a member, in any number of pieces, and a further member behind them."""
    member = PACKED["gzip"]

    for step in (1, 7, 65_536):
        packed = member + bytes(100) + member + bytes(100)
        assert taken(packed, coding="gzip", step=step).body == b"MakassarMakassar"


@pytest.mark.parametrize(("coding", "behind"), [("gzip", b"\0"), ("deflate", b"x")])
def test_what_stands_behind_an_end_costs_nothing(coding, behind):
    """Bytes behind the end of an encoded body, however small their pieces, take no time that grows."""
    response = Response(coding=coding)
    response.take_head(200, "1.1")
    response.take_body(PACKED[coding])
    began = time.process_time()

    for _ in range(200_000):
        response.take_body(behind)

    spent = time.process_time() - began
    print(f"{coding}: {spent:.3f} s of CPU")
    assert spent < 1
