"""Finds what a package offers by name: its own modules, and what others install."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any


def plugins(package: ModuleType, attribute: str, group: str) -> Mapping[str, Any]:
    """Return `attribute` of each module by the module's name, in name order.

    The modules are those of `package` and those of the entry points of `group`; where both have
    a name, the package wins. A module is imported when it is first asked for: who uses two types
    of twenty waits for no others.
    """
    foreign = {point.name: point.load for point in entry_points(group=group)}
    ours = {
        found.name: partial(importlib.import_module, f"{package.__name__}.{found.name}")
        for found in pkgutil.iter_modules(package.__path__)
    }
    return _Plugins(foreign | ours, attribute)


class _Plugins(Mapping[str, Any]):
    """Knows every name from the beginning, and what stands behind one from its first use on."""

    def __init__(self, loads: Mapping[str, Callable[[], Any]], attribute: str) -> None:
        self._loads = dict(sorted(loads.items()))
        self._attribute = attribute
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = getattr(self._loads[name](), self._attribute)
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._loads

    def __iter__(self) -> Iterator[str]:
        return iter(self._loads)

    def __len__(self) -> int:
        return len(self._loads)
