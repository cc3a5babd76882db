"""The receiver kinds: one module each. They are found by name, so nothing lists them."""

import importlib
import pkgutil
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from monitor.receivertype import ReceiverType

ENTRY_POINT_GROUP = "monitor.notifiers"


def receiver_types() -> Mapping[str, ReceiverType[Any]]:
    """Return every receiver kind by name, in name order. Ours win over entry points."""
    modules = {
        found.name: importlib.import_module(f"{__name__}.{found.name}")
        for found in pkgutil.iter_modules(__path__)
    }
    foreign = {
        point.name: point.load()
        for point in entry_points(group=ENTRY_POINT_GROUP)
        if point.name not in modules
    }
    return {name: module.RECEIVER_TYPE for name, module in sorted((foreign | modules).items())}
