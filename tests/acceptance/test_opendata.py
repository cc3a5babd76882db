"""Open data that a running daemon gives to everybody."""

import gzip
import json
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.observation import Observation, Outcome
from monitor.ports import Change, Mark, MarkKind
from monitor.store.sql import open_store
from tests.acceptance.cli.commands import pantau
from tests.acceptance.conftest import Hire
from tests.daemon import Daemon, eventually, http_check, services
from tests.flippable import Flippable

WITA = ZoneInfo("Asia/Makassar")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TODAY = datetime.now(WITA).replace(hour=0, minute=0, second=0, microsecond=0)
FIRST, LAST = TODAY - 2 * DAY, TODAY - DAY
MONTHS = f"from={FIRST:%Y-%m}&to={LAST:%Y-%m}"
SHOWN, HIDDEN = "portal", "rahasia"


@pytest.fixture
async def daemon(hire: Hire, targets: Flippable) -> Daemon:
    """Return a daemon that has watched a public service and another one for two days."""
    hired = hire()
    site = hired.site
    site.write_alerts({})
    listed = [{**one, "public": one["id"] == SHOWN} for one in services([SHOWN, HIDDEN])]
    site.write(listed, [http_check(name, targets.url(name)) for name in (SHOWN, HIDDEN)])
    site.data.mkdir(mode=0o700, exist_ok=True)
    async with open_store(site.data, vantage="utama") as store:
        await store.restore()
        start = Mark(kind=MarkKind.START, at=FIRST.astimezone(UTC), epoch=1)
        await store.commit(Change(observations=_seen(SHOWN) + _seen(HIDDEN), marks=(start,)))
    return hired.start()


def _seen(check: str) -> tuple[Observation, ...]:
    """Return a good sample of each minute of both days, but for an hour."""
    return tuple(
        Observation(
            check_id=check,
            vantage="utama",
            epoch=1,
            scheduled_at=at,
            started_at=at,
            duration=timedelta(milliseconds=20),
            outcome=Outcome(),
        )
        for minute in range(2 * 1440)
        if not 600 <= minute < 660
        for at in [(FIRST + minute * MINUTE).astimezone(UTC)]
    )


def fetched(
    daemon: Daemon, path: str, method: str = "GET", **headers: str
) -> tuple[int, Any, bytes]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{daemon.site.port}{path}",
        method=method,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def given(daemon: Daemon, path: str) -> tuple[Any, bytes]:
    """Return what is given once it is made, which may take longer than a request may."""
    answers = (fetched(daemon, path) for _ in range(20))
    status, headers, body = next(each for each in answers if each[0] != 503)
    assert status == 200, body
    return headers, body


def test_the_bytes_of_the_command(daemon: Daemon, tmp_path: Path) -> None:
    """What is served is to the byte what `pantau export opendata` writes, and names no service
    that is not public.
    """
    days = ("--from", f"{FIRST:%Y-%m}-01", "--to", f"{TODAY:%Y-%m-%d}", "--out", str(tmp_path))
    assert pantau(daemon.site.folder, "export", "opendata", *days).returncode == 0

    for file in sorted(tmp_path.iterdir()):
        if file.name == "metadata.json":
            continue
        query = "" if file.name.startswith("kamus") else f"?{MONTHS}"
        _, body = given(daemon, f"/api/v1/public/{file.name}{query}")
        assert body == file.read_bytes(), file.name
        assert HIDDEN.encode() not in body
    assert b"portal" in (tmp_path / "ketersediaan.csv").read_bytes()


def test_what_nobody_saw_is_a_gap(daemon: Daemon) -> None:
    """An hour in which nobody watched is unknown: no time down, and less coverage."""
    _, body = given(daemon, f"/api/v1/public/ketersediaan.json?{MONTHS}")
    rows = {row["tanggal"]: row for row in json.loads(body)["data"]}
    row = rows[f"{FIRST:%Y-%m-%d}"]

    assert row["turun"] == 0
    assert row["tidak_diketahui"] > 57 * 60 * 1_000_000
    assert row["ketersediaan_tepat"] == "1/1"
    assert row["ketersediaan_persen"] is None


def test_made_once_and_known_again(daemon: Daemon) -> None:
    """What was made is kept, a client that has it is told so, and HEAD says how long it is."""
    path = f"/api/v1/public/ketersediaan.csv?{MONTHS}"
    headers, body = given(daemon, path)
    [folder] = (daemon.site.data / "opendata").iterdir()
    made = folder.stat().st_mtime_ns

    packed = fetched(daemon, path, Accept_Encoding="gzip")
    assert gzip.decompress(packed[2]) == body
    assert len(packed[2]) < len(body) / 2
    assert fetched(daemon, path, "HEAD")[1]["content-length"] == str(len(body))
    assert fetched(daemon, path, If_None_Match=headers["etag"])[0] == 304
    assert fetched(daemon, path, If_Modified_Since=headers["last-modified"])[0] == 304
    assert fetched(daemon, path, If_None_Match='"other"')[2] == body
    assert headers["access-control-allow-origin"] == "*"
    assert folder.stat().st_mtime_ns == made


def test_a_service_that_is_public_no_more(daemon: Daemon) -> None:
    """After a reload in which nothing is public any more, nothing is given."""
    path = f"/api/v1/public/ketersediaan.csv?{MONTHS}"
    given(daemon, path)
    text = daemon.site.config.read_text()
    daemon.site.config.write_text(text.replace('"public": true', '"public": false'))
    assert fetched(daemon, "/-/reload", "POST")[0] == 200

    status, _, body = fetched(daemon, path)
    assert (status, SHOWN.encode() in body) == (404, False)


def test_making_it_holds_up_nobody(daemon: Daemon) -> None:
    """While data is made the event loop goes on, and when it is made no process is left."""
    given(daemon, f"/api/v1/public/gangguan.csv?{MONTHS}")

    [lag] = daemon.metrics("pantau_loop_lag_seconds").values()
    assert lag < 0.5
    eventually(lambda: not _children(daemon.pid), 10, "no process is left")


def _children(pid: int) -> str:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().strip()
