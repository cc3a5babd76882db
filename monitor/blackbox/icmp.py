"""The ICMP prober: one echo request."""

from monitor.blackbox.modules import IcmpModule
from monitor.blackbox.run import Run, choose_address
from monitor.domain.observation import series
from monitor.net.icmp import EchoOptions, EchoTrace, echo

_RESOLVE, _SETUP, _ROUND_TRIP = (
    series("probe_icmp_duration_seconds", phase=phase) for phase in ("resolve", "setup", "rtt")
)
_HOP_LIMIT = series("probe_icmp_reply_hop_limit")
_TEXT = b"Pantau asks: are you there?\0"  # as long as blackbox_exporter's


async def probe_icmp(module: IcmpModule, target: str, run: Run) -> None:
    """Ask the target for an echo. Raises NetError when none comes."""
    run.numbers |= {_RESOLVE: 0.0, _SETUP: 0.0, _ROUND_TRIP: 0.0}
    chosen = await choose_address(
        run, target, module.preferred_ip_protocol, fallback=module.ip_protocol_fallback
    )
    run.numbers[_RESOLVE] = chosen.seconds
    trace = EchoTrace()
    run.steps.info("Sending an echo request", payload_bytes=len(_payload(module)))
    try:
        reply = await echo(
            chosen.address, _options(module), deadline=run.context.deadline, trace=trace
        )
    finally:
        run.numbers[_SETUP] = trace.setup_seconds
        run.steps.info(
            "Created ICMP packet",
            seq=trace.sequence,
            id=trace.identifier,
            privileged=trace.privileged,
        )
    run.answered = True
    run.numbers[_ROUND_TRIP] = reply.seconds
    if reply.hop_limit is not None:
        run.numbers[_HOP_LIMIT] = float(reply.hop_limit)
    run.steps.info("Found matching reply packet", rtt_seconds=reply.seconds)


def _options(module: IcmpModule) -> EchoOptions:
    return EchoOptions(
        payload=_payload(module),
        hop_limit=module.ttl or None,
        dont_fragment=module.dont_fragment,
        source_address=module.source_ip_address,
    )


def _payload(module: IcmpModule) -> bytes:
    size = module.payload_size or len(_TEXT)
    return _TEXT[:size].ljust(size, b"\0")
