"""What is shipped for running Pantau as a service."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers import peer

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
UNIT = DEPLOY / "systemd" / "pantau.service"
DYNAMIC_GROUPS = (61_184, 65_519)  # of systemd's DynamicUser=

WAY_ALLOWED = """
import os, sys
from monitor.net.icmpsocket import way_allowed

os.setgroups([])
os.setgid(int(sys.argv[1]))
os.setuid(int(sys.argv[1]))
print(way_allowed())
"""


@pytest.mark.peers
def test_the_unit_is_shut_in():
    """By systemd's own measure the service is exposed to no more than 1.5 of 10."""
    judged = subprocess.run(
        [peer("systemd-analyze"), "security", "--offline=true", "--threshold=15", str(UNIT)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert judged.returncode == 0, judged.stdout + judged.stderr


@pytest.fixture
def machine(tmp_path):
    """The root of a machine on which the unit and its drop-in are installed as they say."""
    for program in ("opt/pantau/bin/pantau", "bin/kill"):
        path = tmp_path / program
        path.parent.mkdir(parents=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    units = tmp_path / "etc/systemd/system"
    (units / "pantau.service.d").mkdir(parents=True)
    shutil.copy(UNIT, units)
    shutil.copy(UNIT.with_name("credentials.conf"), units / "pantau.service.d")
    return tmp_path


@pytest.mark.peers
def test_systemd_understands_every_line(machine):
    """systemd knows every setting of the unit and of its drop-in, and finds every program."""
    judged = verified(machine)

    assert (judged.returncode, judged.stderr) == (0, "")


@pytest.mark.peers
def test_a_misspelt_setting_is_noticed(machine):
    """A line that systemd would skip with a warning fails instead."""
    drop_in = machine / "etc/systemd/system/pantau.service.d/credentials.conf"
    drop_in.write_text(drop_in.read_text().replace("LoadCredential=", "LoadCredentials="))

    assert "LoadCredentials" in verified(machine).stderr


def verified(machine):
    command = ["verify", "--man=no", "--recursive-errors=no"]
    return subprocess.run(
        [peer("systemd-analyze"), *command, f"--root={machine}", "pantau.service"],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.peers
@pytest.mark.parametrize(
    "path", sorted((DEPLOY / "prometheus").glob("*.yml")), ids=lambda p: p.name
)
def test_prometheus_takes_its_configuration(path):
    """Prometheus has nothing against what is shipped for it."""
    judged = subprocess.run(
        [peer("promtool"), "check", "config", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert judged.returncode == 0, judged.stdout + judged.stderr


@pytest.mark.peers
def test_alertmanager_takes_its_configuration():
    """Alertmanager has nothing against what is shipped for it."""
    path = DEPLOY / "alertmanager" / "alertmanager.yml"
    judged = subprocess.run(
        [peer("amtool"), "check-config", str(path)], capture_output=True, text=True, check=False
    )

    assert judged.returncode == 0, judged.stdout + judged.stderr


@pytest.mark.peers
@pytest.mark.parametrize("group", DYNAMIC_GROUPS)
def test_the_service_may_ping(group):
    """With the kernel setting that is shipped a user without any privilege may send echoes."""
    setting = f"{peer('sysctl')} -q -p {DEPLOY}/sysctl/60-pantau.conf"
    command = [sys.executable, "-c", WAY_ALLOWED, str(group)]
    told = subprocess.run(
        [peer("unshare"), "-n", "sh", "-c", f'{setting} && exec "$@"', "sh", *command],
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.stdout.strip() == "datagram", told.stderr
