from datetime import timedelta

from monitor.domain.check import CheckId
from monitor.domain.observation import OutcomeStatus
from monitor.domain.push import LARGEST_EVIDENCE, Arrival, Signal, follow_push
from tests.fakes import NOON

BACKUP = CheckId("backup")


def an_arrival(signal=Signal.SUCCESS, seconds=0, **changes):
    at = NOON + timedelta(seconds=seconds)
    return Arrival(**{"signal": signal, "at": at, "received_at": at, **changes})


def pushed(*arrivals):
    last = None
    for arrival in arrivals:
        last = follow_push(BACKUP, last, arrival)
    return last


def test_run_is_measured_from_start_to_end():
    """How long a run took is known when its start was told, and the run is then over."""
    push = pushed(an_arrival(Signal.START), an_arrival(seconds=90))

    assert (push.run, push.started_at) == (timedelta(seconds=90), None)


def test_start_keeps_what_the_last_run_came_to():
    """While a job runs again, the end of its last run still counts."""
    failed = an_arrival(
        Signal.FAIL, status=OutcomeStatus.FAILED, exit_code=3, detail="disk full", seconds=5
    )
    push = pushed(failed, an_arrival(Signal.START, seconds=60))

    assert (push.status, push.exit_code, push.detail) == (OutcomeStatus.FAILED, 3, "disk full")
    assert push.started_at == NOON + timedelta(seconds=60)


def test_second_start_begins_the_run_anew():
    """A job that was started again is measured from its second start."""
    push = pushed(an_arrival(Signal.START), an_arrival(Signal.START, 30), an_arrival(seconds=40))

    assert push.run == timedelta(seconds=10)


def test_end_without_start_has_no_duration():
    """A duration is never made up: without a start of its own a run has none."""
    push = pushed(an_arrival(Signal.START), an_arrival(seconds=9), an_arrival(seconds=20))

    assert push.run is None


def test_evidence_is_bounded():
    """At most 10 KB of what came along are kept."""
    push = pushed(an_arrival(body=b"x" * 50_000))

    assert len(push.body) == LARGEST_EVIDENCE == 10 * 1024


def test_pushes_are_numbered():
    """Each push has the next number, so that none can be taken for another."""
    assert pushed(*[an_arrival()] * 5).number == 5
