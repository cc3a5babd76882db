"""The words of IMAP (RFC 9051), as far as a visit needs them."""

from monitor.domain.observation import FailureKind
from monitor.domain.text import visible_text
from monitor.net.mail import Login, offers, quoted, texts
from monitor.net.reader import Reader
from monitor.net.replies import tagged

_SHOWN = 200


class Imap:
    """A client of IMAP."""

    tls_word = "STARTTLS"

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._tags = 0

    async def greeting(self) -> str:
        line = await self.reader.line()
        # After PREAUTH it would be too late for TLS (RFC 9051, 7.1.4).
        if not line.upper().startswith(b"* OK"):
            raise self.reader.unexpected("* OK", line, FailureKind.BANNER)
        return visible_text(line[4:].strip(), _SHOWN)

    async def offers(self) -> tuple[str, ...]:
        listed = await self._tagged(b"CAPABILITY", "CAPABILITY", FailureKind.STATUS)
        return texts(word for line in listed for word in line.split()[2:])

    async def start_tls(self) -> None:
        await self._tagged(b"STARTTLS", "STARTTLS", FailureKind.STARTTLS)

    async def log_in(self, login: Login, offers_now: tuple[str, ...]) -> None:
        if offers(offers_now, "LOGINDISABLED"):
            raise self.reader.failure("the server offers no LOGIN here", FailureKind.STATUS)
        command = f"LOGIN {quoted(login.username)} {quoted(login.password)}"
        await self._tagged(command.encode(), "LOGIN", FailureKind.STATUS)

    async def leave(self) -> None:
        await self._tagged(b"LOGOUT", "LOGOUT", FailureKind.PROTOCOL)

    async def _tagged(self, command: bytes, shown_as: str, kind: FailureKind) -> list[bytes]:
        self._tags += 1
        return await tagged(self.reader, b"p%d" % self._tags, command, shown_as, kind)
