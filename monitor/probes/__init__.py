"""The check types: one module each. They are found by name, so nothing lists them."""

import importlib
import pkgutil
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from monitor.checktype import CheckType

ENTRY_POINT_GROUP = "monitor.check_types"


def check_types() -> Mapping[str, CheckType[Any]]:
    """Return every check type by name, in name order. Ours win over entry points."""
    modules = {
        found.name: importlib.import_module(f"{__name__}.{found.name}")
        for found in pkgutil.iter_modules(__path__)
    }
    foreign = {
        point.name: point.load()
        for point in entry_points(group=ENTRY_POINT_GROUP)
        if point.name not in modules
    }
    return {name: module.CHECK_TYPE for name, module in sorted((foreign | modules).items())}
