"""All that can be done to a ledger of ten thousand entries, and a thousand that nobody changed."""

import asyncio
import random
import resource
import shutil
from pathlib import Path

import pytest

from monitor.store.connection import DATABASE, writing_engine
from monitor.store.ledger import Ledger
from monitor.store.pagesums import sums_path
from monitor.store.sql import open_store
from tests.fakes import NOON
from tests.integration.store.changes import VANTAGE
from tests.integration.store.honestlogs import honest_life
from tests.integration.store.tampering import (
    OURS,
    ROW_ACTS,
    Seen,
    Specimen,
    asked,
    flips,
    run_sql,
    specimen,
    tried_cut,
    tried_on_row,
    tried_with_the_command,
    write_log,
)

_COUNT = 10_000
_BENT_ROWS = 30
_BACKUPS = 20
_HONEST = 1_000
_MILLION = 1_000_000
_MOST_SECONDS = 10


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Specimen:
    folder = tmp_path_factory.mktemp("ledger")
    return asyncio.run(specimen(folder, _COUNT, kept=100, backups=_BACKUPS))


def test_every_row(whole: Specimen) -> None:
    """Every entry dropped, doubled, swapped with the next, rewritten and put in is seen, with the
    numbers left or rewritten, and signed anew with the key or not.
    """
    seen = Seen()
    for number in range(_COUNT - 1):
        for act in ROW_ACTS:
            tried_on_row(whole, number, act, seen)

    print(seen.tried, "changes")
    assert seen.missed == []


def test_every_bit(whole: Specimen) -> None:
    """Every bit of thirty entries counts, signed anew or not."""
    seen = Seen()
    for number in random.Random(31).sample(range(_COUNT), _BENT_ROWS):
        for act in flips(whole, number):
            tried_on_row(whole, number, act, seen)

    print(seen.tried, "changes")
    assert seen.missed == []


def test_every_tail(whole: Specimen) -> None:
    """A log cut to any length below what was signed is seen."""
    seen = Seen()
    for left in range(_COUNT):
        tried_cut(whole, left, seen)

    assert (seen.missed, seen.tried) == ([], _COUNT)


def test_every_backup(whole: Specimen, tmp_path: Path) -> None:
    """A ledger rolled back to any of twenty backups is seen, and so by the command."""
    assert len(whole.backups) == _BACKUPS
    for backup in whole.backups:

        def roll_back(data: Path, backup: Path = backup) -> None:
            shutil.copy(backup, data / DATABASE)

        folder = tmp_path / backup.stem
        folder.mkdir()
        assert "stands for" in tried_with_the_command(whole, roll_back, folder)
        assert asked(folder / "data", whole.kept_text).fault is not None


def test_each_history(whole: Specimen, tmp_path: Path) -> None:
    """A history that is rewritten anywhere and signed anew at any step is seen by the command,
    as is one whose checkpoints were taken away.
    """
    chance = random.Random(32)
    for attempt in range(20):
        log = [body for _, body in whole.log]
        log[chance.randrange(_COUNT)] = b'{"type":"transition","new":"up"}'
        sizes = range(1, _COUNT + 1, chance.choice([1, 7, 100]) * 10) if attempt % 4 else ()

        def rewrite(data: Path, log: list[bytes] = log, sizes=sizes) -> None:
            write_log(data, log, signed_at=sizes)

        folder = tmp_path / str(attempt)
        folder.mkdir()
        assert "entries " in tried_with_the_command(whole, rewrite, folder)
        shutil.rmtree(folder)
    removed = tmp_path / "removed"
    removed.mkdir()
    said = tried_with_the_command(
        whole, lambda data: run_sql(data, "DELETE FROM ledger_checkpoint"), removed
    )
    assert "removed" in said


async def test_a_thousand_honest_logs(tmp_path: Path) -> None:
    """None of a thousand ledgers that nobody changed is said to be changed."""
    wrong = []
    for seed in range(_HONEST):
        folder = tmp_path / str(seed)
        folder.mkdir()
        wrong.append(await honest_life(folder, seed))
        shutil.rmtree(folder)

    assert [each for each in wrong if each] == []


def test_a_million_entries(whole: Specimen, tmp_path: Path) -> None:
    """The command verifies a million entries in ten seconds."""
    asyncio.run(_opened(tmp_path / "data"))
    bodies = [body for _, body in whole.log]
    with writing_engine(tmp_path / "data").connect() as connection, connection.begin():
        ledger = Ledger(connection, OURS)
        for _ in range(_MILLION // len(bodies)):
            for start in range(0, len(bodies), 100):
                ledger.add(bodies[start : start + 100])
                ledger.sign(NOON)
        [note] = connection.exec_driver_sql(
            "SELECT note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1"
        ).one()
    sums_path(tmp_path / "data" / DATABASE).unlink(missing_ok=True)  # it was not the store's writer
    large = Specimen(data=tmp_path / "data", log=[], kept=(), kept_text=note, backups=(), begun={})
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = tried_with_the_command(large, lambda _: None, tmp_path / "site")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    print(f"{seconds:.1f} s of a processor, with {_MILLION // 100} checkpoints")
    assert said == ""
    assert seconds < _MOST_SECONDS


async def _opened(data: Path) -> None:
    async with open_store(data, vantage=VANTAGE):
        pass
