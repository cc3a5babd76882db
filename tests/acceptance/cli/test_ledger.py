"""`pantau ledger`: an auditor's own look at what was recorded."""

import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from monitor.ledger.checkpoint import Checkpoint
from monitor.ledger.note import Verifier, parse
from monitor.ledger.proof import Proof
from monitor.store.pagesums import sums_path
from tests.acceptance.cli.commands import pantau
from tests.acceptance.conftest import Hire
from tests.acceptance.messages import body
from tests.collector import Collector
from tests.daemon import Daemon, http_check, services
from tests.servers import free_port
from tests.witnessserver import WitnessServer, witness_server


def test_what_was_recorded_is_what_is_there(hire: Hire, collector: Collector) -> None:
    """A checkpoint that was kept elsewhere, be it in a message or in a file, shows that a row was
    changed, and between which entries; an untouched ledger agrees with it, running or not.
    """
    daemon = hire()
    daemon.site.write(
        services(["kota"]),
        [http_check("kota", f"http://127.0.0.1:{free_port()}/", "kota")],
        failure_threshold=1,
    )
    daemon.site.write_alerts({"oncall": collector.url})
    daemon.start()
    collector.wait_for(1, 15)
    site, kept = daemon.site.folder, daemon.site.folder / "kept"
    (site / "told").write_text(body(collector.received[0])["checkpoint"])

    beside = pantau(site, "ledger", "verify", "--checkpoint", "told")
    assert daemon.terminate()[0] == 0
    exported = pantau(site, "ledger", "export", "--checkpoint", kept)
    after = pantau(site, "ledger", "verify", "--checkpoint", kept, "--output", "json")

    assert beside.returncode == exported.returncode == after.returncode == 0, beside.stderr
    assert beside.stdout.startswith("✓ ")
    found = json.loads(after.stdout)
    assert found["fault"] is None
    assert found["signed"] == found["size"] == _size(kept)
    assert (daemon.site.data / "checkpoint").read_text() == kept.read_text()

    proof = pantau(site, "ledger", "prove", "1")
    key = Verifier.parse(found["key"])
    assert (
        Proof.parse(proof.stdout).checkpoint(proof.stderr.strip().encode(), [key]).size
        == (found["size"])
    )

    assert pantau(site, "ledger", "export", "--bundle", site / "bundle").returncode == 0
    alone = _alone(site / "bundle", found["key"], site / "told")
    assert (alone.returncode, alone.stderr) == (0, "")
    assert alone.stdout == f"verified: {found['size']} entries, {found['size']} of them signed\n"

    (site / "empty").write_text("\n")
    (site / "binary").write_bytes(b"\xff\xfe")
    for name, says in (("empty", "holds no checkpoint"), ("binary", "not text in UTF-8")):
        refused = pantau(site, "ledger", "verify", "--checkpoint", kept, "--checkpoint", name)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert f"{name}: " in refused.stderr
        assert says in refused.stderr
    assert _alone(site / "bundle", found["key"], site / "empty").returncode == 1

    _rewrite(daemon.site.data / "pantau.db")
    unproven = pantau(site, "ledger", "prove", "1")
    assert (unproven.returncode, unproven.stdout) == (1, "")
    assert "not the" in unproven.stderr
    denied = pantau(site, "ledger", "verify", "--checkpoint", kept)
    assert denied.returncode == 1
    assert "not what the checkpoint of" in denied.stderr
    assert pantau(site, "ledger", "export", "--bundle", site / "bundle").returncode == 0
    assert "are not those that were signed" in _alone(site / "bundle", found["key"], kept).stderr


def test_key_is_replaced(hire: Hire) -> None:
    """The key is replaced beside a running daemon and without one; who kept the first key and a
    checkpoint of before verifies all that came then, also without Pantau.
    """
    with witness_server() as witness:
        _replaced(hire(), witness)


def _replaced(daemon: Daemon, witness: WitnessServer) -> None:
    daemon.site.write(
        services(["kota"]), [http_check("kota", f"http://127.0.0.1:{free_port()}/", "kota")]
    )
    asked = {"witness": {"url": witness.url, "key": witness.key.vkey}}
    daemon.site.write_settings(ledger=asked)
    daemon.start()
    site, kept = daemon.site.folder, daemon.site.folder / "kept"
    _wait_for(daemon.site.data / "checkpoint")
    kept.write_text((daemon.site.data / "checkpoint").read_text())
    told = json.loads(pantau(site, "ledger", "verify", "--output", "json").stdout)["key"]

    beside = pantau(site, "ledger", "rotate-key", "--by", "Rina")
    assert beside.returncode == 0, beside.stderr
    assert daemon.terminate()[0] == 0
    without = pantau(site, "ledger", "rotate-key", "--by", "Rina", "--output", "json")
    assert without.returncode == 0, without.stderr

    keys = [told, beside.stdout.split()[1].rstrip(":"), json.loads(without.stdout)["key"]]
    assert len(set(keys)) == 3
    for key in keys:
        found = pantau(site, "ledger", "verify", "--key", key, "--checkpoint", kept)
        assert found.returncode == 0, found.stderr
    daemon.start()
    assert daemon.terminate()[0] == 0
    assert pantau(site, "ledger", "verify", "--key", told).returncode == 0
    assert pantau(site, "ledger", "export", "--bundle", site / "bundle").returncode == 0
    assert _alone(site / "bundle", told, kept).returncode == 0
    assert 409 in witness.statuses  # it was asked how much it knows, after a restart
    cosigned = pantau(site, "ledger", "verify", "--witness", witness.key.vkey, "--output", "json")
    assert json.loads(cosigned.stdout)["witnessed"] == witness.size


def _wait_for(path: Path) -> None:
    until = time.monotonic() + 15
    while not path.exists():
        assert time.monotonic() < until, f"no {path.name}"
        time.sleep(0.05)


def test_nothing_signed_yet(tmp_path: Path) -> None:
    """Before the first start there is nothing to verify, and the command says what to do."""
    (tmp_path / "checks.yaml").write_text("version: 1\n")
    said = pantau(tmp_path, "ledger", "verify")

    assert said.returncode == 1
    assert "there is no database yet; `pantau run` makes one" in said.stderr


def _alone(bundle: Path, key: str, kept: Path) -> "subprocess.CompletedProcess[str]":
    """Verify a bundle as an auditor does: by a Python that has no Pantau."""
    command = [sys.executable, "-I", "-S", "pantau_verify.py", "--key", key]
    return subprocess.run(
        [*command, "entries.jsonl", "checkpoints", str(kept)],
        cwd=bundle,
        capture_output=True,
        text=True,
        check=False,
    )


def _size(path: Path) -> int:
    return Checkpoint.parse(parse(path.read_bytes()).text).size


def _rewrite(path: Path) -> None:
    """Say in the ledger that it never was down, as whoever owns the machine could."""
    with closing(sqlite3.connect(path)) as connection, connection:
        changed = connection.execute(
            "UPDATE ledger_entry SET body = CAST(replace(CAST(body AS TEXT), 'down', 'up') AS BLOB)"
            " WHERE CAST(body AS TEXT) LIKE '%down%'"
        )
        assert changed.rowcount
    sums_path(path).unlink()  # and so that no page seems damaged
