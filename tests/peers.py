"""Programs of others that tests talk to."""

import os
import shutil
from pathlib import Path

import pytest


def peer(name: str) -> str:
    """Return the path of a program; without it skip, or fail where REQUIRE_PEERS=1 is set."""
    path = shutil.which(name) or shutil.which(name, path=os.pathsep.join(_elsewhere()))
    if path is not None:
        return path
    reason = f"{name} is not installed"
    if os.environ.get("REQUIRE_PEERS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def _elsewhere() -> list[str]:
    """Return folders of programs that are not on everybody's PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return ["/usr/sbin", "/sbin", "/usr/local/sbin", *map(str, versions)]
