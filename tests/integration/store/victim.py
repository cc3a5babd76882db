"""A daemon's store alone, to be killed, cut off and lied to: `python victim.py DIR [KEY=VALUE…]`.

It commits urgent changes, several at a time, each with an observation, a state, a transition and
a notification, and writes `ack N` once change N is durable; `refused N` when it was refused.
`first` is the number of the first change, `count` how many it makes, `die=POINT:N` kills it when
the writer is at POINT for the Nth time, `linger` keeps it from closing the store, `synchronous` is a worse setting of SQLite's,
`sign` has it sign the ledger after every so many changes.
"""

import asyncio
import logging
import os
import signal
import sys
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import structlog

from monitor.domain.alert import Notification
from monitor.domain.observation import Failure, FailureKind, Outcome, OutcomeStatus
from monitor.domain.state import CheckState, Transition
from monitor.domain.status import Status
from monitor.ledger.note import Signer
from monitor.ports import Change, StoreError
from monitor.store import connection
from monitor.store.ledger import Signing
from monitor.store.sql import open_store
from tests.fakes import NOON, an_alert, observed

AT_A_TIME = 3
SIGNER = Signer("pantau/balaikota", bytes(range(32)))
DETAIL = "status: 503, expected 200-299"
DOWN = Outcome(status=OutcomeStatus.FAILED, failure=Failure(FailureKind.STATUS, DETAIL))
OK = Outcome()


def a_change(number: int) -> Change:
    """Return change `number`: the check changes its status, and somebody is told."""
    at = NOON + timedelta(minutes=number)
    new, old = (Status.DOWN, Status.UP) if number % 2 else (Status.UP, Status.DOWN)
    seen = observed(*[DOWN if number % 2 else OK] * 20, start=at)
    checks = [f"check-{number % AT_A_TIME}-{copy}" for copy in range(len(seen))]
    return Change(
        observations=tuple(_of(check, one, at) for check, one in zip(checks, seen, strict=True)),
        states={checks[0]: CheckState(status=new, since=at)},
        transitions=((checks[0], Transition(old=old, new=new, at=at, noticed_at=at)),),
        notifications=(Notification(id=f"N{number}", receiver="oncall", alert=an_alert()),),
    )


def _of(check, observation, at):
    return replace(observation, check_id=check, scheduled_at=at, started_at=at)


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def dying(point: str, times: int):
    """Return a hook that kills this process when the writer is at `point` for the nth time."""
    seen: Counter[str] = Counter()

    def reached(name: str) -> None:
        seen[name] += 1
        if name == point and seen[name] == times:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached


async def run(directory: str, options: dict[str, str]) -> None:
    if "synchronous" in options:
        worse = f"synchronous = {options['synchronous']}"
        settings = connection._WRITER_PRAGMAS
        connection._WRITER_PRAGMAS = (*settings, worse)
    point, _, times = options.get("die", "never:0").partition(":")
    first, count = int(options.get("first", "0")), int(options.get("count", "1000000"))
    numbers = iter(range(first, first + count))
    signed = int(options.get("sign", "0"))
    async with open_store(
        directory,
        vantage="balaikota",
        reached=dying(point, int(times)),
        signing=Signing(SIGNER) if signed else None,
    ) as store:
        say("ready")

        async def commit() -> None:
            for number in numbers:
                try:
                    await store.commit(a_change(number))
                except StoreError:
                    say(f"refused {number}")
                else:
                    say(f"ack {number}")
                if signed and number % signed == 0:
                    await store.sign()

        await asyncio.gather(*(commit() for _ in range(AT_A_TIME)))
        if "linger" in options:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    asyncio.run(run(sys.argv[1], dict(one.partition("=")[::2] for one in sys.argv[2:])))
