"""A conversation by steps: wait for a line that matches, send a text, go over to TLS.

A line is what Go's bufio.Scanner takes for one: it ends with LF or where the stream ends, a CR in
front of that is no part of it, and 64 KiB without an end are too much.
"""

from collections.abc import Awaitable, Callable

from monitor.blackbox.expansion import expand
from monitor.blackbox.modules import QueryResponse
from monitor.blackbox.run import Run
from monitor.domain.observation import Failure, FailureKind, series
from monitor.domain.text import visible_text
from monitor.fields.patterns import Groups, Pattern
from monitor.net.connection import Stream
from monitor.net.errors import NetError
from monitor.net.trace import Phase

LONGEST_LINE = 65_536
_LARGEST_DIALOGUE = 1_048_576  # bytes that a target may say
_MOST_LINES = 10_000
_CHUNK = 4096  # bytes at once, so that a turn of the loop looks at few lines
FAILED_DUE_TO_REGEX = series("probe_failed_due_to_regex")
FAILED_DUE_TO_BYTES = series("probe_failed_due_to_bytes")
_NO_GROUPS: Groups = {}


async def converse(
    stream: Stream,
    steps: tuple[QueryResponse, ...],
    run: Run,
    start_tls: Callable[[Stream], Awaitable[None]],
) -> Failure | None:
    """Go through the steps; return why the target broke one, or None. Raises NetError.

    `start_tls` makes the handshake.
    """
    received = _Received(stream)
    for number, step in enumerate(steps):
        run.steps.info("Processing query response entry", entry_number=number)
        heard = await _hear(received, step, run)
        if isinstance(heard, Failure):
            return heard
        if step.send:
            stream.trace.enter(Phase.PROCESSING)
            run.steps.debug("Sending line", entry_number=number)
            await stream.send(_sent(step, heard))
        if step.starttls:
            if received.buffered:  # nothing said in the clear is carried over into TLS
                run.steps.info("Left out what came in the clear", bytes=len(received.buffered))
            await start_tls(stream)
            received = _Received(stream)
    return None


def _sent(step: QueryResponse, groups: Groups) -> bytes:
    """Return the line to send. Only after `expect` it is a template."""
    text = step.send.encode() if step.expect is None else expand(step.send, groups)
    return text + b"\n"


async def _hear(received: "_Received", step: QueryResponse, run: Run) -> Groups | Failure:
    """Wait for what a step expects; return the groups of the match, or why there is none."""
    if step.expect is not None:
        groups = await _matching_line(received, step.expect, run)
        if isinstance(groups, Failure):
            run.numbers[FAILED_DUE_TO_REGEX] = 1.0
        elif step.labels:
            run.numbers[_information(step, groups)] = 1.0
        return groups
    if step.expect_bytes:
        wrong = await _same_bytes(received, step.expect_bytes.encode(), run)
        return _NO_GROUPS if wrong is None else wrong
    return _NO_GROUPS


async def _matching_line(received: "_Received", pattern: Pattern, run: Run) -> Groups | Failure:
    last = b""
    while (line := await received.line()) is not None:
        last = line
        groups = pattern.groups(line)
        if groups is not None:
            run.steps.info("Regexp matched", regexp=pattern.text)
            return groups
    run.steps.error("Regexp did not match", regexp=pattern.text)
    got = repr(visible_text(last, 200)) if received.lines else "nothing"
    detail = f"received {got} and the end, expected a line to match {pattern.text!r}"
    return Failure(FailureKind.BANNER, detail)


def _information(step: QueryResponse, groups: Groups) -> tuple[str, tuple[tuple[str, str], ...]]:
    texts = {label.name: expand(label.value, groups) for label in step.labels}
    return series("probe_expect_info", **{name: visible_text(text) for name, text in texts.items()})


async def _same_bytes(received: "_Received", expected: bytes, run: Run) -> Failure | None:
    octets = await received.octets(expected)
    if octets == expected:
        run.steps.info("Bytes matched", bytes=len(expected))
        return None
    got = repr(visible_text(octets, 200)) if octets else "nothing"
    if expected.startswith(octets):
        run.steps.error("Read less data than expected", expected=len(expected), bytes=len(octets))
        detail = f"received {got} and the end, expected {len(expected)} bytes"
    else:
        run.steps.error("Bytes did not match")
        run.numbers[FAILED_DUE_TO_BYTES] = 1.0
        detail = f"received {got}, expected {visible_text(expected, 200)!r}"
    return Failure(FailureKind.BANNER, detail)


class _Received:
    """What came and was not looked at yet."""

    __slots__ = ("_ended", "_size", "_stream", "buffered", "lines")

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._ended = False
        self._size = 0
        self.buffered = bytearray()
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
        return line.removesuffix(b"\r")

    async def octets(self, expected: bytes) -> bytes:
        """Return as many bytes as are expected, or the fewer that tell a difference or an end."""
        count = len(expected)
        while len(self.buffered) < count and expected.startswith(self.buffered):
            if not await self._more(count - len(self.buffered)):
                break
        octets = bytes(self.buffered[:count])
        del self.buffered[:count]
        return octets

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
