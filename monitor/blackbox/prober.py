"""Probing a target by a module of blackbox.yml.

The prober and the scheduled checks use the same network, the same conditions and the same
measurements; what differs are the names of settings, and limits that blackbox_exporter lacks.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass

import structlog

from monitor.blackbox.dns import probe_dns
from monitor.blackbox.grpc import probe_grpc
from monitor.blackbox.http import probe_http
from monitor.blackbox.icmp import probe_icmp
from monitor.blackbox.log import LogLine, ProbeLog, shown_target, told
from monitor.blackbox.measured import Measured, described
from monitor.blackbox.modules import Module
from monitor.blackbox.run import Run
from monitor.blackbox.tcp import probe_tcp
from monitor.checktype import ProbeContext
from monitor.domain.observation import (
    Failure,
    FailureKind,
    Outcome,
    OutcomeStatus,
    UnknownCause,
    series,
)
from monitor.net.errors import NetError

log = structlog.get_logger()

_SUCCESS = series("probe_success")
_DURATION = series("probe_duration_seconds")
_TIMEOUT = series("probe_timeout_seconds")
_GRACE_SECONDS = 0.25  # beyond the deadline, which the network keeps by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """How a probe went: as an outcome, as samples in the order of Go's text, and step by step."""

    success: bool
    outcome: Outcome
    measurements: tuple[Measured, ...]
    log: tuple[LogLine, ...]


async def probe(
    module: Module, target: str, context: ProbeContext, *, hostname: str | None = None
) -> Probed:
    """Return how probing `target` went; nothing that a target does is raised.

    `hostname` is the name that an HTTP target is asked for, and a TLS target must bear.
    """
    began = context.monotonic()
    timeout = max(0.0, round(context.deadline - began, 3))
    run = Run(context, ProbeLog(context.now, context.monotonic))
    run.steps.info(
        "Beginning probe",
        probe=module.prober,
        target=shown_target(target),
        timeout_seconds=timeout,
    )
    failure, cause = await _bounded(_probing(module, target, run, hostname), run, timeout)
    seconds = context.monotonic() - began
    _conclude(run, failure, seconds, timeout)
    return Probed(
        success=failure is None,
        outcome=_outcome(run, failure, cause),
        measurements=described(run.numbers),
        log=run.steps.lines(),
    )


def _probing(
    module: Module, target: str, run: Run, hostname: str | None
) -> Awaitable[Failure | None]:
    match module.prober:
        case "http":
            return probe_http(module.http, target, run, hostname)
        case "dns":
            return probe_dns(module.dns, target, run)
        case "tcp":
            return probe_tcp(module.tcp, target, run, hostname)
        case "icmp":
            return probe_icmp(module.icmp, target, run)
        case "grpc":
            return probe_grpc(module.grpc, target, run)


_Verdict = tuple[Failure | None, UnknownCause | None]


async def _bounded(probing: Awaitable[Failure | None], run: Run, most_seconds: float) -> _Verdict:
    """Return why a probe failed, if it did, and whether that is our own fault."""
    try:
        async with asyncio.timeout(most_seconds + _GRACE_SECONDS):
            return await probing, None
    except NetError as error:
        run.answered = run.answered or error.answered
        return error.failure, error.cause
    except TimeoutError:
        return Failure(FailureKind.TIMEOUT, f"no end after {most_seconds:.2f} s"), None
    except Exception as error:
        log.exception("probe.crashed", check_type="blackbox")
        detail = f"{type(error).__name__}: a fault of the prober's own"
        return Failure(FailureKind.INTERNAL, detail), UnknownCause.INTERNAL


def _conclude(run: Run, failure: Failure | None, seconds: float, timeout: float) -> None:
    run.numbers |= {
        _SUCCESS: float(failure is None),
        _DURATION: seconds,
        _TIMEOUT: timeout,
    }
    if failure is None:
        run.steps.info("Probe succeeded", duration_seconds=seconds)
        return
    run.numbers[series("probe_failure_info", kind=failure.kind.value)] = 1.0
    run.steps.error(
        "Probe failed", duration_seconds=seconds, kind=failure.kind.value, err=told(failure)
    )


def _outcome(run: Run, failure: Failure | None, cause: UnknownCause | None) -> Outcome:
    status = OutcomeStatus.OK
    if failure is not None:
        status = OutcomeStatus.FAILED if cause is None else OutcomeStatus.UNKNOWN
    return Outcome(
        status=status,
        failure=failure,
        cause=cause,
        measurements=run.numbers,
        facts=run.facts,
        answered=run.answered,
    )
