"""What every store promises, over SQLite and over PostgreSQL."""

import asyncio
import shutil
import tempfile
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.domain.alert import AlertType, Notification
from monitor.domain.deadletter import LettersSought, Retry
from monitor.domain.flapping import MOST_CHANGES
from monitor.domain.incident import AffectedCheck, Incident
from monitor.domain.maintenance import MaintenanceWindow, Occurrence
from monitor.domain.observation import Failure, FailureKind, Outcome, OutcomeStatus
from monitor.domain.service import ServiceId
from monitor.domain.state import CheckState
from monitor.domain.status import Status
from monitor.domain.windowrecord import Cancellation, Source, WindowRecord
from monitor.ports import Change, DeliveryState, MarkKind, Settlement, StoreError
from monitor.store.connection import DATABASE
from monitor.store.reader import open_reader
from monitor.store.sql import open_store
from tests.fakes import NOON, an_alert
from tests.integration.store.changes import (
    CHECKS,
    VANTAGE,
    Memory,
    change_to,
    changes,
    mark,
    notification,
    observation,
)
from tests.unit.alerting.samples import companion

PORTAL = CHECKS[0]
LATER = NOON + timedelta(hours=1)
DOWN = Outcome(status=OutcomeStatus.FAILED, failure=Failure(FailureKind.STATUS, "503"))


def opened(place, **options):
    return open_store(place, vantage=VANTAGE, **{"now": lambda: NOON, **options})


async def test_first_write_of_an_observation_wins(place):
    """An observation is written once; a second one with its key changes nothing and is counted."""
    async with opened(place) as store:
        await store.commit(Change(observations=(observation(), observation(1))))
        await store.commit(Change(observations=(observation(outcome=DOWN), observation(2))))
        await store.pending()
    async with opened(place) as store:
        restored = await store.restore()

    statuses = [status for _, status in restored.later_samples[PORTAL]]
    assert statuses == [Status.UP] * 3


async def test_nobody_cancels_work_twice(place):
    """A window is ended once, and never changed otherwise: neither a second cancellation nor a record
    that knows of none takes away who ended it, when and why.
    """
    work = MaintenanceWindow(
        id="patch", when=Occurrence(NOON, LATER), reason="Pembaruan", approved_by="Kabid"
    )
    known = WindowRecord(window=work, source=Source.COMMAND, added_at=NOON, added_by="Rina")
    first = Cancellation(at=NOON, by="Rina", reason="Batal")
    again = Cancellation(at=LATER, by="Budi", reason="Lain")
    other = replace(known, window=replace(work, reason="Lain"), cancelled=again)
    async with opened(place) as store:
        for each in (known, known.ended(first), other, known):
            await store.commit(Change(windows=(each,)))
        restored = await store.restore()

    assert restored.windows == (known.ended(first),)


async def test_conflicts_are_counted(place):
    """Observations that were there already are counted."""
    async with opened(place) as store:
        for _ in range(2):
            await store.commit(Change(observations=(observation(),), marks=(mark(MarkKind.START),)))

        assert store.figures.conflicts == 1


async def test_urgent_change_is_there_when_commit_returns(place):
    """A change that somebody waits for is seen by whoever asks after it has returned."""
    async with opened(place, group_commit=3600) as store:
        await store.commit(Change(notifications=(notification("N1"),)))

        assert [row.id for row in await store.pending()] == ["N1"]


async def test_change_is_whole_or_not_at_all(place, logs):
    """A change with a row that can't be stored leaves nothing behind, and harms no other."""
    broken = Change(
        observations=(observation(1),),
        states={PORTAL: CheckState(status=Status.DOWN)},
        notifications=(notification("N2"),),
        marks=(mark(MarkKind.START, epoch=2**70),),
    )
    async with opened(place) as store:
        results = await asyncio.gather(
            store.commit(Change(notifications=(notification("N1"),))),
            store.commit(broken),
            store.commit(Change(notifications=(notification("N3"),))),
            return_exceptions=True,
        )
        restored = await store.restore()
        rows = await store.pending()

    assert [type(result) for result in results] == [type(None), StoreError, type(None)]
    assert [row.id for row in rows] == ["N1", "N3"]
    assert restored.states == {}
    assert restored.last_samples == {}
    assert [event["event"] for event in logs if event["log_level"] == "error"] == ["store.refused"]


async def test_changes_apply_in_order_of_arrival(place):
    """The state that was committed last is the one that is restored, however commits group."""
    states = [CheckState(status=status) for status in (Status.DOWN, Status.UP, Status.DEGRADED)]
    async with opened(place) as store:
        await asyncio.gather(
            store.commit(Change(states={PORTAL: states[0]})),
            store.commit(Change(states={PORTAL: states[1]}, marks=(mark(MarkKind.START),))),
            store.commit(Change(forgotten=(PORTAL,))),
            store.commit(Change(states={PORTAL: states[2]})),
        )
    async with opened(place) as store:
        restored = await store.restore()

    assert restored.states == {PORTAL: states[2]}


async def test_ends_of_the_last_minutes_are_restored(place):
    """Incidents that ended in the quarter of an hour before the start are remembered."""
    began = NOON - timedelta(hours=1)
    known = [
        Incident(
            id=f"INC{minutes}",
            service=ServiceId("portal"),
            started_at=began,
            ended_at=NOON - timedelta(minutes=minutes),
            checks=(AffectedCheck(id=PORTAL, since=began, until=NOON),),
            receivers=("am",),
        )
        for minutes in (1, 15, 16)
    ]
    async with opened(place) as store:
        await store.commit(Change(incidents=tuple(known)))
    async with opened(place) as store:
        restored = await store.restore()

    assert restored.ended == tuple(known[:2])
    assert restored.incidents == ()


async def test_latest_incidents_of_each_service_are_restored(place):
    """Of a service that keeps changing its last incidents of a day are remembered, as many as
    flap detection may ask for.
    """
    known = [
        Incident(
            id=f"INC{number:03}",
            service=ServiceId("portal"),
            started_at=NOON - timedelta(minutes=200 - number),
            ended_at=NOON - timedelta(minutes=200 - number, seconds=-30),
            checks=(),
        )
        for number in range(200)
    ]
    old = replace(known[0], id="OLD", ended_at=NOON - timedelta(days=1, seconds=1))
    other = replace(known[0], id="OTHER", service=ServiceId("other"))
    async with opened(place) as store:
        await store.commit(Change(incidents=(*known, old, other)))
    async with opened(place) as store:
        restored = await store.restore()

    most = MOST_CHANGES // 2 + 1
    assert [one.id for one in restored.recent] == ["OTHER", *(one.id for one in known[-most:])]


async def test_memory_of_a_check_is_restored(place):
    """What a probe wants to know next time outlives the daemon, whatever JSON it is."""
    memory = {"fingerprint": "ab", "since": 1.5, "names": ["a", None, {"b": True}]}
    state = CheckState(status=Status.UP, remembered=memory)
    async with opened(place) as store:
        await store.commit(Change(states={PORTAL: state}, marks=(mark(MarkKind.START),)))
    async with opened(place) as store:
        assert (await store.restore()).states == {PORTAL: state}


async def test_change_offered_twice_is_written_once(place):
    """A change whose commit failed may be offered again: what of it was written stays single."""
    twice = Change(
        observations=(observation(),),
        transitions=((PORTAL, change_to(Status.UP, Status.UNKNOWN, 0)),),
        notifications=(notification("N1"),),
        marks=(mark(MarkKind.START),),
    )
    async with opened(place) as store:
        for _ in range(2):
            await store.commit(twice)

        assert [row.number for row in await store.pending()] == [1]


async def test_outbox_row_is_frozen_once(place):
    """The body that was frozen first is what every attempt sends."""
    async with opened(place) as store:
        await store.enqueue([notification("N1")], NOON)
        await store.freeze("N1", b"first")
        await store.freeze("N1", b"second")
        (row,) = await store.pending()

    assert row.body == b"first"
    assert (row.created_at, row.next_attempt_at, row.attempts) == (NOON, NOON, 0)


async def test_outbox_row_waits_for_its_next_attempt(place):
    """An attempt that failed is counted, and says when the next one is due."""
    later = NOON + timedelta(minutes=5)
    async with opened(place) as store:
        await store.commit(Change(notifications=(notification("N1"),)))
        await store.settle(
            "N1", Settlement(state=DeliveryState.PENDING, at=NOON, detail="503", retry_at=later)
        )
        (row,) = await store.pending()

    assert (row.attempts, row.next_attempt_at) == (1, later)


@pytest.mark.parametrize("state", [s for s in DeliveryState if s is not DeliveryState.PENDING])
async def test_settled_row_stays_settled(place, state):
    """A final state is final: the row is pending no more, whatever comes later."""
    async with opened(place) as store:
        await store.commit(Change(notifications=(notification("N1"), notification("N2"))))
        await store.settle("N1", Settlement(state=state, at=NOON))
        await store.settle("N1", Settlement(state=DeliveryState.PENDING, at=NOON, retry_at=NOON))
        await store.enqueue([notification("N1")], NOON)
        rows = await store.pending()

    assert [row.id for row in rows] == ["N2"]


async def test_first_receipt_of_an_incident_is_kept(place):
    """Of the messages about an incident that a receiver got, the receipt of the first is found."""
    both = an_alert(companions=(companion("pajak", "Pajak Daerah", an_alert()),))
    first = Notification(id="N1", receiver="oncall", alert=both)
    async with opened(place) as store:
        await store.enqueue([first, notification("N2"), notification("N3", "other")], NOON)
        for row, receipt in (("N1", "one"), ("N2", "two"), ("N3", "")):
            await store.settle(
                row, Settlement(state=DeliveryState.DELIVERED, at=NOON, detail=receipt)
            )
    async with opened(place) as store:
        found = [
            await store.receipt(*asked)
            for asked in (("oncall", "INC1"), ("oncall", "INC-pajak"), ("other", "INC1"))
        ]

    assert found == ["one", "one", None]


@pytest.mark.parametrize("state", [s for s in DeliveryState if s is not DeliveryState.DELIVERED])
async def test_only_what_arrived_has_a_receipt(place, state):
    """What is said of a message that did not arrive is no receipt."""
    async with opened(place) as store:
        await store.enqueue([notification("N1")], NOON)
        await store.settle("N1", Settlement(state=state, at=NOON, detail="status 503"))

        assert await store.receipt("oncall", "INC1") is None


async def test_outbox_is_read_from_a_number_on(place):
    """Rows come oldest first, with an alert equal to the one that was given, from a number on."""
    given_ = [notification(name) for name in ("N1", "N2", "N3")]
    async with opened(place) as store:
        await store.commit(Change(notifications=tuple(given_)))
        rows = await store.pending()
        rest = await store.pending(after=rows[0].number)

    assert [(row.id, row.receiver, row.alert) for row in rows] == [
        (one.id, one.receiver, one.alert) for one in given_
    ]
    assert rest == rows[1:]


async def test_text_that_has_no_encoding_is_stored(place):
    """A lone surrogate in what a target said keeps no alert from being stored."""
    failure = Failure(FailureKind.BODY, "half \ud83d of a smile")
    down = CheckState(status=Status.DOWN, failure=failure)
    seen = observation(outcome=Outcome(status=OutcomeStatus.FAILED, failure=failure))
    async with opened(place) as store:
        await store.commit(
            Change(
                observations=(seen,),
                states={PORTAL: down},
                transitions=((PORTAL, change_to(Status.DOWN, Status.UP, 0, failure=failure)),),
            )
        )
        restored = await store.restore()

    assert restored.states[PORTAL].failure == Failure(FailureKind.BODY, "half ? of a smile")


async def test_other_vantages_are_not_ours(place):
    """What another vantage wrote is not restored as one's own."""
    async with opened(place) as store:
        await store.commit(
            Change(states={PORTAL: CheckState(status=Status.DOWN)}, marks=(mark(MarkKind.STOP),))
        )
    async with open_store(place, vantage="cloud") as store:
        restored = await store.restore()

    assert restored.states == {}
    assert restored.stopped_at is None


@pytest.mark.parametrize(
    ("minute", "epoch", "remembered"),
    [(0, 1, True), (-1, 1, True), (1, 1, False), (-1, 2, False)],
)
async def test_stop_counts_while_nothing_came_after_it(place, minute, epoch, remembered):
    """A recorded stop is restored unless a sample, or a start, came after it."""
    async with opened(place) as store:
        await store.commit(Change(marks=(mark(MarkKind.START), mark(MarkKind.STOP))))
        await store.commit(Change(observations=(observation(minute, epoch=epoch),)))
    async with opened(place) as store:
        restored = await store.restore()

    assert restored.stopped_at == (NOON if remembered else None)


async def test_start_after_a_stop_ends_it(place):
    """A start without a stop after it is a crash."""
    async with opened(place) as store:
        await store.commit(Change(marks=(mark(MarkKind.STOP), mark(MarkKind.START, 1, epoch=2))))
        restored = await store.restore()

    assert restored.stopped_at is None
    assert restored.epoch == 2


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.lists(changes, max_size=8), st.sampled_from([0.0, 3600.0]), st.data())
def test_restored_equals_what_was_before(logs, empty_store, given_, group_commit, data):
    """Whatever was committed, in whatever groups and runs: restoring it gives the same again."""
    memory = Memory()
    cut = data.draw(st.integers(0, len(given_)))

    async def scenario(place: str):
        for part in (given_[:cut], given_[cut:]):
            async with opened(place, group_commit=group_commit) as store:
                await asyncio.gather(*(store.commit(change) for change in part))
        async with opened(place) as store:
            found = await store.restore(), await store.pending()
        with open_reader(place) as reader:
            return *found, [story for name in memory.incidents if (story := reader.story(name))]

    for change in given_:
        memory.commit(change)
    with tempfile.TemporaryDirectory() as place:
        shutil.copy(empty_store / DATABASE, place)
        restored, rows, stories = asyncio.run(scenario(place))

    assert restored == memory.restored()
    assert [(row.id, row.alert) for row in rows] == [
        (one.id, one.alert) for one in memory.notifications.values()
    ]
    assert [(one.incident, one.notes) for one in stories] == [
        (one, tuple(note for note in memory.notes.values() if note.incident == one.id))
        for one in memory.incidents.values()
    ]


def given_up(at):
    return Settlement(state=DeliveryState.DEAD, at=at, detail="refused 8 times: status 400")


def retries(*names):
    return Change(retries=tuple(Retry(row_id=name, by="Rina", at=LATER) for name in names))


async def test_dead_letter_waits_again(place):
    """What was given up waits again once somebody wants that: behind what waits already, under the
    same id, with the same body; who wanted it is kept, and seen if it is given up again.
    """
    async with opened(place) as store:
        await store.enqueue([notification("N1")], NOON)
        await store.freeze("N1", b"body")
        await store.settle("N1", given_up(NOON))
        await store.enqueue([notification("N2", "other")], NOON)
        await store.commit(retries("N1", "N2", "nothing"))
        await store.commit(retries("N1"))
    async with opened(place) as store:
        rows = await store.pending()
        counts = await store.dead()
        await store.settle("N1", given_up(LATER))
        (letter,) = await store.dead_letters(LettersSought())
        story = letter.retried, letter.attempts, letter.given_up_at

    assert [(row.id, row.body, row.attempts) for row in rows] == [
        ("N2", None, 0),
        ("N1", b"body", 1),
    ]
    assert (rows[1].created_at, rows[1].next_attempt_at) == (LATER, LATER)
    assert counts == {}
    assert story == (Retry(row_id="N1", by="Rina", at=LATER), 2, LATER)


@pytest.mark.parametrize("state", [DeliveryState.PENDING, DeliveryState.DELIVERED])
async def test_old_news_stays_dead(place, state):
    """What was given up does not wait again where later news of its incident got past it."""
    end = Notification(id="N2", receiver="oncall", alert=an_alert(AlertType.RESOLVED))
    async with opened(place) as store:
        await store.enqueue([notification("N1"), end, notification("N3", "other")], NOON)
        for name in ("N1", "N3"):
            await store.settle(name, given_up(NOON))
        await store.settle("N2", Settlement(state=state, at=NOON, retry_at=NOON))
        await store.commit(retries("N1", "N3"))
        found = await store.dead_letters(LettersSought())
        waiting = [row.id for row in await store.pending()]

    assert [(each.id, each.told_since) for each in found] == [("N1", True)]
    assert waiting[-1] == "N3"


async def test_dead_letters_wait_in_their_order(place):
    """What was given up waits again in the order in which it was to be told."""
    end = Notification(id="N2", receiver="oncall", alert=an_alert(AlertType.RESOLVED))
    async with opened(place) as store:
        await store.enqueue([notification("N1"), end], NOON)
        for name in ("N1", "N2"):
            await store.settle(name, given_up(NOON))
        before = await store.dead_letters(LettersSought())
        await store.commit(retries("N2", "N1"))
        waiting = [row.id for row in await store.pending()]

    assert [(each.id, each.followed_by) for each in before] == [("N1", {"N2"}), ("N2", set())]
    assert waiting == ["N1", "N2"]


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        (LettersSought(), ["N1", "N2", "N3"]),
        (LettersSought(receiver="other"), ["N3"]),
        (LettersSought(since=LATER), ["N2", "N3"]),
        (LettersSought(ids=("N1", "N9")), ["N1"]),
        (LettersSought(limit=1), ["N3"]),
        (LettersSought(before="N3", limit=1), ["N2"]),
        (LettersSought(before="N1"), []),
    ],
)
async def test_dead_letters_are_found(place, sought, found):
    """What was given up is found by its id, its receiver, and since when, in order."""
    async with opened(place) as store:
        rows = [notification("N1"), notification("N2"), notification("N3", "other")]
        await store.enqueue([*rows, notification("N4")], NOON)
        for name, at in (("N1", NOON), ("N2", LATER), ("N3", LATER)):
            await store.settle(name, given_up(at))

        assert [each.id for each in await store.dead_letters(sought)] == found
        assert await store.dead() == {"oncall": 2, "other": 1}
