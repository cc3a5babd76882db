"""Conditions on JSON bodies in the Common Expression Language: `body.status == "UP"`.

The syntax is read by cel-python, an optional extra; what is read runs on an evaluator of our own.
Operators write the expression and targets choose the document: cel-python's evaluator takes
time and memory that grow exponentially with a document of a few dozen ill-typed entries, ours
counts its steps. Numbers of the document are doubles, as in blackbox_exporter, and compare with
integers by value.
"""

# ruff: noqa: TRY004 (pydantic takes a ValueError, and no TypeError, for the writer's mistake)

from functools import lru_cache
from typing import Any, ClassVar

from pydantic.json_schema import JsonSchemaValue

from monitor.conditions.celcompile import compiled
from monitor.conditions.celvalues import Closure, Run, type_name
from monitor.domain.bodies import json_document
from monitor.fields.expressions import Expression
from monitor.fields.shown import shown

LARGEST_DOCUMENT = 262_144  # bytes
_LONGEST = 4096
_STEPS = 50_000  # some 50 ms, with a document made for it 200


class Cel(Expression):
    """An expression over the variable `body`. Two of the same text are equal."""

    __slots__ = ()

    noun = "CEL expression"
    json_schema: ClassVar[JsonSchemaValue] = {
        "type": "string",
        "minLength": 1,
        "maxLength": _LONGEST,
    }

    def __init__(self, text: str) -> None:
        """Raise ValueError when `text` is no CEL, uses what is not offered, or the extra lacks."""
        _program(text)
        super().__init__(text)

    def evaluate(self, body: bytes) -> bool:
        """Return what the expression comes to for a JSON body.

        Raise ValueError when the body is no JSON, or over 256 KB of it, when the expression comes
        to an error or to no boolean, and when it takes too many steps.
        """
        if len(body) > LARGEST_DOCUMENT:
            raise ValueError(f"a document of {len(body)} bytes is too large")
        document = json_document(body, whole_number=float)
        try:
            found = _program(self.text)(Run(variables={"body": document}, left=_STEPS))
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        if not isinstance(found, bool):
            raise ValueError(f"it comes to a value of type {type_name(found)}, not to a boolean")
        return found


@lru_cache(maxsize=4096)
def _program(text: str) -> Closure:
    if len(text) > _LONGEST:
        raise ValueError(f"a CEL expression has at most {_LONGEST} characters")
    try:
        return compiled(_parsed(text), variables=("body",))
    except RecursionError:
        raise ValueError(f"{shown(text)} is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"{shown(text)} is no CEL expression: {error}") from None


def _parsed(text: str) -> Any:
    """Return the syntax tree (lark's) of an expression."""
    try:
        from celpy.celparser import CELParseError, CELParser
    except ImportError:
        raise ValueError("CEL needs an extra: pip install 'pantau[cel]'") from None
    try:
        return CELParser().parse(text)
    except CELParseError as error:
        where = f" at line {error.line}, column {error.column}" if error.line else ""
        raise ValueError(f"the syntax is broken{where}") from None
