"""Sealed hours: nothing is lost by it, and every answer stays what it was."""

import asyncio
import json
import shutil
import sqlite3
import tempfile
from contextlib import closing
from datetime import timedelta
from hashlib import sha256
from itertools import count, pairwise, starmap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from monitor.domain.check import CheckId
from monitor.domain.epochs import merge_epochs
from monitor.domain.instant import instant, microseconds
from monitor.domain.observation import (
    Failure,
    FailureKind,
    MissedReason,
    MissedSlot,
    Outcome,
    OutcomeStatus,
    UnknownCause,
)
from monitor.domain.status import Status
from monitor.domain.timeline import clip, spans
from monitor.domain.windows import Window
from monitor.ledger.tree import leaf_hash, root_of
from monitor.ports import Change, Mark, MarkKind, TallySnapshot
from monitor.store import connection, sealjob
from monitor.store.backup import examine
from monitor.store.block import unpacked
from monitor.store.connection import DATABASE
from monitor.store.hours import Hour, leaf
from monitor.store.reader import open_reader
from monitor.store.schema import sealed_hour
from monitor.store.sealjob import Paces
from monitor.store.sql import open_store
from monitor.store.stops import read_stops
from tests.fakes import NOON, OK
from tests.integration.store.changes import CHECKS, VANTAGE, observation

PORTAL = CHECKS[0]
HOUR = 3_600_000_000
MINUTE = 60_000_000
BEGIN = microseconds(NOON)
FIRST = BEGIN // HOUR
HOURS_AND_PARTS = "SELECT hour, part FROM sealed_hour ORDER BY hour, part"
COLUMNS = ", ".join(Hour._fields)
PACES = Paces(intervals=dict.fromkeys(CHECKS, MINUTE))
DOWN = Outcome(status=OutcomeStatus.FAILED, failure=Failure(FailureKind.STATUS, "503"))
BLIND = Outcome(status=OutcomeStatus.UNKNOWN, cause=UnknownCause.RESOLVER)
SLOW = Outcome(status=OutcomeStatus.DEGRADED)


def rows(directory, statement):
    with closing(sqlite3.connect(directory / DATABASE)) as database:
        return database.execute(statement).fetchall()


def missed(at, epoch=1, count=1, check=PORTAL):
    return MissedSlot(
        check_id=check,
        vantage=VANTAGE,
        epoch=epoch,
        scheduled_at=at,
        reason=MissedReason.OVERRUN,
        count=count,
    )


async def sealed(directory, last, paces=PACES, *, reached=lambda _: None):
    async with open_store(directory, vantage=VANTAGE, reached=reached) as store:
        return await store.seal(FIRST + last, paces)


async def kept(directory, *changes, last=None, intervals=None):
    """Write changes, and seal up to an hour after noon."""
    async with open_store(directory, vantage=VANTAGE) as store:
        for change in changes:
            await store.commit(change)
    if last is not None:
        await sealed(directory, last, Paces(intervals=intervals) if intervals else PACES)


@st.composite
def lives(draw):
    """Draw what was recorded of two checks: runs of the monitor, one after the other, between which
    it was stopped, was killed, or had its clock stepped; with pauses and losses of its network.
    """
    interval = draw(st.sampled_from([MINUTE, 7 * MINUTE, 25 * MINUTE, 130 * MINUTE]))
    seen, marks, gone, now = [], [], [], BEGIN + draw(st.integers(0, HOUR))
    for epoch in range(1, draw(st.integers(1, 4)) + 1):
        started = draw(st.booleans()) or epoch == 1
        if started:
            marks.append(Mark(kind=MarkKind.START, at=instant(now), epoch=epoch))
        until = now + draw(st.integers(1, 4 * HOUR))
        at = now + draw(st.integers(0, interval))
        is_calm = draw(st.booleans())
        while at < until:
            outcome = OK if is_calm else draw(st.sampled_from([OK] * 8 + [DOWN, BLIND, SLOW]))
            skip = 1 if is_calm else draw(st.integers(0, 11))
            if skip:
                seen.append((at, epoch, 0, outcome))
                if outcome is DOWN and interval > MINUTE:
                    seen.append((at + 15_000_000, epoch, 1, draw(st.sampled_from([OK, DOWN]))))
            else:
                gone.append((at, epoch))
            at += interval
        for kind in draw(st.lists(st.sampled_from([MarkKind.PAUSE, MarkKind.SELF_OFFLINE]))):
            moment = draw(st.integers(now, until - 1))
            marks.append(Mark(kind=kind, at=instant(moment), epoch=epoch, detail="stopped"))
        end = draw(st.sampled_from([MarkKind.STOP, MarkKind.CLOCK_STEP, None]))
        if end is not None:
            marks.append(Mark(kind=end, at=instant(until), epoch=epoch))
        most = 2 * HOUR if end is MarkKind.CLOCK_STEP else 0
        now = until + draw(st.integers(-most, 3 * HOUR)) + 1
    return interval, seen, gone, marks, until


def changes(life, check=PORTAL):
    _, seen, gone, marks, _ = life
    return Change(
        observations=tuple(
            observation(
                check=check,
                epoch=epoch,
                scheduled_at=instant(at),
                started_at=instant(at),
                attempt=attempt,
                duration=timedelta(microseconds=at % 99_991),
                outcome=outcome,
            )
            for at, epoch, attempt, outcome in seen
        ),
        missed=tuple(missed(instant(at), epoch, check=check) for at, epoch in gone),
        marks=tuple(marks),
    )


def by_samples(directory, interval, window):
    """Return what is known by all samples at once, as it is without any sealed hour.

    Which time was lived twice shows in what surrounds it.
    """
    around = Window(window.start - 4 * HOUR, window.end + 4 * HOUR)
    with open_reader(directory) as reader:
        epochs = reader.epochs(PORTAL, *around)
        stops = read_stops(reader._connection, reader._vantage)
    samples, ends = merge_epochs(epochs)
    return clip(spans(samples, interval, around, [*ends, *stops.between(*around)]), window)


def inside(samples, window):
    """Leave out the last ones before the window: where two epochs have theirs at one moment, neither
    counts, and sealed hours keep none.
    """
    found = {
        epoch: [each for each in each_epoch if each.at >= window.start]
        for epoch, each_epoch in samples.items()
    }
    return {epoch: each for epoch, each in found.items() if each}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lives(), st.lists(st.integers(0, 30), max_size=3).map(sorted))
def test_sealed_hours_say_what_samples_say(empty_store, life, stages):
    """Sealed in whatever steps, a history says to the microsecond what its samples say, and holds
    them all; nothing is in two places.
    """
    interval, _, _, _, until = life
    window = Window(BEGIN - HOUR, (until // HOUR + 3) * HOUR)
    parts = list(starmap(Window, pairwise(range(window.start, window.end, 45 * MINUTE))))
    with tempfile.TemporaryDirectory() as home:
        directory = Path(home) / "data"
        shutil.copytree(empty_store, directory)
        asyncio.run(kept(directory, changes(life)))
        expected = by_samples(directory, interval, window)
        with open_reader(directory) as reader:
            samples = inside(reader.samples(PORTAL, *window), window)
            slots = reader.slots(PORTAL, *window)
            counted = [reader.slots(PORTAL, *part) for part in parts]
        recorded = rows(directory, "SELECT * FROM observation")

        for last in stages:
            asyncio.run(kept(directory, last=last, intervals={PORTAL: interval}))

        with open_reader(directory) as reader:
            assert reader.known(PORTAL, interval, window).spans == expected
            assert inside(reader.samples(PORTAL, *window), window) == samples
            assert reader.slots(PORTAL, *window) == slots
            assert [reader.slots(PORTAL, *part) for part in parts] == counted
            for part in parts:
                assert reader.known(PORTAL, interval, part).spans == clip(expected, part)
        still = rows(directory, "SELECT * FROM observation")
        assert set(still) <= set(recorded)
        sealed = sum(n for (n,) in rows(directory, "SELECT samples FROM sealed_hour"))
        assert len(still) + sealed == len(recorded)


def every_minute(hours, *, check="portal-http", epoch=1, start=BEGIN, outcome=OK):
    return tuple(
        observation(
            check=check,
            epoch=epoch,
            scheduled_at=instant(start + n * MINUTE),
            started_at=instant(start + n * MINUTE + 900),
            duration=timedelta(microseconds=30_000 + 7 * n),
            outcome=outcome,
        )
        for n in range(int(hours * 60))
    )


def hour_entries(directory):
    bodies = (json.loads(body) for (body,) in rows(directory, "SELECT body FROM ledger_entry"))
    return [body for body in bodies if body["type"] == "hour"]


def everything(directory):
    """Return what is kept of sealed hours, in an order that does not depend on how it came."""
    columns = ", ".join(name for name in Hour._fields if name != "block")
    return (
        rows(directory, f"SELECT {columns} FROM sealed_hour ORDER BY hour, part, check_id"),
        sorted(body for (body,) in rows(directory, "SELECT body FROM sample_block")),
        hour_entries(directory),
    )


class Cut(Exception):
    """The daemon is gone."""


def cut_at(number):
    """Return what ends the writer's work when it stands at the point of this number."""
    points = count(1)

    def reached(point):
        if point in ("tending", "tended") and next(points) == number:
            raise Cut

    return reached


@pytest.mark.slow
@pytest.mark.parametrize("came_late", [False, True], ids=["on time", "late"])
def test_a_crash_at_any_point_neither_loses_nor_doubles(
    empty_store, tmp_path, came_late, monkeypatch
):
    """Cut off before or after any of its transactions, sealing goes on where it was: what is there
    in the end is the same, to the byte, and each hour has one entry.
    """
    monkeypatch.setattr(sealjob, "_CHECKS", 1)
    seen = Change(observations=every_minute(1.5) + every_minute(1.5, check="pajak"))
    late = Change(observations=every_minute(0.2, epoch=2, start=BEGIN + 50 * MINUTE))
    whole = copied(empty_store, tmp_path / "whole")
    asyncio.run(kept(whole, seen))
    if came_late:
        asyncio.run(sealed(whole, 1))
        asyncio.run(kept(whole, late))
    begun = copied(whole, tmp_path / "begun")
    asyncio.run(sealed(whole, 1))

    for number in count(1):
        cut = copied(begun, tmp_path / f"cut-{number}")
        try:
            asyncio.run(sealed(cut, 1, reached=cut_at(number)))
        except Cut:
            asyncio.run(sealed(cut, 1))
        else:
            break
        assert everything(cut) == everything(whole)
        assert rows(cut, "SELECT * FROM observation") == []
        assert rows(cut, "SELECT * FROM sealed_part WHERE entry IS NULL") == []
    assert number > 30


def copied(directory, to):
    shutil.copytree(directory, to)
    return to


async def test_an_entry_stands_for_the_rows_of_its_hour(tmp_path):
    """The ledger's entry of an hour has the root over the rows of its checks, in order of their
    names, and what they add up to.
    """
    seen = every_minute(1, check="portal-http") + every_minute(0.5, check="pajak", outcome=DOWN)
    await kept(tmp_path, Change(observations=seen), last=0)

    [entry] = hour_entries(tmp_path)
    names = dict(rows(tmp_path, "SELECT id, name FROM check_name"))
    found = [Hour._make(row) for row in rows(tmp_path, f"SELECT {COLUMNS} FROM sealed_hour")]
    found.sort(key=lambda row: names[row.check_id])
    leaves = [leaf(row, names[row.check_id], VANTAGE) for row in found]
    assert entry["root"] == root_of(map(leaf_hash, leaves)).hex()
    assert (entry["vantage"], entry["hour"], entry["part"]) == (VANTAGE, FIRST, 0)
    assert (entry["checks"], entry["samples"], entry["received"]) == (2, 90, 90)
    assert entry["up"] == HOUR
    assert entry["down"] == 29 * MINUTE + MINUTE * 5 // 2
    assert entry["up"] + entry["down"] + entry["unknown"] + entry["degraded"] == 2 * HOUR


async def test_a_block_is_what_its_row_stands_for(tmp_path):
    """A row holds the hash of its block, and a block the samples of its check and hour."""
    await kept(tmp_path, Change(observations=every_minute(1)), last=0)

    [(stored, body)] = rows(
        tmp_path, "SELECT hash, body FROM sealed_hour JOIN sample_block ON number = block"
    )
    block = unpacked(body)
    assert sha256(body).digest() == stored
    assert (block.check, block.vantage, block.hour, len(block.taken)) == (
        PORTAL,
        VANTAGE,
        FIRST,
        60,
    )


def at_minutes(*minutes, epoch):
    return tuple(observation(minute, epoch=epoch) for minute in minutes)


async def test_time_lived_twice_over_the_edge_of_an_hour(tmp_path):
    """Time that was lived twice is unknown in each hour that it reaches into, also where the hour
    itself holds too few samples to show it.
    """
    seen = at_minutes(10, 35, 60, epoch=1) + at_minutes(50, 75, 100, epoch=2)
    step = Mark(kind=MarkKind.CLOCK_STEP, at=instant(BEGIN + 65 * MINUTE), epoch=1)
    window, interval = Window(BEGIN, BEGIN + 3 * HOUR), 25 * MINUTE
    await kept(tmp_path, Change(observations=seen, marks=(step,)))
    expected = by_samples(tmp_path, interval, window)

    await sealed(tmp_path, 2, Paces(intervals={PORTAL: interval}))

    with open_reader(tmp_path) as reader:
        found = reader.known(PORTAL, interval, window).spans
    assert found == expected
    assert (found[2].start - BEGIN, found[2].cause) == (50 * MINUTE, UnknownCause.CLOCK_STEP)
    assert found[2].end - BEGIN == 75 * MINUTE


async def test_late_samples_make_another_part(tmp_path):
    """What comes of an hour that is sealed is sealed beside it: no row is ever edited. The last
    part says what is known of the hour, and the counts of all parts add up.
    """
    await kept(tmp_path, Change(observations=every_minute(3)), last=2)
    before = everything(tmp_path)
    again = every_minute(0.5, epoch=2, start=BEGIN + 45 * MINUTE)
    step = Mark(kind=MarkKind.CLOCK_STEP, at=instant(BEGIN + 3 * HOUR), epoch=1)
    window = Window(BEGIN, BEGIN + 3 * HOUR)

    await kept(tmp_path, Change(observations=again, marks=(step,)))
    expected = by_samples(tmp_path, MINUTE, window)
    with open_reader(tmp_path) as reader:
        assert reader.known(PORTAL, MINUTE, window).spans == expected
    await sealed(tmp_path, 2)

    after = everything(tmp_path)
    assert set(before[0]) < set(after[0])
    assert set(before[1]) < set(after[1])
    parts = [(entry["hour"] - FIRST, entry["part"], entry["samples"]) for entry in after[2]]
    assert parts == [(0, 0, 60), (1, 0, 60), (2, 0, 60), (0, 1, 15), (1, 1, 15)]
    with open_reader(tmp_path) as reader:
        found = reader.known(PORTAL, MINUTE, window).spans
        slots = reader.slots(PORTAL, *window)
    assert found == expected
    lived_twice = UnknownCause.CLOCK_STEP
    assert [(span.start - BEGIN, span.cause) for span in found] == [
        (0, None),
        (45 * MINUTE, lived_twice),
        (75 * MINUTE, None),
    ]
    assert slots.received == 210


async def test_a_clock_that_was_ahead_leaves_a_gap_behind(tmp_path):
    """Hours that come after others which a clock that was a year ahead had sealed are sealed as
    any, with what is held into them; what is known is what samples say.
    """
    year = 365 * 24 * HOUR
    ahead = every_minute(1.5, start=BEGIN + year, epoch=2)
    back = every_minute(1, start=BEGIN + 2 * HOUR, epoch=3)
    step = [(BEGIN + HOUR, 1), (BEGIN + year + HOUR * 3 // 2, 2)]
    marks = [Mark(kind=MarkKind.CLOCK_STEP, at=instant(at), epoch=epoch) for at, epoch in step]
    window = Window(BEGIN, BEGIN + 6 * HOUR)
    change = Change(observations=every_minute(1) + ahead, marks=tuple(marks))
    await kept(tmp_path, change, last=365 * 24)

    await kept(tmp_path, Change(observations=back))
    expected = by_samples(tmp_path, MINUTE, window)
    await sealed(tmp_path, 5)

    with open_reader(tmp_path) as reader:
        assert reader.known(PORTAL, MINUTE, window).spans == expected
    found = [(hour - FIRST, part) for hour, part in rows(tmp_path, HOURS_AND_PARTS)]
    assert found[:4] == [(0, 0), (1, 0), (2, 0), (3, 0)]


async def test_late_samples_change_what_later_hours_say(tmp_path):
    """Where a late sample changes what is held into the next hour, that gets another part too."""
    seen = every_minute(1) + every_minute(1, start=BEGIN + 2 * HOUR)
    at = instant(BEGIN + 59 * MINUTE + 30_000_000)
    late = observation(scheduled_at=at, outcome=DOWN)
    for change in (Change(observations=seen), Change(observations=(late,))):
        await kept(tmp_path, change, last=2, intervals={PORTAL: HOUR})

    parts = [
        (e["hour"] - FIRST, e["part"], e["samples"], e["down"]) for e in hour_entries(tmp_path)
    ]
    assert parts[3:] == [(0, 1, 1, 30_000_000), (1, 1, 0, HOUR)]


async def test_what_is_held_into_an_hour_is_sealed_with_it(tmp_path):
    """A check that runs rarely has a row in each hour that its last sample reaches into."""
    seen = Change(observations=(observation(0),))
    await kept(tmp_path, seen, last=9, intervals={PORTAL: 2 * HOUR})

    found = rows(tmp_path, "SELECT hour, samples, block FROM sealed_hour ORDER BY hour")
    assert found == [(FIRST, 1, 1), *((FIRST + n, 0, None) for n in range(1, 6))]


async def test_intervals_are_those_of_their_hour(tmp_path):
    """An hour that ended before the present configuration counts by the interval before it."""
    seen = every_minute(2)
    await kept(tmp_path, Change(observations=seen), last=0)
    await sealed(
        tmp_path, 1, Paces(intervals={PORTAL: 5 * MINUTE}, since={PORTAL: BEGIN + 3 * HOUR})
    )

    assert rows(tmp_path, "SELECT interval FROM sealed_hour") == [(MINUTE,), (MINUTE,)]


async def test_hour_is_sealed_by_the_interval_it_ended_with(tmp_path):
    """Where the daemon was restarted again before an hour was sealed, its slots tell how often a check
    ran when it ended.
    """
    restarted = Paces(intervals={PORTAL: 2 * MINUTE}, since={PORTAL: BEGIN + 3 * HOUR})
    slower = tuple(each for each in every_minute(2)[61::2])
    await kept(tmp_path, Change(observations=(*every_minute(1), *slower)), last=0)
    await sealed(tmp_path, 1, restarted)

    assert rows(tmp_path, "SELECT interval, received FROM sealed_hour") == [
        (MINUTE, 60),
        (2 * MINUTE, 30),
    ]


async def test_what_the_daemon_remembers_outlives_sealing(tmp_path):
    """A restart finds the last sample of a check, and what its totals lack, in sealed hours."""
    totals = TallySnapshot(at=BEGIN + 30 * MINUTE, microseconds={Status.UP: 30 * MINUTE})
    await kept(tmp_path, Change(observations=every_minute(1), tallies={PORTAL: totals}))
    async with open_store(tmp_path, vantage=VANTAGE) as store:
        before = await store.restore()
        await store.seal(FIRST, PACES)
        after = await store.restore()

    assert rows(tmp_path, "SELECT * FROM observation") == []
    assert after.last_samples == before.last_samples
    assert after.later_samples == before.later_samples
    assert len(after.later_samples[PORTAL]) == 30


async def test_old_samples_are_dropped_and_what_is_known_stays(tmp_path):
    """What is known of an hour outlives its samples; that they were dropped is in the ledger."""
    await kept(tmp_path, Change(observations=every_minute(3, outcome=DOWN)), last=2)
    window = Window(BEGIN, BEGIN + 3 * HOUR)
    with open_reader(tmp_path) as reader:
        before = reader.known(PORTAL, MINUTE, window), reader.slots(PORTAL, *window)

    async with open_store(tmp_path, vantage=VANTAGE) as store:
        assert await store.drop_samples(FIRST + 2) == 2
        assert await store.drop_samples(FIRST + 2) == 0

    with open_reader(tmp_path) as reader:
        after = reader.known(PORTAL, MINUTE, window), reader.slots(PORTAL, *window)
        samples = reader.samples(PORTAL, *window)
    assert after == before
    assert len(samples[1]) == 60
    assert rows(tmp_path, "SELECT count(*) FROM sample_block") == [(1,)]
    entries = [json.loads(body) for (body,) in rows(tmp_path, "SELECT body FROM ledger_entry")]
    assert [each["before"] for each in entries if each["type"] == "retention"] == [FIRST + 2]


async def test_space_is_given_back(tmp_path, monkeypatch):
    """What was taken by samples that were dropped is given back to the disk."""
    monkeypatch.setattr(connection, "_LEAST_FREE_PAGES", 4)
    monkeypatch.setattr(connection, "_PAGES_AT_ONCE", 8)
    seen = sum((every_minute(4, check=f"check-{n}") for n in range(40)), ())
    await kept(tmp_path, Change(observations=seen), last=3)
    size = (tmp_path / DATABASE).stat().st_size

    async with open_store(tmp_path, vantage=VANTAGE) as store:
        await store.drop_samples(FIRST + 4)

    assert (tmp_path / DATABASE).stat().st_size < size / 2
    await kept(tmp_path, Change(observations=seen), last=3)
    with open_reader(tmp_path) as reader:
        assert len(reader.samples(CheckId("check-7"), BEGIN, BEGIN + HOUR)[1]) == 60
    assert examine(tmp_path / DATABASE).faults == ()


async def test_both_databases_seal_alike(place, tmp_path):
    """What is sealed on PostgreSQL is, to the byte, what is sealed on SQLite."""
    seen = every_minute(2) + every_minute(1, check="pajak", outcome=DOWN)
    change = Change(observations=seen, missed=(missed(instant(BEGIN + 90 * MINUTE + 1)),))
    wanted = select(*(column for column in sealed_hour.c)).order_by(*sealed_hour.primary_key)
    found = []
    for each in (place, tmp_path / "other"):
        async with open_store(each, vantage=VANTAGE) as store:
            await store.commit(change)
            await store.commit(Change(marks=(Mark(kind=MarkKind.STOP, at=NOON, epoch=9),)))
            await store.seal(FIRST + 3, PACES)
            await store.drop_samples(FIRST + 1)
            found.append(await store._writer.read(lambda c: [tuple(r) for r in c.execute(wanted)]))

    assert found[0] == found[1]
    assert len(found[0]) == 5


async def test_a_period_without_end_costs_what_there_is(tmp_path):
    """A question about all time takes no longer than what there is to tell."""
    for begin in (0, 2):
        seen = every_minute(1, start=BEGIN + begin * HOUR)
        await kept(tmp_path, Change(observations=seen), last=begin or None)
    everything_after = every_minute(1, start=BEGIN + 4 * HOUR)
    await kept(tmp_path, Change(observations=everything_after))

    with open_reader(tmp_path) as reader:
        found = [each.scheduled_at for each in reader.taken(PORTAL, 0, 2**60)]
        slots = reader.slots(PORTAL, 0, 2**60)
        samples = reader.samples(PORTAL, 0, 2**60)
        nothing = list(reader.taken(CheckId("nobody"), 0, 2**60))
    assert (len(found), found) == (180, sorted(found))
    assert (slots.received, len(samples[1]), nothing) == (180, 180, [])
