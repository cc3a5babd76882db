"""A conversation by steps: wait for a line that matches, send a text, go over to TLS.

A line is what Go's bufio.Scanner takes for one: it ends with LF or where the stream ends, a CR in
front of that is no part of it, and 64 KiB without an end are too much.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from monitor.domain.observation import Failure, FailureKind
from monitor.domain.text import visible_text
from monitor.fields.patterns import Groups, Pattern
from monitor.net.connection import Stream
from monitor.net.errors import NetError
from monitor.net.trace import Phase

LONGEST_LINE = 65_536
_LARGEST_DIALOGUE = 1_048_576  # bytes that a target may say
_MOST_LINES = 10_000
_CHUNK = 4096  # bytes at once, so that a turn of the loop looks at few lines
_SHOWN = 200
_NO_GROUPS: Groups = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What to wait for: a line that matches `expect`, or exactly these bytes, or nothing.

    After that the leader's words are sent, and with `starttls` a handshake is made.
    """

    expect: Pattern | None = None
    expect_bytes: bytes = b""
    starttls: bool = False


class Miss(StrEnum):
    """How a target did not say what was expected."""

    NO_LINE = "no_line"
    FEWER_BYTES = "fewer_bytes"
    OTHER_BYTES = "other_bytes"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What came in place of what was expected; `count` bytes were looked at."""

    miss: Miss
    failure: Failure
    count: int = 0


class Leader(Protocol):
    """Who leads a conversation: is told how it goes, and asked for words."""

    def begins(self, number: int) -> None:
        """Hear that a step begins; the first is 0. All else is about this one."""

    def heard(self, groups: Groups) -> None:
        """Hear that what was expected came, and what the groups of `expect` hold."""

    def missed(self, mismatch: Mismatch) -> None:
        """Hear that something else came."""

    def words(self) -> bytes:
        """Return what to send, b"" for nothing."""

    async def start_tls(self, stream: Stream, unread: int) -> None:
        """Make the handshake; `unread` bytes stood in the clear behind the last line."""


class Conversation:
    """One conversation under way."""

    __slots__ = ("_leader", "_received", "_steps", "_stream")

    def __init__(self, stream: Stream, steps: Sequence[Step], leader: Leader) -> None:
        self._stream = stream
        self._steps = steps
        self._leader = leader
        self._received = _Received(stream)

    @property
    def latest(self) -> bytes:
        """The line or bytes that came last, be they looked at or not."""
        return bytes(self._received.buffered) or self._received.last

    async def run(self) -> Mismatch | None:
        """Go through the steps; return what the target broke, or None. Raises NetError."""
        for number, step in enumerate(self._steps):
            self._leader.begins(number)
            mismatch = await self._listen(step)
            if mismatch is not None:
                self._leader.missed(mismatch)
                return mismatch
            if words := self._leader.words():
                self._stream.trace.enter(Phase.PROCESSING)
                await self._stream.send(words)
            if step.starttls:  # nothing said in the clear is carried over into TLS
                await self._leader.start_tls(self._stream, len(self._received.buffered))
                self._received = _Received(self._stream)
        return None

    async def _listen(self, step: Step) -> Mismatch | None:
        if step.expect is not None:
            heard = await _matching_line(self._received, step.expect)
        elif step.expect_bytes:
            heard = await _same_bytes(self._received, step.expect_bytes)
        else:
            return None
        if isinstance(heard, Mismatch):
            return heard
        self._leader.heard(heard)
        return None


async def _matching_line(received: "_Received", pattern: Pattern) -> Groups | Mismatch:
    """Pass lines over until one matches; return its groups."""
    while (line := await received.line()) is not None:
        groups = pattern.groups(line)
        if groups is not None:
            return groups
    got = repr(visible_text(received.last, _SHOWN)) if received.lines else "nothing"
    detail = f"received {got} and the end, expected a line to match {pattern.text!r}"
    return Mismatch(Miss.NO_LINE, Failure(FailureKind.BANNER, detail))


async def _same_bytes(received: "_Received", expected: bytes) -> Groups | Mismatch:
    octets = await received.octets(expected)
    if octets == expected:
        return _NO_GROUPS
    got = repr(visible_text(octets, _SHOWN)) if octets else "nothing"
    if expected.startswith(octets):
        miss = Miss.FEWER_BYTES
        detail = f"received {got} and the end, expected {len(expected)} bytes"
    else:
        miss = Miss.OTHER_BYTES
        detail = f"received {got}, expected {visible_text(expected, _SHOWN)!r}"
    return Mismatch(miss, Failure(FailureKind.BANNER, detail), len(octets))


class _Received:
    """What came and was not looked at yet; `last` is what was looked at last."""

    __slots__ = ("_ended", "_size", "_stream", "buffered", "last", "lines")

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._ended = False
        self._size = 0
        self.buffered = bytearray()
        self.last = b""
        self.lines = 0

    async def line(self) -> bytes | None:
        """Return the next line without its end, None after the last."""
        searched = 0
        while (end := self.buffered.find(b"\n", searched)) < 0:
            searched = len(self.buffered)
            if searched >= LONGEST_LINE:
                raise self._too_much(f"a line of over {LONGEST_LINE} bytes")
            if not await self._more(LONGEST_LINE - searched):
                if not self.buffered:
                    return None
                end = len(self.buffered)
                break
        line = bytes(self.buffered[:end])
        del self.buffered[: end + 1]
        self.lines += 1
        if self.lines > _MOST_LINES:
            raise self._too_much(f"over {_MOST_LINES} lines")
        self.last = line.removesuffix(b"\r")
        return self.last

    async def octets(self, expected: bytes) -> bytes:
        """Return as many bytes as are expected, or the fewer that tell a difference or an end."""
        count = len(expected)
        while len(self.buffered) < count and expected.startswith(self.buffered):
            if not await self._more(count - len(self.buffered)):
                break
        self.last = bytes(self.buffered[:count])
        del self.buffered[:count]
        return self.last

    async def _more(self, limit: int) -> bool:
        """Take in more; say whether there was any."""
        if self._ended:
            return False
        self._stream.trace.enter(Phase.PROCESSING)
        octets = await self._stream.receive(min(limit, _CHUNK))
        self._ended = not octets
        self._size += len(octets)
        if self._size > _LARGEST_DIALOGUE:
            raise self._too_much(f"over {_LARGEST_DIALOGUE} bytes")
        self.buffered += octets
        return not self._ended

    def _too_much(self, what: str) -> NetError:
        return NetError(FailureKind.TOO_LARGE, f"{self._stream.peer} sent {what}", answered=True)
