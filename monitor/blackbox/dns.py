"""The DNS prober: the target is a name server, the module says what it is asked."""

import re
from dataclasses import dataclass

import idna

from monitor.blackbox.endpoint import split_host_port
from monitor.blackbox.modules import DnsModule, RecordRules
from monitor.blackbox.run import Run, choose_address
from monitor.blackbox.tlsconfig import tls_settings
from monitor.conditions.dns import DnsConditions, RrRules, broken_rule, judge
from monitor.domain.observation import Failure, FailureKind, series
from monitor.domain.text import visible_text
from monitor.net.dnsclient import DnsAnswer, Options, QueryTrace, Transport
from monitor.net.dnsmessage import Question, encode
from monitor.net.dnspresent import zone_lines
from monitor.net.dnsquery import query
from monitor.net.dnsreport import Reply
from monitor.net.dnsserver import DNS_PORT, NameServer
from monitor.net.dnswire import Message, Record
from monitor.net.errors import NetError
from monitor.net.resolver import Family

_TLS_PORT = 853
_ESCAPED = re.compile(r"\\([0-9]{3}|.)", re.DOTALL)
_MOST_FACTS = 100
_RESOLVE, _CONNECT, _REQUEST = (
    series("probe_dns_duration_seconds", phase=phase) for phase in ("resolve", "connect", "request")
)
_ANSWER, _AUTHORITY, _ADDITIONAL = (
    series(f"probe_dns_{section}_rrs") for section in ("answer", "authority", "additional")
)
_QUERY_SUCCEEDED = series("probe_dns_query_succeeded")
_SERIAL = series("probe_dns_serial")


@dataclass(frozen=True, slots=True)
class _Section:
    """One section of a reply, and what its records must be."""

    name: str
    records: tuple[Record, ...]
    rules: RecordRules


async def probe_dns(module: DnsModule, target: str, run: Run) -> Failure | None:
    """Ask the target, and return what is wrong with its answer. Raises NetError without one."""
    zeros = (_RESOLVE, _CONNECT, _REQUEST, _ANSWER, _AUTHORITY, _ADDITIONAL, _QUERY_SUCCEEDED)
    run.numbers |= dict.fromkeys(zeros, 0.0)
    default_port = _TLS_PORT if module.dns_over_tls else DNS_PORT
    host, port = split_host_port(target) or (target, default_port)
    chosen = await choose_address(
        run, host, module.preferred_ip_protocol, fallback=module.ip_protocol_fallback
    )
    run.numbers[_RESOLVE] = chosen.seconds
    answer = await _ask(module, host, NameServer(chosen.address, port), run)
    return _judge(module, answer, run)


async def _ask(module: DnsModule, host: str, server: NameServer, run: Run) -> DnsAnswer:
    question, transport = _question(module), _transport(module)
    run.steps.info(
        "Making DNS query",
        target=str(server),
        dial_protocol=transport.value,
        query=module.query_name,
        type=module.query_type,
    )
    trace = QueryTrace()
    try:
        answer = await query(
            server,
            question,
            network=run.context.network,
            family=Family.ANY,
            transport=transport,
            options=_options(module, host),
            deadline=run.context.deadline,
            trace=trace,
        )
    except NetError as error:
        run.steps.error("Error while sending a DNS query", err=str(error))
        raise
    finally:
        run.numbers[_CONNECT] = trace.connect_seconds
        run.numbers[_REQUEST] = trace.request_seconds
    run.answered = True
    return answer


def _question(module: DnsModule) -> Question:
    name = module.query_name.removesuffix(".") or "."
    try:
        name = _ESCAPED.sub(_unescaped, name)
        ascii_name = name if name.isascii() else idna.encode(name, uts46=True).decode("ascii")
        question = Question(ascii_name, module.query_type)
        encode(question, 0)
    except ValueError as error:  # IDNAError too
        detail = f"query_name {visible_text(name, 100)!r}: {error}"
        raise NetError(FailureKind.PROTOCOL, detail) from None
    return question


def _unescaped(escaped: re.Match[str]) -> str:
    """Return the character that an escape of a zone file stands for (RFC 1035, 5.1)."""
    text = escaped[1]
    character = chr(int(text)) if text.isdecimal() else text
    if character == "." or not "!" <= character <= "~":
        raise ValueError(f"{escaped[0]} stands for a character that is not offered")
    return character


def _transport(module: DnsModule) -> Transport:
    if module.dns_over_tls:
        return Transport.TLS
    return Transport(module.transport_protocol)


def _options(module: DnsModule, host: str) -> Options:
    """Return how to ask: plainly, but that a truncated answer is asked for again over TCP."""
    return Options(
        recursion=module.recursion_desired,
        edns=False,
        authentic_data=False,
        record_class=module.query_class,
        source_address=module.source_ip_address,
        tls=tls_settings(module.tls_config, host),
    )


def _judge(module: DnsModule, answer: DnsAnswer, run: Run) -> Failure | None:
    """Take down what came, and return the first thing that is wrong with it."""
    message = answer.message
    run.numbers[_QUERY_SUCCEEDED] = 1.0
    run.numbers[_ANSWER] = float(len(message.answer))
    run.numbers[_AUTHORITY] = float(len(message.authority))
    run.numbers[_ADDITIONAL] = float(len(message.additional))
    if module.query_type == "SOA":
        run.numbers[_SERIAL] = _serial(message)
    run.facts |= _facts(answer)
    run.steps.info(
        "Got response",
        rcode=message.rcode,
        flags=" ".join(message.flags),
        transport=answer.transport.value,
        truncated=answer.truncated,
    )
    conditions = DnsConditions(rcodes=module.valid_rcodes or ("NOERROR",))
    failure = judge(conditions, Reply(rcode=message.rcode, flags=message.flags))
    if failure is not None:
        run.steps.error("Rcode is not one of the valid rcodes", string_rcode=message.rcode)
        return failure
    run.steps.info("Rcode is valid", string_rcode=message.rcode)
    for section in _sections(module, message):
        failure = _judge_section(section, run)
        if failure is not None:
            return failure
    return None


def _serial(message: Message) -> float:
    serials = [record.text.split()[2] for record in message.answer if record.type == "SOA"]
    return float(serials[-1]) if serials else 0.0


def _sections(module: DnsModule, message: Message) -> tuple[_Section, ...]:
    return (
        _Section("Answer", message.answer, module.validate_answer_rrs),
        _Section("Authority", message.authority, module.validate_authority_rrs),
        _Section("Additional", message.additional, module.validate_additional_rrs),
    )


def _judge_section(section: _Section, run: Run) -> Failure | None:
    rules = section.rules
    run.steps.info("Validating RRs", section=section.name)
    if rules == RecordRules():
        return None
    broken = broken_rule(
        RrRules(
            fail_if_matches=rules.fail_if_matches_regexp,
            fail_if_all_match=rules.fail_if_all_match_regexp,
            fail_if_not_matches=rules.fail_if_not_matches_regexp,
            fail_if_none_matches=rules.fail_if_none_matches_regexp,
        ),
        zone_lines(section.records),
    )
    if broken is None:
        return None
    told = {"regexp": broken.pattern, "rr": broken.line}
    shown = {name: text for name, text in told.items() if text is not None}
    run.steps.error(broken.message, **shown)
    run.steps.error("RRs validation failed", section=section.name)
    particulars = "".join(f", {name} {visible_text(text, 200)}" for name, text in shown.items())
    detail = f"{section.name.lower()} section: {broken.message}{particulars}"
    return Failure(FailureKind.ANSWER, detail)


def _facts(answer: DnsAnswer) -> dict[str, object]:
    message = answer.message
    shown = message.answer[:_MOST_FACTS]
    return {
        "server": str(answer.server),
        "rcode": message.rcode,
        "flags": list(message.flags),
        "transport": answer.transport.value,
        "truncated": answer.truncated,
        "answers": [
            {"value": visible_text(record.text), "ttl_seconds": record.ttl_seconds}
            for record in shown
        ],
    }
