"""Plain scalars of YAML 1.2's core schema: `on` and `1:30` are text, 017 is 17, 0o17 is 15."""

import re

from monitor.fields import WrittenFloat

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_DECIMAL = re.compile(r"[-+]?[0-9]+\Z")
_BASED = re.compile(r"0(?:o[0-7]+|x[0-9a-fA-F]+)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_INFINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_FIRST = frozenset("0123456789+-.~ntfNTF")
_LONGEST_NUMBER = 40


def resolve(text: str) -> Scalar:
    """Return what a plain scalar stands for. Raise ValueError on a number of over 40 characters."""
    if text and text[0] not in _FIRST:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _FLOAT.match(text):
        return _number(text)
    if _BASED.match(text):
        _bounded(text)
        return int(text, 0)
    if _INFINITE.match(text):
        return WrittenFloat(float(text.replace(".", "")), text)
    return text


def _number(text: str) -> int | float:
    _bounded(text)
    return int(text) if _DECIMAL.match(text) else WrittenFloat(float(text), text)


def _bounded(text: str) -> None:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"a number has at most {_LONGEST_NUMBER} characters; text goes in quotes")
