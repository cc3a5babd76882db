r"""Ask name servers for a record, and judge the answer.

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
case without their final dot, addresses compressed, hexadecimal digits in lower case, fields in
their usual order with one space between (MX `10 mail.example.id`, SRV `0 5 443 host.example.id`,
CAA `0 issue letsencrypt.org`, SOA `primary mailbox serial refresh retry expire minimum`, HTTPS
`1 . alpn=h2,h3`); the strings of a TXT are joined, without quotes; a type without a name here is
written as RFC 3597 has it (`\# 4 c0000207`); and with `record: ANY` each answer begins with its
type. Expected values are brought into the same form before they are compared.

Name servers may be asked over TLS and over HTTPS; the certificate must be good for the host that
is written, or for `server_name`:

```yaml
- id: resolver-encrypted
  service: portal
  type: dns
  name: makassarkota.go.id
  nameservers: ["tls://10.20.0.53", "https://dns.makassarkota.go.id/dns-query"]
  server_name: dns.makassarkota.go.id
  expect:
    authenticated: true
    same_everywhere: true
```

With `expect.dnssec` the check validates the answer itself, and the proof that something is not
there too, from the keys of the root or from `trust_anchors` down. The resolver is asked for the
answer as it is, so that the failure names what is wrong (`www.example.id A: the signature by key
4711 ended 2026-11-01 00:00:00 UTC`) where a resolver only says SERVFAIL. A server with recursion
is asked for the whole chain of DS and DNSKEY records; any other for the keys of the zones that
signed its answer, and our resolver for the rest. Every alias on the way counts: one that leads
into an unsigned zone makes the answer insecure. A signature that ended, or begins, within five
minutes of our clock (a tenth of its time, if that is less) still counts, since the clock may be
off. Some resolvers forgive an hour or a day, others nothing, and whoever uses those has lost the
name by then. The end that is measured is the signature's own, to the second. A zone that is signed
by RSA with SHA-1 alone, or vouched for by SHA-1 digests alone, counts as not signed.

```yaml
- id: portal-zone
  service: portal
  type: dns
  name: makassarkota.go.id
  record: SOA
  authoritative: all
  expect:
    dnssec: secure
    min_signature_days: 5
    same_delegation: true
```

With `authoritative: all` every name server of the zone is asked, at every address (32 in all at
most, of each name as many). It fails where none serves the zone, where their answers differ, or
where one is not as expected; it degrades where some server is lame (silent, refuses, or answers
without authority) or does not give its keys in time, where serials drift, or, with
`same_delegation`, where the zone above names other servers. Where `name` is an alias into another
zone, the alias is all that its servers can rightly say: it does for `min_answers`, and must be the
same everywhere. What lies behind it they don't know: expect addresses in a check without
`authoritative`. `authoritative: compare` fails where the resolver answers what no server of the
zone says, or went another way than their alias leads, and where none serves the zone.

A failing answer says, where the server told it (RFC 8914), what the server's own reason is.

The numbers are those of the first server that failed, else of the slowest.

Bahasa Indonesia

Menanyakan sebuah rekaman kepada server nama, lalu menilai jawabannya. *Gangguan* bila server nama
tidak menjawab, bila isi, TTL, kode, atau tanda jawabannya tidak sesuai dengan `expect`, atau bila
validasi DNSSEC tidak memberi hasil yang diharapkan; dengan `authoritative: all` juga bila tidak ada
server yang melayani zonanya atau bila jawaban mereka berbeda. *Menurun* bila tanda tangan DNSSEC
berakhir dalam `min_signature_days` hari, atau bila sebagian server zona itu tidak melayani, salinan
zonanya tertinggal, atau, dengan `same_delegation`, zona di atasnya menyebut server lain.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from monitor.checktype import CheckSpec
from monitor.domain.dnstext import canonical, dns_name
from monitor.fields import File, Host
from monitor.fields.addresses import Endpoint
from monitor.fields.nameservers import DnsServer, RecordType
from monitor.probes.dns.expect import DnsExpect

if TYPE_CHECKING:
    from monitor.conditions.dns import DnsConditions
    from monitor.conditions.dnssec import DnssecConditions
    from monitor.net.dnsclient import Options

_ENCRYPTED = {"tls", "https"}
_PORTS = {"udp": 53, "tcp": 53, "tls": 853, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One server to ask, and how. `family` is `any`, `ip4` or `ip6`; `path` None is the usual."""

    server: DnsServer
    family: str
    transport: str
    port: int
    path: str | None


class DnsSpec(CheckSpec):
    """Fields of a `dns` check."""

    name: str = Field(
        description="Name to look up; absolute, also without a dot at its end. "
        "For PTR an IP address will do."
    )
    record: RecordType = Field(
        default="A", description="Record type to ask for; also `TYPE` and a number."
    )
    nameservers: tuple[DnsServer, ...] = Field(
        default=(),
        max_length=16,
        description="Name servers to ask, each `host[:port]`, or with how to ask it: "
        "`tcp://host`, `tls://host`, `https://host/dns-query`. All must answer rightly. "
        "Default: those of our own resolver, one of which is enough.",
    )
    transport: Literal["udp", "tcp", "tls", "https"] = Field(
        default="udp",
        description="How to ask the servers that don't say it themselves. Over `udp` a truncated "
        "answer is asked for again over TCP; `tls` is DNS over TLS (RFC 7858, port 853), `https` "
        "is DNS over HTTPS (RFC 8484, `/dns-query`).",
    )
    recursion: bool = Field(default=True, description="Whether to ask for recursion.")
    ip: Literal["any", "ip4", "ip6", "both"] = Field(
        default="any",
        description="Address family on the way to `nameservers`; "
        "`both` asks each name server over either.",
    )
    server_name: Host | None = Field(
        default=None,
        description="Over `tls` and `https`: name that must be in the server's certificate. "
        "Default: its host.",
    )
    ca_file: File | None = Field(
        default=None,
        description="Over `tls` and `https`: PEM file of the authorities to trust, in place of "
        "the system's.",
    )
    insecure: bool = Field(
        default=False,
        description="Over `tls` and `https`: verify nothing. Every output shows it.",
    )
    http_method: Literal["POST", "GET"] = Field(
        default="POST", description="Over `https`: how the question is sent."
    )
    nsid: bool = Field(
        default=False,
        description="Ask each server who it is (RFC 5001), and show it in the details.",
    )
    checking_disabled: bool = Field(
        default=False, description="Ask a validating resolver for the answer as it is (`cd`)."
    )
    authoritative: Literal["all", "compare"] | None = Field(
        default=None,
        description="Ask every name server of the zone, at every address and without recursion. "
        "`all`: they are the ones to be judged. `compare`: what the resolver, or `nameservers`, "
        "answer must be what one of them says.",
    )
    trust_anchors: tuple[str, ...] = Field(
        default=(),
        max_length=20,
        description="DS records to trust for `expect.dnssec`, as a zone file has them: "
        "`example.id. IN DS 12345 13 2 …`. They go before the keys of the public root, which are "
        "built in.",
    )
    expect: DnsExpect = Field(default=DnsExpect(), description="When the check succeeds.")

    def faults(self) -> Iterator[str]:
        _ = self.question_name, self.exactly, self.contains  # which raise ValueError themselves
        yield from _mistakes(self)

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
        if expected is None:
            return None
        return tuple(sorted({*self._canonical("exactly", expected)}))

    @cached_property
    def contains(self) -> tuple[str, ...]:
        """`expect.answers.contains` in canonical form."""
        return self._canonical("contains", self.expect.answers.contains or ())

    @cached_property
    def ways(self) -> tuple[Way, ...]:
        """Each server to ask, over each address family."""
        return tuple(
            self._way(server, family)
            for server in self.nameservers
            for family in _families(server, self.ip)
        )

    @cached_property
    def conditions(self) -> "DnsConditions":
        """What a reply is judged by."""
        from monitor.conditions.dns import DnsConditions

        expect = self.expect
        return DnsConditions(
            rcodes=(expect.rcode,),
            min_answers=expect.min_answers,
            exactly=self.exactly,
            contains=self.contains,
            any_match=expect.answers.any_match,
            all_match=expect.answers.all_match,
            none_match=expect.answers.none_match,
            max_ttl_seconds=expect.max_ttl.total_seconds() if expect.max_ttl else None,
            min_ttl_seconds=expect.min_ttl.total_seconds() if expect.min_ttl else None,
            flags=expect.flags,
            no_flags=expect.no_flags,
            authenticated=expect.authenticated,
        )

    @cached_property
    def signatures(self) -> "DnssecConditions | None":
        """What validation must come to, None where nothing is to be validated."""
        from monitor.conditions.dnssec import DnssecConditions

        expect = self.expect
        if expect.dnssec is None:
            return None
        return DnssecConditions(expected=expect.dnssec, min_days=expect.min_signature_days)

    @cached_property
    def options(self) -> "Options":
        """How questions are put."""
        from monitor.net.dnsclient import Options
        from monitor.net.tls import TlsSettings

        return Options(
            recursion=self.recursion,
            checking_disabled=self.checking_disabled or self.expect.dnssec is not None,
            dnssec_ok=self.expect.dnssec is not None,
            nsid=self.nsid,
            tls=TlsSettings(
                ca_file=self.ca_file, server_name=self.server_name, insecure=self.insecure
            ),
            get=self.http_method == "GET",
        )

    def target(self) -> str:
        """Return `name/record`, and the name servers where they are given."""
        servers = ",".join(str(server).partition("?")[0] for server in self.nameservers)
        return f"{self.name}/{self.record}" + (f"@{servers}" if servers else "")

    def probed(self) -> tuple[str, ...]:
        """Return the name servers that are written, each with its port."""
        return tuple({str(Endpoint(way.server.host, way.port)): None for way in self.ways})

    def dialled_host(self) -> str | None:
        """Return the name server that is furthest away; None for our own resolver's."""
        hosts = [server.host for server in self.nameservers]
        far = [host for host in hosts if not _is_loopback(host)]
        return next(iter(far + hosts), None)

    def warnings(self) -> tuple[str, ...]:
        """Return that nothing is verified, where that is so."""
        return ("insecure: the certificate is not verified",) if self.insecure else ()

    def _way(self, server: DnsServer, family: str) -> Way:
        transport = server.transport or self.transport
        return Way(
            server=server,
            family=family,
            transport=transport,
            port=server.port or _PORTS[transport],
            path=server.path,
        )

    def _canonical(self, key: str, texts: Sequence[str]) -> tuple[str, ...]:
        try:
            return tuple(canonical(self.record, text) for text in texts)
        except ValueError as error:
            raise ValueError(f"expect.answers.{key}: {error}") from None


def _mistakes(spec: DnsSpec) -> list[str]:
    """Return what is wrong with fields that are right by themselves."""
    return [
        *_server_mistakes(spec),
        *_wildcard_mistakes(spec),
        *_flag_mistakes(spec.expect),
        *_signature_mistakes(spec),
        *_authority_mistakes(spec),
    ]


def _server_mistakes(spec: DnsSpec) -> list[str]:
    found: list[str] = []
    if spec.transport in _ENCRYPTED and not spec.nameservers:
        found.append(f"transport: {spec.transport} goes with nameservers: write whom to ask")
    if not any(way.transport in _ENCRYPTED for way in spec.ways):
        found += [
            f"{key}: only for nameservers over tls or https"
            for key in ("server_name", "ca_file", "insecure")
            if getattr(spec, key)
        ]
    if spec.expect.same_everywhere and len(spec.ways) < 2:
        found.append("expect.same_everywhere: give at least two nameservers")
    return found


def _wildcard_mistakes(spec: DnsSpec) -> list[str]:
    if not spec.expect.no_wildcard:
        return []
    if spec.expect.rcode not in {"NOERROR", "NXDOMAIN"}:
        return ["expect.no_wildcard: goes with rcode NOERROR or NXDOMAIN"]
    name = spec.question_name
    if "." not in name or name == "." or name.startswith("*."):
        return [f"expect.no_wildcard: {name} has no names beside it that could be asked for"]
    return []


def _flag_mistakes(expect: DnsExpect) -> list[str]:
    both = sorted({*expect.flags} & {*expect.no_flags})
    if both:
        return [f"expect.no_flags: {', '.join(both)} is expected by flags"]
    if expect.authenticated and "ad" in expect.no_flags:
        return ["expect.no_flags: ad is what authenticated expects"]
    return []


def _signature_mistakes(spec: DnsSpec) -> list[str]:
    expect = spec.expect
    if expect.dnssec is None:
        found = ["trust_anchors: goes with expect.dnssec"] if spec.trust_anchors else []
        if expect.min_signature_days is not None:
            found.append("expect.min_signature_days: goes with expect.dnssec")
        return found
    if expect.authenticated:
        return ["expect.authenticated: goes without dnssec, which asks for the answer as it is"]
    if expect.rcode not in {"NOERROR", "NXDOMAIN"} or spec.record == "RRSIG":
        return [f"expect.dnssec: {spec.record} with rcode {expect.rcode} has no signatures"]
    return _anchor_mistakes(spec.trust_anchors)


def _authority_mistakes(spec: DnsSpec) -> list[str]:
    expect = spec.expect
    if spec.authoritative != "all":
        keys = [key for key in ("max_serial_drift", "same_delegation") if getattr(expect, key)]
        return [f"expect.{key}: goes with authoritative: all" for key in keys]
    if spec.nameservers:
        return ["nameservers: with authoritative: all the zone's own are asked"]
    if spec.transport in _ENCRYPTED:
        return [f"transport: {spec.transport}, but name servers of zones speak udp and tcp"]
    keys = [key for key in ("no_wildcard", "authenticated") if getattr(expect, key)]
    return [f"expect.{key}: goes without authoritative: all" for key in keys]


def _anchor_mistakes(texts: Sequence[str]) -> list[str]:
    from monitor.net.anchors import parse_anchor

    found: list[str] = []
    for text in texts:
        try:
            parse_anchor(text)
        except ValueError as error:
            found.append(f"trust_anchors: {error}")
    return found


def _is_loopback(host: str) -> bool:
    return host in {"localhost", "::1"} or host.startswith("127.")


def _families(server: DnsServer, ip: str) -> tuple[str, ...]:
    literal = _literal_family(server.host)
    if literal is None:
        return ("ip4", "ip6") if ip == "both" else (ip,)
    if ip in {"any", "both", literal}:
        return (literal,)
    raise ValueError(f"nameservers: {server} can't be reached with ip: {ip}")


def _literal_family(host: str) -> str | None:
    if ":" in host:
        return "ip6"
    return "ip4" if host.rpartition(".")[2].isdecimal() else None
