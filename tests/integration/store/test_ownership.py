"""A command leaves no file behind that the daemon can't open."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.ports import StoreError
from monitor.store.lock import hold
from monitor.store.ownership import refuse_strangers

DAEMON = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def data() -> Iterator[Path]:
    """A data directory to which every user has a way."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        data.chmod(0o755)
        (data / "pantau.db").touch()
        yield data


@contextmanager
def user(number):
    os.seteuid(number)
    try:
        yield
    finally:
        os.seteuid(0)


def test_owner_may(data):
    """The user who runs the daemon may write."""
    refuse_strangers(data)


@needs_root
def test_root_leaves_the_lock_to_the_owner(data):
    """The lock that root makes belongs to the daemon's user."""
    os.chown(data / "pantau.db", DAEMON, DAEMON)
    refuse_strangers(data)

    with hold(data):
        pass

    made = (data / "lock").stat()
    assert (made.st_uid, made.st_gid) == (DAEMON, DAEMON)


@needs_root
def test_strangers_are_refused(data):
    """Anybody else is told whose it is: their files would keep the daemon out."""
    data.chmod(0o777)
    with (
        user(DAEMON),
        pytest.raises(StoreError, match="it belongs to root: run this as that user, or as root"),
    ):
        refuse_strangers(data)


@needs_root
def test_a_closed_folder(data):
    """Who may not even look is told who may."""
    data.chmod(0o700)
    with (
        user(DAEMON),
        pytest.raises(StoreError, match="denied; run this as the user who runs the daemon"),
    ):
        refuse_strangers(data)


def test_nothing_is_there(tmp_path):
    """Where no daemon ever ran there is nothing to write to, and nothing is made."""
    with pytest.raises(StoreError, match="there is no database yet; `pantau run` makes one"):
        refuse_strangers(tmp_path / "data")

    assert not (tmp_path / "data").exists()
