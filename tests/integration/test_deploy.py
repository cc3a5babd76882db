"""What is shipped for running Pantau as a service."""

import subprocess
from pathlib import Path

import pytest

from tests.peers import peer

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
UNIT = DEPLOY / "systemd" / "pantau.service"


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


@pytest.mark.peers
@pytest.mark.parametrize("path", sorted((DEPLOY / "prometheus").iterdir()), ids=lambda p: p.name)
def test_prometheus_takes_its_configuration(path):
    """Prometheus has nothing against what is shipped for it."""
    judged = subprocess.run(
        [peer("promtool"), "check", "config", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert judged.returncode == 0, judged.stdout + judged.stderr
