"""A disk that fails, once or for good: nothing acknowledged is lost, and nothing crashes."""

import subprocess
import sys

import pytest

from tests.integration.store import verdict
from tests.integration.store.powercut import ROOT
from tests.peers import peer

pytestmark = [pytest.mark.peers, pytest.mark.slow]


def lied_to(directory, fault: str, count: int) -> subprocess.CompletedProcess[str]:
    """Run a victim whose calls fail as `fault` says, in the words of strace."""
    call = fault.partition(":")[0]
    flags = ["-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={fault}"]
    victim = [sys.executable, "-m", "tests.integration.store.victim", str(directory)]
    command = [peer("strace"), *flags, *victim, f"count={count}"]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


@pytest.mark.parametrize(
    "fault",
    [
        "pwrite64:error=ENOSPC:when=150",
        "pwrite64:error=EIO:when=200",
        "fdatasync:error=EIO:when=20",
        "fdatasync:error=EIO:when=20+7",
        "ftruncate:error=EIO:when=3",
    ],
)
def test_fault_that_passes_is_nobodys_business(tmp_path, fault):
    """One failed write or sync is survived: every change is acknowledged, there, and single."""
    result = lied_to(tmp_path, fault, count=60)
    acknowledged = verdict.numbers(result.stdout, "ack")

    assert result.returncode == 0, result.stderr
    assert acknowledged == set(range(60))
    assert verdict.faults(tmp_path, acknowledged) == []


@pytest.mark.parametrize(
    "fault",
    [
        "pwrite64:error=ENOSPC:when=200+",
        "fdatasync:error=EIO:when=15+",
    ],
)
def test_fault_that_stays_refuses_and_loses_nothing(tmp_path, fault):
    """On a disk that fails for good changes are refused; what was acknowledged before is there."""
    result = lied_to(tmp_path, fault, count=30)
    acknowledged = verdict.numbers(result.stdout, "ack")
    refused = verdict.numbers(result.stdout, "refused")

    assert acknowledged
    assert acknowledged | refused == set(range(30))
    assert refused
    assert verdict.faults(tmp_path, acknowledged) == []
