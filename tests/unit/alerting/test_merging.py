"""Messages that are overtaken before anybody was told."""

from dataclasses import replace

from monitor.alerting.merging import mergers
from monitor.domain.alert import Alert, AlertType, Companion
from monitor.ports import OutboxRow
from tests.fakes import NOON, an_alert, an_own_alert


def rows(*alerts: Alert) -> list[OutboxRow]:
    return [
        OutboxRow(
            number=number,
            id=f"ROW{number}",
            receiver="oncall",
            alert=alert,
            created_at=NOON,
            attempts=0,
            next_attempt_at=NOON,
            body=None,
        )
        for number, alert in enumerate(alerts, start=1)
    ]


def ids(found):
    return [(one.carrier.id, [row.id for row in one.superseded]) for one in found]


FIRING = an_alert(AlertType.FIRING)
UPDATED = an_alert(AlertType.UPDATED, sequence=1)
RESOLVED = an_alert(AlertType.RESOLVED, sequence=2)


def test_resolution_tells_of_the_outage():
    """Where nobody was told of an outage that is over, its resolution stands for all of it."""
    [merger] = mergers(rows(FIRING, UPDATED, RESOLVED))

    assert ids([merger]) == [("ROW3", ["ROW1", "ROW2"])]
    assert merger.carrier.alert == replace(RESOLVED, firing_undelivered=True)


def test_open_incident_is_not_merged():
    """An outage that goes on is told as it happened."""
    assert mergers(rows(FIRING, UPDATED)) == ()


def test_attempted_is_never_merged():
    """A message that was attempted may have been read, so it is sent until it is answered."""
    tried, frozen = rows(FIRING, RESOLVED), rows(FIRING, RESOLVED)
    tried[0] = replace(tried[0], attempts=1, body=b"{}")
    frozen[0] = replace(frozen[0], body=b"{}")

    assert mergers(tried) == ()
    assert mergers(frozen) == ()


def test_attempted_resolution_keeps_its_body():
    """A resolution that was attempted can say nothing more under its id."""
    pending = rows(FIRING, RESOLVED)
    pending[1] = replace(pending[1], attempts=1, body=b"{}")

    assert mergers(pending) == ()


def test_merger_cut_short_is_finished():
    """A stop between freezing the resolution and superseding the rest leaves nothing half done."""
    pending = rows(FIRING, RESOLVED)
    pending[1] = replace(pending[1], body=b"{}")

    assert ids(mergers(pending)) == [("ROW2", ["ROW1"])]


def test_incidents_do_not_mix():
    """Only messages of one incident are merged."""
    other = an_alert(AlertType.RESOLVED, incident="INC2", sequence=1)

    assert mergers(rows(FIRING, other)) == ()


def of_group(kind, *incidents, sequence=0):
    """Return an alert about several incidents."""
    first, *others = incidents
    companions = tuple(
        Companion(incident=each.incident, service=each.service)
        for each in (an_alert(kind, incident=other) for other in others)
    )
    return replace(an_alert(kind, incident=first, sequence=sequence), companions=companions)


def test_group_that_comes_back_together_is_merged():
    """Incidents that fired together and ended together, unheard, are one message."""
    fired = of_group(AlertType.FIRING, "A", "B", "C")
    over = of_group(AlertType.RESOLVED, "C", "A", "B")

    assert ids(mergers(rows(fired, over))) == [("ROW2", ["ROW1"])]


def test_group_that_comes_back_in_parts_is_sent_whole():
    """Where a group fired together and ended in parts, each message is sent: none tells it all."""
    fired = of_group(AlertType.FIRING, "A", "B", "C")
    parts = of_group(AlertType.RESOLVED, "A", "B"), of_group(AlertType.RESOLVED, "C")

    assert mergers(rows(fired, *parts)) == ()


def test_update_of_others_as_well_keeps_the_beginning():
    """An outage that a later message tells of with others is told from its beginning."""
    fired = of_group(AlertType.FIRING, "A")
    update = of_group(AlertType.UPDATED, "A", "B", sequence=1)
    over = of_group(AlertType.RESOLVED, "A", sequence=2)

    assert mergers(rows(fired, update, over)) == ()


def test_only_the_newest_heartbeat_counts():
    """Of heartbeats that wait, only the newest is sent."""
    beats = [an_own_alert(AlertType.HEARTBEAT, sequence=n) for n in range(3)]

    assert ids(mergers(rows(*beats))) == [("ROW3", ["ROW1", "ROW2"])]
