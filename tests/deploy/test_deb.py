"""The package for Debian. It is built by `make deb`; what takes its scripts and no build is tested here."""

import subprocess
import sys

import pytest

from monitor.cli.main import COMMANDS
from tests.deploy.tools import DEPLOY, judged, pantau, read, run, tool

DEBIAN = DEPLOY / "debian"
SCRIPTS = ("build.sh", "postinst", "prerm", "postrm")
SPIES = ("systemctl", "deb-systemd-invoke", "systemd-sysctl", "deb-systemd-helper")


@pytest.mark.parametrize("name", SCRIPTS)
def test_shellcheck_has_nothing_against_it(name):
    """Scripts that run as root have none of the mistakes that shellcheck knows."""
    assert judged(tool("shellcheck"), DEBIAN / name) == ""


def test_nothing_is_watched_before_somebody_says_what():
    """The configuration that is installed is valid, and has no check."""
    told = pantau("validate", "--config", DEBIAN / "etc" / "checks.yaml")
    installed = read(DEBIAN / "etc" / "checks.yaml")

    assert told.returncode == 0, told.stdout + told.stderr
    assert installed == {"version": 1, "services": [], "checks": []}


def test_the_service_keeps_its_data_where_it_may_write():
    """The unit's state directory is what the installed settings name."""
    unit = (DEPLOY / "systemd" / "pantau.service").read_text()

    assert read(DEBIAN / "etc/config/monitor.yaml") == {"data_dir": "/var/lib/pantau"}
    assert "\nStateDirectory=pantau\n" in unit


@pytest.fixture
def machine(tmp_path):
    """Return a function that runs a script of the package, and says what it did to the services.

    The script's folders are below a temporary one, where systemd seems to run.
    """
    record = tmp_path / "record"
    (tmp_path / "bin").mkdir()
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    for name in SPIES:
        spy = tmp_path / "bin" / name
        spy.write_text(f'#!/bin/sh\necho {name} "$@" >>{record}\n')
        spy.chmod(0o755)

    def did(script, *arguments):
        text = (DEBIAN / script).read_text()
        for folder in ("/run/systemd", "/opt/pantau", "/etc/pantau", "/etc/systemd", "/var/lib"):
            text = text.replace(f" {folder}", f" {tmp_path}{folder}")
        text = text.replace("/usr/lib/systemd/systemd-sysctl", "systemd-sysctl")
        record.write_text("")
        done = subprocess.run(
            ["sh", "-s", "--", *arguments],
            input=text,
            env={"PATH": f"{tmp_path}/bin:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return record.read_text(), done.stdout

    did.folder = tmp_path
    return did


def test_an_installation_starts_nothing(machine):
    """Installing neither starts nor enables the service, and says what to do."""
    did, said = machine("postinst", "configure", "")

    assert "start" not in did
    assert "enable" not in did
    assert "systemctl enable --now pantau" in said


def test_an_upgrade_restarts_only_what_runs(machine):
    """An upgrade restarts a daemon that runs, and starts none that was stopped."""
    did, said = machine("postinst", "configure", "0.0.9")

    assert "deb-systemd-invoke try-restart pantau.service" in did
    assert " start" not in did
    assert said == ""


def test_a_removal_stops_the_daemon(machine):
    """Before its files go the daemon is stopped; an upgrade stops nothing before it."""
    (machine.folder / "opt/pantau/lib").mkdir(parents=True)

    assert "stop pantau.service" in machine("prerm", "remove")[0]
    assert "stop" not in machine("prerm", "upgrade", "0.2.0")[0]


def test_a_purge_keeps_the_record(machine):
    """A purge takes program and configuration, and leaves what was recorded: it is evidence."""
    kept = machine.folder / "var/lib/private/pantau/pantau.db"
    for path in (kept, machine.folder / "etc/pantau/config/monitor.yaml"):
        path.parent.mkdir(parents=True)
        path.write_text("")
    _, said = machine("postrm", "purge")

    assert kept.exists()
    assert not (machine.folder / "etc/pantau").exists()
    assert str(kept.parent) in said


def test_the_administrator_says_who_may_ping(machine):
    """An upgrade applies the setting for pings as the machine's start does: /etc/sysctl.d has the last word."""
    did, _ = machine("postinst", "configure", "0.0.9")

    assert "systemd-sysctl --prefix=/net/ipv4/ping_group_range\n" in did


def test_it_can_be_removed_where_its_files_are_gone(machine):
    """The package can be removed after somebody deleted the program by hand."""
    assert not (machine.folder / "opt").exists()

    assert "stop pantau.service" in machine("prerm", "remove")[0]


def test_a_purge_leaves_nothing_that_starts(machine):
    """After a purge nothing says any more that the service is to start with the machine."""
    link = machine.folder / "etc/systemd/system/multi-user.target.wants/pantau.service"
    link.parent.mkdir(parents=True)
    link.symlink_to("/lib/systemd/system/pantau.service")

    machine("postrm", "purge")

    assert not link.is_symlink()


def test_a_purge_keeps_secrets_and_says_so(machine):
    """A purge leaves secrets, among which the ledger's key may be, and says where they lie."""
    key = machine.folder / "etc/pantau/secrets/ledger.key"
    key.parent.mkdir(parents=True)
    key.write_text("")

    _, said = machine("postrm", "purge")

    assert key.exists()
    assert "/etc/pantau/secrets" in said


def test_the_manual_page_names_every_command():
    """pantau(1) is made from the commands that there are."""
    page = run(sys.executable, "-B", DEBIAN / "manpage.py", "0.1.0")

    assert page.returncode == 0, page.stderr
    assert [name for name in COMMANDS if f"\n.B {name}\n" not in page.stdout] == []
