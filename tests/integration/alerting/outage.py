"""A monitor that lives through the outage of a receiver in seconds, and is killed meanwhile.

`python -m tests.integration.alerting.outage FOLDER SEED` runs it life by life, each in a process of
its own: the real pipeline, recorder, store, dispatcher and wording, under a clock that jumps to
whatever is due next. All lives but the last end by SIGKILL. What the receivers saw is written to
FOLDER/journal, a line of JSON each, before they answer; times are seconds since the beginning.
"""

import asyncio
import json
import logging
import os
import random
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from monitor.alerting.dispatcher import Dispatcher
from monitor.domain.alert import Alert, Route
from monitor.domain.check import CheckId
from monitor.domain.service import Service, ServiceId
from monitor.domain.surroundings import GroupBy, Grouping
from monitor.engine.board import Board
from monitor.engine.pipeline import Pipeline, Plan
from monitor.engine.recorder import Recorder
from monitor.engine.resume import resume
from monitor.ports import Notifier
from monitor.store.sql import open_store
from tests.everyreceiver import every_notifier
from tests.fakes import NOON, OK, REFUSED, FakeClock, FakeTelemetry, a_check, observed, refusal

CHECKS = 50
MINUTE, HOUR = 60.0, 3600.0
BACK_AT = 6 * HOUR  # until then the receiver "ill" answers 503
END_AT = 7 * HOUR
RESTART_SECONDS = 3.0
KILLS_MEANWHILE = 17
# Of each kind one more, while all that waited is being told.
KILLS_AFTERWARDS = ("sent:ill", "writing", "committed")
POINTS = ("writing", "committed", "sent:well", "sent:ill", "minute")


@dataclass(frozen=True, slots=True)
class Outage:
    """One check is down from one minute to another."""

    check: int
    began: int
    ended: int


def outages() -> tuple[Outage, ...]:
    """Return 100 outages: 80 begin and end while the receiver is away, 20 end after it."""
    first = [Outage(n, 5 + 3 * n, 10 + 3 * n + n % 7) for n in range(CHECKS)]
    second = [Outage(n, 180 + 4 * n, 186 + 4 * n) for n in range(30)]
    lasting = [Outage(n, 300 + 2 * (n - 30), 385 + (n - 30) // 2) for n in range(30, CHECKS)]
    return (*first, *second, *lasting)


def check_id(number: int) -> CheckId:
    return CheckId(f"layanan-{number:02}")


@dataclass(slots=True)
class Doom:
    """Kills its process at a point, the first time that it is reached when `armed_at` has come."""

    point: str
    armed_at: float
    now: Callable[[], float]

    def __call__(self, place: str) -> None:
        if place == self.point and self.now() >= self.armed_at:
            os.kill(os.getpid(), signal.SIGKILL)


class Receiver:
    """Says what a webhook says, and writes down what arrives before it answers."""

    def __init__(self, name: str, words: Notifier, life: "Life") -> None:
        self._name = name
        self._words = words
        self._life = life

    def payload(self, row_id: str, alert: Alert) -> bytes:
        return self._words.payload(row_id, alert)

    async def notify(self, row_id: str, body: bytes, now: datetime) -> None:
        del now
        away = self._name == "ill" and self._life.seconds() < BACK_AT
        self._life.write(receiver=self._name, id=row_id, took=not away, body=body.decode())
        self._life.reached(f"sent:{self._name}")
        if away:
            raise refusal()


class Life:
    """One run of the monitor, from `begins` until it is killed, or until all is over."""

    def __init__(self, folder: Path, begins: float, death: tuple[str, float] | None) -> None:
        self._folder = folder
        self.clock = FakeClock(NOON + timedelta(seconds=begins))
        self.reached = Doom(*(death or ("never", END_AT)), self.seconds)
        self._journal = os.open(folder / "journal", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def seconds(self) -> float:
        return (self.clock.now() - NOON).total_seconds()

    def write(self, **line: object) -> None:
        os.write(self._journal, json.dumps({"at": self.seconds(), **line}).encode() + b"\n")

    async def run(self) -> None:
        words = every_notifier(self._folder)["webhook"]
        receivers = {name: Receiver(name, words, self) for name in ("ill", "well")}
        telemetry, board = FakeTelemetry(), Board()
        async with open_store(
            self._folder,
            vantage="balaikota",
            group_commit=0.0,
            now=self.clock.now,
            reached=self.reached,
        ) as store:
            dispatcher = Dispatcher(store, receivers, self.clock, telemetry)
            recorder = Recorder(store, telemetry, dispatcher.wake)
            pipeline = Pipeline(board, recorder, "balaikota")
            recording = asyncio.create_task(recorder.run())
            restored = await store.restore()
            pipeline.watch(a_plan(), self.clock.now(), restored.states)
            resume(restored, board, pipeline, self.clock, "balaikota")
            pipeline.reconcile(self.clock.now())
            while self.seconds() < END_AT:
                await self._step(pipeline, recorder, dispatcher)
            recording.cancel()

    async def _step(self, pipeline: Pipeline, recorder: Recorder, dispatcher: Dispatcher) -> None:
        """Do all that is due, and go on to what is due next."""
        minute = int(self.seconds() // MINUTE)
        if self.seconds() == minute * MINUTE:
            self.write(minute=minute)
            self.reached("minute")
            for number in range(CHECKS):
                pipeline.record(self._seen(number, minute))
        pipeline.tell(self.clock.now())
        await recorder.drain()
        delay = await _delivered(dispatcher)
        left = (minute + 1) * MINUTE - self.seconds()
        self.clock.advance(min(left, max(delay, 0.001)))

    def _seen(self, number: int, minute: int):
        ill = any(o.check == number and o.began <= minute < o.ended for o in outages())
        check = a_check(id=check_id(number))
        return observed(REFUSED if ill else OK, check=check, start=self.clock.now())[0]


async def _delivered(dispatcher: Dispatcher) -> float:
    """Have told all that is due; return the seconds until more is."""
    await dispatcher.take_in()
    delays = [await courier.deliver_due() for courier in dispatcher.couriers().values()]
    return min((delay for delay in delays if delay is not None), default=MINUTE)


def a_plan() -> Plan:
    """Return a plan by which each check is a service, and everybody is told at once."""
    names = [check_id(number) for number in range(CHECKS)]
    return Plan(
        services=tuple(
            Service(id=ServiceId(name), name=name.title(), owner="diskominfo") for name in names
        ),
        checks=tuple(
            a_check(id=name, service=ServiceId(name), failure_threshold=1, success_threshold=1)
            for name in names
        ),
        routes=(Route(receiver="ill", goes_on=True), Route(receiver="well")),
        receivers=("ill", "well"),
        grouping=Grouping(by=GroupBy.SERVICE, wait=timedelta(0), storm_limit=100_000),
    )


def deaths(seed: int) -> list[tuple[str, float]]:
    """Return where, and from when on, each life ends."""
    chance = random.Random(seed)
    times = sorted(chance.uniform(MINUTE, BACK_AT - 20 * MINUTE) for _ in range(KILLS_MEANWHILE))
    meanwhile = [(chance.choice(POINTS), at) for at in times]
    return [*meanwhile, *((point, BACK_AT) for point in KILLS_AFTERWARDS)]


def _bury(journal: Path, point: str) -> float:
    """Write down that a life ended at `point`; return when it did."""
    at = json.loads(journal.read_bytes().splitlines()[-1])["at"]
    with journal.open("a") as lines:
        lines.write(json.dumps({"at": at, "died": point}) + "\n")
    return float(at)


def main(folder: Path, seed: int) -> None:
    """Live until the end, and be killed on the way; each life is a process of its own."""
    begins = 0.0
    for death in (*deaths(seed), None):
        if (pid := os.fork()) == 0:
            try:
                asyncio.run(Life(folder, begins, death).run())
                os._exit(0)
            finally:
                os._exit(1)
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == 0:
            return
        if death is None or code != -signal.SIGKILL:
            raise SystemExit(f"a life that was to end at {death} ended with {code}")
        begins = _bury(folder / "journal", death[0]) + RESTART_SECONDS


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    main(Path(sys.argv[1]), int(sys.argv[2]))
