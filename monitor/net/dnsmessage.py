"""Questions to a name server, and what its reply says to them (RFC 1035, RFC 6891)."""

import struct
from dataclasses import dataclass

from monitor.net.dnswire import IN, OPT, RECORD_TYPES, Message, Record

MOST_CNAMES = 8
UDP_PAYLOAD_BYTES = 1232  # what fits a packet anywhere (DNS flag day 2020)
_HEADER = struct.Struct("!6H")
_OPT = struct.pack("!BHHIH", 0, OPT, UDP_PAYLOAD_BYTES, 0, 0)
_RECURSION_DESIRED = 0x0100
_AUTHENTIC_DATA = 0x0020  # asks for the flag in the reply (RFC 6840, 5.7)
_RESPONSE, _OPCODE, _TRUNCATED = 0x80, 0x78, 0x02  # in the third byte
_FORMERR, _SERVFAIL, _NOTIMP, _REFUSED = 1, 2, 4, 5
_LONGEST_NAME = 255
_TTL_LIMIT = 2**31


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `name` is absolute and ASCII, without its final dot; "." is the root.

    `record` is a key of RECORD_TYPES.
    """

    name: str
    record: str

    def __str__(self) -> str:
        return f"{self.name} {self.record}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What a reply says to a question, CNAMEs followed.

    `aliases` are the names on the way, the last one being where it ends. `records` are those of
    the type asked for there, and `ttl_seconds` is the smallest TTL on the way.
    """

    aliases: tuple[str, ...]
    records: tuple[Record, ...]
    ttl_seconds: int


class CnameLoop(ValueError):
    """A chain of CNAMEs that comes back to itself, or is longer than MOST_CNAMES."""


def encode(question: Question, query_id: int, *, recursion: bool, edns: bool) -> bytes:
    """Return a query as bytes. Raises ValueError for a name that the DNS cannot carry."""
    flags = _RECURSION_DESIRED | _AUTHENTIC_DATA if recursion else 0
    header = _HEADER.pack(query_id, flags, 1, 0, 0, 1 if edns else 0)
    asked = struct.pack("!HH", RECORD_TYPES[question.record], IN)
    return header + _wire_name(question.name) + asked + (_OPT if edns else b"")


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


def follow(message: Message, question: Question) -> Chain:
    """Return the chain from the question's name through the answer section.

    Records of names that are not on the way are left out. Raises CnameLoop.
    """
    name, ttl = question.name.lower(), _TTL_LIMIT
    aliases: list[str] = []
    while True:
        records = _records(message, name, question.record)
        alias = _records(message, name, "CNAME")
        ttl = min([ttl, *(record.ttl_seconds for record in records or alias)])
        if records or not alias:
            return Chain(aliases=tuple(aliases), records=records, ttl_seconds=ttl)
        name = alias[0].text
        lengthen(aliases, name, question)


def lengthen(aliases: list[str], name: str, question: Question) -> None:
    """Add `name` to the aliases of a question. Raises CnameLoop where that would not end."""
    if name in aliases or name == question.name.lower() or len(aliases) >= MOST_CNAMES:
        raise CnameLoop("CNAMEs without end: " + " → ".join([question.name, *aliases, name]))
    aliases.append(name)


def _records(message: Message, name: str, record_type: str) -> tuple[Record, ...]:
    return tuple(
        record for record in message.answer if record.type == record_type and record.name == name
    )
