"""Values that are stored whole, as JSON: states and alerts. Both ways, exactly."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

from monitor.domain.alert import Alert, AlertType
from monitor.domain.expiry import Expiry
from monitor.domain.incident import Acknowledgement, Hold, Instability
from monitor.domain.silence import Silence
from monitor.domain.state import CheckState
from monitor.domain.tally import Totals

_TYPE = re.compile(r'\{"type": ?"([a-z.]+)"')


def state_text(state: CheckState) -> str:
    """Return a state as JSON."""
    return _text(_states(), state)


def read_state(text: str) -> CheckState:
    """Return the state that `state_text` wrote. Anything else raises ValueError."""
    return _states().validate_json(text)


def alert_text(alert: Alert) -> str:
    """Return an alert as JSON."""
    return _text(_alerts(), alert)


def read_alert(text: str) -> Alert:
    """Return the alert that `alert_text` wrote. Anything else raises ValueError."""
    return _alerts().validate_json(text)


def read_type(text: str) -> AlertType:
    """Return the type of the alert that `alert_text` wrote.

    It stands first, and whoever follows a link has all messages of an incident read.
    """
    found = _TYPE.match(text)
    return read_alert(text).type if found is None else AlertType(found[1])


def hold_text(hold: Hold) -> str:
    """Return why an incident is held back as JSON."""
    return _text(_holds(), hold)


def read_hold(text: str) -> Hold:
    """Return the hold that `hold_text` wrote. Anything else raises ValueError."""
    return _holds().validate_json(text)


def acknowledgement_text(acknowledgement: Acknowledgement) -> str:
    """Return who takes care of an incident as JSON."""
    return _text(_acknowledgements(), acknowledgement)


def read_acknowledgement(text: str) -> Acknowledgement:
    """Return what `acknowledgement_text` wrote. Anything else raises ValueError."""
    return _acknowledgements().validate_json(text)


def apart_text(apart: Totals) -> str:
    """Return what of totals counts as something else than SLA as JSON."""
    return _text(_aparts(), apart)


def read_apart(text: str) -> Totals:
    """Return what `apart_text` wrote. Anything else raises ValueError."""
    return _aparts().validate_json(text)


def expiry_text(expiry: Expiry) -> str:
    """Return what expires, and what was told of it, as JSON."""
    return _text(_expiries(), expiry)


def read_expiry(text: str) -> Expiry:
    """Return what `expiry_text` wrote. Anything else raises ValueError."""
    return _expiries().validate_json(text)


def instability_text(unstable: Instability) -> str:
    """Return how often a service changed as JSON."""
    return _text(_instabilities(), unstable)


def read_instability(text: str) -> Instability:
    """Return what `instability_text` wrote. Anything else raises ValueError."""
    return _instabilities().validate_json(text)


def silence_text(silence: Silence) -> str:
    """Return a silence as JSON."""
    return _text(_silences(), silence)


def read_silence(text: str) -> Silence:
    """Return the silence that `silence_text` wrote. Anything else raises ValueError."""
    return _silences().validate_json(text)


def names_text(names: Sequence[str]) -> str:
    """Return a list of names as JSON."""
    return json.dumps(list(names))


def read_names(text: str) -> tuple[str, ...]:
    """Return the names that `names_text` wrote."""
    return tuple(json.loads(text))


def storable(text: str) -> str:
    """Return `text` with a question mark for each half of a surrogate pair: no encoding has one."""
    return text if text.isascii() else text.encode(errors="replace").decode()


@cache
def _states() -> TypeAdapter[CheckState]:
    return TypeAdapter(CheckState)


@cache
def _alerts() -> TypeAdapter[Alert]:
    return TypeAdapter(Alert)


@cache
def _holds() -> TypeAdapter[Hold]:
    return TypeAdapter(Hold)


@cache
def _acknowledgements() -> TypeAdapter[Acknowledgement]:
    return TypeAdapter(Acknowledgement)


@cache
def _aparts() -> TypeAdapter[Totals]:
    return TypeAdapter(Totals)


@cache
def _expiries() -> TypeAdapter[Expiry]:
    return TypeAdapter(Expiry)


@cache
def _instabilities() -> TypeAdapter[Instability]:
    return TypeAdapter(Instability)


@cache
def _silences() -> TypeAdapter[Silence]:
    return TypeAdapter(Silence)


def _text(adapter: TypeAdapter[Any], value: object) -> str:
    try:
        return adapter.dump_json(value).decode()
    except PydanticSerializationError:
        plain = adapter.dump_python(value)
        return storable(json.dumps(plain, ensure_ascii=False, default=datetime.isoformat))
