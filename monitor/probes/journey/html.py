"""Reading forms out of pages: in linear time, whatever a page holds.

Pages are hostile until shown otherwise, and the standard library's parser takes time that grows
with the square of some of them. Only opening tags of a few elements matter here, so they are
looked for, with comments, scripts and other raw text passed over, as browsers do.
"""

import re
from collections.abc import Iterator, Mapping
from html import unescape

_LONGEST_PAGE = 524_288  # characters
_MOST_ELEMENTS = 1000
_MOST_ATTRIBUTES = 50
_LONGEST_TAG = 8192  # characters
_OPENING = re.compile(
    r"<(?:(!--)|(input|meta|form|script|style|textarea|title)(?=[\s/>]))", re.IGNORECASE
)
_ATTRIBUTE = re.compile(
    r"""[\s/]*([^\s"'<>/=][^\s"'<>/=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>=`]+)))?"""
)
_RAW = {
    name: re.compile(f"</{name}", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title")
}
Attributes = Mapping[str, str]


def elements(page: str) -> Iterator[tuple[str, Attributes]]:
    """Yield the input, meta and form elements of a page, up to 1000, with their attributes.

    Names are in lower case. Nothing is known behind a comment or a script that does not end, and
    behind the first 512 K characters.
    """
    page = page[:_LONGEST_PAGE]
    at: int | None = 0
    for _ in range(_MOST_ELEMENTS):
        opening, at = _next_opening(page, at)
        if opening is None:
            return
        name = opening[2].lower()
        attributes, at = _attributes(page, opening.end())
        if name in _RAW:
            at = _behind(_RAW[name].search(page, at))
        else:
            yield name, attributes


def _next_opening(page: str, at: int | None) -> tuple[re.Match[str] | None, int]:
    while at is not None:
        opening = _OPENING.search(page, at)
        if opening is None or opening[1] is None:
            return opening, at
        end = page.find("-->", opening.start() + 2)
        at = None if end < 0 else end
    return None, 0


def _behind(match: re.Match[str] | None) -> int | None:
    return None if match is None else match.end()


def _attributes(page: str, at: int) -> tuple[Attributes, int]:
    """Return the attributes that follow at `at`, and where they end; the first of a name counts."""
    found: dict[str, str] = {}
    limit = at + _LONGEST_TAG
    for _ in range(_MOST_ATTRIBUTES):
        match = _ATTRIBUTE.match(page, at, limit)
        if match is None:
            break
        name, *values = match.groups()
        value = next((one for one in values if one is not None), "")
        found.setdefault(name.lower(), unescape(value))
        at = match.end()
    return found, at
