"""Backups made beside a writer that is killed, and put back, round after round. The long form is in
tests/chaos.
"""

import random
from collections import Counter
from datetime import timedelta
from pathlib import Path
from threading import Timer

import pytest

from monitor.store.backup import back_up, examine
from monitor.store.connection import DATABASE, reading_engine
from monitor.store.ledger import entries
from monitor.store.putback import put_back
from tests.fakes import NOON
from tests.integration.store import verdict
from tests.integration.store.test_kill import victim

SEED = random.randrange(10**6)
_ACKS = 25


@pytest.mark.slow
def test_backups_are_put_back_round_after_round(tmp_path: Path) -> None:
    """A backup made beside a writer, that is killed in every other round, verifies, has all that was
    acknowledged before it began, and the ledger goes on over its putting back.
    """
    assert rounds(tmp_path, 4)["put back"] == 4


def rounds(folder: Path, count: int) -> Counter[str]:
    """Live through so many rounds; return how often what happened."""
    chance, held, found = random.Random(SEED), set(), Counter()
    data = folder / "data"
    for number in range(count):
        where = f"seed {SEED}, round {number}"
        target = folder / f"backup-{number}.db"
        is_killed = number % 2 == 0
        before = held | _backed_up(data, target, number, chance, is_killed=is_killed)
        found["killed"] += is_killed

        kept = examine(target)
        assert kept.faults == (), where
        assert kept.ledger is not None, where
        assert kept.ledger.signed > 0, where
        log = _log(data)
        at = NOON + timedelta(minutes=number)
        done = put_back(data, target, by="Rina", at=at)

        assert verdict.faults(data, before) == [], where
        assert examine(data / DATABASE).faults == (), where
        assert _log(data)[:-1] == log, where
        assert b"restored" in _log(data)[-1][1], where
        assert done.carried == len(log) - kept.ledger.size, where
        found["put back"] += 1
        found["entries carried on"] += done.carried
        held = before
        done.replaced.unlink()
        target.unlink()
    print(f"{dict(found)}, {len(held)} changes that were acknowledged before their backup")
    return found


def _backed_up(
    data: Path, target: Path, number: int, chance: random.Random, *, is_killed: bool
) -> set[int]:
    """Back up beside a writer; return which changes it had acknowledged before."""
    options = [f"first={(number + 1) * 10_000}", "sign=7"]
    with victim(data, *options, *([] if is_killed else ["count=120"])) as process:
        said = "".join(process.stdout.readline() for _ in range(_ACKS + 1))
        timer = Timer(chance.uniform(0, 0.06), process.kill)
        if is_killed:
            timer.start()
        back_up(data, target)
        if is_killed:
            timer.join()
        process.stdout.read()
        process.wait(60)
    return verdict.numbers(said, "ack")


def _log(data: Path) -> list[tuple[int, bytes]]:
    with reading_engine(data).connect() as connection:
        return list(entries(connection))
