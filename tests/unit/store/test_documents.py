"""States and alerts as JSON and back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.alert import Alert, AlertType, CheckNotice, IncidentNotice, ServiceNotice
from monitor.domain.service import Criticality
from monitor.domain.status import Status
from monitor.store import documents
from monitor.store.documents import alert_text, read_alert, read_state, read_type, state_text
from tests.fakes import NOON
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


@given(alerts)
def test_type_is_read_by_itself(alert):
    """What an alert is of is read without the rest of it, whichever way it was written."""
    text = alert_text(alert)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "read_alert", _refuses)

        assert read_type(text) is alert.type


def test_type_that_does_not_stand_first():
    """Where something else stands first, the whole is read."""
    text = alert_text(Alert(type=AlertType.FIRING, occurred_at=NOON, sequence=1))
    moved = json.dumps(dict(sorted(json.loads(text).items())))

    assert read_type(moved) is AlertType.FIRING


def _refuses(text):
    raise AssertionError(f"it was read as a whole: {text}")
