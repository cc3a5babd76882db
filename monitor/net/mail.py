"""A visit to a mail server: greeting, what it offers, going over to TLS, and leave.

SMTP, IMAP and POP3 differ in their words; the steps are the same. What was heard is written down
as it comes, so that it can be shown when a later step fails.
"""

from base64 import b64encode
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from monitor.domain.observation import FailureKind
from monitor.domain.text import visible_text
from monitor.net.errors import NetError
from monitor.net.network import Network
from monitor.net.reader import Reader
from monitor.net.visit import Security, Visit, shake_hands

_SHOWN = 200
_SPECIAL = str.maketrans({"\\": "\\\\", '"': '\\"'})


@dataclass(slots=True)
class Heard:
    """What a mail server said, as far as the visit came.

    `in_the_clear` are the lines of what it offered before TLS, None where nobody asked; `offers`
    those of what it offered last. `replies` are its answers to what was asked after that, by the
    question.
    """

    banner: str | None = None
    in_the_clear: tuple[str, ...] | None = None
    offers: tuple[str, ...] | None = None
    replies: dict[str, str] = field(default_factory=dict)
    logged_in: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who logs in. `repr` does not show the password."""

    username: str
    password: str = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The password in every form in which it is sent, the longest first."""
        both = b64encode(f"\0{self.username}\0{self.password}".encode()).decode()
        alone = b64encode(self.password.encode()).decode()
        return both, alone, quoted(self.password), self.password


def quoted(text: str) -> str:
    """Return `text` as IMAP quotes it (RFC 9051, 4.3)."""
    return f'"{text.translate(_SPECIAL)}"'


class MailSession(Protocol):
    """The words of one protocol. Everything raises NetError.

    `tls_word` is what the server lists when it can go over to TLS.
    """

    reader: Reader
    tls_word: str

    async def greeting(self) -> str:
        """Return what the server greets with."""

    async def offers(self) -> tuple[str, ...]:
        """Ask what the server can do; return a line for each thing."""

    async def start_tls(self) -> None:
        """Ask for TLS, and hear that the handshake may begin."""

    async def log_in(self, login: Login, offers: tuple[str, ...]) -> None:
        """Log in, in a way that is among `offers`."""

    async def leave(self) -> None:
        """Say good-bye."""


async def introduce(session: MailSession, heard: Heard, security: Security) -> None:
    """Hear the greeting, and what is offered first."""
    heard.banner = await session.greeting()
    heard.offers = await session.offers()
    if security is not Security.IMPLICIT:
        heard.in_the_clear = heard.offers


async def go_over(session: MailSession, heard: Heard, network: Network, visit: Visit) -> None:
    """Go over to TLS, where that was asked for; hear again what is offered (RFC 3207, 4.2)."""
    if visit.security is not Security.STARTTLS:
        return
    reader = session.reader
    offered = heard.offers or ()
    # A server that lists nothing may be older than lists.
    if offered and not offers(offered, session.tls_word):
        raise reader.failure(_not_offered(session.tls_word, offered), FailureKind.STARTTLS)
    await session.start_tls()
    await shake_hands(reader, network, visit)
    heard.offers = None  # what was said before may have been somebody else's words
    heard.offers = await session.offers()


async def take_leave(session: MailSession) -> None:
    """Say good-bye. Never raises NetError: everything has been learned by then."""
    with suppress(NetError):
        await session.leave()


def offers(offered: Iterable[str], wanted: str) -> bool:
    """Say whether a server offers `wanted`: a word, or a word with one or more of its parameters.

    Case does not matter. `AUTH PLAIN` is offered by `AUTH LOGIN PLAIN`.
    """
    first, *others = wanted.upper().split()
    for line in offered:
        words = line.upper().split()
        if words[:1] == [first] and set(others) <= set(words[1:]):
            return True
    return False


def texts(lines: Iterable[bytes]) -> tuple[str, ...]:
    """Return what a server listed, fit to be shown; empty lines are left out."""
    found = (visible_text(line.strip(), _SHOWN) for line in lines)
    return tuple(text for text in found if text)


def _not_offered(word: str, offered: tuple[str, ...]) -> str:
    listed = visible_text(", ".join(offered), _SHOWN)
    return f"the server does not offer {word}; it offers {listed}"
