"""PagerDuty: which alerts open and close there, whatever the messages look like."""

import json
from dataclasses import replace

import pytest

from monitor.domain.alert import AlertType
from monitor.domain.observation import UnknownCause
from monitor.domain.service import Criticality
from monitor.notifiers.pagerduty import Progress
from tests.chatservices import ROUTING_KEY, PagerDuty, receiver, request_of
from tests.fakes import an_alert, an_own_alert
from tests.unit.alerting.samples import BACK, COMPANIONS

ALL = ["INC1", "INC-pajak", "INC-pbb"]


@pytest.fixture
def told(tmp_path):
    """Return a function that tells a PagerDuty service messages and returns what it knows then."""

    def tell(*alerts):
        service = PagerDuty()
        for number, alert in enumerate(alerts):
            body = receiver("pagerduty", tmp_path).payload(f"ROW{number}", alert)
            for each in json.loads(body)["events"]:
                event = {"routing_key": ROUTING_KEY, **each["event"]}
                answered = service(request_of(json.dumps(event).encode(), each["path"]))
                assert answered.status == 202
        return service

    return tell


def test_each_incident_is_an_alert(told):
    """A message that tells of several incidents opens an alert for each."""
    service = told(an_alert(companions=COMPANIONS))

    assert list(service.open) == ALL


def test_each_incident_closes_its_alert(told):
    """Incidents that are told together close by themselves, in whatever company."""
    alone = an_alert(AlertType.RESOLVED, sequence=2)
    pair = replace(alone, incident=BACK[0].incident, companions=(BACK[1],))

    assert list(told(an_alert(companions=COMPANIONS), alone).open) == ALL[1:]
    assert list(told(an_alert(companions=COMPANIONS), pair).open) == ALL[:1]


@pytest.mark.parametrize(
    "news", [AlertType.UPDATED, AlertType.REMINDER, AlertType.ESCALATED, AlertType.ACKNOWLEDGED]
)
def test_news_open_no_second_alert(news, told):
    """Whatever is told of an incident later belongs to the alert that it opened."""
    service = told(an_alert(), an_alert(news, sequence=1))

    assert service.opened == ["INC1"]
    assert service.acknowledged == ({"INC1"} if news is AlertType.ACKNOWLEDGED else set())


def test_outage_that_nobody_was_told_of(told):
    """An outage that was over before it could be told is opened, without alarm, and closed."""
    service = told(replace(an_alert(AlertType.RESOLVED), firing_undelivered=True))

    assert (service.opened, service.open) == (["INC1"], {})


def test_own_network_closes_what_it_opened(told):
    """Our network's return closes the alert of its loss, and the resolver's has its own."""
    lost = [
        an_own_alert(AlertType.SELF_OFFLINE, cause)
        for cause in (UnknownCause.SELF_OFFLINE, UnknownCause.RESOLVER)
    ]
    service = told(*lost, an_own_alert(AlertType.SELF_RECOVERED, UnknownCause.SELF_OFFLINE))

    assert len(service.opened) == 2
    assert list(service.open) == service.opened[1:]


def test_test_message_leaves_nothing_open(told):
    """A test opens an alert and closes it."""
    service = told(an_own_alert(AlertType.TEST))

    assert (service.opened, service.open) == (["ROW0"], {})


def test_planned_work_calls_nobody(told):
    """Planned work is told as a change, beside the alerts."""
    work = an_alert(AlertType.MAINTENANCE_STARTED, incident=None, checks=())
    service = told(work, replace(work, type=AlertType.MAINTENANCE_ENDED))

    assert (service.opened, len(service.changes)) == ([], 2)


@pytest.mark.parametrize(
    ("criticality", "severity"),
    list(zip(Criticality, ("critical", "error", "warning", "info"), strict=True)),
)
def test_severity(criticality, severity, told):
    """The severity follows the service's criticality."""
    alert = an_alert()
    service = told(replace(alert, service=replace(alert.service, criticality=criticality)))

    assert service.open["INC1"]["payload"]["severity"] == severity


def test_memory_of_progress_is_bounded():
    """Only the last messages' progress is remembered."""
    progress = Progress()
    first = progress.of("ROW0")
    first.add(1)
    assert progress.of("ROW0") is first

    for number in range(1, 6):
        progress.of(f"ROW{number}")

    assert progress.of("ROW0") == set()
