import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from monitor.checktype import CheckSpec, CheckType
from monitor.domain.instant import microseconds
from monitor.domain.observation import FailureKind, Outcome, OutcomeStatus, UnknownCause
from monitor.domain.status import Status
from monitor.engine.runner import classify, judge_duration, observe, time_allowed
from monitor.engine.timetable import Due
from monitor.net.errors import NetError
from tests.fakes import NOON, OK, REFUSED, FakeClock, a_check

AT = microseconds(NOON)


class Spec(CheckSpec):
    """A type without keys."""


def bound(probe, **check):
    return SimpleNamespace(
        check=a_check(**check), kind=CheckType(spec=Spec, probe=probe), spec=Spec()
    )


def running(probe, due: Due | None = None, **check):
    each = bound(probe, **check)
    due = due or Due(each.check.id, AT, 0, AT)
    return observe(each, due, FakeClock(), None, "balaikota")


async def fine(spec, context) -> Outcome:
    return OK


class TestObserve:
    async def test_stamps_what_the_probe_saw(self):
        """The runner adds check, vantage, epoch and slot to what a probe returns."""
        seen = await running(fine)

        assert (seen.vantage, seen.epoch, seen.scheduled_at) == ("balaikota", 1, NOON)
        assert seen.outcome is OK

    async def test_retry_is_stamped_with_its_own_time(self):
        """A retry is a sample of its own time, not of its slot's."""
        due = Due(a_check().id, AT, 2, AT + 30_000_000)

        assert (await running(fine, due)).scheduled_at == NOON + timedelta(seconds=30)

    async def test_probe_is_given_what_it_remembered(self):
        """A probe is given the memory of its check, and nothing when there is none."""
        given = []

        async def look(spec, context) -> Outcome:
            given.append(dict(context.remembered))
            return OK

        each, due = bound(look), Due(a_check().id, AT, 0, AT)
        await observe(each, due, FakeClock(), None, "balaikota", remembered={"serial": 7})
        await observe(each, due, FakeClock(), None, "balaikota")

        assert given == [{"serial": 7}, {}]

    @pytest.mark.parametrize("memory", [{"a": "x" * 16_384}, {"a": object()}, {"a": "x" * 16_000}])
    async def test_memory_is_bounded(self, memory):
        """A memory over 16 KiB, or one that is no JSON, is left out and told: the result stands."""

        async def hoard(spec, context) -> Outcome:
            return Outcome(remember=memory)

        with capture_logs() as logs:
            outcome = (await running(hoard)).outcome

        fits = memory == {"a": "x" * 16_000}
        assert outcome == Outcome(remember=memory if fits else None)
        assert [event["event"] for event in logs] == ([] if fits else ["probe.remembers_too_much"])

    async def test_hanging_probe_ends(self):
        """A probe that ignores its deadline is ended by the runner."""

        async def hang(spec, context) -> Outcome:
            await asyncio.Event().wait()
            return OK

        seen = await running(hang, timeout=timedelta(milliseconds=1))

        assert seen.outcome.failure.kind is FailureKind.TIMEOUT

    @pytest.mark.parametrize(
        ("interval", "timeout", "allowed"),
        [
            (60.0, 10.0, 10.0),
            (10.0, 9.8, 9.8),
            (10.0, 10.0, 9.8),
            (1.0, 1.0, 0.8),
            (0.1, 0.1, 0.075),
        ],
    )
    def test_probe_ends_before_its_next_slot(self, interval, timeout, allowed):
        """A probe that hangs ends before its next slot is due, so that none is missed for it."""
        seconds = [timedelta(seconds=each) for each in (interval, timeout)]

        assert time_allowed(a_check(interval=seconds[0], timeout=seconds[1])) == timedelta(
            seconds=allowed
        )

    async def test_bug_of_a_probe_is_unknown(self):
        """What a probe did not foresee is our bug: unknown, whatever it was."""

        async def crash(spec, context) -> Outcome:
            raise KeyError("secret value")

        seen = await running(crash)

        assert seen.sample is Status.UNKNOWN
        assert seen.outcome.cause is UnknownCause.INTERNAL
        assert "secret" not in seen.outcome.failure.detail

    async def test_cancellation_gets_out(self):
        """A cancelled run is abandoned: it is neither a failure nor a success."""

        async def cancelled(spec, context) -> Outcome:
            raise asyncio.CancelledError

        with pytest.raises(asyncio.CancelledError):
            await running(cancelled)


class TestClassify:
    def test_network_error_is_a_failure(self):
        """What the network says of a target is a failure of the target."""
        error = NetError(FailureKind.CONNECT_REFUSED, "refused", answered=True)
        outcome = classify(error, timedelta(seconds=1))

        assert (outcome.status, outcome.answered) == (OutcomeStatus.FAILED, True)

    def test_local_fault_is_unknown(self):
        """A fault of our own machine says nothing of the target."""
        error = NetError(FailureKind.CONNECT_UNREACHABLE, "EMFILE", cause=UnknownCause.LOCAL)
        outcome = classify(error, timedelta(seconds=1))

        assert (outcome.status, outcome.cause) == (OutcomeStatus.UNKNOWN, UnknownCause.LOCAL)


class TestDegradedOver:
    check = a_check(degraded_over=timedelta(seconds=3))

    def test_slow_success_is_degraded(self):
        """A success that took longer than `degraded_over` is degraded, with the time it took."""
        outcome = judge_duration(OK, self.check, timedelta(seconds=4))

        assert outcome.status is OutcomeStatus.DEGRADED
        assert outcome.failure.detail == "took 4.000 s, over 3 s"

    def test_slow_failure_stays_a_failure(self):
        """A failure is not made better by being slow."""
        assert judge_duration(REFUSED, self.check, timedelta(seconds=4)) is REFUSED

    def test_exactly_the_limit_is_fine(self):
        """The limit itself is still fine."""
        assert judge_duration(OK, self.check, timedelta(seconds=3)) is OK
