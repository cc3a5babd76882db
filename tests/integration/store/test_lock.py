"""One writer for one data directory."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from threading import Timer

import pytest

from monitor.store.lock import DataDirectoryBusy, hold, holder

HOLDING = """
import sys
from monitor.store.lock import hold
with hold(sys.argv[1]) as lock:
    print(lock.pid, flush=True)
    sys.stdin.read()
"""


BRIEFLY = HOLDING.replace("argv[1])", "argv[1], briefly=True)")
# Stopped between taking the lock and signing it: what stands there is its predecessor's.
UNSIGNED = """
import fcntl, os, sys
descriptor = os.open(sys.argv[1] + "/lock", os.O_RDWR)
fcntl.flock(descriptor, fcntl.LOCK_EX)
print(os.getpid(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other_daemon(tmp_path):
    """Run a process that holds a data directory until its input ends."""
    with running(HOLDING, tmp_path) as process:
        yield process


@contextmanager
def running(script, tmp_path):
    command = [sys.executable, "-c", script, str(tmp_path / "data")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.pid_said = int(process.stdout.readline())
        yield process
        process.kill()


def test_second_daemon_is_refused_by_name(tmp_path, other_daemon):
    """A data directory that another process holds is refused, and the message names it and says
    since when.
    """
    os.utime(tmp_path / "data" / "lock", (0, 1_790_000_000))
    since = "since 2026-09-21 14:13:20 UTC"
    named = f"process {other_daemon.pid_said} is using this data directory {since}; stop it"
    with (
        pytest.raises(DataDirectoryBusy, match=named) as caught,
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


def test_who_stays_is_not_waited_for(tmp_path, other_daemon):
    """A daemon is told at once that another one runs."""
    began = time.monotonic()
    with pytest.raises(DataDirectoryBusy), hold(tmp_path / "data", patience=60):
        pass

    assert time.monotonic() - began < 30


def test_a_command_is_waited_for(tmp_path):
    """A daemon that starts while a command writes waits until that is done."""
    with running(BRIEFLY, tmp_path) as command:
        Timer(0.3, command.stdin.close).start()
        with hold(tmp_path / "data", patience=60) as lock:
            assert holder(tmp_path / "data") == lock.pid == os.getpid()


def test_a_command_that_never_ends_is_named(tmp_path):
    """A daemon does not wait for ever, and says for whom it waited."""
    with (
        running(BRIEFLY, tmp_path) as command,
        pytest.raises(DataDirectoryBusy, match=f"process {command.pid_said} "),
        hold(tmp_path / "data", patience=0.1),
    ):
        pass


def test_a_command_waits_for_nobody(tmp_path):
    """A command is told at once that somebody writes: it may ask them instead."""
    with (
        running(BRIEFLY, tmp_path),
        pytest.raises(DataDirectoryBusy),
        hold(tmp_path / "data", briefly=True),
    ):
        pass


def test_the_name_of_a_dead_process_is_not_believed(tmp_path):
    """Who has the lock and has not signed it yet is not taken for the daemon that crashed before."""
    with running(HOLDING, tmp_path) as crashed:
        crashed.kill()
    with running(UNSIGNED, tmp_path) as command:
        assert holder(tmp_path / "data") == crashed.pid_said
        Timer(0.3, command.stdin.close).start()
        with hold(tmp_path / "data", patience=60):
            pass


def test_nobody_holds_it_in_our_name_afterwards(tmp_path):
    """Once the data directory is let go, the lock names nobody."""
    with hold(tmp_path / "data"):
        pass

    assert holder(tmp_path / "data") is None
