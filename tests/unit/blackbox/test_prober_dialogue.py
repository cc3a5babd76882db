"""A conversation by steps, against a target that says what the test has it say."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.blackbox.dialogue import converse
from monitor.blackbox.log import ProbeLog
from monitor.blackbox.modules import QueryResponse
from monitor.blackbox.run import Run
from monitor.conditions.dialogue import LONGEST_LINE
from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import series
from monitor.net.errors import NetError
from monitor.net.trace import Trace

REGEX = series("probe_failed_due_to_regex")
BYTES = series("probe_failed_due_to_bytes")


class Said:
    """A stream on which the target has said `pieces`; an exception is raised in its turn."""

    peer = "192.0.2.1:25"

    def __init__(self, *pieces):
        self.pieces = list(pieces)
        self.sent = []
        self.trace = Trace()

    async def receive(self, limit):
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, Exception):
            raise piece
        now, later = piece[:limit], piece[limit:]
        if later:
            self.pieces.insert(0, later)
        return now

    async def send(self, octets):
        self.sent.append(octets)


def a_run():
    return Run(context=None, steps=ProbeLog(datetime(2026, 11, 1, tzinfo=UTC), lambda: 0.0))


async def talked(said, *steps, run=None, start_tls=None):
    steps = tuple(QueryResponse.model_validate(step) for step in steps)
    return await converse(said, steps, run or a_run(), start_tls)


async def test_lines_are_read_until_one_matches():
    """Lines that do not match are passed over; the rest waits for the next step."""
    said = Said(b"250-mail.test\r\n250-STA", b"RTTLS\r\n250 OK\r\n")

    failure = await talked(said, {"expect": "^250-STARTTLS$"}, {"expect": "^250 OK$"})

    assert failure is None


async def test_a_line_may_end_with_the_stream():
    """The last line needs no end, and blank lines are lines."""
    said = Said(b"one\n\nthree")

    assert await talked(said, {"expect": "^$"}, {"expect": "^three$"}) is None


async def test_nothing_that_matches_is_told_by_the_regex_gauge():
    """Where the target ends before a line matches, probe_failed_due_to_regex is 1."""
    run = a_run()

    failure = await talked(Said(b"SSH-2.0\n"), {"expect": "^220 "}, run=run)

    assert failure.kind is Kind.BANNER
    assert "'SSH-2.0'" in failure.detail
    assert run.numbers[REGEX] == 1.0


async def test_a_target_that_is_silent_is_no_mismatch():
    """When time is up the failure is the network's, also with a part of a line there."""
    run = a_run()
    late = NetError(Kind.TIMEOUT, "no answer")

    with pytest.raises(NetError, match="no answer"):
        await talked(Said(b"220 ma", late), {"expect": "^220"}, run=run)

    assert REGEX not in run.numbers


async def test_lines_have_a_bound():
    """64 KiB without an end of line are too much, and no mismatch."""
    run = a_run()

    with pytest.raises(NetError) as raised:
        await talked(Said(b"x" * (LONGEST_LINE + 1)), {"expect": "y"}, run=run)

    assert raised.value.failure.kind is Kind.TOO_LARGE
    assert REGEX not in run.numbers


async def test_a_line_just_within_the_bound_is_read():
    """A line of 64 KiB with its end is a line."""
    said = Said(b"x" * (LONGEST_LINE - 1) + b"\nSSH\n")

    assert await talked(said, {"expect": "^SSH$"}) is None


@pytest.mark.parametrize(
    ("piece", "bound"), [(b"no\n", "10000 lines"), (b"no" * 2000 + b"\n", "1048576 bytes")]
)
async def test_a_dialogue_without_end_has_a_bound(piece, bound):
    """A target that never stops talking is left after 10,000 lines, or 1 MiB."""
    endless = Said(*[piece * (4096 // len(piece) + 1)] * 700)

    with pytest.raises(NetError, match=bound) as raised:
        await talked(endless, {"expect": "^yes$"})

    assert raised.value.failure.kind is Kind.TOO_LARGE
    assert endless.pieces


async def test_what_is_sent_repeats_what_was_heard():
    """After `expect`, `send` is a template; without it, it goes out as it is written."""
    said = Said(b"PING :tmi.test\n")

    await talked(said, {"send": "NICK ${1}"}, {"expect": "^PING :(.+)$", "send": "PONG ${1}"})

    assert said.sent == [b"NICK ${1}\n", b"PONG tmi.test\n"]


async def test_labels_tell_what_was_matched():
    """`labels` become those of probe_expect_info, on one line each."""
    run = a_run()
    labels = [{"name": "version", "value": "v${1}"}, {"name": "host", "value": "$0"}]

    await talked(Said(b"SSH-2.0\tx\n"), {"expect": r"^SSH-(\S+)\t", "labels": labels}, run=run)

    assert run.numbers[series("probe_expect_info", host="SSH-2.0 ", version="v2.0")] == 1.0


@pytest.mark.parametrize("pieces", [[b"+OK\x00x"], [b"+", b"OK", b"\x00x"]])
async def test_bytes_are_compared_however_they_arrive(pieces):
    """`expect_bytes` looks at exactly so many bytes, in whatever packets they come."""
    run = a_run()

    assert await talked(Said(*pieces), {"expect_bytes": "+OK\x00"}, run=run) is None
    assert BYTES not in run.numbers


async def test_other_bytes_are_told_by_the_bytes_gauge():
    """Bytes that differ set probe_failed_due_to_bytes, as soon as they do."""
    run = a_run()

    failure = await talked(Said(b"-E"), {"expect_bytes": "+OK"}, run=run)

    assert failure.kind is Kind.BANNER
    assert run.numbers[BYTES] == 1.0


async def test_fewer_bytes_are_no_difference():
    """An end before all bytes are there fails without the gauge, as in blackbox_exporter."""
    run = a_run()

    failure = await talked(Said(b"+O"), {"expect_bytes": "+OK"}, run=run)

    assert failure.kind is Kind.BANNER
    assert BYTES not in run.numbers


async def test_nothing_said_in_the_clear_comes_out_of_tls():
    """What stood behind the last line before the handshake matches nothing after it."""
    said = Said(b"220 go\r\n250 injected\r\n")

    async def start_tls(stream):
        stream.pieces = [b"221 real\r\n"]

    steps = {"expect": "^220"}, {"starttls": True}, {"expect": "^(?:250|221) (.*)", "send": "$1"}
    await talked(said, *steps, start_tls=start_tls)

    assert said.sent == [b"real\n"]


@given(st.lists(st.binary(max_size=20), max_size=8), st.integers(1, 30))
async def test_lines_do_not_depend_on_packets(lines, size):
    """However the bytes of lines are cut into packets, the same line matches."""
    lines = [line.replace(b"\n", b"").replace(b"\r", b"") for line in lines]
    octets = b"\r\n".join([*lines, b"END"])
    pieces = [octets[start : start + size] for start in range(0, len(octets), size)]

    assert await talked(Said(*pieces), {"expect": "^END$"}) is None
