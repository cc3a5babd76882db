"""Who runs a command, for the record of what people do."""

import getpass
import os

import click


def named(by: str | None) -> str:
    """Return `by`, else who runs the command: under sudo that is who asked for it, not root.

    Raises UsageError where nobody can be named.
    """
    name = (by or os.environ.get("SUDO_USER") or _account()).strip()
    if not name:
        raise click.UsageError("--by: say who you are: this account has no name")
    return name


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # KeyError until Python 3.13
        return ""
