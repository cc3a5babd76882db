"""One daemon for one data directory."""

import subprocess
import sys

import pytest

from monitor.store.lock import DataDirectoryBusy, hold, holder

HOLDING = """
import sys
from monitor.store.lock import hold
with hold(sys.argv[1]) as lock:
    print(lock.pid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other_daemon(tmp_path):
    """Run a process that holds a data directory until its input ends."""
    command = [sys.executable, "-c", HOLDING, str(tmp_path / "data")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.pid_said = int(process.stdout.readline())
        yield process
        process.kill()


def test_second_daemon_is_refused_by_name(tmp_path, other_daemon):
    """A data directory that another process holds is refused, and the message names it."""
    with (
        pytest.raises(DataDirectoryBusy, match=f"process {other_daemon.pid_said} ") as caught,
        hold(tmp_path / "data"),
    ):
        pass

    assert caught.value.pid == other_daemon.pid_said


def test_lock_dies_with_its_process(tmp_path, other_daemon):
    """After its holder was killed, the data directory is free, though the file is still there."""
    other_daemon.kill()
    other_daemon.wait()

    with hold(tmp_path / "data") as lock:
        assert holder(tmp_path / "data") == lock.pid


def test_directory_is_made_for_its_owner_alone(tmp_path):
    """A missing data directory is made with mode 0700, and the lock in it with 0600."""
    with hold(tmp_path / "var" / "data") as lock:
        modes = [path.stat().st_mode & 0o777 for path in (lock.data_dir, lock.data_dir / "lock")]

    assert modes == [0o700, 0o600]
