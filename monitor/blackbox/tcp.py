"""The TCP prober: a connection, TLS if asked for, and a conversation."""

from monitor.blackbox.certificate import certificate_numbers
from monitor.blackbox.dialogue import FAILED_DUE_TO_BYTES, FAILED_DUE_TO_REGEX, converse
from monitor.blackbox.endpoint import split_host_port
from monitor.blackbox.modules import TcpModule
from monitor.blackbox.run import Run, choose_address
from monitor.blackbox.tlsconfig import tls_settings
from monitor.domain.observation import Failure, FailureKind
from monitor.net.connection import Stream
from monitor.net.report import facts
from monitor.net.tls import TlsSettings
from monitor.net.trace import Phase, Trace


async def probe_tcp(
    module: TcpModule, target: str, run: Run, hostname: str | None
) -> Failure | None:
    """Connect, and talk as the module says; return what the target broke. Raises NetError."""
    run.numbers |= {FAILED_DUE_TO_REGEX: 0.0, FAILED_DUE_TO_BYTES: 0.0}
    endpoint = split_host_port(target)
    if endpoint is None:
        run.steps.error("Error splitting target address and port", target=target)
        return Failure(FailureKind.PROTOCOL, f"{target}: a TCP target is host:port")
    chosen = await choose_address(
        run, endpoint[0], module.preferred_ip_protocol, fallback=module.ip_protocol_fallback
    )
    tls = tls_settings(module.tls_config, hostname or endpoint[0])
    trace = Trace()
    try:
        stream = await _dial(module, endpoint, chosen.address, tls, run, trace)
        try:
            return await _converse(module, stream, tls, run)
        finally:
            stream.finish()
    finally:
        trace.leave()
        run.numbers |= certificate_numbers(trace, cipher=False)
        run.facts |= facts(trace, insecure=tls.insecure)


async def _dial(  # noqa: PLR0917 - each is what it is called
    module: TcpModule,
    endpoint: tuple[str, int],
    address: str,
    tls: TlsSettings,
    run: Run,
    trace: Trace,
) -> Stream:
    network, (host, port) = run.context.network, endpoint
    run.steps.info("Dialing TCP with TLS" if module.tls else "Dialing TCP without TLS")
    stream = await network.connect(
        host,
        port,
        deadline=run.context.deadline,
        trace=trace,
        pinned=network.resolver.pinned_class(host),
        tls=tls if module.tls else None,
        resolve_to=address,
        source_address=module.source_ip_address,
    )
    run.answered = True
    run.steps.info("Successfully dialed")
    return stream


async def _converse(
    module: TcpModule, stream: Stream, tls: TlsSettings, run: Run
) -> Failure | None:
    contexts = run.context.network.contexts

    async def start_tls(stream: Stream) -> None:
        await stream.start_tls(contexts.get(tls), tls, tls.server_name or "")
        run.steps.info("TLS Handshake (client) succeeded.")

    stream.trace.enter(Phase.PROCESSING)
    return await converse(stream, module.query_response, run, start_tls)
