"""Filters of LDAP, from their text (RFC 4515) to what is sent (RFC 4511, 4.5.1.7).

All but extensible matches (`:=`), which a check has no use for. Length and depth are bounded.
"""

import re

from monitor.net import ber

LONGEST = 1000  # characters
DEEPEST = 10  # filters within filters
_SETS = {"&": ber.context(0, constructed=True), "|": ber.context(1, constructed=True)}
_NOT = ber.context(2, constructed=True)
_COMPARISONS = {
    "=": ber.context(3, constructed=True),
    ">=": ber.context(5, constructed=True),
    "<=": ber.context(6, constructed=True),
    "~=": ber.context(8, constructed=True),
}
_SUBSTRINGS = ber.context(4, constructed=True)
_PRESENT = ber.context(7)
_INITIAL, _ANY, _FINAL = ber.context(0), ber.context(1), ber.context(2)
_ITEM = re.compile(r"([^=~<>]*)(=|>=|<=|~=)([^()]*)\Z")
_ATTRIBUTE = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9-]{0,99}|\d{1,9}(?:\.\d{1,9}){1,30})(?:;[A-Za-z0-9-]{1,99}){0,5}\Z"
)
_ESCAPE = re.compile(rb"\\([0-9A-Fa-f]{2})|\\")


def encode(text: str) -> bytes:
    """Return the filter that `text` writes; raise ValueError, which says what is wrong with it."""
    if len(text) > LONGEST:
        raise ValueError(f"a filter of over {LONGEST} characters")
    written, end = _filter(text, 0, 1)
    if end < len(text):
        raise ValueError(f"the filter ends at character {end}, and more follows")
    return written


def _filter(text: str, at: int, depth: int) -> tuple[bytes, int]:
    """Return the filter that begins at `at`, and where it ends."""
    if depth > DEEPEST:
        raise ValueError(f"over {DEEPEST} filters within one another")
    if text[at : at + 1] != "(":
        raise ValueError(f"a filter begins with a bracket, at character {at + 1}: (uid=pantau)")
    kind = text[at + 1 : at + 2]
    if kind in _SETS:
        parts, end = _several(text, at + 2, depth)
        return ber.sequence(parts, _SETS[kind]), _closed(text, end)
    if kind == "!":
        part, end = _filter(text, at + 2, depth + 1)
        return ber.element(_NOT, part), _closed(text, end)
    end = text.find(")", at)
    if end < 0:
        raise ValueError("a bracket of the filter is not closed")
    return _item(text[at + 1 : end]), end + 1


def _several(text: str, at: int, depth: int) -> tuple[list[bytes], int]:
    parts = []
    while text[at : at + 1] == "(":
        part, at = _filter(text, at, depth + 1)
        parts.append(part)
    return parts, at


def _closed(text: str, at: int) -> int:
    if text[at : at + 1] != ")":
        raise ValueError(f"a bracket of the filter is not closed at character {at + 1}")
    return at + 1


def _item(text: str) -> bytes:
    match = _ITEM.match(text)
    if match is None:
        raise ValueError("a filter compares an attribute: (uid=pantau); write ( as \\28, ) as \\29")
    name, comparison, value = match.groups()
    if name.endswith(":"):
        raise ValueError("extensible matches (:=) are not supported in a filter")
    if not _ATTRIBUTE.match(name):
        raise ValueError("what stands before the = of a filter is no name of an attribute")
    attribute = name.encode()
    if comparison == "=" and value == "*":
        return ber.octet_string(attribute, _PRESENT)
    if comparison == "=" and "*" in value:
        return _substrings(attribute, value)
    if "*" in value:
        raise ValueError(f"a filter with {comparison} takes no *: write \\2a for the character")
    parts = (ber.octet_string(attribute), ber.octet_string(_unescaped(value)))
    return ber.sequence(parts, _COMPARISONS[comparison])


def _substrings(attribute: bytes, value: str) -> bytes:
    first, *others, last = value.split("*")
    if "" in others:
        raise ValueError("two * of a filter stand side by side")
    parts = [
        *([ber.octet_string(_unescaped(first), _INITIAL)] if first else []),
        *(ber.octet_string(_unescaped(part), _ANY) for part in others),
        *([ber.octet_string(_unescaped(last), _FINAL)] if last else []),
    ]
    return ber.sequence((ber.octet_string(attribute), ber.sequence(parts)), _SUBSTRINGS)


def _unescaped(value: str) -> bytes:
    if "\0" in value:
        raise ValueError("a filter writes the character NUL as \\00")
    return _ESCAPE.sub(_octet, value.encode())


def _octet(match: re.Match[bytes]) -> bytes:
    if match[1] is None:
        raise ValueError("after \\ a filter has two hexadecimal digits: \\5c for the character")
    return bytes([int(match[1], 16)])
