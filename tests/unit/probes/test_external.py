from datetime import timedelta

import pytest

from monitor.checktype import Silence
from monitor.domain.check import CheckId
from monitor.domain.observation import FailureKind, OutcomeStatus, UnknownCause, series
from monitor.domain.push import Arrival, Gap, Signal, follow_push
from monitor.probes.external import ExternalSpec, judge_silence
from tests.fakes import NOON

GENSET = CheckId("genset")


def seconds(count):
    return NOON + timedelta(seconds=count)


def told(status=OutcomeStatus.OK, **changes):
    arrival = Arrival(signal=Signal.RESULT, at=NOON, received_at=NOON, status=status, **changes)
    return follow_push(GENSET, None, arrival)


def judged(at, last=None, gaps=(), **keys):
    spec = ExternalSpec.model_validate({"stale_after": "5m", **keys})
    silence = Silence(
        check_id=GENSET, last=last, gaps=gaps, since=NOON, at=seconds(at), now=seconds(at)
    )
    return judge_silence(spec, silence)


@pytest.mark.parametrize("status", OutcomeStatus)
def test_result_holds_until_it_is_stale(status):
    """The check is what it was told last, until the result is stale."""
    assert judged(299, told(status)).outcome.status is status


def test_silence_is_unknown():
    """A program that fell silent says nothing about what it watches."""
    outcome = judged(300, told(OutcomeStatus.FAILED)).outcome

    assert (outcome.status, outcome.cause) == (OutcomeStatus.UNKNOWN, UnknownCause.NO_DATA)


def test_silence_may_be_down():
    """With `on_silence: down` it is down, since its last result no longer holds."""
    verdict = judged(310, told(), on_silence="down")

    assert verdict.outcome.failure.kind is FailureKind.LATE
    assert verdict.began == seconds(300)


def test_our_own_gap_is_not_down():
    """Right after the monitor was stopped, a program has time to report again."""
    gap = (Gap(seconds(100), seconds(290), UnknownCause.MONITOR_STOPPED),)

    assert judged(310, told(), gap, on_silence="down").outcome.status is OutcomeStatus.UNKNOWN
    assert judged(590, told(), gap, on_silence="down").outcome.status is OutcomeStatus.FAILED


def test_reason_is_told():
    """What is down or degraded says why, in the words of the program."""
    failure = judged(1, told(OutcomeStatus.DEGRADED, detail="fuel at 20 %")).outcome.failure

    assert (failure.kind, failure.detail) == (FailureKind.STATUS, "fuel at 20 %")


def test_numbers_are_measured():
    """Numbers of a result become measurements under their names."""
    measured = judged(1, told(values={"fuel_ratio": 0.2})).outcome.measurements

    assert measured[series("pantau_external_value", measurement="fuel_ratio")] == 0.2
