"""Outages in a terminal and as CSV."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.cli.incidentsview import CSV_HEAD, HEAD, csv_row, row, story_lines
from monitor.domain.alert import AlertType
from monitor.domain.check import CheckId
from monitor.domain.incident import Acknowledgement, AffectedCheck, Hold, HoldReason, Incident
from monitor.domain.note import Note, NoteKind, Via
from monitor.domain.observation import Failure, FailureKind
from monitor.domain.service import ServiceId
from monitor.ports import Delivery, DeliveryState, Story
from tests.fakes import NOON

WITA = ZoneInfo("Asia/Makassar")
LATER = NOON + timedelta(minutes=90)
CHECK = AffectedCheck(
    id=CheckId("portal-http"),
    since=NOON,
    failure=Failure(FailureKind.CONNECT_REFUSED, "10.0.0.9:443: refused"),
)


def an_incident(**changes) -> Incident:
    fields = {
        "id": "INC1",
        "service": ServiceId("portal"),
        "started_at": NOON,
        "checks": (CHECK,),
        "receivers": ("oncall",),
    }
    return Incident(**{**fields, **changes})


def told(story: Story) -> str:
    return "\n".join(story_lines(story, WITA, LATER))


def test_a_story_tells_all():
    """A story has who takes care, who was told, every check, note and message."""
    known = Acknowledgement(by="Rina", at=LATER, comment="Di jalan")
    notes = (
        Note(
            incident="INC1",
            kind=NoteKind.ACKNOWLEDGED,
            by="Rina",
            at=LATER,
            text="Di jalan",
            via=Via.LINK,
            receiver="oncall",
        ),
    )
    deliveries = (
        Delivery(
            id="N1",
            receiver="oncall",
            type=AlertType.FIRING,
            state=DeliveryState.PENDING,
            attempts=3,
            created_at=NOON,
            settled_at=None,
            detail="status 500",
        ),
    )

    assert told(
        Story(incident=an_incident(acknowledged=known), notes=notes, deliveries=deliveries)
    ) == (
        "INC1: portal (availability)\n"
        "Since 2026-06-01 12:00:00 WITA, goes on, 1 hour 30 minutes\n"
        "Rina takes care of it, since 2026-06-01 13:30:00 WITA: Di jalan\n"
        "Told: oncall\n"
        "\n"
        "Check        Since                     Until  Failure\n"
        "portal-http  2026-06-01 12:00:00 WITA  –      connect_refused: 10.0.0.9:443: refused\n"
        "\n"
        "At                        By    Via            What          Text\n"
        "2026-06-01 13:30:00 WITA  Rina  link (oncall)  acknowledged  Di jalan\n"
        "\n"
        "At                        Receiver  Message       State    Tries  Detail\n"
        "2026-06-01 12:00:00 WITA  oncall    alert.firing  pending  3      status 500"
    )


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (HoldReason.DEPENDENCY, "because of incident X1"),
        (HoldReason.MAINTENANCE, "planned work X1"),
        (HoldReason.SILENCE, "silence X1"),
    ],
)
def test_why_nobody_was_told(reason, said):
    """Where nobody was told, the story says why."""
    held = an_incident(receivers=(), hold=Hold(reason=reason, by="X1"))

    assert f"Nobody was told: {said}" in told(Story(incident=held))


def test_a_row_of_the_list():
    """The list says since when an outage is, how long it lasted, and who takes care of it."""
    known = Acknowledgement(by="Rina", at=LATER)
    over = an_incident(ended_at=NOON + timedelta(minutes=5), acknowledged=known)
    rows = [dict(zip(HEAD, row(each, WITA, LATER), strict=True)) for each in (an_incident(), over)]

    assert [each["Until"] for each in rows] == ["–", "2026-06-01 12:05:00 WITA"]
    assert [each["Lasted"] for each in rows] == ["1 hour 30 minutes", "5 minutes"]
    assert [each["Taken care of by"] for each in rows] == ["–", "Rina"]


def test_a_row_for_programs():
    """As CSV times are UTC, lengths are seconds, and what goes on has neither end nor length."""
    over = an_incident(ended_at=NOON + timedelta(minutes=5))
    rows = [dict(zip(CSV_HEAD, csv_row(each), strict=True)) for each in (an_incident(), over)]

    assert [each["ended_at"] for each in rows] == ["", "2026-06-01T04:05:00+00:00"]
    assert [each["seconds"] for each in rows] == ["", "300.000000"]
    assert rows[0]["started_at"] == "2026-06-01T04:00:00+00:00"
