"""What name servers said, as the outcome of a check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
from monitor.net.dnsclient import DnsAnswer
from monitor.net.dnsmessage import CnameLoop, Question, follow
from monitor.net.dnswire import Edns, Record
from monitor.net.errors import NetError
from monitor.net.report import facts, measurements
from monitor.net.tls import TlsFacts
from monitor.net.trace import Phase, Trace

if TYPE_CHECKING:
    from monitor.net.dnssec import Validated

_MOST_FACTS = 100
_LONGEST_IDENTIFIER = 128
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
_SIGNATURES_END = series("pantau_dns_signature_expiry_timestamp_seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server said, as far as it is judged. Answers and TTLs (seconds) go together.

    `aliases` are the CNAMEs on the way, each with its TTL in `alias_ttls`; `errors` are the
    server's own reasons (RFC 8914).
    """

    rcode: str
    flags: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    alias_ttls: tuple[int, ...] = ()
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
    """How asking one server went. `address` (an IP literal) is None when none was found.

    A `warning` is what only degrades.
    """

    server: str
    named: bool
    address: str | None
    phases: Mapping[str, float]
    reply: Reply | None = None
    validated: "Validated | None" = None
    tls: TlsFacts | None = None
    insecure: bool = False
    failure: Failure | None = None
    warning: Failure | None = None
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
        alias_ttls=chain.alias_ttls,
        answers=tuple(map(text, chain.records)),
        ttls=tuple(record.ttl_seconds for record in chain.records),
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


def combine(record: str, asked: Sequence[Asked], together: Failure | None = None) -> Outcome:
    """Return the outcome of all servers: OK if each is, UNKNOWN if only faults of ours stand out.

    `together` is what is wrong with them taken together, when each by itself is right; a warning
    degrades only then. The numbers are those of the first that failed, else of the slowest.
    """
    failed = sorted((one for one in asked if one.failure), key=lambda one: one.cause is not None)
    shown = failed[0] if failed else max(asked, key=lambda one: sum(one.phases.values()))
    warned = [one for one in asked if one.warning]
    failure = _failure(failed, len(asked))
    status = _status(failed)
    if together and not failed:
        failure, status = together, OutcomeStatus.FAILED
    elif warned and not failed:
        failure, status = _failure_of(warned[0], warned[0].warning), OutcomeStatus.DEGRADED
    return Outcome(
        status=status,
        failure=failure,
        cause=failed[0].cause if failed else None,
        measurements=_measurements(record, shown) | _signatures_end(asked),
        facts=_facts(asked, shown),
        answered=any(one.answered for one in asked),
    )


def _status(failed: Sequence[Asked]) -> OutcomeStatus:
    """Return the status; in `failed` the servers that failed by a fault of ours come last."""
    if not failed:
        return OutcomeStatus.OK
    return OutcomeStatus.UNKNOWN if failed[0].cause else OutcomeStatus.FAILED


def _failure(failed: Sequence[Asked], servers: int) -> Failure | None:
    failure = _failure_of(failed[0], failed[0].failure) if failed else None
    if failure is None or servers == 1:
        return failure
    detail = f"{failure.detail}; {len(failed)} of {servers} name servers failed"
    return Failure(failure.kind, detail)


def _failure_of(one: Asked, failure: Failure | None) -> Failure | None:
    """Return a failure that names the server."""
    if failure is None or one.server in failure.detail:
        return failure
    return Failure(failure.kind, f"{failure.detail} (from {one.server})")


def _measurements(record: str, shown: Asked) -> dict[Series, float]:
    reply = shown.reply
    sizes = reply.section_sizes if reply else (0, 0, 0)
    found: dict[Series, float] = {
        **measurements(_way(shown)),
        _QUERY_SUCCEEDED: 1.0 if reply else 0.0,
        **{_PHASES[phase]: seconds for phase, seconds in shown.phases.items()},
        **dict(zip(_SECTIONS, map(float, sizes), strict=True)),
    }
    if reply and record == "SOA":
        found[_SERIAL] = float(reply.answers[0].split()[2]) if reply.answers else 0.0
    return found


def _signatures_end(asked: Sequence[Asked]) -> dict[Series, float]:
    ends = [one.validated.expires for one in asked if one.validated]
    return {_SIGNATURES_END: float(min(known))} if (known := [end for end in ends if end]) else {}


def _way(one: Asked) -> Trace:
    """Return what every connection reports, of the way to one server."""
    way = Trace()
    way.address, way.tls = one.address, one.tls
    way.phases[Phase.RESOLVE] = one.phases["resolve"]
    return way


def _facts(asked: Sequence[Asked], shown: Asked) -> dict[str, Any]:
    found = _server_facts(shown)
    if len(asked) > 1:
        found["servers"] = [_server_facts(one) for one in asked]
    return found


def _server_facts(one: Asked) -> dict[str, Any]:
    encrypted = facts(_way(one), insecure=one.insecure) if one.tls else {}
    found: dict[str, Any] = {
        "server": one.server,
        **encrypted,
        "address": one.address,
        "phases": dict(one.phases),
        "failure": one.failure.detail if one.failure else None,
    }
    if one.reply:
        found |= _reply_facts(one.reply)
    if one.validated:
        found["dnssec"] = validated_facts(one.validated)
    return found


def validated_facts(validated: "Validated") -> dict[str, Any]:
    """Return what validation came to, as JSON; `signatures_end` in Unix seconds."""
    return {
        "security": validated.security.value,
        "reason": visible_text(validated.reason, 400) if validated.reason else None,
        "signatures_end": validated.expires,
        "zones": list(validated.zones),
    }


def _reply_facts(reply: Reply) -> dict[str, Any]:
    found: dict[str, Any] = {
        "rcode": reply.rcode,
        "flags": list(reply.flags),
        "transport": reply.transport,
        "truncated": reply.truncated,
        "answers": [
            {"value": visible_text(text), "ttl_seconds": ttl}
            for text, ttl in zip(reply.answers, reply.ttls, strict=True)
        ][:_MOST_FACTS],
    }
    if reply.http_version is not None:
        found["http_version"] = reply.http_version
    if reply.edns is not None:
        found["edns"] = _edns_facts(reply.edns)
    if reply.errors:
        found["extended_errors"] = [visible_text(error, 200) for error in reply.errors]
    return found


def _edns_facts(edns: Edns) -> dict[str, Any]:
    found: dict[str, Any] = {"version": edns.version, "payload_bytes": edns.payload}
    if edns.nsid is not None:
        found["nsid"] = _identifier(edns.nsid)
    return found


def _identifier(nsid: bytes) -> str:
    """Return a server's identifier as text if it is one, else in hexadecimal (RFC 5001, 2.3)."""
    text = nsid[:_LONGEST_IDENTIFIER]
    return text.decode() if text.isascii() and text.decode().isprintable() else text.hex()
