"""Programs of others that tests talk to."""

import os
import shutil

import pytest


def peer(name: str) -> str:
    """Return the path of a program; without it skip, or fail where REQUIRE_PEERS=1 is set."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
    if path is not None:
        return path
    reason = f"{name} is not installed"
    if os.environ.get("REQUIRE_PEERS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
