"""The page behind a link in a message."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.domain.acklink import LASTS, token_of
from monitor.domain.check import CheckId
from monitor.domain.incident import Acknowledgement, AffectedCheck, Concern, Incident
from monitor.domain.note import Note, NoteKind, Via
from monitor.domain.observation import Failure, FailureKind
from monitor.domain.service import ServiceId
from monitor.ports import StoreError, Story
from monitor.web.app import create_app, create_public_app
from monitor.web.credentials import Authenticator
from tests.fakes import LINK_KEY
from tests.unit.metrics.board import NOON
from tests.unit.web.asking import FakeArchive, FakeDaemon, a_context, ask
from tests.unit.web.test_routes import HASH

INCIDENT = Incident(
    id="INC1",
    service=ServiceId("sigap"),
    started_at=NOON - timedelta(minutes=30),
    checks=(
        AffectedCheck(
            id=CheckId("sigap-http"),
            since=NOON - timedelta(minutes=30),
            failure=Failure(FailureKind.CONNECT_REFUSED, "10.0.0.9:443: refused"),
        ),
    ),
)
TOKEN = token_of(LINK_KEY, "INC1", "oncall", NOON)
PATH = f"/ack/INC1/{TOKEN}"
RINA = {"by": "Rina", "comment": "Sedang dicek", "act": "acknowledge"}
BROWSER = (
    ("Content-Type", "application/x-www-form-urlencoded"),
    ("Origin", "null"),
    ("Sec-Fetch-Site", "same-origin"),
)
NASTY = "<script>alert(1)</script>\"' onfocus=x {{ 7*7 }}"


def a_note(by="Rina", **changes):
    fields = {"incident": "INC1", "kind": NoteKind.COMMENT, "by": by, "at": NOON, "via": Via.LINK}
    return Note(**{**fields, **changes})


class Visitor:
    """Follows links to a daemon that keeps these stories."""

    def __init__(self, *stories, make=create_public_app, now=NOON, key=LINK_KEY):
        self.daemon = FakeDaemon()
        archive = FakeArchive({each.incident.id: each for each in stories})
        context = a_context(daemon=self.daemon, now=now, archive=archive, link_key=key)
        self.app = make(context)
        self.archive = archive

    async def reads(self, path=PATH, query="", method="GET"):
        return await ask(self.app, method, path, query=query)

    async def sends(self, fields, path=PATH, query=""):
        body = urlencode(fields).encode() if isinstance(fields, dict) else fields
        return await ask(self.app, "POST", path, BROWSER, query, body=body)


def guarded(context):
    return create_app(context, Authenticator({"ops": HASH}))


def unguarded(context):
    return create_app(context, Authenticator({}))


LISTENERS = pytest.mark.parametrize("make", [create_public_app, guarded, unguarded])


@LISTENERS
async def test_the_page_says_what_is_down(make):
    """Whoever follows a link sees what is down, since when and why, and to whom the message went,
    on every listener and without a password.
    """
    page = (await Visitor(Story(incident=INCIDENT), make=make).reads()).text

    for said in ("terganggu", "19.30 WITA", "30 menit", "sigap-http", "oncall", "Saya tangani"):
        assert said in page


@LISTENERS
async def test_sending_the_form_acts(make):
    """The form has it taken down who takes care, once, with the link as the way and its receiver;
    a browser that names the page as the origin is let in.
    """
    visitor = Visitor(Story(incident=INCIDENT), make=make)
    answer = await visitor.sends(RINA)

    assert (answer.status, answer.headers["location"]) == (303, TOKEN)
    assert visitor.daemon.asked == ["ack INC1 Rina Sedang dicek by link of oncall"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_reading_changes_nothing(method):
    """Scanners of mail follow every link: to read the page changes nothing, whatever they add."""
    visitor = Visitor(Story(incident=INCIDENT))
    answer = await visitor.reads(query=urlencode(RINA), method=method)

    assert (answer.status, visitor.daemon.asked) == (200, [])


async def test_a_note_alone():
    """The other button keeps a note, and takes nobody's word for taking care."""
    visitor = Visitor(Story(incident=INCIDENT))
    await visitor.sends({**RINA, "act": "comment"}, query="lang=en")

    assert visitor.daemon.asked == ["comment INC1 Rina Sedang dicek by link of oncall"]


async def test_who_takes_care_is_named_and_may_be_relieved():
    """Where somebody takes care already, the page names them and offers to take over."""
    taken = Acknowledgement(by="Budi", at=NOON, comment="Di jalan")
    visitor = Visitor(Story(incident=replace(INCIDENT, acknowledged=taken)))
    page = (await visitor.reads()).text
    await visitor.sends(RINA)

    assert "Ditangani oleh Budi, sejak Minggu, 1 November 2026, 20.00 WITA" in page
    assert "Ambil alih" in page
    assert visitor.daemon.asked == ["ack INC1 Rina Sedang dicek by link of oncall"]


async def test_a_form_that_is_sent_twice():
    """The same said again tells nobody again."""
    taken = Acknowledgement(by="Rina", at=NOON, comment="Sedang dicek")
    visitor = Visitor(Story(incident=replace(INCIDENT, acknowledged=taken)))
    answer = await visitor.sends(RINA)

    assert (answer.status, visitor.daemon.asked) == (303, [])


async def test_an_outage_that_is_over():
    """Of an outage that is over the page says so; nobody takes care of it, but notes are kept."""
    ended = replace(INCIDENT, ended_at=NOON)
    visitor = Visitor(Story(incident=ended))
    visitor.daemon.open = ()
    page = (await visitor.reads(query="lang=en")).text
    late = await visitor.sends(RINA)
    await visitor.sends({**RINA, "act": "comment"})

    assert "is well again" in page
    assert "I take care" not in page
    assert late.status == 409
    assert "sudah pulih" in late.text
    assert visitor.daemon.asked[-1] == "comment INC1 Rina Sedang dicek by link of oncall"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Tulis nama Anda"),
        ({"by": "  ", "act": "acknowledge"}, "Tulis nama Anda"),
        ({"by": "Rina", "comment": " ", "act": "comment"}, "Tulis catatannya"),
        ({"by": "Rina"}, "Tulis catatannya"),
        (b"\xff\xfe", "Tulis nama Anda"),
        (b"&".join([b"by=x"] * 5_000), "Tulis nama Anda"),
        (b"by=" + b"x" * 20_000, "Tulis nama Anda"),
    ],
)
async def test_what_is_missing(fields, said):
    """A form without a name, a note without words, and what is no form change nothing, and the
    page says what would be right.
    """
    visitor = Visitor(Story(incident=INCIDENT))
    answer = await visitor.sends(fields)

    assert (answer.status, visitor.daemon.asked) == (400, [])
    assert said in answer.text


async def test_what_is_no_outage_is_called_so():
    """Of a service that is degraded the page says that, and not that it is down."""
    degraded = replace(INCIDENT, concern=Concern.DEGRADATION)
    answer = await Visitor(Story(incident=degraded)).reads()

    assert "Mutu SIGAP menurun" in answer.text
    assert "terganggu" not in answer.text


async def test_what_was_written_is_not_lost():
    """A form that is refused comes back with what was written in it."""
    answer = await Visitor(Story(incident=INCIDENT)).sends({"by": " ", "comment": "Kabel putus"})

    assert ">Kabel putus</textarea>" in answer.text


async def test_a_link_that_has_expired():
    """After seven days a link leads to a page that says so, and does nothing any more."""
    last, over = NOON + LASTS - timedelta(seconds=1), NOON + LASTS
    good = await Visitor(Story(incident=INCIDENT), now=last).reads()
    visitor = Visitor(Story(incident=INCIDENT), now=over)
    answers = [await visitor.reads(), await visitor.sends(RINA)]

    assert good.status == 200
    assert [answer.status for answer in answers] == [410, 410]
    assert "kedaluwarsa" in answers[0].text
    assert visitor.daemon.asked == []


FOREIGN = {
    "another incident": (f"/ack/INC2/{TOKEN}", LINK_KEY),
    "another key": (PATH, bytes(32)),
    "no key": (PATH, None),
    "cut": (PATH[:-1], LINK_KEY),
}


@pytest.mark.parametrize("why", FOREIGN)
async def test_a_link_that_is_not_ours(why):
    """A link to another incident, of another key, or cut, is refused, and the page says why."""
    path, key = FOREIGN[why]
    other = replace(INCIDENT, id="INC2")
    visitor = Visitor(Story(incident=INCIDENT), Story(incident=other), key=key)
    answers = [await visitor.reads(path), await visitor.sends(RINA, path)]

    assert [answer.status for answer in answers] == [403, 403]
    assert "tidak sah" in answers[0].text
    assert visitor.daemon.asked == []


@settings(
    max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    at=st.integers(0, len(TOKEN) - 1),
    other=st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), max_size=3),
    method=st.sampled_from(["GET", "POST"]),
)
async def test_a_thousand_changed_links(at, other, method):
    """Of a thousand links that were changed somewhere, each is refused, and none fails."""
    token = TOKEN[:at] + other + TOKEN[at + 1 :]
    visitor = Visitor(Story(incident=INCIDENT))
    answer = await ask(visitor.app, method, f"/ack/INC1/{token}", body=urlencode(RINA).encode())

    if token != TOKEN:
        assert answer.status in ((403, 404) if token else (404,))
        assert visitor.daemon.asked == []


async def test_an_incident_that_is_gone():
    """A link to what the database does not know any more says so."""
    answer = await Visitor().reads()

    assert answer.status == 410
    assert "tidak tercatat lagi" in answer.text


async def test_a_database_that_cannot_be_read():
    """While the record can't be read, the page says so, and asks to try again."""
    visitor = Visitor(Story(incident=INCIDENT))
    visitor.archive.error = StoreError("disk I/O error")
    answer = await visitor.reads()

    assert answer.status == 503
    assert "Coba lagi" in answer.text


async def test_links_do_not_flood():
    """Once a hundred things were said by links about an incident, no more is taken by one."""
    notes = tuple(a_note(str(n)) for n in range(100))
    visitor = Visitor(Story(incident=INCIDENT, notes=notes))
    answer = await visitor.sends(RINA)

    assert (answer.status, visitor.daemon.asked) == (429, [])
    assert "Terlalu banyak" in answer.text


class Busy(FakeDaemon):
    """A daemon that takes a while to take down what is said."""

    def __init__(self, archive: FakeArchive) -> None:
        super().__init__()
        self.archive = archive

    async def acknowledge(self, name, said):
        await asyncio.sleep(0)
        story = self.archive.stories["INC1"]
        notes = (*story.notes, a_note(said.by, kind=NoteKind.ACKNOWLEDGED))
        self.archive.stories["INC1"] = replace(story, notes=notes)
        return await super().acknowledge(name, said)


async def test_links_do_not_flood_at_once():
    """However many forms are sent together, a hundred are taken and no more."""
    archive = FakeArchive({"INC1": Story(incident=INCIDENT)})
    daemon = Busy(archive)
    visitor = Visitor()
    visitor.app = create_public_app(
        a_context(daemon=daemon, now=NOON, archive=archive, link_key=LINK_KEY)
    )
    answers = await asyncio.gather(*(visitor.sends(RINA | {"by": f"R{n}"}) for n in range(120)))

    assert len(daemon.asked) == 100
    assert [each.status for each in answers].count(429) == 20


@pytest.mark.parametrize("query", ["", "lang=en"])
async def test_what_others_wrote_is_text(query):
    """Names and notes are shown as text, never as parts of the page."""
    known = Acknowledgement(by=NASTY, at=NOON, comment=NASTY)
    notes = (a_note(NASTY, text=NASTY),)
    visitor = Visitor(Story(incident=replace(INCIDENT, acknowledged=known), notes=notes))
    pages = [
        (await visitor.reads(query=query)).text,
        (await visitor.sends({"by": NASTY, "comment": "", "act": "comment"}, query=query)).text,
    ]

    for page in pages:
        assert "<script" not in page
        assert "onfocus=x {{ 7*7 }}" in page
        assert "\"'" not in page


async def test_the_headers_of_the_page():
    """No cache keeps the page, no site learns of its address, and its form goes to us alone."""
    headers = (await Visitor(Story(incident=INCIDENT)).reads()).headers

    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


async def test_both_languages():
    """The page speaks Indonesian, and English where it is asked to, and leads from one to the
    other.
    """
    visitor = Visitor(Story(incident=INCIDENT))
    indonesian, english = (await visitor.reads()).text, (await visitor.reads(query="lang=en")).text

    assert 'lang="id"' in indonesian
    assert 'href="?lang=en"' in indonesian
    assert 'lang="en"' in english
    assert "Nobody takes care" in english
