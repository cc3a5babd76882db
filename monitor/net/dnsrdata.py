"""The values of records as texts, in one of two forms (RFC 1035 and the RFC of each type).

What the forms share is here; a `Form` says where they differ. The canonical form is what a check
compares (`monitor.domain.dnstext`), the zone form is what a line of a zone file holds
(`monitor.net.dnspresent`).
"""

import socket
import struct
from base64 import b32hexencode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv6Address
from typing import Any

from monitor.domain.dnslocation import location
from monitor.domain.dnstext import quoted
from monitor.domain.dnstypes import RECORD_TYPES, svc_key, type_name
from monitor.net.dnsnames import Malformed, Name, Names

_BYTES = struct.Struct("!BB")
_THREE_BYTES = struct.Struct("!BBB")
_SHORT = struct.Struct("!H")
_TWO_SHORTS = struct.Struct("!HH")
_INTS = struct.Struct("!5I")
_SHORTS = struct.Struct("!3H")
_KEY = struct.Struct("!HBB")
_CERTIFICATE = struct.Struct("!HHB")
_ZONE_DIGEST = struct.Struct("!IBB")
_SYNCHRONISATION = struct.Struct("!IH")
_SALTED = struct.Struct("!BBHB")
_SIGNATURE = struct.Struct("!HBBIIIH")
_PLACE = struct.Struct("!BBBBIII")
_MOST_TYPES = 64  # in a bitmap: each byte of a hostile one would make eight words
_IN = 1
_BITS = tuple(tuple(bit for bit in range(8) if octet & 0x80 >> bit) for octet in range(256))


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How values are written. Each function takes bytes as they came."""

    case: Callable[[str], str]  # of hexadecimal digests
    embedded: Callable[[bytes], str]  # an IPv6 address that ends in an IPv4 one
    tag: Callable[[bytes], str]  # of a CAA
    texts: Callable[[Sequence[bytes]], str]  # the strings of a TXT
    value: Callable[[bytes], str]  # a CAA's or a URI's
    parameter: Callable[[str, str], str]  # of an SVCB: its key and its value


def value_text(names: Names, form: Form, kind: tuple[int, int], start: int, end: int) -> str:
    """Return the text of the value between two offsets; `kind` is its type and its class.

    A type that is not read here is written as RFC 3597 has it. Raises Malformed, and IndexError
    or struct.error where the message ends too early.
    """
    record_type, record_class = kind
    read = _VALUES.get(record_type)
    if read is None or (record_class != _IN and record_type in _OF_INTERNET):
        return _unknown(names, start, end)
    try:
        return read(names, form, start, end)
    except _Unusual:
        return _unknown(names, start, end)


class _Unusual(Exception):
    """A value that its type allows, and that is not read here."""


def _head(shape: struct.Struct, names: Names, start: int, end: int) -> tuple[Any, ...]:
    """Return the numbers that a value begins with."""
    if start + shape.size > end:
        raise Malformed("a value is too short for its type")
    return shape.unpack_from(names.wire, start)


def _within(names: Names, at: int, end: int) -> Name:
    """Return a name that something follows, up to `end`."""
    name = names.at(at)
    if name.end > end:
        raise Malformed("a name is longer than its record")
    return name


def is_known(kind: int) -> bool:
    """Say whether values of a type are read here."""
    return kind in _VALUES


def _unknown(names: Names, start: int, end: int) -> str:
    return f"\\# {end - start} {names.wire[start:end].hex()}".rstrip()


def _ip4(names: Names, _: Form, start: int, end: int) -> str:
    if end - start != 4:
        raise Malformed("an address of a wrong length")
    return socket.inet_ntop(socket.AF_INET, names.wire[start:end])


def _ip6(names: Names, form: Form, start: int, end: int) -> str:
    if end - start != 16:
        raise Malformed("an address of a wrong length")
    octets = names.wire[start:end]
    text = socket.inet_ntop(socket.AF_INET6, octets)
    # libc writes some with an IPv4 address at their end; Python and Go do not, or others.
    return form.embedded(octets) if "." in text else text


def _name(names: Names, _: Form, start: int, end: int) -> str:
    return names.text_to(start, end)


def _two_names(names: Names, _: Form, start: int, end: int) -> str:
    first = names.at(start)
    return f"{names.shown(first)} {names.text_to(first.end, end)}"


def _preference_name(names: Names, _: Form, start: int, end: int) -> str:
    (preference,) = _head(_SHORT, names, start, end)
    return f"{preference} {names.text_to(start + _SHORT.size, end)}"


def _srv(names: Names, _: Form, start: int, end: int) -> str:
    priority, weight, port = _head(_SHORTS, names, start, end)
    return f"{priority} {weight} {port} {names.text_to(start + _SHORTS.size, end)}"


def _soa(names: Names, _: Form, start: int, end: int) -> str:
    primary = names.at(start)
    mailbox = names.at(primary.end)
    if mailbox.end + _INTS.size != end:
        raise Malformed("a SOA of a wrong length")
    numbers = _INTS.unpack_from(names.wire, mailbox.end)
    return " ".join([names.shown(primary), names.shown(mailbox), *map(str, numbers)])


def _strings(wire: bytes, start: int, end: int) -> Iterator[bytes]:
    while start < end:
        behind = start + 1 + wire[start]
        if behind > end:
            raise Malformed("a string is longer than its record")
        yield wire[start + 1 : behind]
        start = behind


def _txt(names: Names, form: Form, start: int, end: int) -> str:
    return form.texts(list(_strings(names.wire, start, end)))


def _hinfo(names: Names, _: Form, start: int, end: int) -> str:
    return " ".join(map(quoted, _strings(names.wire, start, end)))


def _naptr(names: Names, _: Form, start: int, end: int) -> str:
    order, preference = _head(_TWO_SHORTS, names, start, end)
    at = start + 4
    fields: list[str] = []
    for _number in range(3):
        behind = at + 1 + names.wire[at]
        if behind > end:
            raise Malformed("a string is longer than its record")
        fields.append(quoted(names.wire[at + 1 : behind]))
        at = behind
    return f"{order} {preference} {' '.join(fields)} {names.text_to(at, end)}"


def _caa(names: Names, form: Form, start: int, end: int) -> str:
    flags, length = _head(_BYTES, names, start, end)
    value_at = start + 2 + length
    if value_at > end:
        raise Malformed("a CAA tag is longer than its record")
    tag = form.tag(names.wire[start + 2 : value_at])
    return f"{flags} {tag} {form.value(names.wire[value_at:end])}"


def _uri(names: Names, form: Form, start: int, end: int) -> str:
    priority, weight = _head(_TWO_SHORTS, names, start, end)
    return f"{priority} {weight} {form.value(names.wire[start + 4 : end])}"


def _ds(names: Names, form: Form, start: int, end: int) -> str:
    tag, algorithm, digest = _head(_KEY, names, start, end)
    return f"{tag} {algorithm} {digest} {form.case(names.wire[start + 4 : end].hex())}"


def _dnskey(names: Names, _: Form, start: int, end: int) -> str:
    flags, protocol, algorithm = _head(_KEY, names, start, end)
    return f"{flags} {protocol} {algorithm} {_base64(names.wire[start + 4 : end])}"


def _cert(names: Names, _: Form, start: int, end: int) -> str:
    kind, tag, algorithm = _head(_CERTIFICATE, names, start, end)
    return f"{kind} {tag} {algorithm} {_base64(names.wire[start + 5 : end])}"


def _sshfp(names: Names, form: Form, start: int, end: int) -> str:
    algorithm, kind = _head(_BYTES, names, start, end)
    return f"{algorithm} {kind} {form.case(names.wire[start + 2 : end].hex())}"


def _tlsa(names: Names, _: Form, start: int, end: int) -> str:
    usage, selector, matching = _head(_THREE_BYTES, names, start, end)
    return f"{usage} {selector} {matching} {names.wire[start + 3 : end].hex()}"


def _zonemd(names: Names, _: Form, start: int, end: int) -> str:
    serial, scheme, algorithm = _head(_ZONE_DIGEST, names, start, end)
    return f"{serial} {scheme} {algorithm} {names.wire[start + 6 : end].hex()}"


def _eui(names: Names, _: Form, start: int, end: int) -> str:
    return names.wire[start:end].hex("-")


def _rrsig(names: Names, _: Form, start: int, end: int) -> str:
    covered, algorithm, labels, ttl, expires, begins, tag = _head(_SIGNATURE, names, start, end)
    signer = _within(names, start + _SIGNATURE.size, end)
    return (
        f"{type_name(covered)} {algorithm} {labels} {ttl} {_date(expires)} {_date(begins)} {tag} "
        f"{names.shown(signer)} {_base64(names.wire[signer.end : end])}"
    )


def _date(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%d%H%M%S}"


def _nsec(names: Names, _: Form, start: int, end: int) -> str:
    following = _within(names, start, end)
    return " ".join([names.shown(following), *_types(names.wire, following.end, end)])


def _csync(names: Names, _: Form, start: int, end: int) -> str:
    serial, flags = _head(_SYNCHRONISATION, names, start, end)
    return " ".join([str(serial), str(flags), *_types(names.wire, start + 6, end)])


def _types(wire: bytes, start: int, end: int) -> list[str]:
    """Return the types in a bitmap (RFC 4034, 4.1.2)."""
    if int.from_bytes(wire[start:end]).bit_count() > _MOST_TYPES:
        raise _Unusual
    types: list[str] = []
    last = -1
    while start < end:
        window, length = _BYTES.unpack_from(wire, start)
        if window <= last or not 1 <= length <= 32 or start + 2 + length > end:
            raise Malformed("a bitmap of types that is none")
        last = window
        for place, octet in enumerate(wire[start + 2 : start + 2 + length]):
            if octet:
                first = window << 8 | place << 3
                types += [type_name(first | bit) for bit in _BITS[octet]]
        start += 2 + length
    return types


def _salted(names: Names, form: Form, start: int, end: int) -> tuple[str, int]:
    """Return what NSEC3 and NSEC3PARAM begin with, and the offset behind it."""
    algorithm, flags, iterations, length = _head(_SALTED, names, start, end)
    behind = start + 5 + length
    if behind > end:
        raise Malformed("a salt is longer than its record")
    salt = form.case(names.wire[start + 5 : behind].hex()) or "-"
    return f"{algorithm} {flags} {iterations} {salt}", behind


def _nsec3(names: Names, form: Form, start: int, end: int) -> str:
    head, at = _salted(names, form, start, end)
    behind = at + 1 + names.wire[at]
    if behind > end:
        raise Malformed("a hash is longer than its record")
    following = form.case(b32hexencode(names.wire[at + 1 : behind]).decode().rstrip("="))
    return " ".join([head, following, *_types(names.wire, behind, end)])


def _nsec3param(names: Names, form: Form, start: int, end: int) -> str:
    head, at = _salted(names, form, start, end)
    if at != end:
        raise Malformed("an NSEC3PARAM of a wrong length")
    return head


def _base64_all(names: Names, _: Form, start: int, end: int) -> str:
    return _base64(names.wire[start:end])


def _base64(octets: bytes) -> str:
    return b64encode(octets).decode()


def _svcb(names: Names, form: Form, start: int, end: int) -> str:
    (priority,) = _head(_SHORT, names, start, end)
    target = _within(names, start + _SHORT.size, end)
    parameters = [
        form.parameter(svc_key(key), _svc_value(key, value))
        for key, value in _svc_parameters(names.wire, target.end, end)
    ]
    return " ".join([str(priority), names.shown(target), *parameters])


def _svc_parameters(wire: bytes, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    while start < end:
        key, length = _TWO_SHORTS.unpack_from(wire, start)
        behind = start + 4 + length
        if behind > end:
            raise Malformed("a parameter is longer than its record")
        yield key, wire[start + 4 : behind]
        start = behind


def _svc_value(key: int, value: bytes) -> str:
    match svc_key(key):
        case "mandatory":
            return ",".join(svc_key(number) for (number,) in _SHORT.iter_unpack(value))
        case "alpn":
            return ",".join(quoted(one)[1:-1] for one in _strings(value, 0, len(value)))
        case "port":
            return str(int.from_bytes(value))
        case "ipv4hint":
            return ",".join(socket.inet_ntop(socket.AF_INET, one) for one in _parts(value, 4))
        case "ipv6hint":
            return ",".join(str(IPv6Address(one)) for one in _parts(value, 16))
        case "ech":
            return _base64(value)
        case _:
            return quoted(value)[1:-1]


def _parts(octets: bytes, size: int) -> Iterator[bytes]:
    if len(octets) % size:
        raise Malformed("an address of a wrong length")
    return (octets[at : at + size] for at in range(0, len(octets), size))


def _loc(names: Names, _: Form, start: int, end: int) -> str:
    if end - start != _PLACE.size or names.wire[start] != 0:
        raise _Unusual  # another version, of another shape
    _version, *sizes, latitude, longitude, altitude = _PLACE.unpack_from(names.wire, start)
    return location(latitude, longitude, altitude, sizes)


_Value = Callable[[Names, Form, int, int], str]
_VALUES: Mapping[int, _Value] = {
    RECORD_TYPES[name]: read
    for names, read in (
        ("A", _ip4),
        ("AAAA", _ip6),
        ("NS CNAME PTR DNAME", _name),
        ("MX AFSDB KX", _preference_name),
        ("RP", _two_names),
        ("SRV", _srv),
        ("SOA", _soa),
        ("TXT SPF", _txt),
        ("HINFO", _hinfo),
        ("NAPTR", _naptr),
        ("CAA", _caa),
        ("URI", _uri),
        ("DS CDS", _ds),
        ("DNSKEY CDNSKEY", _dnskey),
        ("CERT", _cert),
        ("SSHFP", _sshfp),
        ("TLSA SMIMEA", _tlsa),
        ("ZONEMD", _zonemd),
        ("EUI48 EUI64", _eui),
        ("RRSIG", _rrsig),
        ("NSEC", _nsec),
        ("NSEC3", _nsec3),
        ("NSEC3PARAM", _nsec3param),
        ("CSYNC", _csync),
        ("DHCID OPENPGPKEY", _base64_all),
        ("SVCB HTTPS", _svcb),
        ("LOC", _loc),
    )
    for name in names.split()
}
_OF_INTERNET = {RECORD_TYPES["A"], RECORD_TYPES["AAAA"]}  # other classes have other addresses
