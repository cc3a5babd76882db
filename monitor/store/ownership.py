"""Whose database it is: what anybody else makes beside it, the daemon could not open."""

import os
import pwd
from pathlib import Path

from monitor.ports import StoreError
from monitor.store.connection import DATABASE


def refuse_strangers(data_dir: Path) -> None:
    """Raise StoreError unless we own the database or are root, and when there is none yet."""
    path = data_dir / DATABASE
    try:
        owner = path.stat().st_uid
    except FileNotFoundError:
        raise StoreError(f"{path}: there is no database yet; `pantau run` makes one") from None
    except OSError as error:
        raise StoreError(
            f"{path}: {error.strerror}; run this as the user who runs the daemon"
        ) from error
    if os.geteuid() not in {owner, 0}:
        raise StoreError(f"{path}: it belongs to {_name(owner)}: run this as that user, or as root")


def leave_to_owner(descriptor: int, data_dir: Path) -> None:
    """As root, give a file to the owner of the database, as SQLite does with its own.

    Becoming that user instead would not do: systemd keeps the folder of a dynamic one in a place
    to which that user has no way.
    """
    if os.geteuid() != 0:
        return
    try:
        owner = (data_dir / DATABASE).stat()
    except FileNotFoundError:
        return
    os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
