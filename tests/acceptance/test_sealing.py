"""The daemon seals what earlier hours left, while it goes on watching."""

import asyncio
import base64
import json
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from monitor.domain.check import CheckId
from monitor.domain.instant import instant
from monitor.domain.observation import Observation, Outcome
from monitor.ledger.tree import leaf_hash, root_of
from monitor.ports import Change
from monitor.store.connection import DATABASE
from monitor.store.sql import open_store
from tests.acceptance.cli.commands import pantau
from tests.acceptance.conftest import Hire
from tests.daemon import eventually, http_check, services
from tests.flippable import Flippable

_HOUR = 3_600_000_000
_MINUTE = 60_000_000
_NAMES = ("satu", "dua", "tiga")
_SEALED = "pantau_store_sealed_until_timestamp_seconds"


@pytest.mark.slow
def test_a_killed_daemon_goes_on_sealing(hire: Hire, targets: Flippable) -> None:
    """Killed while it seals, the daemon goes on where it was: no sample of earlier hours is lost or
    in two places, each hour has one entry, and checks run meanwhile.
    """
    daemon = hire()
    checks = [http_check(name, targets.url(name)) for name in _NAMES]
    daemon.site.write(services(_NAMES), checks, interval="500ms")
    hours = range(int(time.time() * 1e6) // _HOUR - 6, int(time.time() * 1e6) // _HOUR - 3)
    asyncio.run(_watched(daemon.site.data, hours))

    daemon.start(die_at="tended:12")
    assert daemon.ended(20) is not None, daemon.tail()
    daemon.start()
    eventually(lambda: daemon.metrics(_SEALED), 20, "all hours are sealed")
    eventually(lambda: _count(daemon.site.data, "observation") > 3, 10, "checks run on")
    daemon.terminate()

    assert _count(daemon.site.data, f"observation WHERE scheduled_at < {hours.stop * _HOUR}") == 0
    assert _sealed_samples(daemon.site.data, hours) == 3 * 3 * 60
    entries = [each["hour"] for each in _entries(daemon.site.data) if each["hour"] in hours]
    assert entries == list(hours)
    verified = pantau(daemon.site.folder, "ledger", "verify")
    assert verified.returncode == 0, verified.stderr
    assert f"{3 * 3} hours of checks, and {3 * 3} blocks of samples" in verified.stdout
    bundle = daemon.site.folder / "bundle"
    assert pantau(daemon.site.folder, "ledger", "export", "--bundle", str(bundle)).returncode == 0
    assert _agrees(bundle)
    assert _alone(bundle) == (
        "verified: 9 hours of checks, 9 blocks of samples",
        # Seen once a minute: a check that is to run each half second is known 1.25 s of it.
        f"up {90 * 1_250_000}, down 0, unknown {90 * 58_750_000} microseconds",
        "availability 1",
    )


def _alone(bundle: Path) -> tuple[str, ...]:
    """Return what an auditor's Python, which has no Pantau, says of a bundle and of half an hour
    and an hour in it.
    """
    [command] = re.findall(r"pantau_verify.py --key '(.*)' \\", (bundle / "README.txt").read_text())
    start = instant(_first_hour(bundle) * _HOUR + _HOUR // 2)
    period = f"{start.isoformat()}/{(start + timedelta(minutes=90)).isoformat()}"
    said = subprocess.run(
        [
            *(sys.executable, "-I", "-S", "pantau_verify.py", "--key", command),
            *("entries.jsonl", "checkpoints", "--hours", "hours.jsonl", "--blocks", "blocks"),
            *("--period", period, "--check", _NAMES[0], "--check", _NAMES[1]),
        ],
        cwd=bundle,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    return tuple(said.stdout.splitlines()[1:])


def _first_hour(bundle: Path) -> int:
    rows = (bundle / "hours.jsonl").read_bytes().splitlines()
    return min(int(json.loads(row)["hour"]) for row in rows)


def _agrees(bundle: Path) -> bool:
    """Say whether a bundle holds what its entries stand for, by what docs/ledger.md tells."""
    leaves: dict[int, list[bytes]] = {}
    hashes = []
    for line in (bundle / "hours.jsonl").read_bytes().splitlines():
        row = json.loads(line)
        leaves.setdefault(row["hour"], []).append(leaf_hash(line))
        hashes.append(row["hash"])
    blocks = [base64.b64decode(line) for line in (bundle / "blocks").read_bytes().splitlines()]
    entries = [json.loads(line) for line in (bundle / "entries.jsonl").read_bytes().splitlines()]
    roots = {each["hour"]: each["root"] for each in entries if each["type"] == "hour"}
    return [sha256(block).hexdigest() for block in blocks] == hashes and roots == {
        hour: root_of(found).hex() for hour, found in leaves.items()
    }


async def _watched(data: Path, hours: range) -> None:
    """Leave behind what a daemon of an earlier release saw in `hours`, once a minute."""
    async with open_store(data, vantage="utama") as store:
        await store.commit(
            Change(
                observations=tuple(
                    _seen(name, hour * _HOUR + n * _MINUTE)
                    for name in _NAMES
                    for hour in hours
                    for n in range(60)
                )
            )
        )


def _seen(name: str, at: int) -> Observation:
    return Observation(
        check_id=CheckId(name),
        vantage="utama",
        epoch=1,
        scheduled_at=instant(at),
        started_at=instant(at),
        duration=timedelta(milliseconds=20),
        outcome=Outcome(),
    )


def _rows(data: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(data / DATABASE)) as database:
        return database.execute(statement).fetchall()


def _count(data: Path, of: str) -> int:
    [(count,)] = _rows(data, f"SELECT count(*) FROM {of}")
    return int(str(count))


def _sealed_samples(data: Path, hours: range) -> int:
    found = _rows(data, f"SELECT samples FROM sealed_hour WHERE hour < {hours.stop}")
    return sum(int(str(count)) for (count,) in found)


def _entries(data: Path) -> list[dict[str, int]]:
    bodies = [
        json.loads(str(body, "utf-8")) for (body,) in _rows(data, "SELECT body FROM ledger_entry")
    ]  # type: ignore[arg-type]
    return [body for body in bodies if body["type"] == "hour"]
