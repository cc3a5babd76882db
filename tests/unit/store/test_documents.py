"""States and alerts as JSON and back."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.alert import Alert, AlertType, CheckNotice, IncidentNotice, ServiceNotice
from monitor.domain.service import Criticality
from monitor.domain.status import Status
from monitor.store.documents import alert_text, read_alert, read_state, state_text
from tests.integration.store.changes import failures, states, times

words = st.text(max_size=20)
notices = st.builds(
    CheckNotice,
    id=words,
    type=words,
    target=words,
    status=st.sampled_from(Status),
    since=times,
    failure_kind=st.none() | failures.map(lambda one: one.kind.value),
    failure_detail=st.none() | words,
    runbook=st.none() | words,
    vantages=st.lists(st.tuples(words, st.sampled_from(Status)), max_size=2).map(tuple),
)
alerts = st.builds(
    Alert,
    type=st.sampled_from(AlertType),
    occurred_at=times,
    sequence=st.integers(0, 99),
    incident=st.none()
    | st.builds(IncidentNotice, id=words, started_at=times, ended_at=st.none() | times),
    service=st.none()
    | st.builds(
        ServiceNotice, id=words, name=words, owner=words, criticality=st.sampled_from(Criticality)
    ),
    checks=st.lists(notices, max_size=2).map(tuple),
    detail=words,
)


@given(states)
def test_state_comes_back_as_it_was(state):
    """A state that is written and read is equal to itself, runs and failure included."""
    assert read_state(state_text(state)) == state


@given(alerts)
def test_alert_comes_back_as_it_was(alert):
    """An alert that is written and read is equal to itself."""
    assert read_alert(alert_text(alert)) == alert
