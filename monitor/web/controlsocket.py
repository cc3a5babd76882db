"""The Unix socket by which commands reach the daemon that holds a data directory."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

NAME = "control.sock"
# The kernel takes 107 bytes.
_LONGEST = 100


class InUse(Exception):
    """Another daemon answers at this socket."""


def bound(data_dir: Path) -> socket.socket:
    """Return the socket, bound and not yet listening, readable by its owner alone.

    One that a killed daemon left behind is replaced. Raise InUse when somebody listens.
    """
    path = data_dir / NAME
    _remove_if_stale(data_dir)
    unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _address(path) as address:
            unix.bind(address)
        # Nobody can connect before listen(), so there is no moment with a wider mode.
        path.chmod(0o600)
    except BaseException:
        unix.close()
        raise
    return unix


def connected(data_dir: Path, timeout: float) -> socket.socket:
    """Return a connection to the daemon. Raise OSError when there is none."""
    unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    unix.settimeout(timeout)
    try:
        with _address(data_dir / NAME) as address:
            unix.connect(address)
    except BaseException:
        unix.close()
        raise
    return unix


def _remove_if_stale(data_dir: Path) -> None:
    try:
        connected(data_dir, timeout=1).close()
    except FileNotFoundError:
        return
    except ConnectionRefusedError:
        (data_dir / NAME).unlink(missing_ok=True)
        return
    raise InUse(f"{data_dir / NAME}: another daemon answers here")


@contextlib.contextmanager
def _address(path: Path) -> Iterator[str]:
    """Give a path that the kernel takes, by way of an open folder when it is too long."""
    if len(os.fsencode(path)) <= _LONGEST:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
