"""A fair sample of what can be done to a ledger; tests/chaos tries all of it."""

import asyncio
import random
import shutil
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from monitor.ledger.audit import audited
from monitor.ledger.note import split
from monitor.store.connection import DATABASE
from tests.integration.store.honestlogs import honest_life
from tests.integration.store.tampering import (
    ROW_ACTS,
    Seen,
    Specimen,
    around,
    asked,
    flips,
    run_sql,
    specimen,
    tried_cut,
    tried_on_row,
    tried_with_the_command,
    write_log,
)
from tests.unit.ledger.witnesses import FakeWitness

_COUNT = 1_000


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Specimen:
    folder = tmp_path_factory.mktemp("ledger")
    return asyncio.run(specimen(folder, _COUNT, kept=20, backups=4))


def test_rows(whole: Specimen) -> None:
    """An entry that is dropped, doubled, swapped, rewritten or put in is seen, and between which
    checkpoints that were kept, also when all of it was signed anew with the key.
    """
    seen = Seen()
    for number in range(0, _COUNT - 1, 9):
        for act in ROW_ACTS:
            tried_on_row(whole, number, act, seen)

    assert seen.missed == []
    assert seen.tried > 5 * 3 * _COUNT / 9


def test_bits(whole: Specimen) -> None:
    """Every bit of an entry counts."""
    seen = Seen()
    for act in flips(whole, _COUNT // 3):
        tried_on_row(whole, _COUNT // 3, act, seen)

    assert seen.missed == []


def test_cut_tails(whole: Specimen) -> None:
    """A log cut to any length below what was signed is seen, and what is missing is named."""
    seen = Seen()
    for left in range(_COUNT):
        tried_cut(whole, left, seen)

    assert (seen.missed, seen.tried) == ([], _COUNT)


def test_what_is_between_checkpoints_suffices(whole: Specimen) -> None:
    """Reading what is between two checkpoints finds what reading the whole log finds."""
    chance = random.Random(1)
    for number in chance.sample(range(_COUNT - 1), 8):
        log = list(whole.log)
        chance.choice(ROW_ACTS)(log, number)
        log = list(enumerate(body for _, body in log))
        fault = audited(log, whole.kept).fault
        assert fault is not None
        first, end = around(whole, fault.end - 1)
        held = [point for point in whole.kept if first <= point.size <= end]
        assert audited(log[first:], held, begun=whole.begun[first]).fault == fault


def test_older_backups(whole: Specimen, tmp_path: Path) -> None:
    """A ledger rolled back to an older backup is seen: entries that were signed are missing."""
    for backup in whole.backups:
        data = tmp_path / backup.stem
        data.mkdir()
        shutil.copy(backup, data / DATABASE)
        finding = asked(data, whole.kept_text)
        assert finding.fault is not None
        assert (finding.size, finding.fault.end) == (
            finding.fault.first,
            _next(whole, finding.size),
        )


def _next(whole: Specimen, size: int) -> int:
    return min(point.size for point in whole.kept if point.size > size)


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("DELETE FROM ledger_checkpoint", "was removed from the database"),
        (
            "DELETE FROM ledger_checkpoint WHERE size = (SELECT max(size) FROM ledger_checkpoint)",
            "was removed from the database",
        ),
        (
            "UPDATE ledger_checkpoint SET note = replace(note, 'pantau', 'pantao')",
            "did not sign it",
        ),
    ],
    ids=["all", "the newest", "changed"],
)
def test_checkpoints_in_the_database(
    whole: Specimen, tmp_path: Path, statement: str, says: str
) -> None:
    """Who takes away what was signed, or changes it, is seen by who kept it."""
    found = tried_with_the_command(whole, lambda data: run_sql(data, statement), tmp_path)
    assert says in found


def test_history_rewritten_with_the_key(whole: Specimen, tmp_path: Path) -> None:
    """The command says between which checkpoints a history was rewritten and signed anew."""
    number = _COUNT // 2
    log = [body for _, body in whole.log]
    log[number] = b'{"type":"transition","new":"up"}'
    sizes = range(1, _COUNT + 1, 7)
    first, end = around(whole, number)
    found = tried_with_the_command(
        whole, lambda data: write_log(data, log, signed_at=sizes), tmp_path
    )
    assert f"entries {first} to {end - 1}: " in found


def test_witnessed(whole: Specimen, tmp_path: Path) -> None:
    """The command says how much of the ledger so many witnesses stand for, and fails where none."""
    one, two = (FakeWitness(f"witness.example/w{n}", bytes([n]) * 32) for n in (1, 2))
    first, *others = split(whole.kept_text)
    witnessed = replace(whole, kept_text="".join([one.cosigned(two.cosigned(first)), *others]))
    options = ["--witness", one.vkey, "--witness", two.vkey]
    unknown = FakeWitness("witness.example/w3", bytes([3]) * 32).vkey

    assert tried_with_the_command(witnessed, lambda _: None, tmp_path / "a", *options) == ""
    said = tried_with_the_command(
        witnessed, lambda _: None, tmp_path / "b", *options, "--witness", unknown
    )
    assert "no checkpoint is cosigned by all of witness.example/w1, " in said
    enough = [*options, "--witness", unknown, "--witnesses", "2"]
    assert tried_with_the_command(witnessed, lambda _: None, tmp_path / "c", *enough) == ""


def test_untouched(whole: Specimen, tmp_path: Path) -> None:
    """The command has nothing to say against a ledger that nobody changed."""
    assert tried_with_the_command(whole, lambda _: None, tmp_path) == ""


@pytest.mark.parametrize("seed", range(6))
async def test_honest_logs(tmp_path: Path, seed: int) -> None:
    """Pruning, VACUUM, backups, restores and upgrades change nothing in a ledger."""
    assert await honest_life(tmp_path, seed) == ""


def test_sample_of_bits_is_whole(whole: Specimen) -> None:
    """What flips a bit flips one, and each another one."""
    bodies = set()
    for act in islice(flips(whole, 3), 40):
        log = list(whole.log[:5])
        act(log, 3)
        bodies.add(log[3][1])
    assert len(bodies) == 40
