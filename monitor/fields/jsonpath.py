"""JSONPath (RFC 9535): operators write it, targets choose the document.

What could take long on a hostile document is left out: `match()` and `search()`, whose regular
expressions backtrack, several selectors in one pair of brackets, and more than one of `..` and
`?` in a path.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, ClassVar

from pydantic.json_schema import JsonSchemaValue

from monitor.fields.expressions import Expression
from monitor.fields.shown import shown

_LONGEST = 256


class JsonPath(Expression):
    """A path into a JSON document. Two of the same text are equal.

    `walks` says that it may visit the whole document, so that large ones take long.
    """

    __slots__ = ("walks",)

    noun = "JSONPath"
    json_schema: ClassVar[JsonSchemaValue] = {
        "type": "string",
        "pattern": r"^\$",
        "maxLength": _LONGEST,
    }

    def __init__(self, text: str) -> None:
        """Raise ValueError when `text` is no JSONPath, or uses what is not offered."""
        super().__init__(text)
        self.walks = not _compiled(text).singular_query()

    def select(self, document: Any) -> Iterator[Any]:
        """Yield the values that the path leads to."""
        return (node.value for node in _compiled(self.text).finditer(document))


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
