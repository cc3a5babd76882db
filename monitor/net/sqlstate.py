"""What a database refuses with: SQLSTATE and message, and how much of that may be shown."""

import re
from dataclasses import dataclass

from monitor.domain.text import visible_text

_SHOWN = 200
_STATE = re.compile(r"[0-9A-Z]{5}\Z")

# The names that PostgreSQL gives to what monitors meet; its messages may be in any language.
_NAMES = {
    "28000": "invalid_authorization_specification",
    "28P01": "invalid_password",
    "3D000": "invalid_catalog_name",
    "42501": "insufficient_privilege",
    "53300": "too_many_connections",
    "57P01": "admin_shutdown",
    "57P02": "crash_shutdown",
    "57P03": "cannot_connect_now",
    "57014": "query_canceled",
}

# Classes whose messages speak of the statement, the account or the server. Those of others may
# quote a value from a row: `invalid input syntax for type integer: "Siti"`.
_SPEAK_OF_NO_ROW = frozenset(
    {"08", "25", "28", "3D", "3F", "42", "53", "54", "55", "57", "58", "70"}
)

# Of these, the ones that name what is asked for: while a statement runs, that may be a value from
# a row, as in `name::regclass`: `relation "Siti" does not exist`.
_NAME_WHAT_IS_ASKED_FOR = frozenset({"3D", "3F", "42", "54", "55"})

# MySQL's number for what a SIGNAL in a stored function says, under any SQLSTATE: anything.
_SIGNALLED = 1644

# Lack of memory or room, an operator's intervention, a broken disk, an internal error.
_CANNOT_SERVE = frozenset({"53", "57", "58", "XX"})
# MySQL's own numbers for that: out of memory, too many connections, shutting down, an address
# that is blocked or not allowed, offline mode. Their SQLSTATEs say less.
_CANNOT_SERVE_NUMBERS = frozenset({1037, 1038, 1040, 1041, 1053, 1129, 1130, 3032})


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An error of the server. `state` is its SQLSTATE, "" without one; `number` MySQL's own."""

    state: str
    message: str
    number: int | None = None

    @property
    def proper(self) -> bool:
        """Whether it has the form that SQL asks for."""
        return _STATE.match(self.state) is not None

    @property
    def out_of_service(self) -> bool:
        """Whether it says that the server, and not only this visit, is in trouble."""
        return self.state[:2] in _CANNOT_SERVE or self.number in _CANNOT_SERVE_NUMBERS

    def __str__(self) -> str:
        """Return what a visitor may be told: all of it."""
        return visible_text(f"{self._code}: {self.message}", _SHOWN)

    def about_query(self, *, running: bool = False) -> str:
        """Return it without a message that may quote what is stored.

        `running` says that the statement itself was accepted: what fails then may be a row.
        """
        kind = self.state[:2]
        may_name_a_value = running and kind in _NAME_WHAT_IS_ASKED_FOR
        if kind in _SPEAK_OF_NO_ROW and not may_name_a_value and self.number != _SIGNALLED:
            return str(self)
        return f"{self._code} (its message may quote what is stored, and is not shown)"

    @property
    def _code(self) -> str:
        state = visible_text(self.state, 10)
        name = _NAMES.get(state)
        if self.number is not None:
            return f"error {self.number}" + (f" ({state})" if state else "")
        return f"{state} {name}" if name else state or "an error without a code"
