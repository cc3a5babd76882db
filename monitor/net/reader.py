"""What a server says in a protocol of lines, within bounds: the ear of every such dialogue."""

import re

from monitor.domain.observation import FailureKind
from monitor.domain.text import visible_text
from monitor.net.connection import Stream
from monitor.net.errors import NetError

LONGEST_LINE = 4096
MOST_LINES = 100
LARGEST_DIALOGUE = 65_536  # bytes that the server may say, unless a protocol needs more
_SHOWN = 200


def shown(octets: bytes | bytearray) -> str:
    """Return what a server said as a message quotes it."""
    return repr(visible_text(bytes(octets), _SHOWN)) if octets else "nothing"


class Reader:
    """What the server says, in lines or in pieces, within bounds. Everything raises NetError.

    `name` begins every detail, `kind` is that of every failure. `unfinished` says what was
    awaited when a bound is reached, such as `and no agreement`; `largest` is how many bytes the
    server may say altogether.
    """

    def __init__(
        self,
        stream: Stream,
        name: str,
        kind: FailureKind = FailureKind.PROTOCOL,
        *,
        unfinished: str = "and no end of it",
        largest: int = LARGEST_DIALOGUE,
    ) -> None:
        self.stream = stream
        self.buffered = bytearray()
        self._name = name
        self._kind = kind
        self._unfinished = unfinished
        self._largest = largest
        self._received = 0
        self._lines = 0

    def failure(self, detail: str, kind: FailureKind | None = None) -> NetError:
        """Return the failure that `detail` describes."""
        return NetError(kind or self._kind, f"{self._name}: {detail}", answered=True)

    def unexpected(self, awaited: str, said: bytes, kind: FailureKind | None = None) -> NetError:
        """Return the failure of a server that said something else."""
        return self.failure(f"expected {awaited}, but the server said {shown(said)}", kind)

    async def send(self, octets: bytes) -> None:
        await self.stream.send(octets)

    async def more(self) -> None:
        """Wait for more of what the server says."""
        octets = await self.stream.receive()
        if not octets:
            said = f" after {shown(self.buffered)}" if self.buffered else ""
            raise self.failure(f"the server closed the connection{said}")
        self._received += len(octets)
        self.buffered += octets
        if self._received > self._largest:
            raise self.failure(f"the server sent over {self._largest} bytes {self._unfinished}")

    async def line(self) -> bytes:
        """Return the next line, without its end."""
        searched = 0
        while (end := self.buffered.find(b"\n", searched)) < 0:
            searched = len(self.buffered)
            if searched > LONGEST_LINE:
                break
            await self.more()
        if end < 0 or end > LONGEST_LINE:
            raise self.failure(f"a line of over {LONGEST_LINE} bytes: {shown(self.buffered)}")
        self._lines += 1
        if self._lines > MOST_LINES:
            raise self.failure(f"the server sent over {MOST_LINES} lines {self._unfinished}")
        line = bytes(self.buffered[:end]).rstrip(b"\r")
        del self.buffered[: end + 1]
        return line

    async def exactly(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        while len(self.buffered) < count:
            await self.more()
        octets = bytes(self.buffered[:count])
        del self.buffered[:count]
        return octets

    async def until(self, pattern: re.Pattern[bytes], window: int) -> bytes:
        """Return what comes up to the end of a match, which is at most `window` bytes long."""
        searched = 0
        while (match := pattern.search(self.buffered, searched)) is None:
            searched = max(0, len(self.buffered) - window)
            await self.more()
        octets = bytes(self.buffered[: match.end()])
        del self.buffered[: match.end()]
        return octets

    def nothing_slipped_in(self) -> None:
        """Raise NetError if anything stands behind an agreement to TLS, in the clear.

        Somebody on the way could have put it there (CVE-2011-0411 and its many kin).
        """
        if self.buffered:
            raise self.failure(
                f"the server sent {len(self.buffered)} more bytes in the clear after agreeing to "
                "TLS; somebody may have slipped them in",
                FailureKind.STARTTLS,
            )
