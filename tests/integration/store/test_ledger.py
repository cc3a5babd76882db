"""The ledger that the store keeps: what gets in, and when it is signed."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from monitor.domain.alert import Match
from monitor.domain.correction import Correction, CorrectionRecord, Withdrawal
from monitor.domain.note import Note, NoteKind, Via
from monitor.domain.observation import Failure, FailureKind
from monitor.domain.reportfiling import ReportFiling
from monitor.domain.service import ServiceId
from monitor.domain.silence import Silence
from monitor.domain.state import Transition
from monitor.domain.status import Status
from monitor.ledger.audit import audited
from monitor.ledger.checkpoint import Checkpoint
from monitor.ledger.note import Signer, opened
from monitor.ports import Change, Configured, MarkKind
from monitor.store.connection import DATABASE, writing_engine
from monitor.store.ledger import Signing, entries, notes
from monitor.store.pagesums import sums_path
from monitor.store.sql import open_store
from tests.fakes import NOON
from tests.integration.store.changes import CHECKS, VANTAGE, mark, observation

OURS = Signer("pantau/balaikota", bytes(range(32)))
WENT_DOWN = Transition(
    old=Status.UP,
    new=Status.DOWN,
    at=NOON,
    noticed_at=NOON + timedelta(minutes=2),
    failure=Failure(FailureKind.STATUS, "503"),
)
SILENCE = Silence(
    id="abc",
    match=Match(services=frozenset({"portal"})),
    at=NOON,
    until=NOON + timedelta(hours=2),
    by="Rina",
    comment="Pindahan",
)
ONE = "SELECT body FROM ledger_entry WHERE number = 1"
MINE = Note(
    incident="INC1", kind=NoteKind.ACKNOWLEDGED, by="Budi", at=NOON, text="saya", via=Via.COMMAND
)
HISTORY = Change(
    observations=(observation(),),
    transitions=((CHECKS[0], WENT_DOWN),),
    marks=(mark(MarkKind.START),),
    silences=(SILENCE,),
    notes=(MINE,),
    configured=(Configured("5a", NOON),),
)


def started(place, **options):
    return open_store(place, vantage=VANTAGE, now=lambda: NOON, **options)


def asked(place, question):
    with writing_engine(place).connect() as connection:
        return question(connection)


def log_of(place) -> list[tuple[int, bytes]]:
    return asked(place, lambda connection: list(entries(connection)))


def checkpoints(place) -> list[Checkpoint]:
    signed = asked(place, lambda connection: [note for _, note in notes(connection)])
    return [Checkpoint.parse(opened(note.encode(), [OURS.verifier]).text) for note in signed]


def tamper(place, statement: str) -> None:
    if "://" not in str(place):
        sums_path(Path(place) / DATABASE).unlink()
    with writing_engine(place).begin() as connection:
        connection.execute(text(statement))


async def test_what_gets_in(place):
    """Each change of a status, each event of the monitor and each act of a person is an entry."""
    async with started(place) as store:
        await store.commit(HISTORY)

    found = [json.loads(body) for _, body in log_of(place)]
    assert [each["type"] for each in found] == ["transition", "ack", "silence", "config", "start"]
    went_down, acked, silenced, configured, begun = found
    assert went_down == {
        "type": "transition",
        "check": CHECKS[0],
        "vantage": VANTAGE,
        "epoch": 1,
        "at": 1780286400000000,
        "noticed_at": 1780286520000000,
        "old": "up",
        "new": "down",
        "cause": None,
        "kind": "status",
        "detail": "503",
    }
    assert (acked["by"], acked["text"], acked["via"]) == ("Budi", "saya", "command")
    assert (silenced["by"], silenced["services"], silenced["lifted_by"]) == ("Rina", ["portal"], "")
    assert configured == {"type": "config", "hash": "5a", "at": 1780286400000000}
    assert begun["epoch"] == 1


async def test_what_was_written_before_is_no_second_entry(place):
    """A change that is offered again, as after a failure, makes no second entry of what is there."""
    async with started(place) as store:
        await store.commit(HISTORY)
        await store.commit(Change(transitions=HISTORY.transitions, marks=HISTORY.marks))

    assert len(log_of(place)) == 5


async def test_corrections_get_in(place):
    """A correction is an entry, and so is its withdrawal; each is one however often it is offered."""
    made = Correction(
        id="k",
        service=ServiceId("portal"),
        start=NOON,
        end=NOON + timedelta(hours=1),
        status=Status.UNKNOWN,
        reason="Jalur kami putus",
        evidence="Surat ISP 12/2026",
        by="Rina",
        at=NOON,
    )
    withdrawal = Withdrawal(correction="k", by="Budi", reason="keliru", at=NOON)
    async with started(place) as store:
        for _ in range(2):
            await store.commit(Change(corrections=(made, withdrawal)))
        [kept] = await store.corrections()

    first, second = (json.loads(body) for _, body in log_of(place))
    assert first == {
        "type": "correction",
        "id": "k",
        "withdrawn": False,
        "service": "portal",
        "check": None,
        "start": 1780286400000000,
        "end": 1780290000000000,
        "status": "unknown",
        "evidence": "Surat ISP 12/2026",
        "reason": "Jalur kami putus",
        "by": "Rina",
        "at": 1780286400000000,
    }
    assert (second["type"], second["id"], second["withdrawn"]) == ("correction", "k", True)
    assert kept == CorrectionRecord(correction=made, withdrawn=withdrawal)


async def test_a_filed_report_gets_in(place):
    """That a report was filed is an entry with the hash of each file, once; when files are added to
    it there is another one.
    """
    filed = ReportFiling(
        id="0a" * 32,
        name="2026-10/laporan-2026-10-v2",
        period="2026-10",
        version=2,
        fingerprint="1b" * 32,
        files={"laporan-2026-10-v2.json": "1b" * 32},
        by="Rina",
        at=NOON,
        replaces="2c" * 32,
        number="500.12/031",
        owners=("diskominfo",),
    )
    grown = replace(filed, id="3d" * 32, files={**filed.files, "x.pdf": "4e" * 32})
    async with started(place) as store:
        for change in (filed, filed, grown):
            await store.commit(Change(filings=(change,)))
        kept = await store.filings(filed.name)
        others = await store.filings("2026-10/laporan-2026-10-v1")

    first, second = (json.loads(body) for _, body in log_of(place))
    assert first == {
        "type": "report",
        "id": "0a" * 32,
        "name": "2026-10/laporan-2026-10-v2",
        "period": "2026-10",
        "version": 2,
        "replaces": "2c" * 32,
        "sidik_data": "1b" * 32,
        "number": "500.12/031",
        "owners": ["diskominfo"],
        "services": [],
        "files": {"laporan-2026-10-v2.json": "1b" * 32},
        "by": "Rina",
        "at": 1780286400000000,
    }
    assert second["files"] == grown.files
    assert (kept, others) == ((filed, grown), ())


async def test_signed_over_restarts(place):
    """A log grows over restarts under one key, and agrees with all that was signed of it."""
    for hour in range(3):
        async with started(place, signing=Signing(OURS)) as store:
            await store.commit(Change(marks=(mark(MarkKind.START, epoch=hour + 1),)))
            first = await store.sign()
            await store.commit(Change(marks=(mark(MarkKind.STOP, 30, epoch=hour + 1),)))
            assert first is not None
            assert await store.sign() != first

    held = checkpoints(place)
    finding = audited(log_of(place), held)
    assert [point.size for point in held] == [2, 3, 4, 5, 6, 7]
    assert finding.fault is None
    assert finding.signed == finding.size == 7


async def test_nothing_new_is_not_signed_again(place):
    """While nothing happens there is no other checkpoint."""
    async with started(place, signing=Signing(OURS)) as store:
        await store.commit(HISTORY)
        assert await store.sign() == await store.sign()

    assert len(checkpoints(place)) == 1


async def test_without_a_key(place):
    """Without a key the ledger is kept, and nothing is signed."""
    async with started(place) as store:
        await store.commit(HISTORY)
        assert await store.sign() is None


async def test_a_long_log_is_signed_by_itself(place):
    """A thousand entries do not wait for the next minute."""
    marks = [mark(MarkKind.PAUSE, minute) for minute in range(1200)]
    async with started(place, signing=Signing(OURS)) as store:
        for start in range(0, 1200, 100):
            await store.commit(Change(marks=tuple(marks[start : start + 100])))

    assert checkpoints(place)


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE ledger_entry SET body = ({ONE}) WHERE number = 2",
        "DELETE FROM ledger_entry WHERE number = 4",
    ],
    ids=["changed", "cut"],
)
async def test_changed_log_is_not_signed(place, statement, logs):
    """A log that is no longer what was signed is signed no more, and the log says so; probing and
    recording go on.
    """
    async with started(place, signing=Signing(OURS)) as store:
        await store.commit(HISTORY)
        before = await store.sign()
    tamper(place, statement)
    async with started(place, signing=Signing(OURS)) as store:
        await store.commit(Change(marks=(mark(MarkKind.STOP, 30),)))
        assert await store.sign() == before

    assert "ledger.inconsistent" in [event["event"] for event in logs]
    assert audited(log_of(place), checkpoints(place)).fault is not None


async def test_foreign_key_does_not_go_on(place, logs):
    """Another key does not sign where the one before it did."""
    async with started(place, signing=Signing(OURS)) as store:
        before = await store.sign()
    async with started(place, signing=Signing(Signer("pantau/balaikota", bytes(32)))) as store:
        await store.commit(HISTORY)
        assert await store.sign() == before

    assert "ledger.inconsistent" in [event["event"] for event in logs]


async def test_text_of_others(place):
    """Whatever text there is, an entry is JSON in UTF-8, and no field is longer than 1 KB."""
    strange = "\x00\x1b[31m" + "x" * 5000
    silence = replace(SILENCE, by=strange, comment=strange)
    async with started(place) as store:
        await store.commit(Change(silences=(silence,)))

    [(_, body)] = log_of(place)
    entry = json.loads(body.decode())
    assert len(entry["comment"].encode()) <= 1024
    assert "\x1b" not in entry["by"]
