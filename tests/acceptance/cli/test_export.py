"""`pantau export` over a real database, whose older hours are sealed."""

import asyncio
import csv
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.domain.incident import Acknowledgement, AffectedCheck, Incident
from monitor.domain.instant import microseconds
from monitor.domain.observation import Failure, FailureKind, Outcome, OutcomeStatus
from monitor.domain.service import ServiceId
from monitor.domain.status import Status
from monitor.ports import Change
from monitor.store.sealjob import Paces
from monitor.store.sql import open_store
from tests.acceptance.cli.commands import pantau
from tests.fakes import NOON
from tests.integration.store.changes import CHECKS, VANTAGE, change_to, observation

FORMULA = '=HYPERLINK("http://jahat.example")'
DOWN = Outcome(
    status=OutcomeStatus.FAILED, failure=Failure(FailureKind.BODY, f"{FORMULA}, expected Makassar")
)
MINUTES = 300
SITE = f"""
version: 1
services:
  - {{id: portal, name: Portal, owner: diskominfo}}
  - {{id: pajak, name: Pajak, owner: diskominfo}}
checks:
  - {{id: {CHECKS[0]}, service: portal, type: tcp, host: 127.0.0.1, port: 9, interval: 60s}}
  - {{id: {CHECKS[2]}, service: pajak, type: tcp, host: 127.0.0.1, port: 9, interval: 60s}}
"""
MONTH = ("--month", f"{NOON:%Y-%m}")


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """Five hours of three checks; the third of them is configured no more."""
    folder = tmp_path_factory.mktemp("export")
    (folder / "checks.yaml").write_text(SITE)
    (folder / "config").mkdir()
    (folder / "config" / "monitor.yaml").write_text(f"vantage: {VANTAGE}\n")
    asyncio.run(_filled(folder / "data"))
    return folder


async def _filled(data: Path) -> None:
    incident = Incident(
        id="INC1",
        service=ServiceId("portal"),
        started_at=NOON + timedelta(minutes=20),
        ended_at=NOON + timedelta(minutes=30),
        checks=(AffectedCheck(id=CHECKS[0], since=NOON, until=NOON, failure=DOWN.failure),),
        acknowledged=Acknowledgement(by="Rina", at=NOON + timedelta(minutes=22)),
    )
    async with open_store(data, vantage=VANTAGE) as store:
        for minute in range(MINUTES):
            outcome = {"outcome": DOWN} if 20 <= minute < 30 else {}
            seen = tuple(observation(minute, check, **outcome) for check in CHECKS)
            await store.commit(Change(observations=seen))
        down, up = change_to(Status.DOWN, Status.UP, 20), change_to(Status.UP, Status.DOWN, 30)
        await store.commit(
            Change(transitions=((CHECKS[0], down), (CHECKS[0], up)), incidents=(incident,))
        )
        paces = Paces(intervals=dict.fromkeys(CHECKS, 60_000_000))
        await store.seal(microseconds(NOON) // 3_600_000_000 + 2, paces)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_csv(site: Path, tmp_path: Path) -> None:
    """Each sample of the period is a row, sealed or not; intervals and incidents have theirs."""
    done = pantau(site, "export", "csv", *MONTH, "--out", tmp_path)

    assert done.returncode == 0, done.stderr
    assert f"{tmp_path / 'observations.csv'}: 900 rows" in done.stdout
    seen = table(tmp_path / "observations.csv")
    assert [row["check"] for row in seen] == [each for each in sorted(CHECKS) for _ in range(300)]
    first = seen[0]
    assert first["scheduled_at"] == f"{NOON:%Y-%m-%dT%H:%M:%S}.000000Z"
    assert (first["duration_seconds"], first["status"], first["kind"]) == ("0.02", "up", "")
    failed = seen[20]
    assert (failed["status"], failed["kind"]) == ("down", "body")
    assert failed["detail"] == f"'{FORMULA}, expected Makassar"
    intervals = table(tmp_path / "intervals.csv")
    assert [(row["check"], row["status"], row["ended_at"]) for row in intervals] == [
        (CHECKS[0], "down", f"{NOON + timedelta(minutes=30):%Y-%m-%dT%H:%M:%S}.000000Z"),
        (CHECKS[0], "up", ""),
    ]
    [incident] = table(tmp_path / "incidents.csv")
    assert (incident["id"], incident["checks"], incident["acknowledged_by"]) == (
        "INC1",
        CHECKS[0],
        "Rina",
    )


def test_parquet_says_the_same(site: Path, tmp_path: Path) -> None:
    """Parquet has the same rows, with types: times in UTC, and nothing where nothing is."""
    parquet = pytest.importorskip("pyarrow.parquet")
    pantau(site, "export", "csv", *MONTH, "--out", tmp_path)

    done = pantau(site, "export", "parquet", *MONTH, "--out", tmp_path)

    assert done.returncode == 0, done.stderr
    for name in ("observations", "intervals", "incidents"):
        found = parquet.read_table(tmp_path / f"{name}.parquet").to_pylist()
        said = [{key: _said(value) for key, value in row.items()} for row in found]
        assert said == table(tmp_path / f"{name}.csv")
    [first, *_] = parquet.read_table(tmp_path / "observations.parquet").to_pylist()
    assert first["scheduled_at"] == NOON
    assert first["kind"] is None


def _said(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith("=") else text


def test_one_service_and_one_table(site: Path, tmp_path: Path) -> None:
    """What is asked for is written, and nothing else."""
    chosen = ("--service", "pajak", "--only", "observations")
    done = pantau(site, "export", "csv", *MONTH, *chosen, "--out", tmp_path, "--output", "json")

    assert done.returncode == 0, done.stderr
    assert '"rows": 300' in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["observations.csv"]
    assert {row["check"] for row in table(tmp_path / "observations.csv")} == {CHECKS[2]}


def test_days_are_those_of_the_zone(site: Path, tmp_path: Path) -> None:
    """A period is from a local midnight to another one."""
    day = NOON.date()
    days = ("--from", day - timedelta(days=2), "--to", day)

    done = pantau(site, "export", "csv", *days, "--out", tmp_path)

    assert done.returncode == 0, done.stderr
    assert table(tmp_path / "observations.csv") == []
    assert (tmp_path / "observations.csv").read_text().startswith("check,vantage,epoch,")


def test_nothing_is_replaced(site: Path, tmp_path: Path) -> None:
    """A file that is there stays, and is named."""
    (tmp_path / "observations.csv").write_text("mine")

    done = pantau(site, "export", "csv", *MONTH, "--out", tmp_path)

    assert done.returncode == 1
    assert "observations.csv: there is such a file already: name another folder" in done.stderr
    assert (tmp_path / "observations.csv").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["observations.csv"]


def test_without_the_extra(site: Path, tmp_path: Path) -> None:
    """Without the extra one sentence says what to install, and nothing is written."""
    program = "import sys; sys.modules['pyarrow'] = None; from monitor.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "export", "parquet", *MONTH, "--out", tmp_path / "out"],
        cwd=site,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr == (
        "Parquet needs an extra: pip install 'pantau[parquet]'; or take `pantau export csv`\n"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--service", "portl"), "there is no service 'portl'; did you mean 'portal'?"),
        ((), "give --month YYYY-MM, or --from and --to YYYY-MM-DD"),
    ],
)
def test_wrong_use(site: Path, tmp_path: Path, arguments, complaint: str) -> None:
    """What is not there, and no period, are mistakes of usage."""
    period = MONTH if arguments else ()
    done = pantau(site, "export", "csv", *period, *arguments, "--out", tmp_path)

    assert done.returncode == 2
    assert complaint in done.stderr
