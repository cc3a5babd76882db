"""A connection without a network: what the other side says is there from the beginning."""


class Saying:
    """A stream on which these pieces come, one at a time, and then the end.

    `sent` is what was sent to it, `handed_out` how many bytes were taken from it.
    """

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.sent: list[bytes] = []
        self.handed_out = 0

    async def receive(self, limit: int = 32_768) -> bytes:
        if not self.pieces:
            return b""
        piece, rest = self.pieces[0][:limit], self.pieces[0][limit:]
        self.pieces[:1] = [rest] if rest else []
        self.handed_out += len(piece)
        return piece

    async def send(self, octets: bytes) -> None:
        self.sent.append(octets)
