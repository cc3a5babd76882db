"""The one way to write an entry: JSON by RFC 8785, without floats."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

# I-JSON (RFC 7493, 2.2): beyond these, readers that hold numbers as doubles differ.
_MOST = 2**53 - 1


def canonical(value: Mapping[str, Any]) -> bytes:
    """Return `value` as the bytes that are hashed: the same value always gives the same ones.

    It holds objects with text keys, lists, text, whole numbers up to 2⁵³ - 1 either way, true,
    false and null. Raises TypeError for anything else, ValueError for a number beyond that, or
    for text that is no Unicode.
    """
    return _written(value).encode("utf-8")


def plain(value: Mapping[str, Any]) -> bytes:
    """Return the same for a value that is known to have keys in ASCII, text that is Unicode, and no
    number beyond what is allowed, ten times as fast: the standard library writes it.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def _written(value: Any) -> str:
    match value:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case int():
            if not -_MOST <= value <= _MOST:
                message = f"{value} is beyond 2^53 - 1: write it as text"
                raise ValueError(message)
            return str(value)
        case str():
            return _text(value)
        case Mapping():
            return "{" + ",".join(_members(value)) + "}"
        case Sequence() if not isinstance(value, bytes | bytearray | memoryview):
            return "[" + ",".join(map(_written, value)) + "]"
        case _:
            message = f"{type(value).__name__} has no place in an entry"
            raise TypeError(message)


def _members(value: Mapping[Any, Any]) -> Sequence[str]:
    for key in value:
        if not isinstance(key, str):
            message = f"{key!r} is no key: only text is"
            raise TypeError(message)
    # By UTF-16 code units, as RFC 8785 has it: beyond the first plane that is not the order of
    # code points.
    keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
    return [f"{_text(key)}:{_written(value[key])}" for key in keys]


def _text(value: str) -> str:
    value.encode("utf-8")  # a lone surrogate is refused here
    return json.dumps(value, ensure_ascii=False)
