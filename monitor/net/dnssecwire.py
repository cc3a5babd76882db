"""A DNS reply as what signatures are made over: RRsets in canonical form (RFC 4034, 6).

`monitor.net.dnswire` reads a reply as texts for people; a signature wants the very bytes, names
within them unpacked and in lower case.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from monitor.domain.dnstypes import CLASSES, type_name
from monitor.net.dnsnames import Malformed, Names

NS, CNAME, SOA, DNAME = 2, 5, 6, 39
DS, RRSIG, NSEC, DNSKEY, NSEC3 = 43, 46, 47, 48, 50
NOERROR, NXDOMAIN = 0, 3
Name = tuple[bytes, ...]
"""A name's labels in lower case, the leftmost first; the root is ()."""

_HEADER = struct.Struct("!6H")
_TYPE_CLASS = struct.Struct("!HH")
_RECORD = struct.Struct("!HHIH")
_IN = CLASSES["IN"]

# The types whose names are unpacked and made lower case: bytes before the names, character
# strings before them, and how many names there are. What follows the names stays as it is.
_NAMES_IN: Mapping[int, tuple[int, int, int]] = {
    **dict.fromkeys((2, 3, 4, 5, 7, 8, 9, 12, 39), (0, 0, 1)),
    **dict.fromkeys((6, 14, 17), (0, 0, 2)),
    **dict.fromkeys((15, 18, 21, 36), (2, 0, 1)),
    26: (2, 0, 2),
    33: (6, 0, 1),
    35: (4, 3, 1),
}


@dataclass(frozen=True, slots=True)
class RRset:
    """Records of one owner and type. `rdatas` are in canonical form and order, none twice."""

    owner: Name
    type: int
    rdatas: tuple[bytes, ...]

    def __str__(self) -> str:
        return f"{shown(self.owner)} {type_name(self.type)}"


Section = Mapping[tuple[Name, int], RRset]
"""RRsets of class IN by owner and type. The RRSIGs of an owner are one RRset, as all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedReply:
    """What signatures are made over, of a reply."""

    rcode: int
    answer: Section
    authority: Section


def parse_name(text: str) -> Name:
    """Return the labels of an ASCII name as questions have it; "." is the root."""
    return () if text == "." else tuple(text.lower().removesuffix(".").encode("ascii").split(b"."))


def shown(name: Name) -> str:
    """Return a name for people; a byte that is no plain character becomes its number."""
    return ".".join("".join(map(_shown_byte, label)) for label in name) or "."


def _shown_byte(byte: int) -> str:
    if byte in b".\\":
        return f"\\{byte:c}"
    return f"{byte:c}" if 0x21 <= byte <= 0x7E else f"\\{byte:03d}"


def wire_name(name: Name) -> bytes:
    """Return a name as bytes, unpacked."""
    return b"".join(bytes((len(label),)) + label for label in name) + b"\0"


def is_within(name: Name, zone: Name) -> bool:
    """Say whether `name` is `zone` or lies below it."""
    return len(name) >= len(zone) and name[len(name) - len(zone) :] == zone


def read(wire: bytes) -> SignedReply:
    """Return the RRsets of a reply. Raises Malformed for bytes that are none."""
    try:
        return _Reader(wire).reply()
    except (IndexError, struct.error):
        raise Malformed("the message ends too early") from None


class _Reader:
    """Reads one message."""

    def __init__(self, wire: bytes) -> None:
        self._wire = wire
        self._names = Names(wire, _label_text)
        self._known: dict[str, Name] = {}

    def reply(self) -> SignedReply:
        _, flags, questions, *counts = _HEADER.unpack_from(self._wire)
        at = _HEADER.size
        for _ in range(questions):
            at = self._names.at(at).end + _TYPE_CLASS.size
        answer, at = self._section(at, counts[0])
        authority, at = self._section(at, counts[1])
        return SignedReply(rcode=flags & 0x0F, answer=answer, authority=authority)

    def _section(self, at: int, count: int) -> tuple[Section, int]:
        records: list[tuple[Name, int, bytes]] = []
        for _ in range(count):
            owner, behind = self._name(at)
            kind, record_class, _, length = _RECORD.unpack_from(self._wire, behind)
            start = behind + _RECORD.size
            at = start + length
            if at > len(self._wire):
                raise Malformed("a record is longer than the message")
            if record_class == _IN:
                records.append((owner, kind, self._rdata(kind, start, at)))
        return _rrsets(records), at

    def _rdata(self, kind: int, start: int, end: int) -> bytes:
        layout = _NAMES_IN.get(kind)
        if layout is None:
            return self._wire[start:end]
        before, strings, names = layout
        at = start + before
        for _ in range(strings):
            at += 1 + self._wire[at]
        parts = [self._wire[start:at]]
        for _ in range(names):
            name, at = self._name(at)
            parts.append(wire_name(name))
        if at > end:
            raise Malformed("a name is longer than its record")
        return b"".join([*parts, self._wire[at:end]])

    def _name(self, at: int) -> tuple[Name, int]:
        """Return the name at an offset, and the offset behind it."""
        read = self._names.at(at)
        name = self._known.get(read.text)
        if name is None:
            name = tuple(map(bytes.fromhex, read.text.split("."))) if read.text else ()
            self._known[read.text] = name
        return name, read.end


def _label_text(label: bytes) -> str:
    """Return a label so that it can stand between dots, whatever its bytes are."""
    return label.lower().hex()


def _rrsets(records: Sequence[tuple[Name, int, bytes]]) -> Section:
    """Return records as RRsets. Comparing canonical bytes puts them in canonical order."""
    return {
        (owner, kind): RRset(owner, kind, tuple(rdata for _, _, rdata in group))
        for (owner, kind), group in groupby(sorted(set(records)), key=lambda one: one[:2])
    }
