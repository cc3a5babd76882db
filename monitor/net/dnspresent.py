"""Records as lines of a zone file, with names in the case in which they were sent.

The shape is that of Go's miekg/dns, which rules written for blackbox_exporter match: owner, TTL,
class, type and value with a tab between each, names with their final dot.
"""

import struct
from collections.abc import Sequence
from ipaddress import IPv6Address

from monitor.domain.dnstext import quoted
from monitor.domain.dnstypes import class_name, type_name
from monitor.net.dnsnames import Names
from monitor.net.dnsrdata import Form, is_known, value_text
from monitor.net.dnswire import Record

_RECORD = struct.Struct("!HHIH")
_ESCAPED = b".\\ '@;()\""


def zone_line(record: Record) -> str:
    r"""Return a record of a message as `www.Example.id.\t300\tIN\tA\t192.0.2.7`."""
    return zone_lines([record])[0]


def zone_lines(records: Sequence[Record]) -> list[str]:
    """Return the lines of records; those of one message share the reading of its names."""
    readers: dict[int, Names] = {}
    lines: list[str] = []
    for record in records:
        assert record.place is not None, "a record that was decoded has a place"  # noqa: S101
        wire = record.place.wire
        names = readers.setdefault(id(wire), Names(wire, _label, "."))
        lines.append(_line(names, record.place.at))
    return lines


def _line(names: Names, at: int) -> str:
    owner = names.at(at)
    kind, record_class, ttl, length = _RECORD.unpack_from(names.wire, owner.end)
    start = owner.end + _RECORD.size
    value = value_text(names, ZONE, (kind, record_class), start, start + length)
    known = is_known(kind)
    class_text = class_name(record_class) if known else f"CLASS{record_class}"
    type_text = type_name(kind) if known else f"TYPE{kind}"
    return "\t".join([names.shown(owner), str(ttl), class_text, type_text, value])


def _label(label: bytes) -> str:
    return (
        label.decode("ascii") if label.isalnum() else "".join(map(_CHARACTERS.__getitem__, label))
    )


_CHARACTERS = tuple(
    "\\" + chr(byte) if byte in _ESCAPED else chr(byte) if 32 <= byte < 127 else f"\\{byte:03d}"
    for byte in range(256)
)


def _embedded(octets: bytes) -> str:
    address = IPv6Address(octets)
    return f"::ffff:{address.ipv4_mapped}" if address.ipv4_mapped else str(address)


def _texts(strings: Sequence[bytes]) -> str:
    return " ".join(map(quoted, strings))


ZONE = Form(
    case=str.upper,
    embedded=_embedded,
    tag=lambda tag: tag.decode(errors="replace"),
    texts=_texts,
    value=quoted,
    parameter=lambda key, value: f'{key}="{value}"',
)
