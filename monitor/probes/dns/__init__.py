"""The check type `dns`: what it asks for, what it expects, and how it asks."""

import asyncio
from typing import TYPE_CHECKING

from monitor.checktype import CheckType, MeasurementInfo, ProbeContext
from monitor.domain.blackbox import ADDRESS, CERTIFICATE
from monitor.domain.observation import Outcome
from monitor.probes.dns.spec import DnsSpec

if TYPE_CHECKING:
    from monitor.net.dnsreport import Asked


async def probe(spec: DnsSpec, context: ProbeContext) -> Outcome:
    """Ask every server at the same time, and judge them together."""
    if spec.authoritative is None:
        return (await _ask(spec, context))[1]
    from monitor.probes.dns.authorities import ask_all, compare

    if spec.authoritative == "all":
        return await ask_all(spec, context)
    return await compare(spec, context, *await _ask(spec, context))


async def _ask(spec: DnsSpec, context: ProbeContext) -> tuple[list["Asked"], Outcome]:
    """Return how asking each server went, and what that makes together."""
    from monitor.conditions.dns import disagreement
    from monitor.net.dnsreport import combine
    from monitor.probes.dns.asking import ask_one

    ways = spec.ways or (None,)
    if len(ways) == 1:
        asked = [await ask_one(spec, context, ways[0])]
        return asked, combine(spec.record, asked)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask_one(spec, context, way)) for way in ways]
    asked = [task.result() for task in tasks]
    together = None
    if spec.expect.same_everywhere:
        together = disagreement([(one.server, one.reply) for one in asked if one.reply])
    return asked, combine(spec.record, asked, together)


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
        MeasurementInfo(
            "pantau_dns_authorities",
            "Name servers of the zone, each address counted; only with `authoritative`.",
        ),
        MeasurementInfo("pantau_dns_lame_authorities", "Those of them that don't serve the zone."),
        MeasurementInfo(
            "pantau_dns_serial_drift", "How far apart the serials of their copies are."
        ),
        *(MeasurementInfo(*shared) for shared in (*ADDRESS, *CERTIFICATE)),
    ),
)
