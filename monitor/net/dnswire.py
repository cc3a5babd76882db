"""A DNS reply's bytes as values (RFC 1035, RFC 6891), in time that hostile bytes cannot stretch."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address

from monitor.domain.dnstext import parameter
from monitor.domain.dnstypes import EXTENDED_ERRORS, RECORD_TYPES, class_name, rcode_name, type_name
from monitor.net.dnsnames import Malformed as Malformed  # noqa: PLC0414 - what decode raises
from monitor.net.dnsnames import Names, folded_label
from monitor.net.dnsrdata import Form, value_text

OPT = RECORD_TYPES["OPT"]
NSID_OPTION = 3
_EXTENDED_ERROR_OPTION = 15
_MOST_ERRORS = 8
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
_OPTION = struct.Struct("!HH")
_LARGEST_TTL = 2**31 - 1
_DNSSEC_OK = 0x8000


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a message a record stands."""

    wire: bytes
    at: int


@dataclass(frozen=True, slots=True)
class Record:
    """One record. `type` is a name such as A or TYPE65280, `text` its value's canonical text.

    Names, also within `text`, are in lower case without their final dot; the root is ".".
    `monitor.domain.dnstext` says how values are written. `place` is for whoever wants the
    record as it was sent.
    """

    name: str
    type: str
    ttl_seconds: int
    text: str
    record_class: str = "IN"
    place: Place | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ExtendedError:
    """Why a server answered as it did (RFC 8914). `text` is the server's own, often empty."""

    code: int
    text: str

    def __str__(self) -> str:
        meaning = EXTENDED_ERRORS.get(self.code) or f"extended error {self.code}"
        return f"{meaning}: {self.text}" if self.text else meaning


@dataclass(frozen=True, slots=True, kw_only=True)
class Edns:
    """What the OPT record of a reply says. `nsid` is the server's identifier, if it told one."""

    version: int
    payload: int
    dnssec_ok: bool
    errors: tuple[ExtendedError, ...] = ()
    nsid: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A reply. `rcode` is a name such as NXDOMAIN, `flags` are lower-case names in wire order.

    The OPT record counts in none of the sections; `edns` is None where there is none.
    """

    rcode: str
    flags: tuple[str, ...]
    answer: tuple[Record, ...]
    authority: tuple[Record, ...]
    additional: tuple[Record, ...]
    edns: Edns | None = None


def decode(wire: bytes) -> Message:
    """Return the message in `wire`. Raises Malformed for bytes that are none."""
    try:
        return _Reader(wire).message()
    except (IndexError, struct.error, OSError):
        raise Malformed("the message ends too early") from None


def decode_cut(wire: bytes) -> Message:
    """Return what a truncated message holds: nothing but its header if a record is cut.

    Raises Malformed where even that is too short.
    """
    try:
        return decode(wire)
    except Malformed:
        return decode(wire[:4] + b"\0" * 8)


def aged(message: Message, seconds: int) -> Message:
    """Return a message whose TTLs are by so many seconds nearer to their end."""
    if not seconds:
        return message
    return replace(
        message,
        answer=_aged(message.answer, seconds),
        authority=_aged(message.authority, seconds),
        additional=_aged(message.additional, seconds),
    )


def _aged(records: Sequence[Record], seconds: int) -> tuple[Record, ...]:
    return tuple(replace(one, ttl_seconds=max(one.ttl_seconds - seconds, 0)) for one in records)


class _Reader:
    """Reads one message."""

    def __init__(self, wire: bytes) -> None:
        self.wire = wire
        self.names = Names(wire, folded_label)
        self._extended_rcode = 0
        self._edns: Edns | None = None

    def message(self) -> Message:
        _, flags, questions, *counts = _HEADER.unpack_from(self.wire)
        at = _HEADER.size
        for _ in range(questions):
            at = self.names.at(at).end + _TYPE_CLASS.size
        sections: list[tuple[Record, ...]] = []
        for count in counts:
            records, at = self._section(at, count)
            sections.append(records)
        answer, authority, additional = sections
        return Message(
            rcode=rcode_name(self._extended_rcode << 4 | flags & 0x0F),
            flags=tuple(name for bit, name in _FLAGS if flags & bit),
            answer=answer,
            authority=authority,
            additional=additional,
            edns=self._edns,
        )

    def _section(self, at: int, count: int) -> tuple[tuple[Record, ...], int]:
        records: list[Record] = []
        for _ in range(count):
            begins = at
            owner = self.names.at(at)
            kind, record_class, ttl, length = _RECORD.unpack_from(self.wire, owner.end)
            start = owner.end + _RECORD.size
            at = start + length
            if at > len(self.wire):
                raise Malformed("a record is longer than the message")
            if kind == OPT:
                self._extended_rcode = ttl >> 24
                self._edns = _edns(record_class, ttl, self.wire[start:at])
                continue
            records.append(
                Record(
                    self.names.shown(owner),
                    type_name(kind),
                    _ttl(ttl),
                    value_text(self.names, CANONICAL, (kind, record_class), start, at),
                    class_name(record_class),
                    Place(self.wire, begins),
                )
            )
        return tuple(records), at


def _ttl(seconds: int) -> int:
    """Return a TTL; one with the highest bit set counts as zero (RFC 2181, 8)."""
    return seconds if seconds <= _LARGEST_TTL else 0


def _edns(payload: int, ttl: int, options: bytes) -> Edns:
    """Return what an OPT record says; options behind a broken one are passed over."""
    errors: list[ExtendedError] = []
    nsid: bytes | None = None
    at = 0
    while at + _OPTION.size <= len(options):
        code, length = _OPTION.unpack_from(options, at)
        value = options[at + _OPTION.size : at + _OPTION.size + length]
        at += _OPTION.size + length
        if at > len(options):
            break
        if code == NSID_OPTION:
            nsid = value
        elif code == _EXTENDED_ERROR_OPTION and len(value) >= 2 and len(errors) < _MOST_ERRORS:
            text = value[2:].decode(errors="replace").rstrip("\0")
            errors.append(ExtendedError(int.from_bytes(value[:2]), text))
    return Edns(
        version=ttl >> 16 & 0xFF,
        payload=payload,
        dnssec_ok=bool(ttl & _DNSSEC_OK),
        errors=tuple(errors),
        nsid=nsid,
    )


def _joined(strings: Sequence[bytes]) -> str:
    return b"".join(strings).decode(errors="replace")


CANONICAL = Form(
    case=str.lower,
    embedded=lambda octets: str(IPv6Address(octets)),
    tag=lambda tag: tag.decode(errors="replace").lower(),
    texts=_joined,
    value=lambda value: value.decode(errors="replace"),
    parameter=parameter,
)
