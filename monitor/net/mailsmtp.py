"""The words of SMTP (RFC 5321, 3207, 4954), as far as a visit needs them. No message is sent."""

import re
from base64 import b64encode
from dataclasses import dataclass

from monitor.domain.observation import FailureKind
from monitor.domain.text import visible_text
from monitor.net.mail import Heard, Login, offers, texts
from monitor.net.reader import Reader, shown
from monitor.net.replies import reply

_SHOWN = 200
_OLD_AUTH = re.compile(rb"^AUTH=", re.IGNORECASE)  # as clients from before RFC 2554 want it


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: its code, 100 to 599, and the text of its first line."""

    code: int
    text: str

    def __str__(self) -> str:
        """Return it as the server wrote it."""
        return f"{self.code} {self.text}".rstrip()

    @property
    def accepts(self) -> bool:
        """Whether it agrees."""
        return 200 <= self.code < 300


class Smtp:
    """A client of SMTP that greets as `hello`."""

    tls_word = "STARTTLS"

    def __init__(self, reader: Reader, hello: str) -> None:
        self.reader = reader
        self._hello = hello.encode("ascii", "replace")

    async def greeting(self) -> str:
        code, lines = await reply(self.reader, FailureKind.BANNER)
        if code != b"220":
            raise self.reader.unexpected("220", code + b" " + lines[0], FailureKind.BANNER)
        return visible_text(lines[0], _SHOWN)

    async def offers(self) -> tuple[str, ...]:
        code, lines = await self._ask(b"EHLO " + self._hello)
        if code != b"250":
            said = code + b" " + lines[0]
            raise self.reader.unexpected("250 to EHLO", said, FailureKind.STATUS)
        return texts(_OLD_AUTH.sub(b"AUTH ", line) for line in lines[1:])

    async def start_tls(self) -> None:
        code, lines = await self._ask(b"STARTTLS")
        if code != b"220":
            said = code + b" " + lines[0]
            raise self.reader.unexpected("220 to STARTTLS", said, FailureKind.STARTTLS)

    async def log_in(self, login: Login, offers_now: tuple[str, ...]) -> None:
        user, password = login.username.encode(), login.password.encode()
        if offers(offers_now, "AUTH PLAIN"):
            steps = [b"AUTH PLAIN " + b64encode(b"\0" + user + b"\0" + password)]
        elif offers(offers_now, "AUTH LOGIN"):
            steps = [b"AUTH LOGIN", b64encode(user), b64encode(password)]
        else:
            raise self.reader.failure(
                "the server offers neither AUTH PLAIN nor AUTH LOGIN", FailureKind.STATUS
            )
        for step in steps[:-1]:
            code, lines = await self._ask(step)
            if code != b"334":
                raise self._refused(code, lines)
        code, lines = await self._ask(steps[-1])
        if code != b"235":
            raise self._refused(code, lines)

    def _refused(self, code: bytes, lines: list[bytes]) -> Exception:
        said = code + b" " + lines[0]
        return self.reader.failure(
            f"login: expected 235, but the server said {shown(said)}", FailureKind.STATUS
        )

    async def mail(self, sender: str, recipient: str | None) -> tuple[str, Reply]:
        """Name a sender and a recipient, then take both back; return the last question and reply.

        Once the sender is refused nobody asks about the recipient; without one, neither.
        """
        question, answer = "MAIL FROM", await self._command(f"MAIL FROM:<{sender}>")
        if answer.accepts and recipient is not None:
            question, answer = "RCPT TO", await self._command(f"RCPT TO:<{recipient}>")
        if answer.code != 421:  # with which a server hangs up
            await self._command("RSET")
        return question, answer

    async def _command(self, text: str) -> Reply:
        await self.reader.send(text.encode() + b"\r\n")
        return await self._reply()

    async def _reply(self) -> Reply:
        code, lines = await reply(self.reader)
        return Reply(int(code), visible_text(lines[0], _SHOWN))

    async def _ask(self, command: bytes) -> tuple[bytes, list[bytes]]:
        await self.reader.send(command + b"\r\n")
        return await reply(self.reader)

    async def leave(self) -> None:
        await self._ask(b"QUIT")


async def takes(session: Smtp, heard: Heard, sender: str, recipient: str | None) -> None:
    """Ask whether the server would take a message; raise NetError STATUS if it would not."""
    question, answer = await session.mail(sender, recipient)
    heard.replies[question] = str(answer)
    if not answer.accepts:
        detail = f"{question}: expected 250, but the server said {str(answer)!r}"
        raise session.reader.failure(detail, FailureKind.STATUS)


async def refuses_relay(session: Smtp, heard: Heard, sender: str, recipient: str) -> None:
    """Raise NetError STATUS if the server would pass on what one stranger sends another."""
    question, answer = await session.mail(sender, recipient)
    heard.replies[f"{question} of a stranger"] = str(answer)
    if answer.accepts:
        detail = f"open relay: from {sender} to {recipient} the server said {str(answer)!r}"
        raise session.reader.failure(detail, FailureKind.STATUS)


async def refuses_in_the_clear(session: Smtp, heard: Heard) -> None:
    """Raise NetError STATUS if the server takes a sender before TLS."""
    question, answer = await session.mail("", None)
    heard.replies[f"{question} in the clear"] = str(answer)
    if answer.accepts:
        detail = f"before TLS the server takes a sender: {str(answer)!r}, expected 530"
        raise session.reader.failure(detail, FailureKind.STATUS)
