"""The words of POP3 (RFC 1939, 2449, 2595), as far as a visit needs them."""

from monitor.domain.observation import FailureKind
from monitor.domain.text import visible_text
from monitor.net.mail import Login, offers, texts
from monitor.net.reader import Reader

_SHOWN = 200


class Pop3:
    """A client of POP3."""

    tls_word = "STLS"

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    async def greeting(self) -> str:
        line = await self.reader.line()
        if not line.startswith(b"+OK"):
            raise self.reader.unexpected("+OK", line, FailureKind.BANNER)
        return visible_text(line[3:].strip(), _SHOWN)

    async def offers(self) -> tuple[str, ...]:
        await self.reader.send(b"CAPA\r\n")
        line = await self.reader.line()
        if line.startswith(b"-ERR"):  # a server from before RFC 2449
            return ()
        if not line.startswith(b"+OK"):
            raise self.reader.unexpected("+OK to CAPA", line)
        listed = []
        while (line := await self.reader.line()) != b".":
            listed.append(line)
        return texts(listed)

    async def start_tls(self) -> None:
        await self._ask(b"STLS", "STLS", FailureKind.STARTTLS)

    async def log_in(self, login: Login, offers_now: tuple[str, ...]) -> None:
        if offers_now and not offers(offers_now, "USER"):
            raise self.reader.failure("the server offers no USER here", FailureKind.STATUS)
        await self._ask(b"USER " + login.username.encode(), "USER", FailureKind.STATUS)
        await self._ask(b"PASS " + login.password.encode(), "PASS", FailureKind.STATUS)

    async def leave(self) -> None:
        await self._ask(b"QUIT", "QUIT", FailureKind.PROTOCOL)

    async def _ask(self, command: bytes, shown_as: str, kind: FailureKind) -> None:
        await self.reader.send(command + b"\r\n")
        line = await self.reader.line()
        if not line.startswith(b"+OK"):
            raise self.reader.unexpected(f"+OK to {shown_as}", line, kind)
