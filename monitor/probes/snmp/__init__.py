"""The check type `snmp`: asks an agent for some objects, and judges their values."""

from typing import TYPE_CHECKING, Any

from monitor.checktype import CheckType, MeasurementInfo, ProbeContext
from monitor.domain.blackbox import ADDRESS
from monitor.domain.observation import Outcome, Series, series
from monitor.probes.snmp.names import UPTIME
from monitor.probes.snmp.spec import SnmpSpec

if TYPE_CHECKING:
    from monitor.net.resolver import Family
    from monitor.net.snmp import Answer
    from monitor.net.snmpwire import Value
    from monitor.net.trace import Trace
    from monitor.probes.snmp.judge import Uptime

__all__ = ["CHECK_TYPE", "SnmpSpec", "probe"]

_VALUE = "pantau_snmp_value"
_UPTIME = series("pantau_snmp_uptime_seconds")
_REMEMBER_SECONDS = 300.0  # a start that moved by less is not written down again


async def probe(spec: SnmpSpec, context: ProbeContext) -> Outcome:
    """Ask over one family or both."""
    from monitor.conditions.veiling import without
    from monitor.net.families import over_families

    secrets = [secret.reveal() for secret in spec.secrets]  # their files may be new ones later
    outcome = await over_families(spec.ip, lambda family: _ask(spec, context, family))
    return without(outcome, secrets)


async def _ask(spec: SnmpSpec, context: ProbeContext, family: "Family") -> Outcome:
    from monitor.net.errors import NetError
    from monitor.net.report import facts, failed, measurements
    from monitor.net.snmp import get
    from monitor.net.trace import Phase, Trace

    trace = Trace()
    try:
        trace.enter(Phase.RESOLVE)
        address, *_ = await context.network.addresses(spec.host, family, context.deadline)
        trace.address = address
        trace.enter(Phase.PROCESSING)
        oids = (*(wanted.numeric for wanted in spec.get.values()), UPTIME)
        answer = await get(address, spec.port, spec.asked(oids), deadline=context.deadline)
    except NetError as error:
        trace.leave()
        return failed(error, measurements(trace), facts(trace))
    trace.leave()
    return _judged(spec, context, trace, answer)


def _judged(spec: SnmpSpec, context: ProbeContext, trace: "Trace", answer: "Answer") -> Outcome:
    from dataclasses import replace

    from monitor.net.report import facts, judged, measurements
    from monitor.probes.snmp.judge import judge, refusal, uptime_of

    seen = facts(trace) | _engine(answer)
    refused = refusal(spec, answer.pdu)
    if refused is not None:
        return judged(refused, measurements(trace), seen)
    values = dict(answer.pdu.values)
    before = context.remembered.get("began")
    uptime = uptime_of(values, before, context.now.timestamp())
    failure, degraded = judge(spec, values, uptime)
    outcome = judged(
        failure,
        measurements(trace) | _numbers(spec, values, uptime),
        seen | _told(spec, values),
        degraded=degraded,
    )
    if uptime is None or not _is_news(uptime.began, before):
        return outcome
    return replace(outcome, remember={"began": uptime.began})


def _is_news(began: float, before: object) -> bool:
    return not isinstance(before, int | float) or abs(began - before) > _REMEMBER_SECONDS


def _numbers(
    spec: SnmpSpec, values: "dict[str, Value]", uptime: "Uptime | None"
) -> dict[Series, float]:
    from monitor.probes.snmp.judge import number_of

    found: dict[Series, float] = {}
    for name, wanted in spec.get.items():
        number = number_of(values[wanted.numeric])
        if number is not None:
            found[_VALUE, (("name", name),)] = float(number)
    if uptime is not None:
        found[_UPTIME] = uptime.seconds
    return found


def _told(spec: SnmpSpec, values: "dict[str, Value]") -> dict[str, Any]:
    from monitor.probes.snmp.judge import shown_value

    told = {
        name: shown_value(wanted.numeric, values[wanted.numeric])
        for name, wanted in spec.get.items()
    }
    return {"values": told} if told else {}


def _engine(answer: "Answer") -> dict[str, Any]:
    if answer.engine is None:
        return {}
    return {
        "engine_id": answer.engine.id.hex(),
        "engine_boots": answer.engine.boots,
        "security": answer.level,
    }


CHECK_TYPE = CheckType(
    spec=SnmpSpec,
    probe=probe,
    measurements=(
        *(MeasurementInfo(*shared) for shared in ADDRESS),
        MeasurementInfo(
            _VALUE,
            "A number as the agent gives it; name is the one under get in the configuration.",
            ("name",),
        ),
        MeasurementInfo("pantau_snmp_uptime_seconds", "For how long the agent has been running."),
    ),
)
