"""What regular expressions, paths and the like have in common as values of a configuration."""

# ruff: noqa: TRY004 (pydantic takes a ValueError, and no TypeError, for the writer's mistake)

from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from monitor.fields.shown import shown


class Expression:
    """A text in some language. Two of the same kind and text are equal.

    A kind reads the text in its `__init__`, which raises ValueError for what it can't read. `noun`
    names the kind in messages; `json_schema` is how the schema describes the text.
    """

    __slots__ = ("text",)

    noun: ClassVar[str]
    json_schema: ClassVar[JsonSchemaValue]

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate, serialization=core_schema.plain_serializer_function_ser_schema(_text)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _: CoreSchema, __: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return dict(cls.json_schema)

    @classmethod
    def _validate(cls, value: object) -> Self:
        if isinstance(value, cls):
            return value
        if not isinstance(value, str):
            raise ValueError(f"{shown(value)} is no {cls.noun}: put it in quotes")
        return cls(value)


def _text(expression: Expression) -> str:
    return expression.text
