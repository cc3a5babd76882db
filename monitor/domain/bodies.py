"""Reading the bodies that targets send: hostile until shown otherwise, so everything is bounded."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from monitor.domain.text import visible_text

# Charsets that Python decodes in linear time; a body in anything else is searched as it is.
_CHARSET = re.compile(
    rb"charset=[\"']?(iso-8859-\d{1,2}|windows-125\d|utf-16(?:le|be)?)\b", re.IGNORECASE
)
_DEEPEST = 64


def searchable(body: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return a body in UTF-8, whatever common charset its Content-Type names."""
    for name, value in headers:
        match = _CHARSET.search(value[:256]) if name.lower() == b"content-type" else None
        if match is not None:
            return _decoded(body, match[1].decode())
    return body


def _decoded(body: bytes, charset: str) -> bytes:
    try:
        return body.decode(charset, errors="replace").encode(errors="replace")
    except LookupError:
        return body


def json_document(body: bytes, *, whole_number: Callable[[str], float] = int) -> Any:
    """Return the JSON value of a body; raise ValueError, saying why, when it is none.

    No document is deeper than 64 levels; numbers too long for Python are no JSON here.
    `whole_number` reads the numbers that have no fraction.
    """
    try:
        document = json.loads(body, parse_int=whole_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"not valid JSON: {error}") from None
    if _is_deep(document):
        raise ValueError(f"nested over {_DEEPEST} levels deep")
    return document


def _is_deep(document: Any) -> bool:
    level = [document]
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below.extend(one for one in value.values() if isinstance(one, dict | list))
            elif isinstance(value, list):
                below.extend(one for one in value if isinstance(one, dict | list))
        if not below:
            return False
        level = below
    return True


def same_json(found: Any, expected: Any) -> bool:
    """Say whether two JSON values are equal. true is not 1; 1 is 1.0."""
    if isinstance(found, bool) or isinstance(expected, bool):
        return found is expected
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all(
            same_json(found[key], expected[key]) for key in found
        )
    if isinstance(found, list) and isinstance(expected, list):
        return len(found) == len(expected) and all(map(same_json, found, expected))
    return bool(found == expected)


def json_text(value: Any) -> str:
    """Return a JSON value as a short text of one line."""
    if isinstance(value, dict | list) and len(value) > 20:
        kind = "an object" if isinstance(value, dict) else "an array"
        return f"{kind} of {len(value)}"
    return visible_text(json.dumps(value, ensure_ascii=False)[:400], 200)
