"""Whatever happens while a target is probed becomes a result."""

from datetime import UTC, datetime

import pytest

from monitor.blackbox.modules import Module
from monitor.blackbox.prober import probe
from monitor.checktype import ProbeContext
from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import OutcomeStatus, UnknownCause, series
from monitor.net.errors import NetError

MODULES = {
    "http": {},
    "dns": {"query_name": "a.test", "query_type": "A"},
    "tcp": {},
    "icmp": {},
}


class Failing:
    """A network on which nothing can be looked up."""

    def __init__(self, error):
        self.error = error

    async def addresses(self, host, family, deadline):
        raise self.error


async def probed(prober, error):
    module = Module.model_validate({"prober": prober, prober: MODULES[prober]})
    context = ProbeContext(
        network=Failing(error),
        deadline=30.0,
        monotonic=lambda: 20.0,
        now=datetime(2026, 11, 1, tzinfo=UTC),
    )
    return await probe(module, "a.test:80" if prober == "tcp" else "a.test", context)


@pytest.mark.parametrize("prober", MODULES)
async def test_a_network_error_is_a_result(prober):
    """What a target or a network does is told by its kind, with zeros for what did not come."""
    found = await probed(prober, NetError(Kind.RESOLVE_NXDOMAIN, "a.test: no such name"))

    values = {(sample.name, sample.labels): sample.value for sample in found.measurements}
    assert not found.success
    assert found.outcome.failure.kind is Kind.RESOLVE_NXDOMAIN
    assert values[series("probe_success")] == 0
    assert values[series("probe_failure_info", kind="resolve_nxdomain")] == 1
    assert values[series("probe_ip_protocol")] == values[series("probe_ip_addr_hash")] == 0
    assert values[series("probe_timeout_seconds")] == 10
    assert [line.message for line in found.log][-1] == "Probe failed"


@pytest.mark.parametrize("prober", MODULES)
async def test_a_fault_of_ours_is_no_failure_of_the_target(prober):
    """A cause of our own makes the outcome unknown, and the probe no success."""
    error = NetError(Kind.CONNECT_UNREACHABLE, "open a socket", cause=UnknownCause.LOCAL)

    found = await probed(prober, error)

    assert not found.success
    assert found.outcome.status is OutcomeStatus.UNKNOWN
    assert found.outcome.cause is UnknownCause.LOCAL


@pytest.mark.parametrize("prober", MODULES)
async def test_a_bug_is_a_result_too(prober):
    """An error that nobody foresaw is INTERNAL, and raised by no probe."""
    found = await probed(prober, RuntimeError("boom"))

    assert found.outcome.failure.kind is Kind.INTERNAL
    assert found.outcome.cause is UnknownCause.INTERNAL
    assert "boom" not in str(found.log)


@pytest.mark.parametrize("prober", MODULES)
async def test_samples_come_by_name(prober):
    """Samples are in the order of their names, each with its help."""
    found = await probed(prober, NetError(Kind.RESOLVE_TIMEOUT, "no answer"))

    names = [sample.name for sample in found.measurements]
    assert names == sorted(names)
    assert all(sample.help for sample in found.measurements)
