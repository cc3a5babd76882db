"""Names within a DNS message (RFC 1035, 4.1.4), each read once.

dnspython takes seconds for a 30 KB message whose every name points into one of 120 labels, and
that would hold the loop. Here what was read at an offset is remembered, so that a message of
64 KB costs milliseconds.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

_LONGEST_NAME = 255
_SPECIAL = re.compile(rb"[^!-~]|[.\\\\]")


class Malformed(ValueError):
    """Bytes that are no DNS message."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name's text without its final dot, the offset behind it, and its length unpacked."""

    text: str
    end: int
    length: int


class Names:
    """Reads the names of one message.

    `label` says how a label is written; `final` is what stands behind a name: nothing, or a dot.
    """

    __slots__ = ("_label", "_read", "final", "wire")

    def __init__(self, wire: bytes, label: Callable[[bytes], str], final: str = "") -> None:
        self.wire = wire
        self.final = final
        self._label = label
        self._read: dict[int, Name] = {}

    def at(self, at: int) -> Name:
        """Return the name at an offset, its pointers followed. Raises Malformed, IndexError."""
        path: list[tuple[int, bytes]] = []  # where a label or (b"") a pointer starts
        length = 0
        while (known := self._read.get(at)) is None:
            size = self.wire[at]
            if size == 0:
                known = Name("", at + 1, 1)
                break
            if size < 64:
                path.append((at, self._slice(at + 1, at + 1 + size)))
                at += 1 + size
                length += 1 + size
            elif size >= 0xC0:
                path.append((at, b""))
                at = self._earlier(at)
            else:
                raise Malformed("a label of an unknown kind")
            if length >= _LONGEST_NAME:  # also what ends a name that leads back into itself
                raise Malformed("a name is too long")
        return self._remember(path, known)

    def shown(self, name: Name) -> str:
        """Return a name as it is written; the root is a dot."""
        return name.text + self.final if name.text else "."

    def text_to(self, at: int, end: int) -> str:
        """Return the text of a name that must fill a record's bytes up to `end`."""
        name = self.at(at)
        if name.end != end:
            raise Malformed("a name does not fill its record")
        return self.shown(name)

    def _earlier(self, at: int) -> int:
        target = (self.wire[at] & 0x3F) << 8 | self.wire[at + 1]
        if target >= at:
            raise Malformed("a name points forward")
        return target

    def _slice(self, start: int, end: int) -> bytes:
        if end > len(self.wire):
            raise Malformed("the message ends within a name")
        return self.wire[start:end]

    def _remember(self, path: list[tuple[int, bytes]], name: Name) -> Name:
        for start, label in reversed(path):
            if label:
                text = self._label(label)
                text = f"{text}.{name.text}" if name.text else text
                name = Name(text, name.end, name.length + 1 + len(label))
            else:
                name = Name(name.text, start + 2, name.length)
            if name.length > _LONGEST_NAME:
                raise Malformed("a name is too long")
            self._read[start] = name
        return name


def folded_label(label: bytes) -> str:
    """Return a label in lower case, what is special in it escaped."""
    if label.isalnum():
        return label.decode("ascii").lower()
    return _SPECIAL.sub(_escape, label).decode("ascii").lower()


def _escape(found: re.Match[bytes]) -> bytes:
    byte = found[0]
    return b"\\" + byte if byte in b".\\" else b"\\%03d" % byte[0]
