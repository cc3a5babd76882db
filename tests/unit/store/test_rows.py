"""What a change means in rows."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.ports import Change
from monitor.store.rows import Enqueued, Names, observation_rows, runs
from tests.fakes import NOON, OK, REFUSED, observed
from tests.integration.store.changes import changes


# To make changes of everything takes long where others use the machine.
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(changes.map(lambda change: Enqueued(change=change, at=NOON)), max_size=9))
def test_runs_keep_every_change_in_order(entries):
    """Cutting into runs loses no change and swaps none."""
    assert [entry for run in runs(entries) for entry in run] == entries


def test_change_that_depends_on_order_is_written_alone():
    """Plain changes are written together, one with a transition or a forgotten check alone."""
    plain = Enqueued(change=Change(observations=tuple(observed(OK))), at=NOON)
    forgetting = Enqueued(change=Change(forgotten=("portal-http",)), at=NOON)

    assert [len(run) for run in runs([plain, plain, forgetting, plain])] == [2, 1, 1]


def test_detail_is_kept_of_failures_alone():
    """A good sample stores no text; a failure its kind and its detail, the start as an offset."""
    names = Names(checks={"portal-http": 7}, vantages={"balaikota": 1})

    good, failed = observation_rows(observed(OK, REFUSED), names)

    assert (good["kind"], good["detail"], good["started"]) == (None, None, 0)
    assert failed["detail"] == "connect to 192.0.2.7:443: refused"
    assert failed["scheduled_at"] - good["scheduled_at"] == timedelta(minutes=1) / timedelta(
        microseconds=1
    )
