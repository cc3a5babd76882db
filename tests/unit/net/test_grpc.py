"""gRPC: messages by hand, and what a response means."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.observation import FailureKind as Kind
from monitor.net.errors import NetError
from monitor.net.grpc import (
    SERVING_STATUSES,
    decode_response,
    encode_request,
    framed,
    health_request,
    unframed,
)
from monitor.net.http2 import header_fields


@pytest.mark.parametrize(
    ("service", "octets"),
    [("", b""), ("a.B", b"\x0a\x03a.B"), ("x" * 200, b"\x0a\xc8\x01" + b"x" * 200)],
)
def test_a_request(service, octets):
    """The name of a service is field 1, a text, left out when it is empty."""
    assert encode_request(service) == octets


@pytest.mark.parametrize(
    ("octets", "serving"),
    [
        (b"", "UNKNOWN"),
        (b"\x08\x01", "SERVING"),
        (b"\x08\x02\x08\x01", "SERVING"),
        (b"\x12\x02hi\x08\x02", "NOT_SERVING"),
        (b"\x11" + b"\0" * 8 + b"\x1d" + b"\0" * 4 + b"\x18\x80\x01\x08\x03", "SERVICE_UNKNOWN"),
    ],
)
def test_a_response(octets, serving):
    """The status is field 1, the last one counts, and fields that nobody knows are passed over."""
    assert decode_response(octets) == serving


@pytest.mark.parametrize(
    "octets",
    [b"\x08", b"\x08\x80", b"\x12\x05hi", b"\x11\0", b"\x0b", b"\x08\x04", b"\x08" + b"\xff" * 11],
)
def test_no_response(octets):
    """What is cut short, or no message at all, is told as such."""
    with pytest.raises(NetError) as caught:
        decode_response(octets)

    assert caught.value.failure.kind is Kind.PROTOCOL


@given(st.binary(max_size=64))
def test_any_bytes(octets):
    """Whatever comes is a status with a name, or the target's failure."""
    with suppress(NetError):
        assert decode_response(octets) in SERVING_STATUSES


@given(st.binary(max_size=300))
def test_framing(message):
    """A message comes out of its frame as it went in, and a frame that is cut short does not."""
    assert unframed(framed(message)) == message
    with pytest.raises(NetError):
        unframed(framed(message)[:-1])


def test_no_authority_but_the_hosts_own():
    """A call goes to the host and port that are dialled, and asks for trailers."""
    request = health_request("2001:db8::7", 50051, "", (), None, time.monotonic() + 1)
    fields = dict(header_fields(request))

    assert fields[b":authority"] == b"[2001:db8::7]:50051"
    assert fields[b"content-type"] == b"application/grpc"
    assert fields[b"te"] == b"trailers"
    assert b"connection" not in fields
