"""Which zone a name lies in, and which name servers are meant to serve it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from monitor.domain.observation import FailureKind
from monitor.net.dnsmessage import Question
from monitor.net.dnswire import Message, Record
from monitor.net.errors import NetError

LookUp = Callable[[Question], Awaitable[Message]]
"""Asks a resolver. Raises NetError."""

_KNOWN = {"NOERROR", "NXDOMAIN"}
_KINDS = {
    "SERVFAIL": FailureKind.RESOLVE_SERVFAIL,
    "REFUSED": FailureKind.RESOLVE_REFUSED,
}


@dataclass(frozen=True, slots=True)
class Delegation:
    """A zone, and the names of its servers as it says itself, sorted."""

    zone: str
    servers: tuple[str, ...]


async def find_delegation(look_up: LookUp, question: Question) -> Delegation:
    """Return the zone that answers a question with authority, and its servers.

    A DS is answered by the zone above. Raises NetError: what `look_up` raises, the kind of a
    response code, or ANSWER where there is no zone or it names no servers.
    """
    begin = parent(question.name) if question.record == "DS" else question.name
    zone = await find_zone(look_up, begin)
    message = await _looked_up(look_up, Question(zone, "NS"))
    servers = {record.text for record in message.answer if _is_ns_of(record, zone)}
    if not servers:
        raise NetError(FailureKind.ANSWER, f"{zone}: a zone without NS records", answered=True)
    return Delegation(zone, tuple(sorted(servers)))


async def find_zone(look_up: LookUp, name: str) -> str:
    """Return the zone that `name` lies in. Raises NetError."""
    candidate = name
    while True:
        message = await _looked_up(look_up, Question(candidate, "SOA"))
        zone = _zone_of(candidate, message)
        if zone is not None:
            return zone
        if candidate == ".":
            raise NetError(FailureKind.ANSWER, f"{name}: in no zone", answered=True)
        candidate = parent(candidate)


def parent(name: str) -> str:
    """Return the name above; the root is its own."""
    return name.partition(".")[2] or "."


def delegated_servers(message: Message, zone: str) -> tuple[str, ...]:
    """Return the servers of `zone` that a server of the zone above names, sorted."""
    records = (*message.answer, *message.authority)
    return tuple(sorted({record.text for record in records if _is_ns_of(record, zone)}))


def leads_away(message: Message, end: str, zone: str) -> bool:
    """Say whether a server of `zone` rightly says nothing of `end`, where its aliases lead.

    It does so of names outside the zone, and of those in a zone below, to which it refers. If it
    denies that there is something, its reply bears the SOA (RFC 2308, 3).
    """
    above = [record for record in message.authority if is_within(end, record.name)]
    if any(record.type == "SOA" for record in above):
        return False
    is_referral = any(
        record.type == "NS" and record.name != zone and is_within(record.name, zone)
        for record in above
    )
    return is_referral or not is_within(end, zone)


async def _looked_up(look_up: LookUp, question: Question) -> Message:
    message = await look_up(question)
    if message.rcode not in _KNOWN:
        kind = _KINDS.get(message.rcode, FailureKind.ANSWER)
        raise NetError(kind, f"{question}: {message.rcode}", answered=True)
    return message


def _zone_of(name: str, message: Message) -> str | None:
    """Return the zone that a reply to a question for the SOA of `name` tells, if it tells one."""
    if any(record.type == "CNAME" and record.name == name for record in message.answer):
        return None  # what else it says is about the zone that the alias leads to
    for record in (*message.answer, *message.authority):
        if record.type == "SOA" and is_within(name, record.name):
            return record.name
    return None


def is_within(name: str, zone: str) -> bool:
    """Say whether `name` is `zone` or lies below it."""
    return zone in {".", name} or name.endswith("." + zone)


def _is_ns_of(record: Record, zone: str) -> bool:
    return record.type == "NS" and record.name == zone
