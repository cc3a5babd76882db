"""Numbers and truth values as they are written: `"5"` is no 5, and `on` is text.

pydantic's strict mode would refuse what YAML cannot write (enums, tuples) and its lax mode takes
text for numbers, so the scalars alone are looked at, by the model's own core schema.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Loose:
    """A value of another kind than its field. `wanted` is `bool`, `int` or `float`."""

    path: tuple[str | int, ...]
    value: object
    wanted: str


_Path = tuple[str | int, ...]
_Look = Callable[[Any, _Path], Iterator[Loose]]
_NUMBERS: dict[str, tuple[type, ...]] = {"bool": (), "int": (int,), "float": (int, float)}


def loose_scalars(model: type[BaseModel], block: Mapping[str, Any]) -> tuple[Loose, ...]:
    """Return what pydantic accepted of `block` only by converting it."""
    look = _look(model)
    return tuple(look(block, ())) if look else ()


@lru_cache(maxsize=256)
def _look(model: type[BaseModel]) -> _Look | None:
    return _compiled(model.__pydantic_core_schema__)


def _compiled(schema: Any) -> _Look | None:
    """Return what looks at a value of `schema`, or None if there is nothing to look for.

    Functions (durations, sizes) and unions decide for themselves and are left alone.
    """
    match schema["type"]:
        case "bool" | "int" | "float" as wanted:
            return _scalar(wanted)
        case "default" | "nullable" | "model" | "definitions" | "function-after":
            return _compiled(schema["schema"])
        case "model-fields":
            return _fields(schema["fields"])
        case "list" | "set" | "frozenset":
            return _items(schema.get("items_schema"))
        case "tuple" if len(schema["items_schema"]) == 1:
            return _items(schema["items_schema"][0])
        case "dict":
            return _values(schema.get("values_schema"))
        case _:
            return None


def _scalar(wanted: str) -> _Look:
    def look(value: Any, path: _Path) -> Iterator[Loose]:
        if value is None or (isinstance(value, bool) and wanted == "bool"):
            return
        # A bool is an int to Python.
        if isinstance(value, bool) or not isinstance(value, _NUMBERS[wanted]):
            yield Loose(path, value, wanted)

    return look


def _fields(fields: Mapping[str, Any]) -> _Look | None:
    looks = {
        _key(name, field): inner
        for name, field in fields.items()
        if (inner := _compiled(field["schema"]))
    }

    def look(value: Any, path: _Path) -> Iterator[Loose]:
        if isinstance(value, Mapping):
            for key in looks.keys() & value.keys():
                yield from looks[key](value[key], (*path, key))

    return look if looks else None


def _key(name: str, field: Mapping[str, Any]) -> str:
    alias = field.get("validation_alias")
    return alias if isinstance(alias, str) else name


def _items(schema: Any) -> _Look | None:
    item = _compiled(schema) if schema else None

    def look(value: Any, path: _Path) -> Iterator[Loose]:
        if item and isinstance(value, list):
            for index, each in enumerate(value):
                yield from item(each, (*path, index))

    return look if item else None


def _values(schema: Any) -> _Look | None:
    each = _compiled(schema) if schema else None

    def look(value: Any, path: _Path) -> Iterator[Loose]:
        if each and isinstance(value, Mapping):
            for key, inner in value.items():
                yield from each(inner, (*path, key))

    return look if each else None
