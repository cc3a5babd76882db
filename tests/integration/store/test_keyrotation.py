"""The key of the ledger is replaced: what both keys sign, and what is broken off in between."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.app.keyrotation import KeyRotation
from monitor.app.ledgerkey import (
    NAME,
    NEXT,
    kept_signer,
    make_next_signer,
    present_signing,
    settle_next_signer,
)
from monitor.ledger.note import Signer, Verifier, parse
from monitor.ports import Change, MarkKind
from monitor.store.ledger import Signing
from monitor.store.ledgerreader import open_ledger
from monitor.store.sql import SqlStore, open_store
from monitor.web.context import NotRotated
from tests.daemon import ROOT
from tests.fakes import NOON
from tests.integration.store.changes import VANTAGE, mark

OLD = Signer("pantau/balaikota", bytes(range(32)))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data directory with a key and a ledger that it signed."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    (folder / NAME).write_text(OLD.skey)
    (folder / NAME).chmod(0o600)
    asyncio.run(_go_on(folder, 1))
    return folder


def opened(data: Path, reached: Callable[[str], None] = lambda _: None):
    signing = present_signing(data)
    assert signing is not None
    return open_store(data, vantage=VANTAGE, now=lambda: NOON, signing=signing, reached=reached)


async def _go_on(data: Path, minute: int) -> str:
    """Start as the daemon does, have something happen, sign it, and stop."""
    async with opened(data) as store:
        settle_next_signer(data, await store.newest_note())
        return await _happened(store, minute)


async def _happened(store: SqlStore, minute: int) -> str:
    await store.commit(Change(marks=(mark(MarkKind.PAUSE, minute),)))
    return await store.sign() or ""


def verified(data: Path, told: Verifier, *kept: str) -> int:
    """Verify the ledger by a key that one was told; return how many entries are signed."""
    with open_ledger(data) as reader:
        finding = reader.audited(told, [("kept", note) for note in kept])
    assert finding.fault is None
    return finding.signed


def signers(data: Path, note: str) -> list[bool]:
    now = kept_signer(data)
    assert now is not None
    found = parse(note.encode()).signers([OLD.verifier, now.verifier])
    return [OLD.verifier in found, now.verifier in found]


async def test_handed_over(data: Path) -> None:
    """An entry hands over, both keys sign the checkpoint that ends with it, the new one what comes
    then; who was told either key verifies all of it. The old one is gone.
    """
    async with opened(data) as store:
        before = await store.newest_note() or ""
        rotated = await KeyRotation(store, data).rotate("Rina")
        at_end = await store.newest_note() or ""
        after = await _happened(store, 2)

    new = kept_signer(data)
    assert new is not None
    assert rotated.key == str(new.verifier) != str(OLD.verifier)
    assert rotated.checkpoint == at_end
    assert [signers(data, note) for note in (before, at_end, after)] == [
        [True, False],
        [True, True],
        [False, True],
    ]
    assert not (data / NEXT).exists()
    for told in (OLD.verifier, new.verifier):
        assert verified(data, told, before, at_end, after) == 4
    with open_ledger(data) as reader:
        entry = json.loads(list(reader.entries())[2][1])
    assert (entry["type"], entry["key"], entry["by"]) == ("key", rotated.key, "Rina")


async def test_goes_on_after_a_restart(data: Path) -> None:
    """The new key goes on after a restart, also where what was published is of the one before."""
    async with opened(data) as store:
        (data / "checkpoint").write_text(await store.newest_note() or "")
        await KeyRotation(store, data).rotate("Rina")
    after = await _go_on(data, 3)
    later = await _go_on(data, 4)

    assert [signers(data, note) for note in (after, later)] == [[False, True]] * 2
    assert verified(data, OLD.verifier, later) == 5


async def test_stolen_key(data: Path, logs: list[dict[str, object]]) -> None:
    """Who puts the old key back signs nothing with it any more."""
    async with opened(data) as store:
        await KeyRotation(store, data).rotate("Rina")
    signing = Signing(OLD)
    async with open_store(data, vantage=VANTAGE, now=lambda: NOON, signing=signing) as store:
        before = await store.newest_note()
        assert await _happened(store, 5) == before

    [refused] = [each for each in logs if each["event"] == "ledger.inconsistent"]
    assert "the key was replaced" in str(refused["detail"])


async def test_broken_off_before_it_was_written(data: Path) -> None:
    """A next key that signed nothing is removed at the start, and the old one goes on."""
    make_next_signer(data, OLD.name)
    after = await _go_on(data, 2)

    assert not (data / NEXT).exists()
    assert kept_signer(data) == OLD
    assert signers(data, after) == [True, True]  # the key now is the old one


async def test_broken_off_before_its_file_was_renamed(data: Path) -> None:
    """A next key that signs already takes its place at the start."""
    following = make_next_signer(data, OLD.name)
    async with opened(data) as store:
        await store.hand_over(following, "Rina")
    after = await _go_on(data, 2)

    assert not (data / NEXT).exists()
    assert kept_signer(data) == following
    assert signers(data, after) == [False, True]


class FailingOnce:
    """A ledger whose disk fails in the middle of handing over."""

    def __init__(self, store: SqlStore, fails: list[str]) -> None:
        self.sign, self.newest_note = store.sign, store.newest_note
        self._store, self._fails = store, fails

    async def hand_over(self, successor: Signer, by: str) -> str | None:
        self._fails.append("disk")
        return await self._store.hand_over(successor, by)


@pytest.mark.parametrize("point", ["writing", "committed"])
async def test_disk_that_fails_once(data: Path, point: str) -> None:
    """A write that fails, or that is said to have failed, is tried again, and one key signs."""
    fails: list[str] = []

    def reached(where: str) -> None:
        if where == point and fails:
            raise OSError(5, fails.pop())

    async with opened(data, reached) as store:
        await _happened(store, 2)
        await KeyRotation(FailingOnce(store, fails), data).rotate("Rina")
        after = await _happened(store, 3)

    assert fails == []
    assert signers(data, after) == [False, True]
    assert verified(data, OLD.verifier, after) == 5


async def test_disk_that_keeps_failing(data: Path) -> None:
    """While nothing can be written no key is replaced; the next attempt does it."""
    broken = [False]

    def reached(where: str) -> None:
        if where == "writing" and broken[0]:
            raise OSError(28, "no space")

    async with opened(data, reached) as store:
        await _happened(store, 2)
        rotation = KeyRotation(store, data)
        broken[0] = True
        with pytest.raises(NotRotated, match="no space"):
            await rotation.rotate("Rina")
        broken[0] = False
        assert kept_signer(data) == OLD
        await rotation.rotate("Rina")
        after = await _happened(store, 3)

    assert signers(data, after) == [False, True]
    assert verified(data, OLD.verifier, after) == 5


async def test_ledger_that_is_not_signed_any_more(data: Path) -> None:
    """A ledger that is no longer what was signed is not handed over."""
    (data / "checkpoint").write_text(OLD.signed(f"{OLD.name}\n900\n{'A' * 43}=\n"))
    async with opened(data) as store:
        with pytest.raises(NotRotated, match="not signed any more"):
            await KeyRotation(store, data).rotate("Rina")

    assert kept_signer(data) == OLD
    assert not (data / NEXT).exists()


async def test_credential(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that systemd hands over is not ours to replace."""
    (tmp_path / NAME).write_text(OLD.skey)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    async with open_store(data, vantage=VANTAGE, signing=Signing(OLD)) as store:
        with pytest.raises(NotRotated, match="is a credential of systemd"):
            await KeyRotation(store, data).rotate("Rina")


_ROTATE = """
import asyncio, os, sys
from pathlib import Path
import monitor.app.keyrotation as keyrotation
from tests.integration.store.test_keyrotation import opened

left = int(sys.argv[2])

def passed(*_):
    global left
    left -= 1
    if left < 0:
        os._exit(9)

def watched(function):
    def wrapped(*arguments):
        passed()
        found = function(*arguments)
        passed()
        return found
    return wrapped

keyrotation.make_next_signer = watched(keyrotation.make_next_signer)
keyrotation.settle_next_signer = watched(keyrotation.settle_next_signer)

async def rotate():
    async with opened(Path(sys.argv[1]), passed) as store:
        await keyrotation.KeyRotation(store, Path(sys.argv[1])).rotate("Rina")

asyncio.run(rotate())
"""


def test_killed_at_each_point(data: Path) -> None:
    """Killed between any two steps, the next start ends it one way or the other: one key is left,
    it signs, and who was told the first key still follows.
    """
    for kills in range(30):
        environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
        command = [sys.executable, "-c", _ROTATE, str(data), str(kills)]
        ended = subprocess.run(command, env=environment, capture_output=True, check=False)
        assert ended.returncode in (0, 9), ended.stderr.decode()[-2000:]
        after = asyncio.run(_go_on(data, 10 + kills))
        assert not (data / NEXT).exists()
        assert signers(data, after)[1]
        assert verified(data, OLD.verifier, after) > 0
        if ended.returncode == 0:
            break
    else:
        pytest.fail("it never came to its end")
    assert kills >= 6
