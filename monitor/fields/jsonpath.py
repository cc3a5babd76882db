"""JSONPath (RFC 9535): operators write it, targets choose the document.

What could take long on a hostile document is left out: `match()` and `search()`, whose regular
expressions backtrack, several selectors in one pair of brackets, and more than one of `..` and
`?` in a path.
"""

# ruff: noqa: TRY004 (pydantic takes a ValueError, and no TypeError, for the writer's mistake)

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from monitor.fields.shown import shown

_LONGEST = 256


class JsonPath:
    """A path into a JSON document. Two of the same text are equal.

    `walks` says that it may visit the whole document, so that large ones take long.
    """

    __slots__ = ("text", "walks")

    def __init__(self, text: str) -> None:
        """Raise ValueError when `text` is no JSONPath, or uses what is not offered."""
        self.text = text
        self.walks = not _compiled(text).singular_query()

    def select(self, document: Any) -> Iterator[Any]:
        """Yield the values that the path leads to."""
        return (node.value for node in _compiled(self.text).finditer(document))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, JsonPath) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"JsonPath({self.text!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate, serialization=core_schema.plain_serializer_function_ser_schema(_text)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _: CoreSchema, __: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "pattern": r"^\$", "maxLength": _LONGEST}

    @classmethod
    def _validate(cls, value: object) -> "JsonPath":
        if isinstance(value, JsonPath):
            return value
        if not isinstance(value, str):
            raise ValueError(f"{shown(value)} is no JSONPath: put it in quotes")
        return cls(value)


def _text(path: JsonPath) -> str:
    return path.text


@lru_cache(maxsize=4096)
def _compiled(text: str) -> Any:
    # Only configurations with JSON conditions pay for it.
    from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError

    if len(text) > _LONGEST:
        raise ValueError(f"a JSONPath has at most {_LONGEST} characters")
    environment = JSONPathEnvironment()
    for name in ("match", "search"):
        del environment.function_extensions[name]
    try:
        query = environment.compile(text)
    except (JSONPathError, RecursionError) as error:
        raise ValueError(f"{shown(text)} is no JSONPath: {error}") from None
    if any(len(segment.selectors) > 1 for segment in query.segments):
        raise ValueError(f"{shown(text)}: give each selector a check, not several in brackets")
    if text.count("..") + text.count("?") > 1:
        raise ValueError(f"{shown(text)}: at most one of `..` and `?` in a path")
    return query
