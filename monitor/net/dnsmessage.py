"""Questions to a name server, and what its reply says to them (RFC 1035, RFC 6891)."""

import struct
from dataclasses import dataclass, field

from monitor.domain.dnstypes import class_number, type_number
from monitor.net.dnswire import NSID_OPTION, OPT, Message, Record
from monitor.net.tls import TlsSettings

MOST_CNAMES = 8
UDP_PAYLOAD_BYTES = 1232  # what fits a packet anywhere (DNS flag day 2020)
DEFAULT_PATH = "/dns-query"
_HEADER = struct.Struct("!6H")
_RECURSION_DESIRED = 0x0100
_CHECKING_DISABLED = 0x0010
_DNSSEC_OK = 0x8000
_AUTHENTIC_DATA = 0x0020  # asks for the flag in the reply (RFC 6840, 5.7)
_RESPONSE, _OPCODE, _TRUNCATED = 0x80, 0x78, 0x02  # in the third byte
_FORMERR, _SERVFAIL, _NOTIMP, _REFUSED = 1, 2, 4, 5
_LONGEST_NAME = 255
_TTL_LIMIT = 2**31


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `name` is absolute and ASCII, without its final dot; "." is the root.

    `record` is a type as `monitor.domain.dnstypes` names it: MX, or TYPE65280.
    """

    name: str
    record: str

    def __str__(self) -> str:
        return f"{self.name} {self.record}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a question is put.

    `authentic_data` asks for the AD flag in the reply, and goes only with `recursion`. `payload`
    (bytes), `dnssec_ok` and `nsid` (the server's identifier) need `edns`; a server that knows no
    EDNS is asked again without. Without `retry_truncated` an answer that was cut over UDP stays
    as it is. `source_address` (an IP literal) is where questions leave from, but over HTTPS. `tls`
    and, over HTTPS, `path` and `get` (the method; else POST) are for the transports that have them.
    """

    recursion: bool = True
    edns: bool = True
    payload: int = UDP_PAYLOAD_BYTES
    dnssec_ok: bool = False
    checking_disabled: bool = False
    authentic_data: bool = True
    nsid: bool = False
    record_class: str = "IN"
    retry_truncated: bool = True
    source_address: str | None = None
    tls: TlsSettings = field(default_factory=TlsSettings)
    path: str = DEFAULT_PATH
    get: bool = False


DEFAULT_OPTIONS = Options()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What a reply says to a question, CNAMEs followed.

    `aliases` are the names on the way, the last one being where it ends, and `alias_ttls`
    (seconds) are those of the CNAMEs that lead there. `records` are those of the type asked for.
    """

    aliases: tuple[str, ...]
    alias_ttls: tuple[int, ...]
    records: tuple[Record, ...]

    @property
    def ttl_seconds(self) -> int:
        """The smallest TTL on the way."""
        ttls = (*self.alias_ttls, *(record.ttl_seconds for record in self.records))
        return min(ttls, default=_TTL_LIMIT)


class CnameLoop(ValueError):
    """A chain of CNAMEs that comes back to itself, or is longer than MOST_CNAMES."""


def encode(question: Question, query_id: int, options: Options = DEFAULT_OPTIONS) -> bytes:
    """Return a query as bytes. Raises ValueError for what the DNS cannot carry."""
    header = _HEADER.pack(query_id, _flags(options), 1, 0, 0, 1 if options.edns else 0)
    asked = struct.pack("!HH", type_number(question.record), class_number(options.record_class))
    return header + _wire_name(question.name) + asked + _opt(options)


def _flags(options: Options) -> int:
    flags = _CHECKING_DISABLED if options.checking_disabled else 0
    if options.recursion:
        flags |= _RECURSION_DESIRED
        flags |= _AUTHENTIC_DATA if options.authentic_data else 0
    return flags


def _opt(options: Options) -> bytes:
    if not options.edns:
        return b""
    wanted = struct.pack("!HH", NSID_OPTION, 0) if options.nsid else b""
    flags = _DNSSEC_OK if options.dnssec_ok else 0
    return struct.pack("!BHHIH", 0, OPT, options.payload, flags, len(wanted)) + wanted


def _wire_name(name: str) -> bytes:
    labels = [] if name == "." else name.encode("ascii").split(b".")
    if not all(1 <= len(label) <= 63 for label in labels):
        raise ValueError(f"{name!r} is no DNS name: each part has 1 to 63 characters")
    wire = b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    if len(wire) > _LONGEST_NAME:
        raise ValueError(f"{name!r} is no DNS name: longer than 253 characters")
    return wire


def is_reply(query: bytes, wire: bytes) -> bool:
    """Say whether `wire` answers `query`: a reply with its id and its question."""
    if len(wire) < _HEADER.size or wire[:2] != query[:2]:
        return False
    if not wire[2] & _RESPONSE or wire[2] & _OPCODE:
        return False
    questions = wire[4] << 8 | wire[5]
    if questions == 0:
        # Servers that cannot or will not read a question may leave it out.
        return wire[3] & 0x0F in {_FORMERR, _SERVFAIL, _NOTIMP, _REFUSED}
    end = query.index(b"\0", _HEADER.size) + 5
    # The letters of the name may come back in another case; its type and class may not.
    same_name = wire[12 : end - 4].lower() == query[12 : end - 4].lower()
    return questions == 1 and same_name and wire[end - 4 : end] == query[end - 4 : end]


def is_truncated(wire: bytes) -> bool:
    """Say whether the TC flag of a reply is set: ask again over TCP."""
    return bool(wire[2] & _TRUNCATED)


def follow(message: Message, question: Question, record_class: str = "IN") -> Chain:
    """Return the chain from the question's name through the answer section.

    Records of names that are not on the way are left out. A question for ANY leads to all that
    its name has. Raises CnameLoop.
    """
    name = question.name.lower()
    aliases: list[str] = []
    ttls: list[int] = []
    while True:
        records = _records(message, name, question.record, record_class)
        alias = _records(message, name, "CNAME", record_class)
        if records or not alias:
            return Chain(aliases=tuple(aliases), alias_ttls=tuple(ttls), records=records)
        name = alias[0].text
        ttls.append(alias[0].ttl_seconds)
        lengthen(aliases, name, question)


def lengthen(aliases: list[str], name: str, question: Question) -> None:
    """Add `name` to the aliases of a question. Raises CnameLoop where that would not end."""
    if name in aliases or name == question.name.lower() or len(aliases) >= MOST_CNAMES:
        raise CnameLoop("CNAMEs without end: " + " → ".join([question.name, *aliases, name]))
    aliases.append(name)


def _records(
    message: Message, name: str, record_type: str, record_class: str
) -> tuple[Record, ...]:
    return tuple(
        record
        for record in message.answer
        if record.name == name
        and record_type in {record.type, "ANY"}
        and record.record_class == record_class
    )
