"""Mail: what a message looks like, for whom it is, and what a server's answers mean."""

from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.fields import Context
from monitor.locales import Language
from monitor.locales.messages import title
from monitor.locales.messages_native import Wording
from monitor.net.mailsmtp import Reply
from monitor.net.mailsubmit import Handover
from monitor.notifiers.email import (
    LONGEST_SUBJECT,
    Email,
    EmailSpec,
    message_of,
    undelivered,
    verdict_of,
)
from monitor.ports import Undelivered
from monitor.receivertype import ReceiverContext
from tests.fakes import LINK_KEY, NOON, an_alert
from tests.goldenfiles import assert_golden
from tests.unit.alerting.samples import SAMPLES

KEYS = {
    "host": "mail.makassarkota.test",
    "from": "pantau@makassarkota.test",
    "to": ["jaga@makassarkota.test", "kabid@makassarkota.test"],
    "cc": "arsip@makassarkota.test",
}
JAGA, KABID, ARSIP = "jaga@makassarkota.test", "kabid@makassarkota.test", "arsip@makassarkota.test"


def spec_of(**keys):
    return EmailSpec.model_validate({**KEYS, **keys})


def wording(language=Language.ID):
    return Wording(
        receiver="surel",
        external_url="https://pantau.makassarkota.test",
        language=language,
        zone=ZoneInfo("Asia/Makassar"),
        link_key=LINK_KEY,
    )


def written(alert, language=Language.ID, **keys):
    return message_of("MMHSBCDYG3NGLBVZQRHCSX4SEX", alert, spec_of(**keys), wording(language))


def parsed(octets):
    return message_from_bytes(octets, policy=default)


def page_of(octets):
    return part_of(octets, "html")


def part_of(octets, kind):
    return parsed(octets).get_body((kind,)).get_content().replace("\r\n", "\n")


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", SAMPLES)
def test_message(name, language):
    """Every message is one and the same mail every time, byte for byte."""
    octets = written(SAMPLES[name], language)

    assert octets == written(SAMPLES[name], language)
    assert_golden(f"email/{name}.{language}.eml", octets.decode("ascii").replace("\r\n", "\n"))


@pytest.mark.parametrize("name", ["firing-group", "firing-dependency", "test"])
def test_page(name):
    """The page beside the text says the same."""
    assert_golden(f"email/{name}.html", page_of(written(SAMPLES[name])))


def test_header():
    """A mail says who sent it, to whom, about what and when, and that no person wrote it."""
    mail = parsed(written(an_alert()))

    assert {name: str(value) for name, value in mail.items() if name != "Content-Type"} == {
        "From": "Pantau <pantau@makassarkota.test>",
        "To": "jaga@makassarkota.test, kabid@makassarkota.test",
        "Cc": "arsip@makassarkota.test",
        "Subject": "GANGGUAN: Portal Resmi Kota Makassar",
        "Date": "Mon, 01 Jun 2026 12:00:00 +0800",
        "Message-ID": "<MMHSBCDYG3NGLBVZQRHCSX4SEX@makassarkota.test>",
        "In-Reply-To": "<INC1@makassarkota.test>",
        "References": "<INC1@makassarkota.test>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Content-Language": "id",
        "MIME-Version": "1.0",
    }


def test_an_outage_is_one_thread():
    """All mails about an incident refer to the same one, also where they tell of others, too."""
    firing, updated, resolved = (
        parsed(written(SAMPLES[name])) for name in ("firing-group", "updated", "resolved")
    )

    assert firing["In-Reply-To"] == updated["In-Reply-To"] == resolved["In-Reply-To"]
    assert firing["References"].split() == [
        f"<{name}@makassarkota.test>" for name in ("INC1", "INC-pajak", "INC-pbb")
    ]
    assert parsed(written(SAMPLES["self-offline"]))["References"] is None


def test_more_than_the_summary_has_room_for():
    """A mail lists up to 100 services that are down with the first, and counts the others."""
    text = part_of(written(SAMPLES["firing-dependency"]), "plain")

    assert "\n- Layanan 100 (bapenda)\n- dan 400 layanan lain\n" in text
    assert "Halaman gangguan: https://pantau.makassarkota.test/incidents/INC1" in text


def test_a_service_with_several_outages():
    """A service with two outages in one message is counted once, and both outages are listed."""
    alert = SAMPLES["firing-group"]
    first, *_ = alert.companions
    again = replace(first, incident=replace(first.incident, id="INC-2"))
    octets = written(replace(alert, companions=(first, again) * 51))

    assert parsed(octets)["Subject"] == "GANGGUAN: Portal Resmi Kota Makassar (+1)"
    text = part_of(octets, "plain")
    assert text.count("- Pajak Daerah (bapenda), sejak") == 100
    assert "\n- dan 2 gangguan lain\n" in text


class Seen(HTMLParser):
    """Notes the elements of a page, and where they lead."""

    def __init__(self):
        super().__init__()
        self.tags, self.links, self.text = set(), [], []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in {"href", "src", "background"}]

    def handle_data(self, data):
        self.text.append(data)


def seen(octets):
    reader = Seen()
    reader.feed(page_of(octets))
    return reader


OURS = {"html", "head", "meta", "title", "body", "table", "tr", "td", "span", "br", "a"}
ANY = st.text(
    st.characters() | st.sampled_from("\r\n\0.<>&\"'=?@\ud800\u202e,;: ") | st.just("é"),
    max_size=400,
)


@settings(max_examples=150, deadline=None)
@given(name=ANY, owner=ANY, detail=ANY, target=ANY, runbook=ANY)
def test_text_of_others_is_data(name, owner, detail, target, runbook):
    """No name and no answer adds a header field, an element, a link or a line that is too long."""
    plain = an_alert()
    [check] = plain.checks
    nasty = replace(
        plain,
        service=replace(plain.service, name=name, owner=owner),
        checks=(replace(check, failure_detail=detail, target=target, runbook=runbook),),
    )

    octets = written(nasty)

    mail, usual = parsed(octets), parsed(written(plain))
    assert mail.keys() == usual.keys()
    assert not mail.defects
    assert len(mail["Subject"]) <= LONGEST_SUBJECT
    assert octets.isascii()
    assert b"\0" not in octets
    lines = octets.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not any(end in line for line in lines for end in (b"\r", b"\n"))
    page = seen(octets)
    assert page.tags <= OURS
    own = set(seen(written(plain)).links) - {check.runbook}
    assert set(page.links) <= {*own, runbook}
    assert all(link.startswith(("https://", "http://")) for link in page.links)


@pytest.mark.parametrize(
    "name",
    [
        "=?utf-8?q?a=0D=0ABcc:_x@evil.test?=",
        "Portal\r\nBcc: x@evil.test",
        "Pelayanan Terpadu Satu Pintu " * 9,
        "Örtlich " * 30,
    ],
)
def test_subject_is_the_title(name):
    """A subject reads as it was meant, whatever a service is called."""
    alert = an_alert()
    alert = replace(alert, service=replace(alert.service, name=name))
    subject = str(parsed(written(alert))["Subject"])

    expected = " ".join(title(alert, Language.ID).replace("=?", "= ?").split())
    assert subject == expected[:LONGEST_SUBJECT]
    assert "Bcc" not in parsed(written(alert))


def test_long_domain_still_fits():
    """An id stays on one line, however long the sender's domain is."""
    domain = "sekretariat-daerah-kota-makassar." * 6 + "test"
    octets = written(SAMPLES["firing-group"], **{"from": f"pantau@{domain}"})

    assert "=?" not in octets.decode().partition("\r\n\r\n")[0]
    assert len(parsed(octets)["References"].split()) == 3


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"to": []}, "an empty list"),
        ({"to": "jaga"}, "no mail address"),
        ({"to": "Jaga <jaga@makassarkota.test>"}, "no mail address"),
        ({"to": "a@b.test\r\nRCPT TO:<x@y.test>"}, "no"),
        ({"to": "a@b.test,c@d.test"}, "no"),
        ({"to": "a@[10.0.0.1]"}, "no host"),
        ({"to": "a@10.0.0.1"}, "no IP address"),
        ({"to": "é@makassarkota.test"}, "no mail address"),
        ({"from": "a..b@makassarkota.test"}, "no mail address"),
        ({"to": [f"a{n}@makassarkota.test" for n in range(31)], "cc": "b@b.test"}, "more than 30"),
        ({"tls": "none"}, "tls: none is for an IP address"),
        ({"tls": "none", "host": "203.0.113.7"}, "tls: none is for an IP address"),
        ({"host": "169.254.169.254"}, "never dialled"),
        ({"tls": "ssl"}, "starttls"),
        ({"timeout": "16s"}, "at most 15s"),
        ({"password": "hunter2"}, "Extra"),
    ],
)
def test_mistakes_are_refused(keys, reason):
    """What cannot be a mailbox, or would go out in the clear, is an error of the configuration."""
    with pytest.raises(ValidationError) as refused:
        spec_of(**keys)

    assert reason in str(refused.value)


def test_no_password_in_the_clear(tmp_path):
    """Without TLS nobody logs in, not even on this machine."""
    (tmp_path / "key").write_text("hunter2")
    (tmp_path / "key").chmod(0o600)
    login = {"username": "pantau", "password": {"file": "key"}}
    keys = {**KEYS, "host": "127.0.0.1", "login": login}

    assert EmailSpec.model_validate(keys, context=Context(folder=tmp_path)).login is not None
    with pytest.raises(ValidationError, match="could be read by others"):
        EmailSpec.model_validate({**keys, "tls": "none"}, context=Context(folder=tmp_path))


@pytest.mark.parametrize(
    ("keys", "security", "port", "warned"),
    [
        ({}, "starttls", 587, False),
        ({"port": 465}, "implicit", 465, False),
        ({"tls": "implicit"}, "implicit", 465, False),
        ({"port": 25}, "starttls", 25, False),
        ({"tls": "none", "host": "127.0.0.1"}, "none", 25, False),
        ({"tls": "none", "host": "localhost"}, "none", 25, False),
        ({"tls": "none", "host": "10.0.0.8"}, "none", 25, True),
    ],
)
def test_where_it_goes(keys, security, port, warned):
    """TLS and the port follow from each other; only on a private network is none warned of."""
    spec = spec_of(**keys)

    assert (spec.security, spec.dialled_port) == (security, port)
    assert bool(spec.warnings()) is warned


def test_each_is_told_once():
    """Whoever is named twice gets one copy."""
    assert spec_of(cc=[JAGA, ARSIP]).recipients == (JAGA, KABID, ARSIP)


@pytest.mark.parametrize(
    ("question", "code", "reason", "permanent"),
    [
        ("MAIL FROM", 451, "smtp_4xx", False),
        ("MAIL FROM", 421, "smtp_4xx", False),
        ("MAIL FROM", 530, "smtp_5xx", False),
        ("MAIL FROM", 550, "smtp_5xx", False),
        ("SIZE", 552, "smtp_5xx", True),
        ("DATA", 451, "smtp_4xx", False),
        ("DATA", 554, "smtp_5xx", False),
        ("message", 452, "smtp_4xx", False),
        ("message", 552, "smtp_5xx", True),
        ("message", 554, "smtp_5xx", True),
        ("message", 250, None, None),
        ("RCPT TO", 421, "smtp_4xx", False),
    ],
)
def test_what_an_answer_means(question, code, reason, permanent):
    """4xx passes; of 5xx only what refuses the message itself is for good."""
    error = undelivered(Handover(question=question, reply=Reply(code, "so")))

    assert (error and error.reason, error and error.permanent) == (reason, permanent)


@pytest.mark.parametrize(
    ("codes", "reason", "permanent"),
    [
        ((550, 551), "smtp_5xx", True),
        ((550, 450), "smtp_4xx", False),
        ((450, 452), "smtp_4xx", False),
        ((554, 550), "smtp_5xx", False),
    ],
)
def test_nobody_was_accepted(codes, reason, permanent):
    """Mailboxes that don't exist are a refusal for good, a relay that is denied is not."""
    replies = {f"{n}@a.test": Reply(code, "so") for n, code in enumerate(codes)}
    handover = Handover(question="RCPT TO", reply=Reply(codes[-1], "so"), recipients=replies)
    error = undelivered(handover)

    assert (error.reason, error.permanent) == (reason, permanent)
    assert (
        str(error) == f"no recipient was accepted: 0@a.test: {codes[0]} so; 1@a.test: {codes[1]} so"
    )


def test_who_has_it():
    """Of several recipients each has its own answer, unless the message itself is refused."""
    replies = {JAGA: Reply(250, "ok"), KABID: Reply(450, "later"), ARSIP: Reply(550, "who")}
    taken = verdict_of(Handover(question="message", reply=Reply(250, "ok"), recipients=replies))
    refused = verdict_of(Handover(question="message", reply=Reply(451, "busy"), recipients=replies))

    assert (taken.taken, taken.deferred, taken.refused) == (
        {JAGA},
        {KABID: "450 later"},
        {ARSIP: "550 who"},
    )
    assert (refused.taken, refused.deferred) == (
        frozenset(),
        {JAGA: "451 busy", KABID: "450 later"},
    )


class Postman:
    """A server that answers each recipient with a code of `answers`, else 250; notes the asked."""

    def __init__(self, answers, missed):
        self.answers, self.asked = answers, []
        context = ReceiverContext(
            network=None,
            external_url="https://pantau.makassarkota.test",
            language="id",
            zone="Asia/Makassar",
            name="surel",
            missed=missed.append,
        )
        self.email = Email(spec_of(), wording(), context, submit=self.submit)

    async def submit(self, _spec, _context, _body, recipients, _deadline):
        self.asked.append(tuple(recipients))
        replies = {who: Reply(self.answers.get(who, 250), "so") for who in recipients}
        taken = any(reply.accepts for reply in replies.values())
        question = "message" if taken else "RCPT TO"
        reply = Reply(250, "ok") if taken else list(replies.values())[-1]
        return Handover(question=question, reply=reply, recipients=replies)

    async def outcome(self, row_id="ROW1"):
        try:
            await self.email.notify(row_id, b"", NOON)
        except Undelivered as error:
            return error.reason
        return None


async def test_one_mailbox_that_is_gone_keeps_nobody_from_being_told():
    """Who is refused is logged and counted once; the others have the message."""
    missed = []
    postman = Postman({KABID: 550}, missed)

    assert await postman.outcome() is None
    assert await postman.outcome() is None
    assert postman.asked == [(JAGA, KABID, ARSIP)]
    assert missed == ["recipient_refused"]


async def test_who_is_put_off_is_tried_again_alone():
    """A greylisted recipient is tried again, and nobody else gets the message twice."""
    missed, answers = [], {KABID: 450}
    postman = Postman(answers, missed)
    first = await postman.outcome()
    del answers[KABID]

    assert (first, await postman.outcome()) == ("recipient_deferred", None)
    assert postman.asked == [(JAGA, KABID, ARSIP), (KABID,)]
    assert missed == []


async def test_a_full_mailbox_holds_up_one_message_only():
    """Who is put off for long is logged and counted, and then holds up no other message."""
    missed, answers = [], {KABID: 452}
    postman = Postman(answers, missed)
    outcomes = [await postman.outcome() for _ in range(8)]
    later = [await postman.outcome(f"ROW{n}") for n in (2, 3)]
    del answers[KABID]
    well = await postman.outcome("ROW4")
    answers[KABID] = 450

    assert outcomes == ["recipient_deferred"] * 7 + [None]
    assert (later, well) == ([None, None], None)
    assert missed == ["recipient_deferred"] * 3
    assert await postman.outcome("ROW5") == "recipient_deferred"


async def test_a_test_message_in_between_forgets_nobody():
    """What happens with one message changes nothing for another that is under way."""
    missed, answers = [], {KABID: 450}
    postman = Postman(answers, missed)
    await postman.outcome("ROW1")
    await postman.outcome("TEST")
    await postman.outcome("ROW1")

    assert postman.asked[2] == (KABID,)


def test_equal_when_configured_alike():
    """A reload that changes nothing leaves a receiver equal to what it was."""
    one, same, other = (
        Email(spec_of(**keys), wording(), None) for keys in ({}, {}, {"timeout": "5s"})
    )

    assert one == same
    assert one != other
