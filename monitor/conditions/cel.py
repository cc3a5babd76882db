"""Conditions on JSON bodies in the Common Expression Language: `body.status == "UP"`.

The syntax is read by cel-python, an optional extra; what is read runs on an evaluator of our own.
Operators write the expression and targets choose the document: cel-python's evaluator takes
time and memory that grow exponentially with a document of a few dozen ill-typed entries, ours
counts its steps. Numbers of the document are doubles, as in blackbox_exporter, and compare with
integers by value.
"""

# ruff: noqa: TRY004 (pydantic takes a ValueError, and no TypeError, for the writer's mistake)

from functools import lru_cache
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from monitor.conditions.celcompile import compiled
from monitor.conditions.celvalues import Closure, Run, type_name
from monitor.domain.bodies import json_document
from monitor.fields.shown import shown

LARGEST_DOCUMENT = 262_144  # bytes
_LONGEST = 4096
_STEPS = 50_000  # some 50 ms, with a document made for it 200


class Cel:
    """An expression over the variable `body`. Two of the same text are equal."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        """Raise ValueError when `text` is no CEL, uses what is not offered, or the extra lacks."""
        _program(text)
        self.text = text

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

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cel) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Cel({self.text!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate, serialization=core_schema.plain_serializer_function_ser_schema(_text)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _: CoreSchema, __: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "minLength": 1, "maxLength": _LONGEST}

    @classmethod
    def _validate(cls, value: object) -> "Cel":
        if isinstance(value, Cel):
            return value
        if not isinstance(value, str):
            raise ValueError(f"{shown(value)} is no CEL expression: put it in quotes")
        return cls(value)


def _text(cel: Cel) -> str:
    return cel.text


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
