"""When hours are sealed, and what is done when that fails."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from monitor.app.keeper import Keeper
from monitor.domain.check import CheckId
from monitor.ports import StoreError
from monitor.store.sealjob import Paces
from tests.fakes import FakeTelemetry, a_check

MINUTE = 60_000_000
HOUR = 60 * MINUTE
NOW = 1_000 * HOUR


class FakeStore:
    """Notes what it is asked to do, and fails as long as it is told to."""

    def __init__(self):
        self.asked = []
        self.fails = False

    async def seal(self, last, paces):
        if self.fails:
            raise StoreError("the disk is full")
        self.asked.append((last, paces))
        return 1

    async def drop_samples(self, before):
        self.asked.append(before)
        return 0


class Hours:
    """A keeper at a time that a test sets, in minutes after a full hour."""

    def __init__(self):
        self.store, self.telemetry, self.minutes = FakeStore(), FakeTelemetry(), 0
        self.in_doubt = False
        self.keeper = Keeper(
            self.store,
            self.telemetry,
            lambda: NOW + self.minutes * MINUTE,
            timedelta(days=2),
            in_doubt=lambda: self.in_doubt,
        )

    async def at(self, minutes):
        self.minutes, self.store.asked = minutes, []
        await self.keeper.run()
        return self.store.asked


async def test_an_hour_is_sealed_a_quarter_of_an_hour_after_its_end():
    """An hour is sealed once 15 minutes have passed since it ended, and not again."""
    hours = Hours()

    assert (await hours.at(14))[0][0] == 998
    assert (await hours.at(15))[0][0] == 999
    assert await hours.at(16) == []
    assert await hours.at(74) == []
    assert (await hours.at(75))[0][0] == 1000


async def test_samples_are_dropped_when_they_were_kept_long_enough():
    """Whole hours go that ended longer ago than samples are kept."""
    assert (await Hours().at(20))[1] == 1000 - 48


async def test_a_turn_is_left_out_after_the_process_stood_still():
    """What stopped the process is on record before an hour is sealed in which it did."""
    hours = Hours()
    await hours.at(15)

    assert await hours.at(200) == []
    assert (await hours.at(201))[0][0] == 1002


async def test_nothing_is_done_by_a_clock_in_doubt():
    """While the clock is in doubt nothing is sealed, and nothing dropped; afterwards both are."""
    hours = Hours()
    hours.in_doubt = True
    assert await hours.at(20) == []

    hours.in_doubt = False
    assert len(await hours.at(21)) == 2


async def test_who_is_at_it_does_not_begin_again():
    """While a long history is being sealed nothing is begun a second time."""
    hours, begun = Hours(), asyncio.Event()

    async def endless(last, paces):
        hours.store.asked.append((last, paces))
        begun.set()
        await asyncio.Event().wait()

    hours.store.seal = endless
    first = asyncio.create_task(hours.at(20))
    await begun.wait()

    assert await hours.at(21) == []
    first.cancel()


async def test_failure_is_counted_and_tried_again():
    """A store that fails is asked again at the next turn; the failure is counted meanwhile."""
    hours = Hours()
    hours.store.fails = True

    assert await hours.at(15) == []
    hours.store.fails = False
    assert len(await hours.at(16)) == 2
    assert [name for name, _ in hours.telemetry.calls] == ["sealing_failed", "sealed_until"]


async def test_intervals_hold_from_when_they_are_in_force():
    """Hours that were over when a configuration was taken up do not go by its intervals."""
    hours = Hours()
    hours.minutes = 5
    hours.keeper.replace([a_check(id=CheckId("web"), interval=timedelta(minutes=5))])

    [(_, paces), _] = await hours.at(20)
    assert paces == Paces(intervals={"web": 5 * MINUTE}, since={"web": NOW + 5 * MINUTE})


async def test_a_reload_leaves_alone_from_when_other_intervals_hold():
    """Taken up again unchanged, a check's interval is in force from when it was first taken up: an
    hour in which it was is not counted by the one before.
    """
    hours = Hours()
    web = a_check(id=CheckId("web"), interval=timedelta(minutes=5))
    api = a_check(id=CheckId("api"), interval=timedelta(minutes=1))
    for minutes, checks in ((-30, [web, api]), (5, [web, replace(api, interval=web.interval)])):
        hours.minutes = minutes
        hours.keeper.replace(checks)

    [(_, paces), _] = await hours.at(20)
    assert paces.since == {"web": NOW - 30 * MINUTE, "api": NOW + 5 * MINUTE}
