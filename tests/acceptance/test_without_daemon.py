"""Commands that write while no daemon runs: what they wrote holds, and is told at the next start."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.store.lock import hold
from monitor.store.pagesums import sums_path
from tests.acceptance.cli.commands import PANTAU, pantau
from tests.acceptance.conftest import Hire
from tests.acceptance.messages import body, distinct, kinds
from tests.collector import Collector
from tests.daemon import Daemon, Site, eventually, http_check, services
from tests.servers import free_port

SILENCE = ("silence", "add", "--service", "kota", "--for", "1h", "--by", "Rina")
# Asks for the same as SILENCE, and dies where the store's writer is told to.
DYING = """
import os, signal, sys
from pathlib import Path
from monitor.app.onewriter import one_writer
from monitor.cli import logs
from monitor.cli.configured import configuration

def reached(place):
    if place == sys.argv[1]:
        os.kill(os.getpid(), signal.SIGKILL)

logs.set_up(None, quiet=True)
wish = b'{"match": {"service": "kota"}, "seconds": 3600, "by": "Rina"}'
with one_writer(configuration(Path("checks.yaml")), reached) as ask:
    print(*ask("POST", "/api/v1/silences", wish))
"""


@pytest.fixture
def stopped(hire: Hire) -> Daemon:
    """A daemon that ran, and does not run any more."""
    daemon = hire()
    daemon.site.write(services(["kota"]), [])
    daemon.start().terminate()
    return daemon


def listed(site: Site) -> list[str]:
    found = json.loads(pantau(site.folder, "silence", "list", "--output", "json").stdout)
    return [each["by"] for each in found]


def dying(site: Site, point: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", DYING, point]
    return subprocess.run(command, cwd=site.folder, capture_output=True, check=False)


def rows(site: Site, table: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(f"file:{site.data / 'pantau.db'}?mode=ro", uri=True)
    try:
        return connection.execute(f"SELECT * FROM {table}").fetchall()
    finally:
        connection.close()


def test_it_is_told_at_the_next_start(hire: Hire, collector: Collector) -> None:
    """Who takes care of an outage is taken down without a daemon; nobody is told before the next
    start, and then once.
    """
    daemon = hire()
    site = daemon.site
    check = http_check("kota", f"http://127.0.0.1:{free_port()}/", "kota")
    site.write(services(["kota"]), [check], failure_threshold=1)
    site.write_alerts({"oncall": collector.url})
    daemon.start()
    collector.wait_for(1, 15)
    daemon.kill()
    marks = rows(site, "mark")

    said = pantau(site.folder, "ack", "kota", "--by", "Rina", "--comment", "Sedang dicek")
    before, marks_after = kinds(collector.received), rows(site, "mark")
    daemon.start()
    eventually(lambda: len(distinct(collector.received)) > 1, 15, "the acknowledgement is told")

    assert (said.returncode, said.stderr) == (0, "")
    assert "✓ kota: Rina takes care of it" in said.stdout
    assert before == ["alert.firing"]
    assert marks_after == marks
    assert kinds(collector.received) == ["alert.firing", "alert.acknowledged"]
    assert (
        "Ditangani oleh: Rina (Sedang dicek)"
        in body(distinct(collector.received)[1])["summary"]["id"]
    )


def test_silences_without_a_daemon(stopped: Daemon) -> None:
    """Silences are added, shown and lifted without a daemon, and one that starts has them."""
    site = stopped.site
    added = pantau(site.folder, *SILENCE, "--output", "json")
    lifted = pantau(site.folder, *SILENCE, "--output", "json")
    pantau(site.folder, "silence", "lift", json.loads(lifted.stdout)["id"])
    stopped.start()

    found = json.loads(pantau(site.folder, "silence", "list", "--output", "json").stdout)

    assert [each["id"] for each in found] == [json.loads(added.stdout)["id"]]


def test_two_at_once(stopped: Daemon) -> None:
    """Of several commands at once each waits for its turn, and none is lost."""
    folder = stopped.site.folder
    both = [
        subprocess.Popen([PANTAU, *SILENCE], cwd=folder, stdout=subprocess.DEVNULL)
        for _ in range(3)
    ]

    assert [each.wait(60) for each in both] == [0, 0, 0]
    assert listed(stopped.site) == ["Rina"] * 3


def test_daemon_starts_after_the_command(stopped: Daemon) -> None:
    """A daemon that starts while a command writes waits for it, and has what it wrote."""
    script = "import sys; from monitor.store.lock import hold\n"
    script += "with hold(sys.argv[1], briefly=True): print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script, stopped.site.data],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as command:
        assert command.stdout is not None
        assert command.stdin is not None
        command.stdout.readline()
        stopped.launch()
        assert stopped.ended(0.5) is None
        command.stdin.close()
        command.wait(10)

    assert pantau(stopped.site.folder, *SILENCE).returncode == 0
    assert stopped.ended(0) is None
    assert listed(stopped.site) == ["Rina"]


@pytest.mark.parametrize(("point", "kept"), [("writing", []), ("committed", ["Rina"])])
def test_killed_on_the_way(stopped: Daemon, point: str, kept: list[str]) -> None:
    """A command that is killed has written all or nothing, and the next one goes on from there."""
    site = stopped.site
    ended = dying(site, point)
    found = listed(site)
    again = pantau(site.folder, *SILENCE)
    stopped.start()

    assert (ended.returncode, ended.stdout) == (-9, b"")
    assert found == kept
    assert again.returncode == 0
    assert listed(site) == [*kept, "Rina"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes for somebody else")
def test_root_leaves_nothing_of_its_own(stopped: Daemon) -> None:
    """What a command of root leaves behind belongs to the daemon's user, also when it is killed."""
    data = stopped.site.data
    (data / "lock").unlink()
    for path in (data, *data.iterdir()):
        os.chown(path, 65534, 65534)

    dying(stopped.site, "committed")

    names = {path.name: path.stat().st_uid for path in data.iterdir()}
    assert names.keys() > {"pantau.db", "pantau.db-wal", "lock"}
    assert set(names.values()) == {65534}


def test_no_database_yet(hire: Hire) -> None:
    """Where no daemon ever ran, the command says so, and makes nothing."""
    site = hire().site
    site.write(services(["kota"]), [])

    said = pantau(site.folder, *SILENCE)

    assert said.returncode == 1
    assert "there is no database yet; `pantau run` makes one" in said.stderr
    assert not site.data.exists()


@pytest.mark.parametrize(
    ("schema", "complaint"),
    [
        ("9999", "run the release that wrote it, or restore a backup from before"),
        ("0001", "start `pantau run`, which brings it up"),
    ],
)
def test_another_schema(stopped: Daemon, schema: str, complaint: str) -> None:
    """A database of another release is left as it is, and the command says what would help."""
    database = stopped.site.data / "pantau.db"
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (schema,))
    connection.close()
    sums_path(database).unlink()

    said = pantau(stopped.site.folder, *SILENCE)

    assert said.returncode == 1
    assert f"schema {schema}" in said.stderr
    assert complaint in said.stderr
    assert rows(stopped.site, "alembic_version") == [(schema,)]


def test_broken_database(stopped: Daemon) -> None:
    """A file that is no database is named, without a traceback."""
    database: Path = stopped.site.data / "pantau.db"
    database.write_bytes(b"no database at all\n" * 1000)

    said = pantau(stopped.site.folder, *SILENCE)

    assert said.returncode == 1
    assert f"{database.relative_to(stopped.site.folder)}: damaged: page 1 of " in said.stderr
    assert "Traceback" not in said.stderr


def test_somebody_holds_it_and_is_silent(stopped: Daemon) -> None:
    """Who holds the data directory and does not answer is named, after a while."""
    with hold(stopped.site.data) as lock:
        said = pantau(stopped.site.folder, *SILENCE)

    assert said.returncode == 1
    assert f"process {lock.pid} holds it, and does not answer" in said.stderr
