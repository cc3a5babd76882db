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

A failing answer says, where the server told it (RFC 8914), what the server's own reason is.

The numbers are those of the first server that failed, else of the slowest.
"""

import asyncio

from monitor.checktype import CheckType, MeasurementInfo, ProbeContext
from monitor.domain.blackbox import ADDRESS, CERTIFICATE
from monitor.domain.observation import Outcome
from monitor.probes.dns.spec import DnsSpec


async def probe(spec: DnsSpec, context: ProbeContext) -> Outcome:
    """Ask every server at the same time, and judge them together."""
    from monitor.conditions.dns import disagreement
    from monitor.net.dnsreport import combine
    from monitor.probes.dns.asking import ask_one

    ways = spec.ways or (None,)
    if len(ways) == 1:
        return combine(spec.record, [await ask_one(spec, context, ways[0])])
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask_one(spec, context, way)) for way in ways]
    asked = [task.result() for task in tasks]
    together = None
    if spec.expect.same_everywhere:
        together = disagreement([(one.server, one.reply) for one in asked if one.reply])
    return combine(spec.record, asked, together)


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
        MeasurementInfo(
            "pantau_dns_signature_expiry_timestamp_seconds",
            "Earliest end of the zone's own signatures, as Unix time; only with `expect.dnssec`.",
        ),
        *(MeasurementInfo(*shared) for shared in (*ADDRESS, *CERTIFICATE)),
    ),
)
