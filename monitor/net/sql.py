"""A visit to an SQL server: who comes, what is asked there, and what was heard."""

from dataclasses import dataclass, field
from time import monotonic
from typing import NoReturn, Protocol

from monitor.domain.observation import FailureKind
from monitor.net.reader import Reader
from monitor.net.sqlstate import Refusal

STRANGER = "pantau"
"""Who comes where nobody logs in: somebody whom the server does not know."""

ASKS_FOR_NOTHING = "nothing"
"""What a server wants of a stranger that lets everybody in."""

MOST_ROWS = 1001  # of an answer, that are asked for
LARGEST_ANSWER = 16_384  # bytes
_SHARE = 0.9  # of the time that is left


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who logs in. `repr` does not show the password, which is empty where there is none."""

    username: str
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a query found: the first value of the first row (None: NULL, or no row), and how many
    rows, MOST_ROWS for any number from there on.
    """

    value: str | None
    rows: int


@dataclass(slots=True)
class SqlHeard:
    """What the server said, as far as the visit came.

    `asks` is how it wants a stranger to prove who he is, `refused` what it told him instead.
    """

    version: str | None = None
    asks: str | None = None
    refused: str | None = None
    logged_in: bool = False
    replica: bool | None = None
    answer: Answer | None = None


class SqlSession(Protocol):
    """The words of one protocol. Everything raises NetError."""

    async def greeting(self) -> None:
        """Hear what the server says first, if it does."""

    async def start_tls(self) -> None:
        """Ask for TLS, and hear that the handshake may begin."""

    async def knock(self) -> None:
        """Come as a stranger, and hear why he may not come in."""

    async def log_in(self, visitor: Visitor) -> None:
        """Prove who we are."""

    async def begin(self, deadline: float) -> None:
        """Begin a transaction that writes nothing, and whose statements end before `deadline`,
        a reading of `time.monotonic`.
        """

    async def look_at_role(self) -> None:
        """Learn whether this is a replica."""

    async def ask(self, statement: str) -> None:
        """Run one statement, and keep what it found."""

    async def leave(self) -> None:
        """Say good-bye."""


def milliseconds_for(deadline: float) -> int:
    """Return how long a statement may take, so that the server gives up before we do."""
    return max(1, int((deadline - monotonic()) * _SHARE * 1000))


class Refused(Exception):
    """The server answered with an error."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


def turned_away(reader: Reader, heard: SqlHeard, refusal: Refusal) -> None:
    """Write down how a stranger was refused; raise NetError if the server can serve nobody."""
    if refusal.out_of_service or not refusal.proper:
        fail(reader, refusal, "")
    heard.refused = str(refusal)


def fail(reader: Reader, refusal: Refusal, doing: str) -> NoReturn:
    """Raise NetError STATUS for an error of the server while we were `doing` something."""
    prefix = "" if refusal.out_of_service or not doing else f"{doing}: "
    raise reader.failure(f"{prefix}the server says {refusal}", FailureKind.STATUS)


def too_much(reader: Reader) -> NoReturn:
    """Raise NetError for an answer that nobody should ask for."""
    detail = f"query: the answer has over {LARGEST_ANSWER} bytes: let the server count"
    raise reader.failure(detail, FailureKind.TOO_LARGE)
