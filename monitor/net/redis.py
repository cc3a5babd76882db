"""The words of Redis (RESP2), as far as a visit needs them; Valkey and its kin speak them, too.

Nothing that is asked here is answered by a list, so lists are not read: there is nothing that
could nest.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from monitor.domain.observation import FailureKind
from monitor.domain.text import visible_text
from monitor.net.errors import NetError
from monitor.net.reader import Reader

LARGEST_TEXT = 60_000  # bytes; what a server says of itself takes some 6,000
_SHOWN = 200
_LONGEST_NUMBER = 10
_SIMPLE, _ERROR, _NUMBER, _BULK = b"+", b"-", b":", b"$"


@dataclass(slots=True)
class RedisHeard:
    """What a server said, as far as the visit came.

    `locked` is its word that nobody is answered without a login. `told` is what it says of
    itself, None where it did not; `silence` is then why. `cluster` is the state of the cluster
    that it is a node of, None where it is not one, or does not say.
    """

    locked: str | None = None
    logged_in: bool = False
    told: Mapping[str, str] | None = None
    silence: str | None = None
    cluster: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisLogin:
    """Who logs in; without a name it is the server's default user. `repr` hides the password."""

    username: str | None = None
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `error` says that it is a refusal, whose first word says which."""

    text: bytes
    error: bool = False

    @property
    def code(self) -> str:
        """The first word of a refusal, "" of any other answer."""
        return visible_text(self.text.split(b" ")[0], _SHOWN) if self.error else ""

    @property
    def shown(self) -> str:
        """A refusal as people may read it: servers repeat the words of what they do not know."""
        return visible_text(self.text.partition(b", with args ")[0].strip(), _SHOWN)


def command(*words: bytes) -> bytes:
    """Return a request as every server since 2010 reads it."""
    parts = (b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
    return b"*%d\r\n%b" % (len(words), b"".join(parts))


async def ask(reader: Reader, *words: bytes) -> Reply:
    """Send a request and return the answer. Raises NetError."""
    await reader.send(command(*words))
    return await _reply(reader, words[0].decode())


async def _reply(reader: Reader, asked: str) -> Reply:
    line = await reader.line()
    kind, rest = line[:1], line[1:]
    if kind in {_SIMPLE, _ERROR}:
        return Reply(rest, error=kind == _ERROR)
    if kind == _NUMBER and _is_number(rest):
        return Reply(rest)
    if kind != _BULK or not _is_number(rest):
        raise reader.unexpected(f"an answer of Redis to {asked}", line)
    size = int(rest)
    if size > LARGEST_TEXT:
        raise reader.failure(f"the answer to {asked} would have {size} bytes")
    if size < 0:
        return Reply(b"")
    text = await reader.exactly(size + 2)
    if not text.endswith(b"\r\n"):
        raise reader.failure(f"the answer to {asked} has no end after its {size} bytes")
    return Reply(text[:-2])


def _is_number(octets: bytes) -> bool:
    digits = octets.removeprefix(b"-")
    return digits.isdigit() and len(digits) <= _LONGEST_NUMBER


async def greet(reader: Reader, heard: RedisHeard) -> None:
    """Ask whether the server is there; that it wants a login first is an answer, too."""
    reply = await ask(reader, b"PING")
    if reply.code == "NOAUTH":
        heard.locked = reply.shown
    elif reply.error:
        if reply.code == "LOADING":  # it tells of itself, and nothing else
            with suppress(NetError):
                await learn(reader, heard)
        raise reader.failure(f"the server refuses: {reply.shown}", FailureKind.STATUS)
    elif reply.text != b"PONG":
        raise reader.unexpected("PONG", reply.text)


async def log_in(reader: Reader, heard: RedisHeard, login: RedisLogin) -> None:
    """Log in, or raise NetError."""
    name = () if login.username is None else (login.username.encode(),)
    reply = await ask(reader, b"AUTH", *name, login.password.encode())
    if reply.error or reply.text != b"OK":
        raise reader.failure(f"login refused: {reply.shown}", FailureKind.STATUS)
    heard.logged_in = True


async def select(reader: Reader, database: int) -> None:
    """Go to a database, or raise NetError."""
    reply = await ask(reader, b"SELECT", b"%d" % database)
    if reply.error:
        raise reader.failure(f"database {database}: {reply.shown}", FailureKind.STATUS)


async def learn(reader: Reader, heard: RedisHeard) -> None:
    """Ask what the server says of itself; who may not know is told so, which is no failure."""
    reply = await ask(reader, b"INFO")
    if reply.error:
        heard.silence = reply.shown
    else:
        heard.told = read_info(reply.text)


async def learn_of_cluster(reader: Reader, heard: RedisHeard) -> None:
    """Ask a node of a cluster whether that serves; who may not know is none the wiser."""
    if (heard.told or {}).get("cluster_enabled") != "1":
        return
    reply = await ask(reader, b"CLUSTER", b"INFO")
    if not reply.error:
        state = read_info(reply.text).get("cluster_state")
        heard.cluster = None if state is None else visible_text(state, _SHOWN)


async def leave(reader: Reader) -> None:
    """Say good-bye. Never raises NetError: everything has been learned by then."""
    with suppress(NetError):
        await reader.send(command(b"QUIT"))


def read_info(octets: bytes) -> dict[str, str]:
    """Return the fields of an answer to INFO, `name:value` on lines; others are left out."""
    found: dict[str, str] = {}
    for line in octets.decode(errors="replace").split("\n"):
        name, colon, value = line.partition(":")
        if colon and not name.startswith("#"):
            found[name] = value.strip()
    return found
