"""Finds what a package offers by name: its own modules, and what others install."""

import importlib
import pkgutil
from collections.abc import Mapping
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any


def plugins(package: ModuleType, attribute: str, group: str) -> Mapping[str, Any]:
    """Return `attribute` of each module by the module's name, in name order.

    The modules are those of `package` and those of the entry points of `group`; where both have
    a name, the package wins.
    """
    ours = {
        found.name: importlib.import_module(f"{package.__name__}.{found.name}")
        for found in pkgutil.iter_modules(package.__path__)
    }
    foreign = {
        point.name: point.load() for point in entry_points(group=group) if point.name not in ours
    }
    return {name: getattr(module, attribute) for name, module in sorted((foreign | ours).items())}
