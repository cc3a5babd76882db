"""Regular expressions, in RE2's syntax: operators write them, targets choose the text."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar

from pydantic.json_schema import JsonSchemaValue

from monitor.fields.expressions import Expression
from monitor.fields.shown import shown

_LONGEST = 4096
_STRAY_BYTE = re.compile("[\udc80-\udcff]")
Groups = Mapping[int | str, bytes]


class Pattern(Expression):
    """A regular expression that searches in linear time. Two of the same text are equal."""

    __slots__ = ()

    noun = "regular expression"
    json_schema: ClassVar[JsonSchemaValue] = {"type": "string", "maxLength": _LONGEST}

    def __init__(self, text: str) -> None:
        """Raise ValueError when RE2 does not understand `text`."""
        _compiled(text)
        super().__init__(text)

    def search(self, text: str | bytes) -> bool:
        """Return whether the expression matches anywhere in `text`.

        Bytes are read as UTF-8; each that is none counts as one character, U+FFFD.
        """
        octets = text.encode(errors="replace") if isinstance(text, str) else _as_utf8(text)
        return _compiled(self.text).search(octets) is not None

    def groups(self, octets: bytes) -> Groups | None:
        """Return what the first match and its groups hold, by number (0: all of it) and by name.

        Groups that took no part are left out. None means that nothing matches.
        """
        compiled = _compiled(self.text)
        match = compiled.search(_as_utf8(octets))
        if match is None:
            return None
        texts = dict(enumerate((match.group(0), *match.groups())))
        texts |= {name.decode(): texts[number] for name, number in compiled.groupindex.items()}
        return {key: text for key, text in texts.items() if text is not None}

    @property
    def group_names(self) -> frozenset[int | str]:
        """What its groups are called: every number from 0 (all of the match), and every name."""
        compiled = _compiled(self.text)
        names = (name.decode() for name in compiled.groupindex)
        return frozenset((*range(compiled.groups + 1), *names))


def _as_utf8(octets: bytes) -> bytes:
    """Return bytes that RE2 can read: where they are no UTF-8 not even `.` matches them."""
    if octets.isascii():
        return octets
    try:
        octets.decode()
    except UnicodeDecodeError:
        text = octets.decode(errors="surrogateescape")
        return _STRAY_BYTE.sub("\N{REPLACEMENT CHARACTER}", text).encode()
    return octets


@lru_cache(maxsize=16_384)
def _compiled(text: str) -> Any:
    import re2  # type: ignore[import-untyped]  # only configurations with patterns pay for it

    if len(text) > _LONGEST:
        raise ValueError(f"a regular expression has at most {_LONGEST} characters")
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text.encode(), options)
    except re2.error as error:
        reason = error.args[0]
        reason = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
        raise ValueError(f"{shown(text)} is no RE2 expression: {reason}") from None
