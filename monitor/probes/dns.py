"""Ask name servers for a record, and judge the answer.

```yaml
- id: portal-dns
  service: portal
  type: dns
  name: makassarkota.go.id
  record: A
  nameservers: ["127.0.0.1:5353"]
  expect:
    answers: {exactly: ["192.0.2.7"]}
```

Without `nameservers` our own resolver's servers are asked, afresh each time and one after the
other until one knows; with them, every one must give the right answer.

Answers are the records of the type asked for, CNAMEs followed, each as one text: names in lower
case without their final dot, addresses compressed, fields in their usual order with one space
between (MX `10 mail.example.id`, SRV `0 5 443 host.example.id`, CAA `0 issue letsencrypt.org`,
SOA `primary mailbox serial refresh retry expire minimum`); the strings of a TXT are joined,
without quotes. Expected values are brought into the same form before they are compared.

The numbers are those of the first server that failed, else of the slowest.
"""

import asyncio
from collections.abc import Sequence
from functools import cached_property
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.checktype import CheckSpec, CheckType, MeasurementInfo, ProbeContext
from monitor.domain.blackbox import ADDRESS
from monitor.domain.dnstext import canonical, dns_name
from monitor.domain.observation import Failure, FailureKind, Outcome
from monitor.domain.text import visible_text
from monitor.fields import Duration, Endpoint, Pattern

if TYPE_CHECKING:
    from monitor.net.dnsclient import QueryTrace
    from monitor.net.dnsreport import Asked, Reply

RecordType = Literal["A", "AAAA", "CNAME", "MX", "NS", "SOA", "TXT", "CAA", "SRV", "PTR"]
ResponseCode = Literal["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"]
_MOST_SHOWN = 20  # answers in a failing text


Texts = Annotated[tuple[str, ...], Field(min_length=1, max_length=100)]


class Answers(BaseModel):
    """What the answers must be. Every condition that is given must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    exactly: Texts | None = Field(
        default=None, description="The answers are these and no others, in any order."
    )
    contains: Texts | None = Field(default=None, description="Each of these is among the answers.")
    any_match: Pattern | None = Field(
        default=None, description="RE2 expression that at least one answer matches."
    )
    all_match: Pattern | None = Field(
        default=None, description="RE2 expression that every answer matches."
    )
    none_match: Pattern | None = Field(
        default=None, description="RE2 expression that no answer matches."
    )


class DnsExpect(BaseModel):
    """When the check succeeds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rcode: ResponseCode = Field(default="NOERROR", description="Response code of the answer.")
    answers: Answers = Field(default=Answers(), description="What the answers must be.")
    min_answers: int = Field(
        default=1,
        ge=0,
        le=1000,
        description="Fewest answers; looked at only where rcode is NOERROR.",
    )
    max_ttl: Duration | None = Field(
        default=None, description="Longest TTL that an answer, or a CNAME on the way, may have."
    )
    min_ttl: Duration | None = Field(
        default=None,
        description="Shortest TTL. Through a resolver TTLs count down: ask a name server itself.",
    )


class DnsSpec(CheckSpec):
    """Fields of a `dns` check."""

    name: str = Field(
        description="Name to look up; absolute, also without a dot at its end. "
        "For PTR an IP address will do."
    )
    record: RecordType = Field(default="A", description="Record type to ask for.")
    nameservers: tuple[Endpoint, ...] = Field(
        default=(),
        max_length=16,
        description="Name servers to ask, each `host[:port]`; all must answer rightly. "
        "Default: those of our own resolver, one of which is enough.",
    )
    transport: Literal["udp", "tcp"] = Field(
        default="udp",
        description="How to ask. Over UDP a truncated answer is asked for again over TCP.",
    )
    recursion: bool = Field(default=True, description="Whether to ask for recursion.")
    ip: Literal["any", "ip4", "ip6", "both"] = Field(
        default="any",
        description="Address family on the way to `nameservers`; "
        "`both` asks each name server over either.",
    )
    expect: DnsExpect = Field(default=DnsExpect(), description="When the check succeeds.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """Raise ValueError for fields that don't fit each other."""
        _ = self.question_name, self.exactly, self.contains, self.ways
        return self

    @cached_property
    def question_name(self) -> str:
        """The name to ask for, in ASCII; the reverse name for the PTR of an address."""
        if self.record == "PTR":
            try:
                return ip_address(self.name).reverse_pointer
            except ValueError:
                pass
        return dns_name(self.name)

    @cached_property
    def exactly(self) -> tuple[str, ...] | None:
        """`expect.answers.exactly` in canonical form, sorted."""
        expected = self.expect.answers.exactly
        return None if expected is None else tuple(sorted({*self._canonical(expected)}))

    @cached_property
    def contains(self) -> tuple[str, ...]:
        """`expect.answers.contains` in canonical form."""
        return self._canonical(self.expect.answers.contains or ())

    @cached_property
    def ways(self) -> tuple[tuple[Endpoint, str], ...]:
        """Each server to ask, with the address family (`any`, `ip4`, `ip6`) to reach it by."""
        return tuple(way for server in self.nameservers for way in _ways(server, self.ip))

    def target(self) -> str:
        """Return `name/record`, and the name servers where they are given."""
        servers = ",".join(map(str, self.nameservers))
        return f"{self.name}/{self.record}" + (f"@{servers}" if servers else "")

    def probed(self) -> tuple[str, ...]:
        return tuple(map(str, self.nameservers))

    def dialled_host(self) -> str | None:
        """Return the name server that is furthest away; None for our own resolver's."""
        hosts = [server.host for server in self.nameservers]
        far = [host for host in hosts if not _is_loopback(host)]
        return next(iter(far + hosts), None)

    def _canonical(self, texts: Sequence[str]) -> tuple[str, ...]:
        return tuple(canonical(self.record, text) for text in texts)


def _is_loopback(host: str) -> bool:
    return host in {"localhost", "::1"} or host.startswith("127.")


def _ways(server: Endpoint, ip: str) -> list[tuple[Endpoint, str]]:
    literal = _literal_family(server.host)
    if literal is None:
        return [(server, family) for family in (("ip4", "ip6") if ip == "both" else (ip,))]
    if ip in {"any", "both", literal}:
        return [(server, literal)]
    raise ValueError(f"nameservers: {server} can't be reached with ip: {ip}")


def _literal_family(host: str) -> str | None:
    if ":" in host:
        return "ip6"
    return "ip4" if host.rpartition(".")[2].isdecimal() else None


async def probe(spec: DnsSpec, context: ProbeContext) -> Outcome:
    """Ask every server at the same time, and judge them together."""
    from monitor.net.dnsreport import combine

    ways = spec.ways or (None,)
    if len(ways) == 1:
        return combine(spec.record, [await _ask(spec, context, ways[0])])
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_ask(spec, context, way)) for way in ways]
    return combine(spec.record, [task.result() for task in tasks])


async def _ask(spec: DnsSpec, context: ProbeContext, way: tuple[Endpoint, str] | None) -> "Asked":
    from monitor.net.dnsclient import QueryTrace
    from monitor.net.dnsreport import Asked
    from monitor.net.errors import NetError

    trace = QueryTrace()
    failure, cause, answered = None, None, False
    reply = None
    try:
        reply = await _reply(spec, context, way, trace)
        failure = judge(spec, reply)
        answered = way is not None or reply.rcode == "NOERROR"
    except NetError as error:
        failure, cause, answered = error.failure, error.cause, error.answered
    return Asked(
        server=str(way[0] if way else trace.server or "resolver"),
        named=way is not None,
        address=trace.server.host if trace.server else None,
        phases={
            "resolve": trace.resolve_seconds,
            "connect": trace.connect_seconds,
            "request": trace.request_seconds,
        },
        reply=reply,
        failure=failure,
        cause=cause,
        answered=answered,
    )


async def _reply(
    spec: DnsSpec,
    context: ProbeContext,
    way: tuple[Endpoint, str] | None,
    trace: "QueryTrace",
) -> "Reply":
    """Return what the server at the end of `way` says; None stands for our own resolver's."""
    from monitor.net.dnsclient import Options, Transport
    from monitor.net.dnsmessage import Question
    from monitor.net.dnsquery import query
    from monitor.net.dnsreport import read
    from monitor.net.dnsserver import DNS_PORT, NameServer
    from monitor.net.resolver import Family

    question = Question(spec.question_name, spec.record)
    resolver = context.network.resolver
    if way is None:
        answer = await resolver.ask(
            question,
            context.deadline,
            trace=trace,
            transport=Transport(spec.transport),
            options=Options(recursion=spec.recursion),
        )
        return read(question, answer)
    server, family = way
    answer = await query(
        NameServer(server.host, server.port or DNS_PORT),
        question,
        network=context.network,
        family=Family(family),
        transport=Transport(spec.transport),
        options=Options(recursion=spec.recursion),
        deadline=context.deadline,
        trace=trace,
    )
    return read(question, answer)


def judge(spec: DnsSpec, reply: "Reply") -> Failure | None:
    """Return why a reply is not what is expected, None if it is."""
    expect = spec.expect
    if reply.rcode != expect.rcode:
        kind = _RCODE_KINDS.get(reply.rcode, FailureKind.ANSWER)
        return Failure(kind, f"rcode: {reply.rcode}, expected {expect.rcode}")
    if expect.rcode == "NOERROR" and len(reply.answers) < expect.min_answers:
        detail = f"answers: {_listed(reply.answers)}, expected at least {expect.min_answers}"
        return Failure(FailureKind.RESOLVE_NODATA, detail)
    wrong = _wrong_answers(spec, reply.answers) or _wrong_ttl(expect, reply.ttls)
    return Failure(FailureKind.ANSWER, wrong) if wrong else None


def _wrong_answers(spec: DnsSpec, answers: Sequence[str]) -> str | None:
    expect = spec.expect.answers
    got = f"answers: {_listed(answers)}, expected"
    if spec.exactly is not None and tuple(sorted({*answers})) != spec.exactly:
        return f"{got} exactly {_listed(spec.exactly)}"
    missing = [text for text in spec.contains if text not in answers]
    if missing:
        return f"{got} {_listed(missing)} among them"
    if expect.any_match and not any(map(expect.any_match.search, answers)):
        return f"{got} one to match {expect.any_match.text!r}"
    if expect.all_match and not all(map(expect.all_match.search, answers)):
        return f"{got} all to match {expect.all_match.text!r}"
    if expect.none_match and any(map(expect.none_match.search, answers)):
        return f"{got} none to match {expect.none_match.text!r}"
    return None


def _wrong_ttl(expect: DnsExpect, ttls: Sequence[int]) -> str | None:
    if expect.max_ttl and ttls and max(ttls) > expect.max_ttl.total_seconds():
        return f"ttl: {max(ttls)} s, expected at most {expect.max_ttl.total_seconds():g} s"
    if expect.min_ttl and ttls and min(ttls) < expect.min_ttl.total_seconds():
        return f"ttl: {min(ttls)} s, expected at least {expect.min_ttl.total_seconds():g} s"
    return None


def _listed(texts: Sequence[str]) -> str:
    shown = [visible_text(text, 256) for text in sorted(texts)[:_MOST_SHOWN]]
    more = len(texts) - len(shown)
    return (", ".join(shown) or "none") + (f" and {more} more" if more else "")


_RCODE_KINDS = {
    "NXDOMAIN": FailureKind.RESOLVE_NXDOMAIN,
    "SERVFAIL": FailureKind.RESOLVE_SERVFAIL,
    "REFUSED": FailureKind.RESOLVE_REFUSED,
}
CHECK_TYPE = CheckType(
    spec=DnsSpec,
    probe=probe,
    measurements=(
        MeasurementInfo(
            "probe_dns_duration_seconds",
            "Seconds by phase: the name server's own name, the connection, the question.",
            ("phase",),
        ),
        MeasurementInfo("probe_dns_answer_rrs", "Records in the answer section."),
        MeasurementInfo("probe_dns_authority_rrs", "Records in the authority section."),
        MeasurementInfo("probe_dns_additional_rrs", "Records in the additional section."),
        MeasurementInfo("probe_dns_query_succeeded", "1 if any answer came, even a wrong one."),
        MeasurementInfo("probe_dns_serial", "Serial of the zone; only for SOA."),
        *(MeasurementInfo(*shared) for shared in ADDRESS),
    ),
)
