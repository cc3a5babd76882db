"""What an agent's values mean. Pure."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from monitor.domain.observation import Failure, FailureKind
from monitor.domain.text import visible_text
from monitor.fields import format_duration
from monitor.net.snmpwire import Absent, Pdu, Value, error_name
from monitor.probes.snmp.names import UPTIME, words_of
from monitor.probes.snmp.spec import Condition, SnmpSpec, WantedObject

_TICKS = 100  # a second
_WRAP_SECONDS = 2**32 / _TICKS
_UNSURE_SECONDS = 3_600.0  # how far two clocks drift apart between runs at the very most
_LONGEST_NUMBER = 40  # characters of a text that is a number
_SHOWN_BYTES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Uptime:
    """Since when an agent runs (Unix seconds), and for how long."""

    began: float
    seconds: float


def judge(
    spec: SnmpSpec, values: Mapping[str, Value], uptime: Uptime | None
) -> tuple[Failure | None, bool]:
    """Return what is wrong, or None, and whether that only degrades the check.

    `values` are by object identifier.
    """
    for failing in _broken(spec, values):
        return Failure(FailureKind.ANSWER, failing), False
    for degrading in _degrading(spec, values, uptime):
        return Failure(FailureKind.ANSWER, degrading), True
    return None, False


def refusal(spec: SnmpSpec, pdu: Pdu) -> Failure | None:
    """Return why an agent gave no values at all, None if it did (RFC 3416, section 3)."""
    if not pdu.error:
        return None
    names = [*spec.get, "sysUpTime"]
    at = pdu.error_index - 1
    about = f" for {names[at]}" if 0 <= at < len(names) else ""
    return Failure(FailureKind.STATUS, f"the agent answers {error_name(pdu.error)}{about}")


def _broken(spec: SnmpSpec, values: Mapping[str, Value]) -> Iterator[str]:
    for name, wanted in spec.get.items():
        value = values[wanted.numeric]
        if isinstance(value, Absent):
            yield f"{name}: the agent has no {wanted.oid} ({value.why})"
        else:
            yield from _breach(name, wanted, wanted, value)


def _degrading(spec: SnmpSpec, values: Mapping[str, Value], uptime: Uptime | None) -> Iterator[str]:
    least = spec.min_uptime
    if least is not None:
        if uptime is None:
            yield "the agent does not tell its sysUpTime, so that min_uptime can't be judged"
        elif uptime.seconds < least.total_seconds():
            yield (
                f"the agent started {uptime.seconds:.0f} s ago, "
                f"expected {format_duration(least)} or more"
            )
    for name, wanted in spec.get.items():
        if wanted.degraded is not None:
            yield from _breach(name, wanted, wanted.degraded, values[wanted.numeric])


def _breach(name: str, wanted: WantedObject, condition: Condition, value: Value) -> Iterator[str]:
    """Yield what is not true of a value."""
    seen = f"{name} is {shown_value(wanted.numeric, value)}"
    if condition.equals is not None and not _is_one_of(wanted.numeric, value, condition.equals):
        yield f"{seen}, expected {' or '.join(map(str, condition.equals))}"
    if condition.matches is not None and not condition.matches.search(_plain(value)):
        yield f"{seen}, expected a match of {condition.matches.text!r}"
    if condition.min is None and condition.max is None:
        return
    number = number_of(value)
    if number is None:
        yield f"{seen}, which is no number"
    elif condition.min is not None and number < condition.min:
        yield f"{seen}, expected {condition.min:.15g} or more"
    elif condition.max is not None and number > condition.max:
        yield f"{seen}, expected {condition.max:.15g} or less"


def _is_one_of(oid: str, value: Value, allowed: tuple[str | float, ...]) -> bool:
    number, word = number_of(value), _word(oid, value)
    for one in allowed:
        if isinstance(one, str):
            if one in (word, _plain(value)):
                return True
        elif number is not None and number == one:
            return True
    return False


def _word(oid: str, value: Value) -> str | None:
    return words_of(oid).get(value) if isinstance(value, int) else None


def _plain(value: Value) -> str:
    """Return a value as text: bytes that are none in hexadecimal."""
    if isinstance(value, bytes):
        text = _decoded(value)
        return f"0x{value.hex()}" if text is None else text
    if isinstance(value, Absent):
        return value.why
    return str(value) if isinstance(value, int | float | str) else ""


def _decoded(octets: bytes) -> str | None:
    """Return the text that some bytes are; some agents end it with a zero byte."""
    try:
        text = octets.removesuffix(b"\0").decode()
    except UnicodeDecodeError:
        return None
    is_text = all(character.isprintable() or character in "\t\r\n" for character in text)
    return text if is_text else None


def number_of(value: Value) -> float | None:
    """Return the number that a value is, or is the text of; None where it is none."""
    if isinstance(value, int | float):
        return value
    text = _decoded(value) if isinstance(value, bytes) else None
    if text is None or len(text) > _LONGEST_NUMBER:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in text else None


def shown_value(oid: str, value: Value) -> str:
    """Return a value as people read it: `down (2)`, `87`, `'Linux'`."""
    word = _word(oid, value)
    if word is not None:
        return f"{word} ({_plain(value)})"
    text = visible_text(_plain(value), _SHOWN_BYTES)
    return repr(text) if isinstance(value, bytes) and not text.startswith("0x") else text


def uptime_of(values: Mapping[str, Value], began_before: object, now: float) -> Uptime | None:
    """Return since when an agent runs, None where it does not tell.

    `began_before` is what an earlier run found, in Unix seconds, as `now` is. The counter begins
    again after 497 days: then it seems to have started a multiple of them later, to the hour.
    """
    ticks = values.get(UPTIME)
    if not isinstance(ticks, int):
        return None
    began = now - ticks / _TICKS
    if isinstance(began_before, int | float):
        turns = round((began - began_before) / _WRAP_SECONDS)
        is_same = abs(began - began_before - turns * _WRAP_SECONDS) < _UNSURE_SECONDS
        if turns > 0 and is_same:
            began -= turns * _WRAP_SECONDS
    return Uptime(began=began, seconds=now - began)
