"""Asks an ASGI application without a socket, and stands for the rest of the daemon."""

import asyncio
import hashlib
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from monitor.domain.correction import CorrectionRecord, Withdrawal
from monitor.domain.deadletter import DeadLetter
from monitor.domain.silence import Silence
from monitor.domain.windowrecord import Cancellation, WindowRecord
from monitor.metrics.exposition import Exposition
from monitor.metrics.telemetry import PrometheusTelemetry
from monitor.ports import Sought, StoreError, Story
from monitor.reports.opendatacatalogue import Publication
from monitor.web.context import (
    Acts,
    LettersShown,
    NotCancelled,
    NotEntered,
    NotWithdrawn,
    Published,
    ReloadResult,
    Retried,
    SendResult,
    StillMaking,
    TooManyNotes,
    WebContext,
)
from tests.fakes import LINK_KEY, an_alert
from tests.unit.metrics.board import HTTP_MEASUREMENTS, NOON, FakeBoard, a_city


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self):
        return self.body.decode()


async def ask(app, method, path, headers=(), query="", *, body=b""):
    """Return the answer of `app`. `path` is decoded already, as a server hands it over."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8780),
        "state": {},
    }
    started, parts = {}, []

    requests = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive():
        # A client that stays has nothing more to say.
        return requests.pop() if requests else await asyncio.Event().wait()

    async def send(message):
        if message["type"] == "http.response.start":
            started.update(message)
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    found = {name.decode(): value.decode() for name, value in started["headers"]}
    return Answer(started["status"], found, b"".join(parts))


@dataclass
class FakeDaemon:
    """Stands for readiness, reload and the sending of tests; remembers what it was asked."""

    reason: str | None = None
    result: ReloadResult = field(default_factory=lambda: ReloadResult(ok=True))
    sent: SendResult = field(default_factory=lambda: SendResult(ok=True, detail="200"))
    asked: list[str] = field(default_factory=list)
    open: tuple[str, ...] = ("INC1", "sigap")

    def trouble(self):
        return self.reason

    async def reload(self):
        self.asked.append("reload")
        return self.result

    def receivers(self):
        return ("oncall", "ruang jaga/1")

    async def acknowledge(self, name, said):
        if name not in self.open:
            return ()
        self.asked.append(f"ack {name} {_said(said)}")
        return ("INC1",)

    async def comment(self, name, said):
        if name == "FULL":
            raise TooManyNotes("FULL: 1000 notes are kept of one incident")
        self.asked.append(f"comment {name} {_said(said)}")
        return ("INC1",) if name in ("INC1", "sigap") else ()

    async def send(self, receiver):
        self.asked.append(f"test {receiver}")
        return self.sent


def _said(said):
    by_link = f" of {said.receiver}" if said.receiver else ""
    return f"{said.by} {said.text} by {said.via}{by_link}"


@dataclass
class FakeArchive:
    """Keeps stories in memory, by the id of their incident."""

    stories: dict[str, Story] = field(default_factory=dict)
    error: StoreError | None = None
    sought: list[Sought] = field(default_factory=list)

    async def story(self, incident):
        if self.error:
            raise self.error
        return self.stories.get(incident)

    async def found(self, sought):
        if self.error:
            raise self.error
        self.sought.append(sought)
        return tuple(each.incident for each in self.stories.values())


@dataclass
class FakeOpenData:
    """Has a file for each name and period in `folder`; remembers what it was asked."""

    folder: Path | None = None
    days: tuple[date, date] | None = (date(2025, 12, 20), date(2026, 10, 31))
    error: Exception | None = None
    body: bytes = b"layanan\r\nportal\r\n"
    publisher: str | None = "Diskominfo"
    asked: list[tuple[str, date, date]] = field(default_factory=list)

    def publication(self, first, last):
        return Publication(
            publisher=self.publisher,
            contact="data@example.go.id",
            licence="CC-BY-4.0",
            information_class="Terbuka",
            first=first,
            last=last,
            zone="Asia/Makassar",
            vantage="balaikota",
            software="1.2.3",
        )

    async def covered(self):
        return self.days

    async def file(self, name, first, last):
        self.asked.append((name, first, last))
        if self.error or self.folder is None:
            raise self.error or StillMaking("it is being made")
        path = self.folder / name
        path.write_bytes(self.body)
        digest = hashlib.sha256(self.body).hexdigest()
        return Published(path=path, digest=digest, made_at=NOON)


@dataclass
class FakeSilencer:
    """Keeps silences in memory, each under one id."""

    kept: dict[str, Silence] = field(default_factory=dict)

    def silences(self):
        return list(self.kept.values())

    async def add(self, match, length, by, comment):
        silence = Silence(
            id="hush", match=match, at=NOON, until=NOON + length, by=by, comment=comment
        )
        self.kept[silence.id] = silence
        return silence

    async def lift(self, silence_id, by):
        return self.kept.pop(silence_id, None) is not None


@dataclass
class FakeDeadLetters:
    """Has one message that was given up, and one that can't be sent any more."""

    asked: list[object] = field(default_factory=list)

    async def letters(self, sought):
        self.asked.append(sought)
        letters = [
            DeadLetter(
                id=name,
                receiver="oncall",
                alert=an_alert(),
                created_at=NOON,
                given_up_at=NOON,
                attempts=8,
                detail="refused 8 times: status 400",
            )
            for name in ("N1", "N2")
        ]
        return LettersShown(letters=letters, obstacles={"N2": "too late"})

    async def retry(self, ids, by):
        self.asked.append((ids, by))
        sent = [each for each in ids if each == "N1"]
        return Retried(ids=sent, refused={each: "too late" for each in ids if each != "N1"})


class FakePlanner:
    """Keeps planned work in memory, at noon."""

    def __init__(self) -> None:
        self.kept: dict[str, WindowRecord] = {}
        self.over: list[WindowRecord] = []

    def now(self):
        return NOON

    def windows(self):
        return list(self.kept.values())

    async def history(self):
        return [*self.over, *self.kept.values()]

    async def add(self, window, source, by):
        named = replace(window, id=window.id or "made")
        if named.id in self.kept:
            return None
        record = WindowRecord(window=named, source=source, added_at=NOON, added_by=by)
        self.kept[named.id] = record
        return record

    async def cancel(self, name, by, reason):
        if name not in self.kept:
            raise NotCancelled("there is no such window, or it is over")
        ended = self.kept.pop(name).ended(Cancellation(at=NOON, by=by, reason=reason))
        self.over.append(ended)
        return ended


class FakeCorrector:
    """Keeps corrections in memory, at noon."""

    def __init__(self) -> None:
        self.kept: dict[str, CorrectionRecord] = {}

    def now(self):
        return NOON

    async def corrections(self):
        return list(self.kept.values())

    async def correct(self, wish):
        record = CorrectionRecord(correction=replace(wish, id="made"))
        self.kept["made"] = record
        return record

    async def withdraw(self, name, by, reason):
        if name not in self.kept:
            raise NotWithdrawn("there is no such correction")
        withdrawal = Withdrawal(correction=name, by=by, reason=reason, at=NOON)
        self.kept[name] = replace(self.kept[name], withdrawn=withdrawal)
        return self.kept[name]


class FakeFiler:
    """Stands for the ledger's entries of filed reports: one report was filed, by name."""

    def __init__(self, *there):
        self.there, self.entered = there, []

    async def enter(self, name, by):
        if name not in self.there:
            raise NotEntered(f"{name}: No such file or directory")
        self.entered.append((name, by))
        return self.entered.count((name, by)) == 1


def a_context(
    board: FakeBoard | None = None,
    daemon: FakeDaemon | None = None,
    now=NOON,
    blackbox=None,
    names=frozenset(),
    *,
    silencer=None,
    archive=None,
    link_key=LINK_KEY,
    dead_letters=None,
    planner=None,
    corrector=None,
    open_data=None,
    filer=None,
):
    board, daemon = board or a_city(), daemon or FakeDaemon()
    telemetry = PrometheusTelemetry("1.2.3")
    return WebContext(
        board=board,
        exposition=Exposition(
            board, telemetry, HTTP_MEASUREMENTS, vantage="balaikota", now=lambda: now
        ),
        readiness=daemon,
        reloader=daemon,
        sender=daemon,
        acts=Acts(
            board=board,
            acknowledger=daemon,
            commenter=daemon,
            silencer=silencer or FakeSilencer(),
            dead_letters=dead_letters or FakeDeadLetters(),
            planner=planner or FakePlanner(),
            corrector=corrector or FakeCorrector(),
            filer=filer or FakeFiler(),
            key_rotation=daemon,
            zone=ZoneInfo("Asia/Makassar"),
        ),
        archive=archive or FakeArchive(),
        open_data=open_data or FakeOpenData(),
        link_key=link_key,
        now=lambda: now,
        zone=ZoneInfo("Asia/Makassar"),
        version="1.2.3",
        blackbox=blackbox,
        names=names,
    )
