"""The gRPC prober: one call of the standard health service."""

from dataclasses import replace

from monitor.blackbox.certificate import certificate_numbers
from monitor.blackbox.endpoint import split_url_host
from monitor.blackbox.log import shown_target
from monitor.blackbox.modules import GrpcModule
from monitor.blackbox.run import Run, choose_address
from monitor.blackbox.tlsconfig import tls_settings
from monitor.conditions.grpc import (
    CHECK,
    RESOLVE,
    SSL,
    STATUS_CODE,
    health_facts,
    health_failure,
    serving_numbers,
)
from monitor.domain.observation import Failure, FailureKind
from monitor.domain.secrecy import hidden
from monitor.domain.text import veiled
from monitor.net.errors import NetError
from monitor.net.grpc import CODES, HealthAnswer, call, health_request
from monitor.net.report import facts
from monitor.net.tls import TlsSettings
from monitor.net.trace import Trace

_DEADLINE_EXCEEDED, _UNAVAILABLE = CODES.index("DEADLINE_EXCEEDED"), CODES.index("UNAVAILABLE")
_TIMEOUTS = {FailureKind.CONNECT_TIMEOUT, FailureKind.TIMEOUT}
_LAST_CHAIN = "probe_ssl_last_chain_expiry_timestamp_seconds"  # their gRPC prober has none


async def probe_grpc(module: GrpcModule, target: str, run: Run) -> Failure | None:
    """Ask for the health of the service; return why it is not well. Raises NetError."""
    run.numbers |= {RESOLVE: 0.0, SSL: 0.0, STATUS_CODE: 0.0}
    endpoint = split_url_host(target, default_port=443 if module.tls else 80)
    if endpoint is None:
        run.steps.error("Could not parse target URL", target=shown_target(target))
        detail = f"{shown_target(target)}: a gRPC target is host:port"
        return Failure(FailureKind.PROTOCOL, detail)
    chosen = await choose_address(
        run, endpoint[0], module.preferred_ip_protocol, fallback=module.ip_protocol_fallback
    )
    run.numbers[RESOLVE] = chosen.seconds
    began = run.context.monotonic()
    try:
        answer = await _ask(module, endpoint, chosen.address, run)
    except NetError as error:
        # Go's gRPC has a status for what never reached the server, too.
        late = error.failure.kind in _TIMEOUTS
        run.numbers[STATUS_CODE] = float(_DEADLINE_EXCEEDED if late else _UNAVAILABLE)
        run.numbers |= serving_numbers(None)
        run.steps.error("can't connect grpc server", err=str(error))
        raise
    finally:
        run.numbers[CHECK] = run.context.monotonic() - began
    return _judged(module, answer, run)


async def _ask(
    module: GrpcModule, endpoint: tuple[str, int], address: str, run: Run
) -> HealthAnswer:
    """Connect to `address` and call. Raises NetError."""
    tls = tls_settings(module.tls_config, endpoint[0], ("h2",)) if module.tls else None
    run.steps.info("Dialing GRPC with TLS" if module.tls else "Dialing GRPC without TLS")
    trace = Trace()
    try:
        return await _call(module, endpoint, address, tls, run, trace)
    finally:
        trace.leave()
        certificate = certificate_numbers(trace, cipher=False)
        run.numbers |= {key: value for key, value in certificate.items() if key[0] != _LAST_CHAIN}
        run.facts |= facts(trace, insecure=tls is not None and tls.insecure)


async def _call(  # noqa: PLR0917 - each is what it is called
    module: GrpcModule,
    endpoint: tuple[str, int],
    address: str,
    tls: TlsSettings | None,
    run: Run,
    trace: Trace,
) -> HealthAnswer:
    network, (host, port) = run.context.network, endpoint
    deadline = run.context.deadline
    request = health_request(host, port, module.service, module.fields(), tls, deadline)
    stream = await network.connect(
        host,
        port,
        deadline=deadline,
        trace=trace,
        pinned=network.resolver.pinned_class(host),
        tls=tls,
        resolve_to=address,
    )
    try:
        answer = await call(stream, request, trace)
    finally:
        stream.finish()
    run.answered = True
    secrets = hidden(value for _, value in module.fields())
    return replace(answer, message=veiled(answer.message, secrets))


def _judged(module: GrpcModule, answer: HealthAnswer, run: Run) -> Failure | None:
    """Take down an answer, and return what is wrong with it."""
    run.numbers |= serving_numbers(answer)
    run.facts |= health_facts(answer)
    run.numbers[STATUS_CODE] = float(answer.code)
    run.numbers[SSL] = float(module.tls and answer.serving is not None)
    failure = health_failure(answer, module.service)
    run.steps.info("Received health answer", status=answer.code_name, serving=answer.serving or "")
    if failure is None:
        run.steps.info("connect the grpc server successfully")
    return failure
