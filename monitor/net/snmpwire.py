"""What SNMP asks and what an agent answers (RFC 3416, RFC 3417), and version 2c's way to wrap it.

Pure. Messages of version 3 are in `monitor.net.snmpusm`.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from monitor.net import ber
from monitor.net.ber import Fields, Malformed

VERSION_2C, VERSION_3 = 1, 3
GET, RESPONSE, REPORT = (ber.context(number, constructed=True) for number in (0, 2, 8))

_ADDRESS, _COUNTER, _GAUGE, _TICKS, _OPAQUE, _COUNTER64 = (
    ber.application(number, constructed=False) for number in (0, 1, 2, 3, 4, 6)
)
_ABSENT = {
    ber.context(0): "noSuchObject",
    ber.context(1): "noSuchInstance",
    ber.context(2): "endOfMibView",
}
_UNSIGNED = {_COUNTER: 32, _GAUGE: 32, _TICKS: 32, _COUNTER64: 64}  # bits
# Net-SNMP's numbers with a fraction, as many agents send them: an element within an Opaque.
_FRACTIONS = {b"\x9f\x78\x04": struct.Struct("!f"), b"\x9f\x79\x08": struct.Struct("!d")}
# RFC 3416, section 3.
ERRORS = (
    "noError",
    "tooBig",
    "noSuchName",
    "badValue",
    "readOnly",
    "genErr",
    "noAccess",
    "wrongType",
    "wrongLength",
    "wrongEncoding",
    "wrongValue",
    "noCreation",
    "inconsistentValue",
    "resourceUnavailable",
    "commitFailed",
    "undoFailed",
    "authorizationError",
    "notWritable",
    "inconsistentName",
)


@dataclass(frozen=True, slots=True)
class Absent:
    """The agent has no value: `why` is noSuchObject, noSuchInstance or endOfMibView."""

    why: str


Value = int | float | bytes | str | Absent | None
"""Numbers; bytes of an OCTET STRING; the text of an address or of an object identifier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pdu:
    """A question, an answer or a report. `values` are in the order of the message."""

    tag: int
    request_id: int
    error: int = 0
    error_index: int = 0
    values: tuple[tuple[str, Value], ...] = ()


def get_pdu(request_id: int, oids: Sequence[str]) -> bytes:
    """Return the question for some objects."""
    bindings = ber.sequence(ber.sequence((ber.oid(oid), ber.null())) for oid in oids)
    numbers = (ber.integer(request_id), ber.integer(0), ber.integer(0))
    return ber.sequence((*numbers, bindings), GET)


def community_message(community: bytes, pdu: bytes) -> bytes:
    """Return a message of version 2c (RFC 1901)."""
    return ber.sequence((ber.integer(VERSION_2C), ber.octet_string(community), pdu))


def read_community_message(packet: bytes) -> tuple[bytes, Fields]:
    """Return the community of a message of version 2c, and its PDU still to be read.

    Raises Malformed.
    """
    outer = Fields(packet)
    fields = outer.fields()
    outer.end()
    version = fields.integer()
    if version != VERSION_2C:
        raise Malformed(f"version {version}")
    return fields.octet_string(), fields


def read_head(fields: Fields) -> tuple[int, int, Fields]:
    """Return a PDU's tag and request id, and the rest still to be read. Raises Malformed."""
    tag = fields.tag
    if tag not in (RESPONSE, REPORT):
        raise Malformed("neither a response nor a report")
    pdu = fields.fields(tag)
    fields.end()
    return tag, pdu.integer(), pdu


def read_rest(head: tuple[int, int, Fields]) -> Pdu:
    """Return the PDU whose head was read. Raises Malformed."""
    tag, request_id, fields = head
    error, index = fields.integer(), fields.integer()
    bindings = fields.fields()
    fields.end()
    values = []
    while bindings.left:
        binding = bindings.fields()
        values.append((binding.oid(), _value(*binding.any())))
        binding.end()
    return Pdu(tag=tag, request_id=request_id, error=error, error_index=index, values=tuple(values))


def _value(tag: int, content: bytes) -> Value:
    if tag in _ABSENT:
        return Absent(_ABSENT[tag])
    if tag in _UNSIGNED:
        return _unsigned(content, _UNSIGNED[tag])
    if tag == _OPAQUE:
        return _opaque(content)
    if tag == _ADDRESS:
        if len(content) != 4:
            raise Malformed(f"an address of {len(content)} bytes")
        return str(IPv4Address(content))
    match tag:
        case ber.INTEGER:
            return ber.integer_of(content)
        case ber.OCTET_STRING:
            return content
        case ber.OID:
            return ber.oid_of(content)
        case ber.NULL:
            return None
        case _:
            raise Malformed(f"a value of type {tag:#04x}")


def _unsigned(content: bytes, bits: int) -> int:
    """Return a number without a sign. Some agents leave out the zero that would say so."""
    number = ber.integer_of(content)
    if number < 0:
        number += 1 << 8 * len(content)
    if number >> bits:
        raise Malformed(f"a number over {bits} bits")
    return number


def _opaque(content: bytes) -> Value:
    form = _FRACTIONS.get(content[:3])
    if form is None or len(content) != 3 + form.size:
        return content
    (number,) = form.unpack(content[3:])
    return float(number) if math.isfinite(number) else content


def error_name(error: int) -> str:
    """Return what an error-status is called."""
    return ERRORS[error] if 0 <= error < len(ERRORS) else str(error)
