"""What name servers said, as the outcome of a check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.domain.observation import (
    Failure,
    FailureKind,
    Outcome,
    OutcomeStatus,
    Series,
    UnknownCause,
    series,
)
from monitor.domain.text import visible_text
from monitor.net.addresshash import address_hash
from monitor.net.dnsclient import DnsAnswer
from monitor.net.dnsmessage import CnameLoop, Question, follow
from monitor.net.dnswire import Edns, Record
from monitor.net.errors import NetError

_MOST_FACTS = 100
_PHASES = {
    phase: series("probe_dns_duration_seconds", phase=phase)
    for phase in ("resolve", "connect", "request")
}
_SECTIONS = (
    series("probe_dns_answer_rrs"),
    series("probe_dns_authority_rrs"),
    series("probe_dns_additional_rrs"),
)
_QUERY_SUCCEEDED = series("probe_dns_query_succeeded")
_SERIAL = series("probe_dns_serial")
_LOOKUP = series("probe_dns_lookup_time_seconds")
_IP_PROTOCOL = series("probe_ip_protocol")
_IP_HASH = series("probe_ip_addr_hash")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server said, as far as it is judged. Answers and TTLs (seconds) go together.

    `aliases` are the CNAMEs on the way, `errors` the server's own reasons (RFC 8914).
    """

    rcode: str
    flags: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    ttls: tuple[int, ...] = ()
    section_sizes: tuple[int, int, int] = (0, 0, 0)
    errors: tuple[str, ...] = ()
    edns: Edns | None = None
    transport: str = "udp"
    http_version: str | None = None
    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How asking one server went. `address` (an IP literal) is None when none was found."""

    server: str
    named: bool
    address: str | None
    phases: Mapping[str, float]
    reply: Reply | None = None
    failure: Failure | None = None
    cause: UnknownCause | None = None
    answered: bool = False


def read(question: Question, answer: DnsAnswer) -> Reply:
    """Return what is judged of an answer. Raises NetError for CNAMEs without end."""
    message = answer.message
    text = _typed if question.record == "ANY" else _text
    try:
        chain = follow(message, question)
    except CnameLoop as error:
        raise NetError(FailureKind.ANSWER, str(error), answered=True) from None
    return Reply(
        rcode=message.rcode,
        flags=message.flags,
        aliases=chain.aliases,
        answers=tuple(map(text, chain.records)),
        ttls=tuple(min(record.ttl_seconds, chain.ttl_seconds) for record in chain.records),
        section_sizes=(len(message.answer), len(message.authority), len(message.additional)),
        errors=tuple(map(str, message.edns.errors)) if message.edns else (),
        edns=message.edns,
        transport=answer.transport.value,
        http_version=answer.http_version,
        truncated=answer.truncated,
    )


def _text(record: Record) -> str:
    return record.text


def _typed(record: Record) -> str:
    """Return an answer of any type, which must say of which."""
    return f"{record.type} {record.text}"


def combine(record: str, asked: Sequence[Asked]) -> Outcome:
    """Return the outcome of all servers: OK if each is, UNKNOWN if only faults of ours stand out.

    Its numbers are those of the first that failed, else of the slowest.
    """
    failed = sorted((one for one in asked if one.failure), key=lambda one: one.cause is not None)
    shown = failed[0] if failed else max(asked, key=lambda one: sum(one.phases.values()))
    return Outcome(
        status=_status(failed),
        failure=_failure(failed, len(asked)),
        cause=failed[0].cause if failed else None,
        measurements=_measurements(record, shown),
        facts=_facts(asked, shown),
        answered=any(one.answered for one in asked),
    )


def _status(failed: Sequence[Asked]) -> OutcomeStatus:
    """Return the status; in `failed` the servers that failed by a fault of ours come last."""
    if not failed:
        return OutcomeStatus.OK
    return OutcomeStatus.UNKNOWN if failed[0].cause else OutcomeStatus.FAILED


def _failure(failed: Sequence[Asked], servers: int) -> Failure | None:
    if not failed or failed[0].failure is None:
        return None
    first, failure = failed[0], failed[0].failure
    detail = failure.detail
    if first.server not in detail:
        detail = f"{detail} (from {first.server})"
    if servers > 1:
        detail = f"{detail}; {len(failed)} of {servers} name servers failed"
    return Failure(failure.kind, detail)


def _measurements(record: str, shown: Asked) -> dict[Series, float]:
    reply = shown.reply
    sizes = reply.section_sizes if reply else (0, 0, 0)
    found: dict[Series, float] = {
        _QUERY_SUCCEEDED: 1.0 if reply else 0.0,
        _LOOKUP: shown.phases["resolve"],
        _IP_PROTOCOL: 0.0 if shown.address is None else 6.0 if ":" in shown.address else 4.0,
        **{_PHASES[phase]: seconds for phase, seconds in shown.phases.items()},
        **dict(zip(_SECTIONS, map(float, sizes), strict=True)),
    }
    if shown.address is not None:
        found[_IP_HASH] = float(address_hash(shown.address))
    if reply and record == "SOA":
        found[_SERIAL] = float(reply.answers[0].split()[2]) if reply.answers else 0.0
    return found


def _facts(asked: Sequence[Asked], shown: Asked) -> dict[str, Any]:
    facts = _server_facts(shown)
    if len(asked) > 1:
        facts["servers"] = [_server_facts(one) for one in asked]
    return facts


def _server_facts(one: Asked) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "server": one.server,
        "address": one.address,
        "phases": dict(one.phases),
        "failure": one.failure.detail if one.failure else None,
    }
    if one.reply:
        facts |= {
            "rcode": one.reply.rcode,
            "flags": list(one.reply.flags),
            "transport": one.reply.transport,
            "truncated": one.reply.truncated,
            "answers": [
                {"value": visible_text(text), "ttl_seconds": ttl}
                for text, ttl in zip(one.reply.answers, one.reply.ttls, strict=True)
            ][:_MOST_FACTS],
        }
    return facts
