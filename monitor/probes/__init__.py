"""The check types: one module each. They are found by name, so nothing lists them."""

import sys
from collections.abc import Mapping
from typing import Any

from monitor.checktype import CheckType
from monitor.plugins import plugins

ENTRY_POINT_GROUP = "monitor.check_types"


def check_types() -> Mapping[str, CheckType[Any]]:
    """Return every check type by name, in name order. Ours win over entry points."""
    return plugins(sys.modules[__name__], "CHECK_TYPE", ENTRY_POINT_GROUP)
