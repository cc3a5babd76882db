"""A visit to an LDAP server: what it tells of itself, a login, a search. Everything is bounded."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from monitor.domain.observation import FailureKind
from monitor.net import ber, ldapwire
from monitor.net.errors import NetError
from monitor.net.ldapfilter import encode
from monitor.net.ldapwire import Message, Question, Result, Scope
from monitor.net.reader import Reader, shown

LARGEST_ANSWERS = 1_048_576  # bytes of all that a server says
MOST_ENTRIES = 1000  # that a check may ask for
_LARGEST_MESSAGE = 65_536
_MOST_MESSAGES = 2 * MOST_ENTRIES  # in answer to one request; a server may refer elsewhere
_NOTICE = 0  # the number of what nobody asked for (RFC 4511, 4.4.1)
_ROOT = Question(
    base="",
    scope=Scope.BASE,
    filter=encode("(objectClass=*)"),
    limit=1,
    attributes=("namingContexts", "supportedLDAPVersion", "vendorName", "vendorVersion"),
)
# With these a server says that it serves nobody now, whoever asks.
_OUT_OF_SERVICE = (ldapwire.BUSY, ldapwire.UNAVAILABLE)

ReadT = TypeVar("ReadT")


@dataclass(slots=True)
class LdapHeard:
    """What a server said, as far as the visit came.

    `root` is what it tells of itself, None where it does not; `silence` is then why. `entries`
    is how many a search found, None without one; `cut` says that the server stopped there, with
    more to come.
    """

    logged_in: bool = False
    root: Mapping[str, tuple[str, ...]] | None = None
    silence: str | None = None
    entries: int | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapLogin:
    """Who logs in. `repr` does not show the password."""

    name: str
    password: str = field(repr=False)


class Ldap:
    """A client of LDAP. Everything raises NetError."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._number = 0

    async def start_tls(self) -> None:
        """Ask for TLS, and hear that the handshake may begin."""
        await self.reader.send(ldapwire.start_tls(self._next()))
        result = self._read(
            ldapwire.read_result, await self._answer("StartTLS", ldapwire.EXTENDED_RESPONSE)
        )
        if result.code != ldapwire.SUCCESS:
            raise self._refused("StartTLS", result, FailureKind.STARTTLS)

    async def log_in(self, heard: LdapHeard, login: LdapLogin) -> None:
        """Log in by name and password (a simple bind)."""
        await self.reader.send(ldapwire.bind(self._next(), login.name, login.password))
        result = self._read(
            ldapwire.read_result, await self._answer("the login", ldapwire.BIND_RESPONSE)
        )
        if result.code != ldapwire.SUCCESS:
            raise self._refused("login", result)
        heard.logged_in = True

    async def learn(self, heard: LdapHeard) -> None:
        """Ask what the server tells of itself (its root DSE); a refusal is an answer, too."""
        entries, result = await self._search("the root DSE", _ROOT)
        if result.code in _OUT_OF_SERVICE:
            raise self._refused("the server does not serve", result)
        if entries:
            heard.root = self._read(ldapwire.read_entry, entries[0])
        elif result.code == ldapwire.SUCCESS:
            heard.silence = "its root DSE is not shown"
        else:
            heard.silence = result.text

    async def search(self, heard: LdapHeard, question: Question) -> None:
        """Count what a search finds, up to its limit."""
        entries, result = await self._search("the search", question)
        if result.code not in {ldapwire.SUCCESS, ldapwire.SIZE_LIMIT_EXCEEDED}:
            raise self._refused("search", result)
        heard.entries = len(entries)
        heard.cut = result.code == ldapwire.SIZE_LIMIT_EXCEEDED

    async def leave(self) -> None:
        """Say good-bye. Never raises NetError: everything has been learned by then."""
        with suppress(NetError):
            await self.reader.send(ldapwire.unbind(self._next()))

    async def _search(self, title: str, question: Question) -> tuple[list[Message], Result]:
        """Return the entries that are found, and how the search ended."""
        await self.reader.send(ldapwire.search(self._next(), question))
        entries: list[Message] = []
        for _ in range(_MOST_MESSAGES):
            message = await self._answer(
                title, ldapwire.SEARCH_ENTRY, ldapwire.SEARCH_REFERENCE, ldapwire.SEARCH_DONE
            )
            if message.tag == ldapwire.SEARCH_DONE:
                return entries, self._read(ldapwire.read_result, message)
            if message.tag == ldapwire.SEARCH_ENTRY:
                entries.append(message)
            if len(entries) > question.limit:
                detail = f"{title} brings more than the {question.limit} entries asked for"
                raise self.reader.failure(detail)
        raise self.reader.failure(f"{title} brings over {_MOST_MESSAGES} messages and no end")

    def _next(self) -> int:
        self._number += 1
        return self._number

    async def _answer(self, title: str, *tags: int) -> Message:
        """Return the next message, which must be one of those that answer what was asked."""
        message = self._read(ldapwire.read_message, await self._whole())
        if message.number == _NOTICE and message.tag == ldapwire.EXTENDED_RESPONSE:
            result = self._read(ldapwire.read_result, message)
            raise self._refused("the server hangs up", result)
        if message.number != self._number or message.tag not in tags:
            detail = (
                f"expected an answer to {title}, but the server sent message {message.number} "
                f"with tag {message.tag:#04x}"
            )
            raise self.reader.failure(detail)
        return message

    async def _whole(self) -> bytes:
        """Return the next message as it is written."""
        reader = self.reader
        while (size := self._read(_size, reader.buffered)) is None:
            await reader.more()
        if size > _LARGEST_MESSAGE:
            raise reader.failure(f"a message of {size} bytes: {shown(reader.buffered)}")
        return await reader.exactly(size)

    def _read(self, read: Callable[..., ReadT], written: Message | bytes | bytearray) -> ReadT:
        """Read something; what is malformed raises NetError."""
        try:
            return read(written)
        except ber.Malformed as error:
            octets = written.content if isinstance(written, Message) else written
            detail = f"no message of LDAP ({error}): {shown(octets)}"
            raise self.reader.failure(detail) from None

    def _refused(
        self, title: str, result: Result, kind: FailureKind = FailureKind.STATUS
    ) -> NetError:
        return self.reader.failure(f"{title}: {result.text}", kind)


def _size(octets: bytearray) -> int | None:
    """Return how long the next message is, None while its head is not there."""
    if octets and octets[0] != ber.SEQUENCE:
        raise ber.Malformed(f"tag {octets[0]:#04x} in place of {ber.SEQUENCE:#04x}")
    return ber.whole_size(octets)
