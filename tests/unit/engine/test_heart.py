"""Signs of life are sent while there is life, and not without."""

from datetime import timedelta

from monitor.domain.alert import AlertType
from monitor.domain.signoflife import SignOfLife
from monitor.engine.board import Board
from monitor.engine.heart import Heart
from monitor.engine.pipeline import Pipeline
from tests.fakes import NOON, OK, FakeClock, a_check, observed
from tests.unit.engine.test_pipeline import Ledger, a_plan

CHECK = a_check(interval=timedelta(minutes=1))
MINUTE = timedelta(minutes=1)


class Body:
    """A heart, and a pipeline that is fed as a test says."""

    def __init__(self, *checks) -> None:
        self.board, self.ledger, self.clock = Board(), Ledger(), FakeClock()
        self.pipeline = Pipeline(self.board, self.ledger, "balaikota")
        self.pipeline.replace(a_plan(*checks), NOON)
        self.heart = Heart(self.board, self.pipeline, self.ledger, self.clock)
        self.heart.plan = SignOfLife(every=MINUTE, receivers=("oncall", "second"))

    def pass_minutes(self, minutes: int, *, probing: bool) -> list[str]:
        """Beat every ten seconds; return the receivers that are sent a sign of life."""
        before = len(self.ledger.notifications)
        for second in range(0, minutes * 60, 10):
            if probing and second % 60 == 0:
                self.pipeline.record(observed(OK, check=CHECK, start=self.clock.now())[0])
            self.heart.beat()
            self.clock.advance(10)
        return [each.receiver for each in self.ledger.notifications[before:]]


def test_each_period_has_one():
    """While probes end, each receiver gets one sign of life a period, each under its own id."""
    body = Body(CHECK)

    assert body.pass_minutes(3, probing=True) == ["oncall", "second"] * 3
    assert {each.alert.type for each in body.ledger.notifications} == {AlertType.HEARTBEAT}
    assert len({each.id for each in body.ledger.notifications}) == 6


def test_no_probe_no_sign():
    """Once probes stay away for two intervals there is no sign of life; with them it comes back."""
    body = Body(CHECK)
    body.pass_minutes(1, probing=True)

    assert len(body.pass_minutes(10, probing=False)) <= 2 * 2
    assert body.pass_minutes(5, probing=False) == []
    assert body.pass_minutes(1, probing=True) == ["oncall", "second"]


def test_nothing_to_probe():
    """Without any check there is nothing to be stuck with."""
    assert Body().pass_minutes(1, probing=False) == ["oncall", "second"]


def test_nobody_wants_one():
    """Unless somebody asked for them there are none."""
    body = Body(CHECK)
    body.heart.plan = None

    assert body.pass_minutes(3, probing=True) == []


def test_old_ones_are_forgotten():
    """The outbox keeps the last few and no more: each sign names the one of ten periods before."""
    body = Body(CHECK)
    body.pass_minutes(11, probing=True)
    first = [each.id for each in body.ledger.notifications[:2]]

    assert list(body.ledger.changes[-1].forgotten_notifications) == first
