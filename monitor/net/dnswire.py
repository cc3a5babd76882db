"""A DNS reply's bytes as values (RFC 1035, RFC 6891), in time that hostile bytes cannot stretch.

dnspython takes seconds for a 30 KB message whose every name points into one of 120 labels, and
that would hold the loop. Here each name is read once, so that a message of 64 KB costs
milliseconds.
"""

import re
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

RECORD_TYPES: Mapping[str, int] = {
    "A": 1,
    "NS": 2,
    "CNAME": 5,
    "SOA": 6,
    "PTR": 12,
    "MX": 15,
    "TXT": 16,
    "AAAA": 28,
    "SRV": 33,
    "CAA": 257,
}
TYPE_NAMES = {number: name for name, number in RECORD_TYPES.items()}
OPT = 41
IN = 1
_RCODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")
_FLAGS = (
    (0x8000, "qr"),
    (0x0400, "aa"),
    (0x0200, "tc"),
    (0x0100, "rd"),
    (0x0080, "ra"),
    (0x0020, "ad"),
    (0x0010, "cd"),
)
_HEADER = struct.Struct("!6H")
_TYPE_CLASS = struct.Struct("!HH")
_RECORD = struct.Struct("!HHIH")
_SHORT = struct.Struct("!H")
_INTS = struct.Struct("!5I")
_SHORTS = struct.Struct("!3H")
_LONGEST_NAME = 255
_SPECIAL = re.compile(rb"[^!-~]|[.\\\\]")
_LARGEST_TTL = 2**31 - 1


class Malformed(ValueError):
    """Bytes that are no DNS message."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record. `type` is a name such as A or TYPE65, `text` the canonical text of its value.

    Names, also within `text`, are in lower case without their final dot; the root is ".".
    Addresses are compressed. Fields come in the order of the wire, one space between: MX
    `10 mail.example.id`, SRV `0 5 443 host.example.id`, SOA `mname rname serial refresh retry
    expire minimum`, CAA `0 issue letsencrypt.org`. The strings of a TXT are joined, without
    quotes; bytes that are no UTF-8 become U+FFFD. Types not read here: as RFC 3597 has it.
    """

    name: str
    type: str
    ttl_seconds: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A reply. `rcode` is a name such as NXDOMAIN, `flags` are lower-case names in wire order.

    The OPT record counts in none of the sections.
    """

    rcode: str
    flags: tuple[str, ...]
    answer: tuple[Record, ...]
    authority: tuple[Record, ...]
    additional: tuple[Record, ...]


def decode(wire: bytes) -> Message:
    """Return the message in `wire`. Raises Malformed for bytes that are none."""
    try:
        return _Reader(wire).message()
    except (IndexError, struct.error, OSError):
        raise Malformed("the message ends too early") from None


class _Reader:
    """Reads one message. Each offset at which a name was read is remembered."""

    def __init__(self, wire: bytes) -> None:
        self.wire = wire
        self._names: dict[int, _Name] = {}
        self._extended_rcode = 0

    def message(self) -> Message:
        _, flags, questions, *counts = _HEADER.unpack_from(self.wire)
        at = _HEADER.size
        for _ in range(questions):
            at = self.name(at).end + _TYPE_CLASS.size
        sections: list[tuple[Record, ...]] = []
        for count in counts:
            records, at = self._section(at, count)
            sections.append(records)
        answer, authority, additional = sections
        return Message(
            rcode=_rcode(self._extended_rcode << 4 | flags & 0x0F),
            flags=tuple(name for bit, name in _FLAGS if flags & bit),
            answer=answer,
            authority=authority,
            additional=additional,
        )

    def _section(self, at: int, count: int) -> tuple[tuple[Record, ...], int]:
        records: list[Record] = []
        for _ in range(count):
            owner = self.name(at)
            kind, record_class, ttl, length = _RECORD.unpack_from(self.wire, owner.end)
            start = owner.end + _RECORD.size
            at = start + length
            if at > len(self.wire):
                raise Malformed("a record is longer than the message")
            if kind == OPT:
                self._extended_rcode = ttl >> 24
            elif record_class == IN:
                text = _TEXTS.get(kind, _unknown_text)(self, start, at)
                type_name = TYPE_NAMES.get(kind) or f"TYPE{kind}"
                records.append(Record(owner.shown, type_name, _ttl(ttl), text))
        return tuple(records), at

    def name(self, at: int) -> "_Name":
        """Return the name at an offset, its pointers followed (RFC 1035, 4.1.4)."""
        path: list[tuple[int, bytes]] = []  # where a label or (b"") a pointer starts
        length = 0
        while (known := self._names.get(at)) is None:
            size = self.wire[at]
            if size == 0:
                known = _Name("", at + 1, 1)
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

    def name_to(self, at: int, end: int) -> str:
        """Return the text of a name that must fill the record's bytes up to `end`."""
        name = self.name(at)
        if name.end != end:
            raise Malformed("a name does not fill its record")
        return name.shown

    def _earlier(self, at: int) -> int:
        target = (self.wire[at] & 0x3F) << 8 | self.wire[at + 1]
        if target >= at:
            raise Malformed("a name points forward")
        return target

    def _slice(self, start: int, end: int) -> bytes:
        if end > len(self.wire):
            raise Malformed("the message ends within a name")
        return self.wire[start:end]

    def _remember(self, path: list[tuple[int, bytes]], name: "_Name") -> "_Name":
        for start, label in reversed(path):
            if label:
                text = _label_text(label)
                text = f"{text}.{name.text}" if name.text else text
                name = _Name(text, name.end, name.length + 1 + len(label))
            else:
                name = _Name(name.text, start + 2, name.length)
            if name.length > _LONGEST_NAME:
                raise Malformed("a name is too long")
            self._names[start] = name
        return name


@dataclass(frozen=True, slots=True)
class _Name:
    """A name's text, the offset behind it where it stands, and its length unpacked."""

    text: str
    end: int
    length: int

    @property
    def shown(self) -> str:
        return self.text or "."


def _label_text(label: bytes) -> str:
    if label.isalnum():
        return label.decode("ascii").lower()
    return _SPECIAL.sub(_escape, label).decode("ascii").lower()


def _escape(found: re.Match[bytes]) -> bytes:
    byte = found[0]
    return b"\\" + byte if byte in b".\\" else b"\\%03d" % byte[0]


def _rcode(code: int) -> str:
    return _RCODES[code] if code < len(_RCODES) else f"RCODE{code}"


def _ttl(seconds: int) -> int:
    """Return a TTL; one with the highest bit set counts as zero (RFC 2181, 8)."""
    return seconds if seconds <= _LARGEST_TTL else 0


def _address_text(family: socket.AddressFamily, size: int) -> "_TextOf":
    def text(reader: _Reader, start: int, end: int) -> str:
        if end - start != size:
            raise Malformed("an address of a wrong length")
        return socket.inet_ntop(family, reader.wire[start:end])

    return text


def _name_text(reader: _Reader, start: int, end: int) -> str:
    return reader.name_to(start, end)


def _mx_text(reader: _Reader, start: int, end: int) -> str:
    (preference,) = _SHORT.unpack_from(reader.wire, start)
    return f"{preference} {reader.name_to(start + _SHORT.size, end)}"


def _srv_text(reader: _Reader, start: int, end: int) -> str:
    priority, weight, port = _SHORTS.unpack_from(reader.wire, start)
    return f"{priority} {weight} {port} {reader.name_to(start + _SHORTS.size, end)}"


def _soa_text(reader: _Reader, start: int, end: int) -> str:
    primary = reader.name(start)
    mailbox = reader.name(primary.end)
    if mailbox.end + _INTS.size != end:
        raise Malformed("a SOA of a wrong length")
    numbers = _INTS.unpack_from(reader.wire, mailbox.end)
    return " ".join([primary.shown, mailbox.shown, *map(str, numbers)])


def _txt_text(reader: _Reader, start: int, end: int) -> str:
    strings: list[bytes] = []
    while start < end:
        behind = start + 1 + reader.wire[start]
        if behind > end:
            raise Malformed("a string is longer than its record")
        strings.append(reader.wire[start + 1 : behind])
        start = behind
    return b"".join(strings).decode(errors="replace")


def _caa_text(reader: _Reader, start: int, end: int) -> str:
    flags, length = reader.wire[start], reader.wire[start + 1]
    value_at = start + 2 + length
    if value_at > end:
        raise Malformed("a CAA tag is longer than its record")
    tag = reader.wire[start + 2 : value_at].decode(errors="replace").lower()
    return f"{flags} {tag} {reader.wire[value_at:end].decode(errors='replace')}"


def _unknown_text(reader: _Reader, start: int, end: int) -> str:
    """Return a record of a type that we do not read, as RFC 3597 writes it."""
    return f"\\# {end - start} {reader.wire[start:end].hex()}".rstrip()


_TextOf = Callable[[_Reader, int, int], str]
_TEXTS: Mapping[int, _TextOf] = {
    RECORD_TYPES["A"]: _address_text(socket.AF_INET, 4),
    RECORD_TYPES["AAAA"]: _address_text(socket.AF_INET6, 16),
    RECORD_TYPES["NS"]: _name_text,
    RECORD_TYPES["CNAME"]: _name_text,
    RECORD_TYPES["PTR"]: _name_text,
    RECORD_TYPES["MX"]: _mx_text,
    RECORD_TYPES["SRV"]: _srv_text,
    RECORD_TYPES["SOA"]: _soa_text,
    RECORD_TYPES["TXT"]: _txt_text,
    RECORD_TYPES["CAA"]: _caa_text,
}
