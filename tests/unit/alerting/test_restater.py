"""Restating: who is told again and again, and what a failure of one means to the others."""

import pytest
from structlog.testing import capture_logs

from monitor.alerting.restater import Restater
from monitor.ports import Undelivered
from tests.fakes import FakeClock, FakeTelemetry, RecordingNotifier, an_alert


class Forgetful(RecordingNotifier):
    """Keeps what it was told to stand. Raises `trouble` while it is set."""

    def __init__(self, trouble: Exception | None = None) -> None:
        super().__init__()
        self.stated = []
        self.trouble = trouble

    async def restate(self, standing, now):
        if self.trouble is not None:
            raise self.trouble
        self.stated.append((standing(), now))


def restating(standing=lambda name: (), **notifiers):
    clock, telemetry = FakeClock(), FakeTelemetry()
    return Restater(notifiers, standing, clock, telemetry), clock, telemetry


async def test_only_those_who_forget():
    """Who keeps what it was told is not told again."""
    am, hook = Forgetful(), RecordingNotifier()
    restater, clock, _ = restating(lambda name: (name, an_alert()), am=am, hook=hook)
    await restater.restate()

    assert am.stated == [(("am", an_alert()), clock.now())]
    assert hook.attempts == []


@pytest.mark.parametrize("trouble", [Undelivered("away", reason="timeout"), ValueError("bug")])
async def test_failure_of_one(trouble):
    """One that fails, even by a fault of ours, keeps no other from being told."""
    well = Forgetful()
    restater, _, telemetry = restating(ill=Forgetful(trouble), well=well)
    with capture_logs():
        await restater.restate()

    assert len(well.stated) == 1
    assert [each["receiver"] for each in telemetry.of("notification_failed")] == ["ill"]


async def test_failure_is_logged_once():
    """A failure is logged when it begins and when it is over, and counted each time."""
    am = Forgetful(Undelivered("away", reason="timeout"))
    restater, _, telemetry = restating(am=am)
    with capture_logs() as logs:
        await restater.restate()
        await restater.restate()
        am.trouble = None
        await restater.restate()
        await restater.restate()

    assert [each["event"] for each in logs] == ["restatement.failed", "restatement.recovered"]
    assert len(telemetry.of("notification_failed")) == 2


async def test_replaced_at_a_reload():
    """After a reload those are told who are configured then."""
    before, after = Forgetful(), Forgetful()
    restater, _, _ = restating(am=before)
    restater.notifiers = {"am": after}
    await restater.restate()

    assert (len(before.stated), len(after.stated)) == (0, 1)
