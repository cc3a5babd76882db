"""A connection without a network: what the other side says is there from the beginning."""

from monitor.net.trace import Trace


class Saying:
    """A stream on which these pieces come, one at a time, and then the end.

    `step` is how many bytes come at once at most. `sent` is what was sent to it, `handed_out` how
    many bytes were taken from it.
    """

    def __init__(self, *pieces: bytes, step: int = 32_768) -> None:
        self.trace = Trace()
        self.pieces = [piece for piece in pieces if piece]
        self.step = step
        self.sent: list[bytes] = []
        self.handed_out = 0

    async def receive(self, limit: int = 32_768) -> bytes:
        if not self.pieces:
            return b""
        size = min(limit, self.step)
        piece, rest = self.pieces[0][:size], self.pieces[0][size:]
        self.pieces[:1] = [rest] if rest else []
        self.handed_out += len(piece)
        return piece

    async def send(self, octets: bytes) -> None:
        self.sent.append(octets)
