"""What the board keeps in mind of the past."""

from dataclasses import replace
from datetime import timedelta

from monitor.domain.check import Affects, CheckId
from monitor.domain.expiry import Ending, Expiry
from monitor.domain.incident import AffectedCheck, Concern, Incident
from monitor.domain.service import ServiceId
from monitor.engine.board import Board
from tests.fakes import NOON

OUTAGE = Incident(
    id="I1",
    service=ServiceId("portal"),
    started_at=NOON,
    checks=(AffectedCheck(id=CheckId("portal-http"), since=NOON),),
)


def test_changes_are_those_of_outages():
    """Of what can't keep changing nothing is kept: each new certificate would add to it for ever."""
    certificate = Expiry(of=Ending.CERTIFICATE, name="a", mark="a1", expires_at=NOON)
    expiring = replace(OUTAGE, id="I2", concern=Concern.EXPIRY, expiry=certificate)
    degraded = replace(OUTAGE, id="I3", concern=Concern.DEGRADATION)
    board = Board()
    for each in (OUTAGE, expiring, degraded):
        board.put(replace(each, ended_at=NOON + timedelta(minutes=1)))

    kept = [board.changes(each.key) for each in (OUTAGE, expiring, degraded)]
    assert kept == [[NOON, NOON + timedelta(minutes=1)], [], []]


class NotGoneOver(dict):
    """What is looked up, and never gone over."""

    def values(self):
        raise AssertionError("it was gone over")


def test_lesser_incidents_are_looked_up():
    """What else a service has is found without going over the incidents of all: a page of 10,000
    services asks for each.
    """
    certificate = Expiry(of=Ending.CERTIFICATE, name="a", mark="a1", expires_at=NOON)
    degraded = replace(OUTAGE, id="I3", concern=Concern.DEGRADATION)
    insecure = replace(degraded, id="I4", affects=Affects.SECURITY)
    expiring = replace(OUTAGE, id="I2", concern=Concern.EXPIRY, expiry=certificate)
    other = replace(degraded, id="I5", service=ServiceId("other"))
    board = Board()
    for each in (expiring, OUTAGE, insecure, other, degraded):
        board.put(each)
    board.incidents = NotGoneOver(board.incidents)

    assert board.lesser_incidents(OUTAGE.service) == [degraded, insecure, expiring]
