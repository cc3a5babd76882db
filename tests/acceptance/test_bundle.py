"""A bundle as an auditor gets it: made by the command, verified without Pantau."""

import asyncio
import json
import shutil
import subprocess
import zipfile
import zlib
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.check import CheckId
from monitor.domain.instant import instant, microseconds
from monitor.domain.observation import Failure, FailureKind, Observation, Outcome, OutcomeStatus
from monitor.ledger.pantau_bundle import Refused, local_header, unpacked, verdict
from monitor.ports import Change
from monitor.reports.bundle import add_manifest, packed
from monitor.store.sql import open_store
from tests.acceptance.cli.commands import pantau
from tests.acceptance.conftest import Hire
from tests.daemon import eventually, http_check, services
from tests.flippable import Flippable

_HOUR = 3_600_000_000
_MINUTE = 60_000_000
_SEALED = "pantau_store_sealed_until_timestamp_seconds"
_REFUSED = Outcome(
    status=OutcomeStatus.FAILED, failure=Failure(FailureKind.CONNECT_REFUSED, "refused")
)


def test_bundle_for_an_auditor(hire: Hire, targets: Flippable, tmp_path: Path) -> None:
    """A bundle verifies in a Python that has nothing else, with every figure computed anew; any
    byte that is another is noticed, and so is a file that fits the manifest but not the ledger.
    """
    daemon = hire()
    checks = [http_check("satu", targets.url("satu"))]
    daemon.site.write(services(("satu",)), checks, interval="60s")
    day = (datetime.now(ZoneInfo("Asia/Makassar")) - timedelta(days=2)).date()
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("Asia/Makassar"))
    first = microseconds(midnight) // _HOUR
    asyncio.run(_watched(daemon.site.data, range(first - 1, first + 25)))
    daemon.start()
    eventually(lambda: daemon.metrics(_SEALED), 90, "all hours are sealed")
    daemon.terminate()

    asked = ("--from", day.isoformat(), "--to", (day + timedelta(days=1)).isoformat())
    made = pantau(daemon.site.folder, "report", "bundle", *asked, "--out", str(tmp_path))
    assert made.returncode == 0, made.stderr
    [path] = tmp_path.glob("*.zip")
    raw = path.read_bytes()
    files = unpacked(raw)

    said = _as_told(path, "BACA-SAYA.txt")
    assert said == _as_told(path, "README.txt")
    assert "computed anew: satu" in said
    assert "lines of data.csv" in said
    assert "Hasil: SESUAI." in said
    assert "Result: ALL AGREES." in said
    figures = json.loads(files["laporan.json"])["services"][0]["figures"]["around_the_clock"]
    assert figures["microseconds"]["down"] >= 10 * _MINUTE
    key = files["key"].decode().strip()
    command = ("report", "verify", str(path), "--key", key)
    assert pantau(daemon.site.folder, *command).stdout == said

    _named_by_both(path, files, daemon.site.folder)
    _every_region_counts(raw)
    _no_other_history(tmp_path / "palsu", files)
    wrong = tmp_path / "rusak.zip"
    wrong.write_bytes(raw[:-1] + b"x")
    refused = pantau(daemon.site.folder, "report", "verify", str(wrong))
    assert refused.returncode == 1
    assert "the directory at the end of the archive is changed" in refused.stderr


def _as_told(path: Path, instructions: str) -> str:
    """Return what comes of the commands in the instructions of a bundle, in the folder of it, where
    nothing but the system's Python is installed.
    """
    with zipfile.ZipFile(path) as opened:
        text = opened.read(instructions).decode()
    commands = [line.strip() for line in text.splitlines() if line.startswith("       python3 ")]
    unpack, verify = commands
    assert _alone(unpack, path.parent).returncode == 0
    said = _alone(verify, path.parent)
    assert said.returncode == 0, said.stderr
    return said.stdout


def _alone(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/usr/bin/env", "-i", "/bin/sh", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )


def _named_by_both(path: Path, files: dict[str, bytes], site: Path) -> None:
    """A byte of each file that is another is named by the command, and by the program alone."""
    raw = path.read_bytes()
    for name, body in files.items():
        other = bytearray(raw)
        other[raw.index(local_header(name, zlib.crc32(body), len(body)) + body) + 60] ^= 1
        (path.parent / "lain.zip").write_bytes(other)
        program = _alone("python3 -I -S periksa/pantau_bundle.py lain.zip", path.parent)
        assert (program.returncode, program.stdout) == (1, ""), name
        assert f"NOT VERIFIED: {name}: its bytes" in program.stderr, program.stderr
        command = pantau(site, "report", "verify", str(path.parent / "lain.zip"))
        assert command.returncode == 1
        assert f"lain.zip: {name}: its bytes" in command.stderr, command.stderr
    gone = _alone("python3 -I -S periksa/pantau_bundle.py tiada.zip", path.parent)
    assert (gone.returncode, gone.stdout) == (2, "")


def _every_region_counts(raw: bytes) -> None:
    for at in range(0, len(raw), max(1, len(raw) // 150)):
        other = bytearray(raw)
        other[at] ^= 1
        with pytest.raises(Refused):
            list(verdict(bytes(other)))


def _no_other_history(folder: Path, files: dict[str, bytes]) -> None:
    """Put other files into bundles that are whole in themselves: each is refused, and named."""
    report = json.loads(files["laporan.json"])
    times = report["services"][0]["figures"]["around_the_clock"]["microseconds"]
    times["up"], times["down"] = times["up"] + times["down"], 0
    better = json.dumps(report).encode()
    state = report["provenance"]["ledger"]
    changes = {
        "laporan.json": (better, "laporan.json: satu figures around_the_clock"),
        "entries.jsonl": (
            files["entries.jsonl"].replace(b'"type":"hour"', b'"type":"hours"', 1),
            "not those that were signed",
        ),
        "hours.jsonl": (files["hours.jsonl"].replace(b'"down"', b'"up"', 1), "the hours of checks"),
        "checkpoints": (files["checkpoints"][: len(files["checkpoints"]) // 2], ""),
        "blocks": (files["blocks"].replace(b"A", b"B", 1), ""),
        "key": (b"pantau/lain+00000000+AAAA\n", ""),
    }
    changes["data.csv"] = (_down_is_zero(files["data.csv"]), "data.csv, line")
    for name, (body, said) in changes.items():
        assert body != files[name], name
        told = _refusal(_remade(folder, files | {name: body}))
        assert told != "NOTHING", name
        assert said in told, (name, told)
    fewer = files["blocks"].split(b"\n", 6)[6]
    assert "gone unsaid" in _refusal(_remade(folder, files | {"blocks": fewer}))
    elsewhere = json.dumps(report | {"provenance": {"ledger": state | {"root": "00" * 32}}})
    told = _refusal(_remade(folder, files | {"laporan.json": elsewhere.encode()}))
    assert "another ledger" in told


def _refusal(raw: bytes) -> str:
    """Return why a bundle is refused, "NOTHING" where it is not."""
    try:
        list(verdict(raw))
    except Exception as error:
        return str(error) or type(error).__name__
    return "NOTHING"


def _down_is_zero(lines: bytes) -> bytes:
    head, first, *rest = lines.split(b"\r\n")
    cells = first.split(b",")
    place = head.split(b",").index(b"down_microseconds")
    cells[place] = b"0"
    return b"\r\n".join([head, b",".join(cells), *rest])


def _remade(folder: Path, files: dict[str, bytes]) -> bytes:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, body in files.items():
        if name != "manifest.json":
            (folder / name).write_bytes(body)
    add_manifest(folder)
    return b"".join(packed(folder))


async def _watched(data: Path, hours: range) -> None:
    """Leave behind what a daemon saw in `hours`, once a minute: ten minutes of an outage."""
    outage = range((hours.start + 5) * _HOUR, (hours.start + 5) * _HOUR + 10 * _MINUTE)
    async with open_store(data, vantage="utama") as store:
        slots = (hour * _HOUR + n * _MINUTE for hour in hours for n in range(60))
        seen = tuple(_seen(at, _REFUSED if at in outage else Outcome()) for at in slots)
        await store.commit(Change(observations=seen))


def _seen(at: int, outcome: Outcome) -> Observation:
    return Observation(
        check_id=CheckId("satu"),
        vantage="utama",
        epoch=1,
        scheduled_at=instant(at),
        started_at=instant(at),
        duration=timedelta(milliseconds=20),
        outcome=outcome,
    )
