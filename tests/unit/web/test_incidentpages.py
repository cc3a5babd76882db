"""Pages about incidents: what everybody may know, and what whoever has a credential sees."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.domain.alert import AlertType
from monitor.domain.check import Affects, CheckId
from monitor.domain.incident import (
    Acknowledgement,
    AffectedCheck,
    Concern,
    Hold,
    HoldReason,
    Incident,
)
from monitor.domain.note import Note, NoteKind, Via
from monitor.domain.observation import Failure, FailureKind
from monitor.domain.service import ServiceId
from monitor.locales import Language
from monitor.ports import Delivery, DeliveryState, Sought, StoreError, Story
from monitor.web.app import create_app, create_public_app
from monitor.web.credentials import Authenticator
from monitor.web.texts_incidents import ACK, HOLDS, INCIDENTS, STATES, VIAS
from tests.unit.metrics.board import NOON
from tests.unit.web.asking import FakeArchive, a_context, ask
from tests.unit.web.test_routes import HASH, RIGHT, WRONG

NASTY = "<script>alert(1)</script>"
# What nobody may learn who has no credential.
SECRETS = ("10.0.0.9", "ditolak", "portal-http", "Rina", "Di jalan", "Budi", "Kabel", "kabid", "N1")

PORTAL = Incident(
    id="INC1",
    service=ServiceId("portal"),
    started_at=NOON - timedelta(minutes=30),
    checks=(
        AffectedCheck(
            id=CheckId("portal-http"),
            since=NOON - timedelta(minutes=30),
            failure=Failure(FailureKind.CONNECT_REFUSED, "10.0.0.9:443: ditolak"),
        ),
    ),
    receivers=("oncall", "kabid"),
    acknowledged=Acknowledgement(by="Rina", at=NOON, comment="Di jalan"),
)
STORY = Story(
    incident=PORTAL,
    notes=(
        Note(
            incident="INC1",
            kind=NoteKind.COMMENT,
            by="Budi",
            at=NOON,
            text="Kabel putus",
            via=Via.LINK,
            receiver="oncall",
        ),
    ),
    deliveries=(
        Delivery(
            id="N1",
            receiver="kabid",
            type=AlertType.FIRING,
            state=DeliveryState.PENDING,
            attempts=9,
            created_at=NOON,
            settled_at=None,
            detail="status 500",
        ),
    ),
)
SIGAP = replace(PORTAL, id="INC2", service=ServiceId("sigap"))
DEGRADED = replace(PORTAL, id="INC4", concern=Concern.DEGRADATION)
SECURITY = replace(PORTAL, id="INC3", affects=Affects.SECURITY)


def guarded(context):
    return create_app(context, Authenticator({"ops": HASH}))


def unguarded(context):
    return create_app(context, Authenticator({}))


async def seen(path, make=create_public_app, headers=(), query="", *, stories=(STORY,), error=None):
    archive = FakeArchive({each.incident.id: each for each in stories}, error)
    answer = await ask(make(a_context(archive=archive)), "GET", path, headers, query)
    return answer, archive


EVERYBODY = pytest.mark.parametrize(
    ("make", "headers"),
    [(create_public_app, ()), (create_public_app, (RIGHT,)), (guarded, ()), (guarded, (WRONG,))],
)
STAFF = pytest.mark.parametrize(("make", "headers"), [(guarded, (RIGHT,)), (unguarded, ())])


@EVERYBODY
@pytest.mark.parametrize("path", ["/incidents/INC1", "/incidents"])
async def test_everybody_sees_that_and_when(make, headers, path):
    """Everybody sees which public service was down and when, and that it is cared for; not why,
    where, and who was told or does something.
    """
    answer, _ = await seen(path, make, headers)

    assert answer.status == 200
    for said in ("Portal", "19.30 WITA", "30 menit", "sedang ditangani"):
        assert said in answer.text
    for secret in SECRETS:
        assert secret not in answer.text


@STAFF
async def test_staff_see_everything(make, headers):
    """Whoever has a credential sees what failed, who was told and takes care, every note and what
    became of every message.
    """
    answer, _ = await seen("/incidents/INC1", make, headers)

    assert answer.status == 200
    for said in (
        *("portal-http", "10.0.0.9:443: ditolak", "oncall, kabid", "Ditangani oleh Rina"),
        *("Di jalan", "Budi mencatat lewat tautan (oncall)", "Kabel putus"),
        *("kabid: gangguan", "menunggu", "9 kali dicoba", "status 500"),
    ):
        assert said in answer.text
    assert "full=1" not in answer.text


@EVERYBODY
@pytest.mark.parametrize(
    "story", [*(Story(incident=each) for each in (SIGAP, SECURITY, DEGRADED)), None]
)
async def test_what_is_not_public_is_not_there(make, headers, story):
    """Incidents of services that are not public, of security, and of what is no outage, are to
    everybody as if they had never been.
    """
    stories = (story,) if story else ()
    name = story.incident.id if story else "INC9"
    answer, _ = await seen(f"/incidents/{name}", make, headers, stories=stories)
    nothing, _ = await seen("/incidents/NOTHING", make, headers, stories=())
    listed, archive = await seen("/incidents", make, headers, stories=stories)

    assert (answer.status, answer.body) == (404, nothing.body)
    assert "10.0.0.9" not in answer.text
    assert name not in listed.text
    assert archive.sought == [
        Sought(
            limit=51,
            services=frozenset({"portal"}),
            affects=Affects.AVAILABILITY,
            concern=Concern.OUTAGE,
        )
    ]


@STAFF
async def test_staff_list_everything(make, headers):
    """Whoever has a credential finds every incident in the list, with who takes care of it."""
    answer, archive = await seen("/incidents", make, headers, stories=(Story(incident=SIGAP),))

    assert archive.sought == [Sought(limit=51)]
    assert "SIGAP" in answer.text
    assert "Ditangani oleh Rina" in answer.text


async def test_signing_in():
    """Where there is more to see, the page leads to where a password is asked for, and a public
    listener asks for none.
    """
    page, _ = await seen("/incidents/INC1", guarded)
    asked, _ = await seen("/incidents/INC1", guarded, query="full=1")
    public, _ = await seen("/incidents/INC1", query="full=1")

    assert 'href="?full=1' in page.text
    assert asked.status == 401
    assert asked.headers["www-authenticate"].startswith("Basic")
    assert public.status == 404


@pytest.mark.parametrize("path", ["/incidents/INC1", "/incidents"])
async def test_a_foreign_name_sees_what_everybody_sees(path):
    """A page whose name was made to lead to us reads no more here than everybody may."""
    answer, _ = await seen(path, unguarded, [("Host", "evil.example")])

    assert answer.status == 200
    for secret in SECRETS:
        assert secret not in answer.text


@pytest.mark.parametrize(
    ("hold", "said"),
    [
        (Hold(reason=HoldReason.DEPENDENCY, by="INC7"), 'href="INC7?lang=id"'),
        (Hold(reason=HoldReason.MAINTENANCE, by="patch"), "karena pemeliharaan terjadwal patch"),
        (Hold(reason=HoldReason.SILENCE, by="k3q7"), "karena dibisukan (k3q7)"),
        (Hold(reason=HoldReason.OUTAGE, by="INC8"), 'href="INC8?lang=id"'),
        (None, "Belum ada yang diberi tahu"),
    ],
)
async def test_why_nobody_was_told(hold, said):
    """Where nobody was told of an incident, its page says why."""
    held = replace(PORTAL, receivers=(), hold=hold)
    answer, _ = await seen("/incidents/INC1", unguarded, stories=(Story(incident=held),))

    assert said in answer.text


async def test_what_is_no_outage_is_called_so():
    """To staff a page says that a service is or was degraded, and had no outage."""
    over = Story(incident=replace(DEGRADED, ended_at=NOON))
    answer, _ = await seen("/incidents/INC4", unguarded, stories=(Story(incident=DEGRADED),))
    listed, _ = await seen("/incidents", unguarded, stories=(Story(incident=DEGRADED),))
    ended, _ = await seen("/incidents", unguarded, stories=(over,))

    assert re.search("</span> Mutu Portal .* menurun</p>", answer.text)
    assert "▲</span> Menurun" in listed.text
    assert "✓</span> Mutu normal lagi" in ended.text


async def test_planned_work_is_said():
    """Everybody is told that an outage fell into planned maintenance, not which window it was."""
    held = replace(PORTAL, receivers=(), hold=Hold(reason=HoldReason.MAINTENANCE, by="patch"))
    answer, _ = await seen("/incidents/INC1", stories=(Story(incident=held),))

    assert "saat pemeliharaan terjadwal" in answer.text
    assert "patch" not in answer.text


async def test_an_incident_that_is_over():
    """Of an incident that is over the page says since when, and how long it lasted."""
    over = replace(PORTAL, ended_at=NOON)
    answer, _ = await seen("/incidents/INC1", query="lang=en", stories=(Story(incident=over),))

    assert "is well again" in answer.text
    assert "Sunday, 1 November 2026, 20:00 WITA" in answer.text
    assert "This outage was taken care of." in answer.text


async def test_the_list_goes_on():
    """The list shows fifty incidents, and leads to those before them."""
    many = [Story(incident=replace(PORTAL, id=f"I{n:03}")) for n in range(51)]
    first, _ = await seen("/incidents", stories=many)
    _, archive = await seen("/incidents", query="before=I049")

    assert 'href="?before=I049&amp;lang=id"' in first.text
    assert "incidents/I049?" in first.text
    assert "incidents/I050?" not in first.text
    assert archive.sought[0].before == "I049"


async def test_a_wrong_id_leads_to_the_list():
    """Whoever follows a link to no incident finds the way to those that there are."""
    answer, _ = await seen("/incidents/INC9", stories=())

    assert answer.status == 404
    assert 'href="../incidents?lang=id"' in answer.text


@pytest.mark.parametrize("path", ["/incidents/INC1", "/incidents"])
async def test_a_database_that_cannot_be_read(path):
    """While the record can't be read the page says so, and asks to try again."""
    answer, _ = await seen(path, error=StoreError("disk I/O error"))

    assert answer.status == 503
    assert "Coba lagi" in answer.text
    assert "disk" not in answer.text
    assert "../incidents" not in answer.text


async def test_what_others_wrote_is_text():
    """Whatever stands in a note, a name or an answer is shown as text."""
    [check] = PORTAL.checks
    failure = Failure(FailureKind.BODY, NASTY)
    incident = replace(
        PORTAL,
        service=ServiceId(NASTY),
        checks=(replace(check, id=CheckId(NASTY), failure=failure),),
        receivers=(NASTY,),
        acknowledged=Acknowledgement(by=NASTY, at=NOON, comment=NASTY),
    )
    story = replace(
        STORY,
        incident=incident,
        notes=(replace(STORY.notes[0], by=NASTY, text=NASTY, receiver=NASTY),),
        deliveries=(replace(STORY.deliveries[0], receiver=NASTY, detail=NASTY),),
    )

    for path in ("/incidents/INC1", "/incidents"):
        answer, _ = await seen(path, unguarded, stories=(story,))
        assert "&lt;script&gt;" in answer.text
        assert "<script" not in answer.text


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("ended_at", [None, NOON])
@pytest.mark.parametrize("concern", Concern)
async def test_every_concern_has_words(concern, ended_at, language):
    """Pages have words for whatever an incident may be about, while it goes on and after."""
    incident = replace(PORTAL, concern=concern, ended_at=ended_at)
    key = str(concern) if ended_at is None else f"{concern}_over"
    said = INCIDENTS[language][key].format(service="Portal Resmi")

    for path in ("/incidents/INC1", "/incidents"):
        answer, _ = await seen(
            path, unguarded, query=f"lang={language}", stories=(Story(incident=incident),)
        )
        assert answer.status == 200
        assert path == "/incidents" or said in answer.text
    assert key in ACK[language]


@pytest.mark.parametrize("language", Language)
def test_everything_has_words(language):
    """Pages have words for each reason, each way and each state that there is."""
    assert HOLDS[language].keys() == set(HoldReason)
    assert VIAS[language].keys() == set(Via)
    assert STATES[language].keys() == set(DeliveryState)
    assert {f"did_{kind}" for kind in NoteKind} <= INCIDENTS[language].keys() & ACK[language].keys()
    assert INCIDENTS[Language.ID].keys() == INCIDENTS[Language.EN].keys()
    assert ACK[Language.ID].keys() == ACK[Language.EN].keys()
