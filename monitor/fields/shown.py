"""How messages show a value that somebody wrote."""

from datetime import timedelta

_LONGEST = 60


def shown(value: object) -> str:
    """Return `value` as a message shows it: as YAML has it, text in quotes, on one line, short."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return getattr(value, "text", None) or _short(repr(value))
        case str():
            return repr(_short(value))
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case timedelta():
            return f"{value.total_seconds():g}s"
        case _:
            return _short(repr(value))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
