"""Keys that take one entry, or a list of them."""

from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from monitor.fields.patterns import Pattern


def parse_several(value: object) -> object:
    """Return what was written as a list: a single entry is a list of one."""
    if value is None:
        raise ValueError("null is nothing to look for: leave the key out")
    if not isinstance(value, list | tuple):
        return (value,)
    if not value:
        raise ValueError("an empty list asks for nothing: leave the key out")
    return value


def _schema(entry: dict[str, Any]) -> WithJsonSchema:
    several = {"type": "array", "items": entry, "minItems": 1}
    return WithJsonSchema({"anyOf": [entry, several]}, mode="validation")


def _text(value: object) -> object:
    if value == "":
        raise ValueError("an empty text is found everywhere")
    return value


Texts = Annotated[
    tuple[Annotated[str, BeforeValidator(_text)], ...],
    BeforeValidator(parse_several),
    _schema({"type": "string", "minLength": 1}),
]
"""One text or several, none of them empty."""

Patterns = Annotated[
    tuple[Pattern, ...],
    BeforeValidator(parse_several),
    _schema({"type": "string", "maxLength": 4096}),
]
"""One RE2 expression or several."""
