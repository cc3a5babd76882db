"""What the handlers need of the rest of the daemon, and the values that cross.

The client of the control socket shares this module, so it imports nothing heavy.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from monitor.domain.check import CheckId
from monitor.domain.note import Via
from monitor.domain.push import Arrival
from monitor.locales import Language
from monitor.ports import Sought, StatusBoard, Story

if TYPE_CHECKING:
    from monitor.domain.alert import Match
    from monitor.domain.correction import Correction, CorrectionRecord
    from monitor.domain.deadletter import DeadLetter, LettersSought
    from monitor.domain.incident import Incident
    from monitor.domain.maintenance import MaintenanceWindow
    from monitor.domain.silence import Silence
    from monitor.domain.windowrecord import Source, WindowRecord
    from monitor.reports.opendatacatalogue import Publication
    from monitor.web.blackbox import Blackbox


class Intake(Protocol):
    """What takes in pushes, and knows to which checks."""

    def is_passive(self, check_id: CheckId) -> bool: ...

    def owner(self, token: str) -> CheckId | None: ...

    def proves(self, check_id: CheckId, token: str) -> bool | None: ...

    def names(self, check_id: CheckId) -> frozenset[str] | None: ...

    async def take(self, check_id: CheckId, arrival: Arrival) -> bool: ...


class MetricsText(Protocol):
    """The text that Prometheus reads."""

    def text(self, *, openmetrics: bool) -> AsyncIterator[bytes]: ...


class Readiness(Protocol):
    """Whether the daemon does what it is there for."""

    def trouble(self) -> str | None:
        """Return why it does not, such as "no probe was started for 90 s", or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadResult:
    """How a reload ended. `problems` are those of the configuration, one a line."""

    ok: bool
    problems: tuple[str, ...] = ()


class Reloader(Protocol):
    """Takes up the configuration as it is on disk now, or keeps the old one."""

    async def reload(self) -> ReloadResult: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """How a test notification fared. `detail` says what the receiver answered."""

    ok: bool
    detail: str = ""


LONGEST_NAME, LONGEST_COMMENT = 100, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody says of an incident, and by which way: `receiver` got the link, if one."""

    by: str
    text: str = ""
    via: Via
    receiver: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AckResult:
    """The incidents of which it was taken down; where there are none, `detail` says why."""

    incidents: Sequence[str]
    detail: str = ""


class Acknowledger(Protocol):
    """Takes down who takes care of an incident."""

    async def acknowledge(self, name: str, said: Said) -> Sequence[str]: ...


class TooManyNotes(Exception):
    """So much was said of one incident that no more is taken."""


class Commenter(Protocol):
    """Takes down what people say of an incident."""

    async def comment(self, name: str, said: Said) -> Sequence[str]: ...


class Archive(Protocol):
    """What is kept of incidents. Each method raises StoreError."""

    async def story(self, incident: str) -> Story | None: ...

    async def found(self, sought: Sought) -> "Sequence[Incident]": ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A file of open data: where it is, the SHA-256 of its bytes in hex, since when it is so."""

    path: Path
    digest: str
    made_at: datetime


class NotPublished(Exception):
    """There is no open data now. The message says why."""


class StillMaking(NotPublished):
    """The data is being made: it is there a little later."""


class TooLong(NotPublished):
    """The period is too long to be given out at once; `months` would do."""

    def __init__(self, months: int) -> None:
        self.months = months
        super().__init__(f"at most {months} months")


class OpenData(Protocol):
    """What is given to everybody, of days that are over."""

    def publication(self, first: date | None, last: date | None) -> "Publication":
        """Return who gives the data of these days, and on which terms."""
        ...

    async def covered(self) -> "tuple[date, date] | None":
        """Return the first and the last day of which there is data, None where there is none.

        Raise StoreError.
        """
        ...

    async def file(self, name: str, first: date, last: date) -> Published:
        """Return the file called `name` on these days. Raise StoreError, NotPublished."""
        ...


class TooManySilences(Exception):
    """So many silences are in force that no more is taken. The message says what to do."""


class Silencer(Protocol):
    """Takes down what nobody is to hear of for a while."""

    def silences(self) -> "Sequence[Silence]": ...

    async def add(self, match: "Match", length: timedelta, by: str, comment: str) -> "Silence":
        """Raise TooManySilences."""
        ...

    async def lift(self, silence_id: str, by: str) -> bool: ...


class TooManyWindows(Exception):
    """So many windows are in force that no more is taken. The message says what to do."""


class NotCancelled(Exception):
    """Nothing was cancelled. The message says why."""


class Planner(Protocol):
    """Takes down planned work."""

    def now(self) -> datetime: ...

    def windows(self) -> "Sequence[WindowRecord]": ...

    async def history(self) -> "Sequence[WindowRecord]": ...

    async def add(
        self, window: "MaintenanceWindow", source: "Source", by: str
    ) -> "WindowRecord | None":
        """Raise TooManyWindows."""

    async def cancel(self, name: str, by: str, reason: str) -> "WindowRecord":
        """Raise NotCancelled where there is nothing to cancel."""


class NotWithdrawn(Exception):
    """Nothing was withdrawn. The message says why."""


class Corrector(Protocol):
    """Takes down corrections of what was recorded."""

    def now(self) -> datetime: ...

    async def corrections(self) -> "Sequence[CorrectionRecord]": ...

    async def correct(self, wish: "Correction") -> "CorrectionRecord": ...

    async def withdraw(self, name: str, by: str, reason: str) -> "CorrectionRecord":
        """Raise NotWithdrawn where there is nothing to withdraw."""


class NotEntered(Exception):
    """A report was not entered into the ledger. The message says why."""


class Filer(Protocol):
    """Takes down that reports were filed."""

    async def enter(self, name: str, by: str) -> bool:
        """Raise NotEntered where no such report was filed."""
        ...


class NotRotated(Exception):
    """The key of the ledger was not replaced. The message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """The public key that signs the ledger from now on, and the checkpoint that both signed."""

    key: str
    checkpoint: str


class KeyRotation(Protocol):
    """Replaces the key that signs the ledger."""

    async def rotate(self, by: str) -> Rotated:
        """Raise NotRotated where it can't be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LettersShown:
    """Messages that were given up, and by id why some of them can't be sent any more."""

    letters: "Sequence[DeadLetter]"
    obstacles: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """The messages that wait again, and by id why others don't."""

    ids: Sequence[str]
    refused: Mapping[str, str]


class DeadLetters(Protocol):
    """Shows messages that were given up, and has them sent after all."""

    async def letters(self, sought: "LettersSought") -> LettersShown: ...

    async def retry(self, ids: Sequence[str], by: str) -> Retried: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """What people may have taken down: by the API, and by commands with or without a daemon.

    The names that they write are held against those on `board`, and times are by the clock of
    `zone`.
    """

    board: StatusBoard
    acknowledger: Acknowledger
    commenter: Commenter
    silencer: Silencer
    dead_letters: DeadLetters
    planner: Planner
    corrector: Corrector
    filer: Filer
    key_rotation: KeyRotation
    zone: tzinfo


class TestSender(Protocol):
    """Sends a test notification by the way that alerts go."""

    def receivers(self) -> Sequence[str]: ...

    async def send(self, receiver: str) -> SendResult: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WebContext:
    """Everything that handlers use. `now` is the engine's timeline (UTC).

    `blackbox` is None while /probe is not served. `names` are the host names that clients may
    call us by, beside localhost and IP addresses; they count where no password is asked for.
    `link_key` signed the links in messages.
    """

    board: StatusBoard
    exposition: MetricsText
    readiness: Readiness
    reloader: Reloader
    sender: TestSender
    now: Callable[[], datetime]
    zone: tzinfo
    acts: Acts
    language: Language = Language.ID
    names: frozenset[str] = frozenset()
    version: str
    blackbox: "Blackbox | None" = None
    pushes: Intake | None = None
    archive: Archive | None = None
    open_data: OpenData | None = None
    link_key: bytes | None = field(default=None, repr=False)
