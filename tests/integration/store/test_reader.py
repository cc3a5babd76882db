"""What can be read beside a daemon, or after it."""

import asyncio
import shutil
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.domain.alert import Notification
from monitor.domain.check import Affects, CheckId
from monitor.domain.incident import Concern, Incident
from monitor.domain.instant import microseconds
from monitor.domain.maintenance import MaintenanceWindow, Occurrence
from monitor.domain.note import Note, NoteKind, Via
from monitor.domain.observation import (
    MissedReason,
    MissedSlot,
    Outcome,
    OutcomeStatus,
    UnknownCause,
)
from monitor.domain.service import ServiceId
from monitor.domain.state import CheckState
from monitor.domain.status import Status
from monitor.domain.timeline import Sample
from monitor.domain.windowrecord import Source, WindowRecord
from monitor.ports import Change, DeliveryState, MarkKind, Settlement, Sought, StoreError
from monitor.store.connection import DATABASE
from monitor.store.reader import Interval, open_reader, reading
from monitor.store.sql import open_store
from monitor.store.windows import window_records
from tests.fakes import NOON, an_alert
from tests.integration.store.changes import change_to, mark, notification, observation

PORTAL = CheckId("portal-http")
START = microseconds(NOON)
MINUTE = 60_000_000
BLIND = Outcome(status=OutcomeStatus.UNKNOWN, cause=UnknownCause.RESOLVER)


def at(minute: int) -> int:
    return START + minute * MINUTE


async def stored(directory, *changes: Change) -> None:
    async with open_store(directory, vantage="balaikota") as store:
        for change in changes:
            await store.commit(change)


async def test_samples_come_by_epoch_with_the_one_before(tmp_path):
    """Samples come by epoch in order; before them the last one that may hold into the period."""
    seen = [observation(minute) for minute in (-9, -1, 0, 1)]
    later = [observation(minute, epoch=2, outcome=BLIND) for minute in (2, 3)]
    await stored(tmp_path, Change(observations=(*later, *reversed(seen))))

    with open_reader(tmp_path, "balaikota") as reader:
        found = reader.samples(PORTAL, at(0), at(3))
        nothing = reader.samples(CheckId("nobody"), at(0), at(3))

    assert found == {
        1: [Sample(at(minute), Status.UP) for minute in (-1, 0, 1)],
        2: [Sample(at(2), Status.UNKNOWN, UnknownCause.RESOLVER)],
    }
    assert nothing == {}


async def test_last_sample_of_an_earlier_epoch_holds_into_the_period(tmp_path):
    """The newest sample before the period is given, though its epoch has none in it; no other."""
    seen = [observation(-30), observation(-1, epoch=2), observation(5, epoch=3)]
    await stored(tmp_path, Change(observations=tuple(seen)))

    with open_reader(tmp_path) as reader:
        found = reader.samples(PORTAL, at(0), at(10))

    assert list(found) == [2, 3]


async def test_epochs_have_the_ends_that_were_recorded(tmp_path):
    """An epoch ends with the stop or the clock step that carries its number."""
    await stored(
        tmp_path,
        Change(
            observations=(observation(1), observation(4, epoch=2), observation(6, epoch=3)),
            marks=(
                mark(MarkKind.START, 0, 1),
                mark(MarkKind.CLOCK_STEP, 2, 1),
                mark(MarkKind.STOP, 5, 2),
            ),
        ),
    )

    with open_reader(tmp_path) as reader:
        found = reader.epochs(PORTAL, at(0), at(9))
        marks = reader.marks(at(1), at(5))

    assert [(one.began, one.ended, one.end_cause) for one in found] == [
        (at(0), at(2), UnknownCause.CLOCK_STEP),
        (None, at(5), UnknownCause.MONITOR_STOPPED),
        (None, None, UnknownCause.CLOCK_STEP),
    ]
    assert marks == [mark(MarkKind.CLOCK_STEP, 2, 1)]


async def test_slots_leave_out_retries(tmp_path):
    """Received slots have a sample that is no retry; missed ones are counted by their reason."""
    missed = MissedSlot(
        check_id=PORTAL,
        vantage="balaikota",
        epoch=1,
        scheduled_at=NOON + timedelta(minutes=3),
        reason=MissedReason.OVERRUN,
        count=4,
    )
    seen = (observation(0), observation(1, attempt=1), observation(2, outcome=BLIND))
    await stored(tmp_path, Change(observations=seen, missed=(missed,)))

    with open_reader(tmp_path) as reader:
        slots = reader.slots(PORTAL, at(0), at(9))

    assert (slots.received, slots.known) == (2, 1)
    assert slots.missed == {MissedReason.OVERRUN: 4}


async def test_intervals_follow_each_other(tmp_path):
    """The status shown has no gaps: each interval ends where the next begins, back-dated or not."""
    steps = [
        (Status.UP, Status.UNKNOWN, 0),
        (Status.DOWN, Status.UP, 5),
        (Status.UP, Status.DOWN, 3),
    ]
    await stored(tmp_path, *(Change(transitions=((PORTAL, change_to(*s)),)) for s in steps))

    with open_reader(tmp_path) as reader:
        found = reader.intervals(PORTAL, at(0), at(9))

    five = NOON + timedelta(minutes=5)
    assert found == [
        Interval(status=Status.UP, started_at=NOON, ended_at=five, cause=None),
        Interval(status=Status.DOWN, started_at=five, ended_at=five, cause=None),
        Interval(status=Status.UP, started_at=five, ended_at=None, cause=None),
    ]


async def test_transition_told_twice_changes_the_interval_once(tmp_path):
    """A transition that is there already opens no second interval."""
    up = Change(transitions=((PORTAL, change_to(Status.UP, Status.UNKNOWN, 0)),))
    await stored(tmp_path, up, up)

    with open_reader(tmp_path) as reader:
        assert len(reader.intervals(PORTAL, at(0), at(9))) == 1


async def test_outbox_and_states_are_counted_and_listed(tmp_path):
    """A reader sees the states and how many notifications stand where."""
    down = CheckState(status=Status.DOWN)
    async with open_store(tmp_path, vantage="balaikota") as store:
        await store.commit(
            Change(states={PORTAL: down}, notifications=(notification("N1"), notification("N2")))
        )
        await store.settle("N1", Settlement(state=DeliveryState.DEAD, at=NOON))
        with open_reader(tmp_path) as reader:
            counts, states = reader.outbox_counts(), reader.states()

    assert (counts[DeliveryState.PENDING], counts[DeliveryState.DEAD]) == (1, 1)
    assert states == {PORTAL: down}


async def test_reader_keeps_its_view_beside_the_writer(tmp_path):
    """A reader sees one state of the database until it is closed, and holds up no writer."""
    async with open_store(tmp_path, vantage="balaikota") as store:
        await store.commit(Change(notifications=(notification("N1"),)))
        with open_reader(tmp_path) as reader:
            before = reader.outbox_counts()
            await asyncio.wait_for(
                store.commit(Change(notifications=(notification("N2"),))), timeout=30
            )
            after = reader.outbox_counts()

    assert before == after


async def test_crashed_database_can_be_read(tmp_path):
    """What a killed daemon left behind, with its log, is read and left as it is."""
    async with open_store(tmp_path / "live", vantage="balaikota") as store:
        await store.commit(Change(notifications=(notification("N1"),)))
        left = tmp_path / "left"
        left.mkdir()
        for name in (DATABASE, f"{DATABASE}-wal"):
            shutil.copy(tmp_path / "live" / name, left)

    with open_reader(left) as reader:
        assert reader.outbox_counts()[DeliveryState.PENDING] == 1


def test_missing_database_is_named(tmp_path):
    """Without a database there is nothing to read, and the message says what makes one."""
    with pytest.raises(StoreError, match="pantau run"), open_reader(tmp_path):
        pass


async def test_unknown_vantage_is_named(tmp_path):
    """A vantage that is not in the database is refused, and those that are there are named."""
    await stored(tmp_path, Change(observations=(observation(),)))
    with pytest.raises(StoreError, match="balaikota"), open_reader(tmp_path, "cloud"):
        pass


@pytest.mark.slow
async def test_month_of_a_check_is_read_quickly(tmp_path):
    """A month of samples every minute, over thirty runs of the daemon, is read in 150 ms of CPU."""
    template = observation()
    month = tuple(
        replace(
            template,
            epoch=1 + minute // 1440,
            scheduled_at=NOON + timedelta(minutes=minute),
            started_at=NOON + timedelta(minutes=minute),
        )
        for minute in range(43_200)
    )
    await stored(tmp_path, Change(observations=month))

    seconds = []
    with open_reader(tmp_path) as reader:
        for _ in range(3):
            began = time.process_time()
            found = reader.samples(PORTAL, at(0), at(43_200))
            seconds.append(time.process_time() - began)
    print(f"{[round(each * 1000) for each in seconds]} ms of CPU")

    assert sum(map(len, found.values())) == 43_200
    assert min(seconds) < 0.15


def an_incident(name: str, minute: int, **changes) -> Incident:
    started_at = NOON + timedelta(minutes=minute)
    fields = {"id": name, "service": ServiceId("portal"), "started_at": started_at, "checks": ()}
    return Incident(**{**fields, **changes})


def a_note(by: str, minute: int = 0, **changes) -> Note:
    at = NOON + timedelta(minutes=minute)
    fields = {"incident": "A", "kind": NoteKind.COMMENT, "by": by, "at": at, "via": Via.API}
    return Note(**{**fields, **changes})


async def test_a_story_has_notes_and_deliveries(tmp_path):
    """Of an incident its notes are kept in the order in which they were taken, each once, and
    what became of every message about it.
    """
    notes = (a_note("Rina", 5, kind=NoteKind.ACKNOWLEDGED), a_note("Budi", 1, via=Via.LINK))
    async with open_store(tmp_path, vantage="balaikota") as store:
        await store.commit(
            Change(
                incidents=(an_incident("A", 0),),
                notes=notes[:1],
                notifications=tuple(
                    Notification(id=name, receiver="oncall", alert=an_alert(incident=about))
                    for name, about in (("N1", "A"), ("N2", "A"), ("N3", "B"))
                ),
            )
        )
        await store.commit(Change(notes=notes))
        later = NOON + timedelta(minutes=1)
        settled = Settlement(state=DeliveryState.DEAD, at=later, detail="status 500")
        await store.settle("N1", settled)
        counted = [await store.notes_about(name) for name in ("A", "B")]

    with open_reader(tmp_path) as reader:
        story, nothing = reader.story("A"), reader.story("B")

    assert story.notes == notes
    assert [(one.id, one.state, one.settled_at, one.detail) for one in story.deliveries] == [
        ("N1", DeliveryState.DEAD, later, "status 500"),
        ("N2", DeliveryState.PENDING, None, ""),
    ]
    assert nothing is None
    assert counted == [2, None]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, "DCBA"),
        ({"limit": 2}, "DC"),
        ({"is_open": True}, "DB"),
        ({"services": frozenset({"pajak"})}, "C"),
        ({"services": frozenset()}, ""),
        ({"affects": Affects.SECURITY}, "D"),
        ({"concern": Concern.DEGRADATION}, "B"),
        ({"before": "C"}, "BA"),
        ({"end": NOON + timedelta(minutes=20)}, "BA"),
        ({"start": NOON + timedelta(minutes=5)}, "DCB"),
    ],
)
async def test_incidents_are_found_latest_first(tmp_path, asked, names):
    """Incidents are found by state, service, kind and time, the latest first."""
    over = NOON + timedelta(minutes=30)
    known = (
        an_incident("A", 0, ended_at=NOON + timedelta(minutes=5)),
        an_incident("B", 10, concern=Concern.DEGRADATION),
        an_incident("C", 20, ended_at=over, service=ServiceId("pajak")),
        an_incident("D", 20, affects=Affects.SECURITY),
    )
    await stored(tmp_path, Change(incidents=known))

    with open_reader(tmp_path) as reader:
        found = reader.found(Sought(**{"limit": 9, **asked}))

    assert "".join(each.id for each in found) == names


async def test_figures_know_of_every_window(tmp_path):
    """However many windows there were, figures go by all of them; a list shows the latest."""
    windows = tuple(
        WindowRecord(
            window=MaintenanceWindow(
                id=f"w{n}",
                when=Occurrence(NOON, NOON + timedelta(hours=1)),
                reason="r",
                approved_by="a",
            ),
            source=Source.COMMAND,
            added_at=NOON + timedelta(minutes=n),
        )
        for n in range(3)
    )
    async with open_store(tmp_path, vantage="utama") as store:
        await store.commit(Change(windows=windows))

    with open_reader(tmp_path) as reader, reading(tmp_path) as connection:
        assert reader.windows() == windows
        assert window_records(connection, None, most=2) == windows[1:]
