"""The values of CEL and what its operators make of them, every step counted.

null, bool, str, list and dict are Python's; int is an int and double a float; a timestamp is a
datetime, a duration a timedelta. There is no bytes and no uint.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

_LARGEST_INT = 2**63 - 1
_LONGEST_NUMBER = 40  # characters of a text that is read as a number
_OCTETS_A_STEP = 256
_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)(h|ms|m|s|us|ns)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


class CelError(ValueError):
    """An expression came to an error. `&&` and `||` may go on without the side that did."""


class Exhausted(ValueError):
    """An expression took too many steps. Nothing goes on after that."""


@dataclass(slots=True)
class Run:
    """One run of a program: its variables, and how many steps are left to it."""

    variables: dict[str, Any]
    left: int

    def spend(self, steps: int = 1) -> None:
        """Count steps; raise Exhausted when there are none left."""
        self.left -= steps
        if self.left < 0:
            raise Exhausted("it takes too many steps on this document")


Closure = Callable[[Run], Any]


@dataclass(frozen=True, slots=True)
class CelType:
    """A type as a value, as `type(x)` gives it."""

    name: str


_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "bool"),
    (int, "int"),
    (float, "double"),
    (str, "string"),
    (list, "list"),
    (dict, "map"),
    (datetime, "google.protobuf.Timestamp"),
    (timedelta, "google.protobuf.Duration"),
    (CelType, "type"),
)
TYPES = {name: CelType(name) for _, name in _NAMES} | {"null_type": CelType("null_type")}


def type_name(value: Any) -> str:
    """Return CEL's name for the type of a value."""
    return next((name for kind, name in _NAMES if isinstance(value, kind)), "null_type")


def no_overload(operator: str, *values: Any) -> CelError:
    """Return the error of an operator that these values don't have."""
    return CelError(f"no such overload: {operator} of {', '.join(map(type_name, values))}")


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def equal(run: Run, left: Any, right: Any) -> bool:
    """Say whether two values are equal. Values of two types are not, but 1 is 1.0."""
    run.spend()
    if is_number(left) and is_number(right):
        return bool(left == right)
    if type(left) is not type(right):
        return False
    match left:
        case list():
            return len(left) == len(right) and all(
                equal(run, one, other) for one, other in zip(left, right, strict=True)
            )
        case dict():
            return left.keys() == right.keys() and all(
                equal(run, value, right[key]) for key, value in left.items()
            )
        case str():
            run.spend(len(left) // _OCTETS_A_STEP)
    return bool(left == right)


def before(run: Run, left: Any, right: Any) -> bool:
    """Say whether `left` is less than `right`; raise CelError where there is no order."""
    if is_number(left) and is_number(right):
        return bool(left < right)
    if type(left) is not type(right) or not isinstance(left, str | bool | datetime | timedelta):
        raise no_overload("<", left, right)
    if isinstance(left, str):
        run.spend(len(left) // _OCTETS_A_STEP)
    return bool(left < right)


def not_after(run: Run, left: Any, right: Any) -> bool:
    """Say whether `left` is less than `right` or equal to it; nothing is to a NaN."""
    return before(run, left, right) or equal(run, left, right)


def contained(run: Run, value: Any, container: Any) -> bool:
    """Return `value in container`: an entry of a list, or a key of a map."""
    match container:
        case list():
            return any(equal(run, value, one) for one in container)
        case dict():
            return isinstance(value, str) and value in container
    raise no_overload("in", value, container)


def item(container: Any, key: Any) -> Any:
    """Return `container[key]`; raise CelError when there is none."""
    match container:
        case dict() if isinstance(key, str):
            if key not in container:
                raise CelError(f"no such key: {key}")
            return container[key]
        case list() if is_number(key) and key == key // 1:
            if not 0 <= key < len(container):
                raise CelError(f"index out of bounds: {int(key)} of {len(container)}")
            return container[int(key)]
    raise no_overload("[]", container, key)


def field(container: Any, name: str) -> Any:
    """Return `container.name`; raise CelError when there is none."""
    if not isinstance(container, dict):
        raise CelError(f"no such key: {name}, in a value of type {type_name(container)}")
    return item(container, name)


def add(run: Run, left: Any, right: Any) -> Any:
    """Return a sum; of texts and lists, the two joined."""
    match left, right:
        case (str(), str()):
            run.spend((len(left) + len(right)) // _OCTETS_A_STEP)
            return left + right
        case (list(), list()):
            run.spend(len(left) + len(right))
            return left + right
        case (datetime() | timedelta(), timedelta()) | (timedelta(), datetime()):
            return _in_range(lambda: left + right)
    return _calculated("+", left, right, lambda: left + right)


def subtract(_: Run, left: Any, right: Any) -> Any:
    match left, right:
        case (datetime(), datetime()) | (datetime() | timedelta(), timedelta()):
            return _in_range(lambda: left - right)
    return _calculated("-", left, right, lambda: left - right)


def multiply(_: Run, left: Any, right: Any) -> Any:
    return _calculated("*", left, right, lambda: left * right)


def divide(_: Run, left: Any, right: Any) -> Any:
    """Return a quotient; of two ints it is one, cut towards zero."""
    return _calculated("/", left, right, lambda: _quotient(left, right))


def remainder(_: Run, left: Any, right: Any) -> Any:
    """Return what a division leaves, with the sign of `left`."""
    return _calculated("%", left, right, lambda: left - right * _whole(_quotient(left, right)))


def _quotient(left: float, right: float) -> float:
    if isinstance(left, int) and isinstance(right, int):
        if right == 0:
            raise CelError("divide by zero")
        return _whole(abs(left) // abs(right)) * (1 if (left < 0) == (right < 0) else -1)
    if right == 0:
        return math.nan if left == 0 else math.copysign(math.inf, left) * math.copysign(1, right)
    return left / right


def _whole(number: float) -> float:
    if not math.isfinite(number):
        raise CelError("divide by zero")
    return math.trunc(number)


def negate(value: Any) -> Any:
    return _calculated("-", value, 0, lambda: -value)


def _calculated(operator: str, left: Any, right: Any, result: Callable[[], Any]) -> Any:
    if not (is_number(left) and is_number(right)):
        raise no_overload(operator, left, right)
    return checked(_in_range(result))


def checked(number: Any) -> Any:
    """Return a number; raise CelError on an int of more than 64 bits."""
    if isinstance(number, int) and not -_LARGEST_INT - 1 <= number <= _LARGEST_INT:
        raise CelError("integer overflow")
    return number


def _in_range(result: Callable[[], Any]) -> Any:
    try:
        return result()
    except (OverflowError, TypeError):
        raise CelError("out of range") from None


def size(value: Any) -> int:
    if not isinstance(value, str | list | dict):
        raise no_overload("size", value)
    return len(value)


def to_int(value: Any) -> int:
    match value:
        case str() if len(value) <= _LONGEST_NUMBER and re.fullmatch(r"[+-]?[0-9]+", value):
            return int(checked(int(value)))
        case bool():
            pass
        case int():
            return value
        case float() if math.isfinite(value):
            return int(checked(math.trunc(value)))
        case datetime():
            return math.floor(value.timestamp())
    raise CelError(f"no int: a value of type {type_name(value)}")


def to_double(value: Any) -> float:
    if is_number(value):
        return float(value)
    if isinstance(value, str) and len(value) <= _LONGEST_NUMBER:
        try:
            return float(value)
        except ValueError:
            pass
    raise CelError(f"no double: a value of type {type_name(value)}")


def to_string(value: Any) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e21 else repr(value)
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case timedelta():
            return f"{value.total_seconds():g}s"
    raise no_overload("string", value)


def to_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "True", "TRUE", "t", "1"):
        return True
    if value in ("false", "False", "FALSE", "f", "0"):
        return False
    raise CelError(f"no bool: a value of type {type_name(value)}")


def to_timestamp(value: Any) -> datetime:
    """Return the time of an RFC 3339 text."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, str) and len(value) <= _LONGEST_NUMBER:
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            raise CelError("no timestamp: a text of another form") from None
        if at.tzinfo is not None:
            return at
    raise CelError(f"no timestamp: a value of type {type_name(value)}, or without a zone")


def to_duration(value: Any) -> timedelta:
    """Return the duration of a text as Go writes it, such as 1h30m or 1.5s."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str) and len(value) <= _LONGEST_NUMBER:
        sign, text = (-1, value[1:]) if value.startswith("-") else (1, value)
        parts = _DURATION.findall(text)
        if parts and "".join(count + unit for count, unit in parts) == text:
            seconds = sum(float(count) * _SECONDS[unit] for count, unit in parts)
            return timedelta(seconds=sign * min(seconds, 1e10))
    raise CelError(f"no duration: a value of type {type_name(value)}, or of another form")
