"""A module as plain values, for people to read: what is in force, and no secret."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from monitor.blackbox.clientmodule import HttpHeader
from monitor.blackbox.hidden import SECRET, Hidden, HiddenUrl, is_harmless
from monitor.blackbox.httpmodule import HttpModule
from monitor.blackbox.modules import Module, Modules
from monitor.blackbox.written import format_go_duration, format_go_size
from monitor.conditions.cel import Cel
from monitor.fields.patterns import Pattern
from monitor.fields.secrets import Secret

# What is said to a target word for word: a login as well as a greeting.
_SPOKEN = {"body", "send"}


def plain_modules(modules: Modules) -> dict[str, Any]:
    """Return all modules as /config shows them."""
    return {"modules": {name: plain_module(module) for name, module in modules.items()}}


def plain_module(module: Module) -> dict[str, Any]:
    """Return a module: its prober, its timeout and the block of its prober."""
    shown: dict[str, Any] = {"prober": module.prober}
    if module.timeout:
        shown["timeout"] = format_go_duration(module.timeout)
    block = _plain_part(getattr(module, module.prober))
    return shown | ({module.prober: block} if block else {})


def _plain_part(part: BaseModel) -> dict[str, Any]:
    shown = {
        name: value
        for name, field in type(part).model_fields.items()
        # That something is off is worth showing where it is on by default.
        if (value := _plain_key(name, getattr(part, name))) or field.default is True
    }
    if isinstance(part, HttpModule):
        shown.pop("no_follow_redirects", None)
        shown["follow_redirects"] = part.follows
        if part.body_size_limit:
            shown["body_size_limit"] = format_go_size(part.body_size_limit)
    return shown


def _plain_key(name: str, value: Any) -> Any:
    if name in _SPOKEN:
        return SECRET if value else ""
    return _plain(value)


def _plain(value: Any) -> Any:
    """Return what is shown for a value; something empty if nothing is."""
    match value:
        case Hidden():
            return SECRET if value else ""
        case HiddenUrl():
            return repr(value)
        case Secret():
            return value.source[1]
        case Pattern() | Cel():
            return value.text
        case Path():
            return str(value)
        case timedelta():
            return format_go_duration(value) if value else ""
        case BaseModel():
            return _plain_part(value)
        case Mapping():
            return {key: _plain_entry(key, each) for key, each in value.items()}
        case tuple():
            return [_plain(each) for each in value]
        case _:
            return value


def _plain_entry(key: str, value: Any) -> Any:
    if is_harmless(key):
        return _plain(value)
    if isinstance(value, HttpHeader):
        value = value.model_copy(update={"values": tuple(map(Hidden, value.values))})
    return SECRET if isinstance(value, str) else _plain(value)
