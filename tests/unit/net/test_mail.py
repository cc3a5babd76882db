"""The words of SMTP, IMAP and POP3: what is said, and what any server may answer."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.observation import FailureKind as Kind
from monitor.net.errors import NetError
from monitor.net.mail import Heard, Login, introduce, quoted, take_leave
from monitor.net.mailimap import Imap
from monitor.net.mailpop3 import Pop3
from monitor.net.mailsmtp import Smtp, refuses_relay, takes
from monitor.net.reader import Reader
from monitor.net.visit import Security
from tests.streams import Saying

LOGIN = Login(username="pantau", password='a "b"\\c')


def speaking(kind, server):
    reader = Reader(server, kind)
    return {"smtp": lambda: Smtp(reader, "pantau.invalid"), "imap": lambda: Imap(reader)}.get(
        kind, lambda: Pop3(reader)
    )()


VISITS = {
    "smtp": (
        [
            b"220 hi\r\n",
            b"250-a\r\n250-SIZE 1\r\n250-AUTH=LOGIN\r\n250 AUTH LOGIN PLAIN\r\n",
            b"235 ok\r\n",
            b"221 bye\r\n",
        ],
        [
            b"EHLO pantau.invalid\r\n",
            b"AUTH PLAIN AHBhbnRhdQBhICJiIlxj\r\n",
            b"QUIT\r\n",
        ],
        ("SIZE 1", "AUTH LOGIN", "AUTH LOGIN PLAIN"),
    ),
    "imap": (
        [
            b"* OK hi\r\n",
            b"* CAPABILITY IMAP4rev1 IDLE\r\np1 OK\r\n",
            b"* 1 EXISTS\r\np2 OK in\r\n",
            b"* BYE\r\np3 OK out\r\n",
        ],
        [b"p1 CAPABILITY\r\n", b'p2 LOGIN "pantau" "a \\"b\\"\\\\c"\r\n', b"p3 LOGOUT\r\n"],
        ("IMAP4rev1", "IDLE"),
    ),
    "pop3": (
        [
            b"+OK hi\r\n",
            b"+OK list\r\nUSER\r\nSASL PLAIN\r\n.\r\n",
            b"+OK\r\n",
            b"+OK in\r\n",
            b"+OK bye\r\n",
        ],
        [b"CAPA\r\n", b"USER pantau\r\n", b'PASS a "b"\\c\r\n', b"QUIT\r\n"],
        ("USER", "SASL PLAIN"),
    ),
}


async def visit(session):
    heard = Heard()
    await introduce(session, heard, Security.IMPLICIT)
    await session.log_in(LOGIN, heard.offers)
    await take_leave(session)
    return heard


@pytest.mark.parametrize("kind", VISITS)
async def test_a_visit(kind):
    """Each protocol is spoken in its own words, from the greeting to the leave."""
    said, sent, offered = VISITS[kind]
    server = Saying(*said)

    heard = await visit(speaking(kind, server))

    assert server.sent == sent
    assert (heard.banner, heard.offers, heard.in_the_clear) == ("hi", offered, None)


@pytest.mark.parametrize("kind", VISITS)
async def test_leave_is_taken_from_a_server_that_has_gone(kind):
    """Once everything is learned, a server that hangs up first is no failure."""
    said = VISITS[kind][0]

    assert await visit(speaking(kind, Saying(*said[:-1])))


@pytest.mark.parametrize(
    ("kind", "pieces", "failure", "told"),
    [
        ("smtp", [b"421 busy\r\n"], Kind.BANNER, "smtp: expected 220, but the server said '421"),
        ("smtp", [b"hello\r\n"], Kind.BANNER, "expected a reply with a code"),
        ("smtp", [b"2\r\n"], Kind.BANNER, "expected a reply with a code"),
        ("smtp", [b"220 a\r\n", b"502 no\r\n"], Kind.STATUS, "expected 250 to EHLO"),
        ("smtp", [b"220 a\r\n", b"250 a\r\n"], Kind.STATUS, "neither AUTH PLAIN nor AUTH LOGIN"),
        ("imap", [b"* BYE full\r\n"], Kind.BANNER, "expected * OK, but the server said '* BYE"),
        ("imap", [b"* OK\r\n", b"p1 BAD\r\n"], Kind.STATUS, "expected OK to CAPABILITY"),
        (
            "imap",
            [b"* OK\r\n", b"* CAPABILITY LOGINDISABLED\r\np1 OK\r\n"],
            Kind.STATUS,
            "the server offers no LOGIN here",
        ),
        ("pop3", [b"-ERR busy\r\n"], Kind.BANNER, "expected +OK, but the server said '-ERR busy'"),
        ("pop3", [b"+OK\r\n", b"+OK\r\nSTLS\r\n.\r\n"], Kind.STATUS, "offers no USER here"),
        (
            "pop3",
            [b"+OK\r\n", b"-ERR what\r\n", b"+OK\r\n", b"-ERR [AUTH] no\r\n"],
            Kind.STATUS,
            "expected +OK to PASS, but the server said '-ERR [AUTH] no'",
        ),
        ("pop3", [b"+OK\r\n", b"+OK\r\n" + b"X\r\n" * 200], Kind.PROTOCOL, "over 100 lines"),
        ("imap", [b"* OK\r\n", b"* x\r\n" * 200], Kind.PROTOCOL, "over 100 lines"),
        ("smtp", [b"220-x\r\n" * 200], Kind.PROTOCOL, "over 100 lines"),
    ],
)
async def test_what_goes_wrong(kind, pieces, failure, told):
    """Each step that fails is told in the server's words, under the kind of that step."""
    with pytest.raises(NetError) as caught:
        await visit(speaking(kind, Saying(*pieces)))

    assert caught.value.failure.kind is failure
    assert told in caught.value.failure.detail
    assert caught.value.answered


@pytest.mark.parametrize("kind", VISITS)
@settings(max_examples=60, deadline=None)
@given(
    pieces=st.lists(
        st.binary(max_size=40)
        | st.sampled_from(
            [b"220 ", b"250-a\r\n", b"250 a\r\n", b"* OK\r\n", b"p1 OK\r\n", b"+OK\n", b".\r\n"]
        )
    )
)
def test_whatever_a_server_says_ends(kind, pieces):
    """Any bytes end in a visit or in a failure, and no more than the bound is taken."""
    server = Saying(*(piece for piece in pieces if piece), *[b"x" * 1000] * 200)

    with suppress(NetError):
        asyncio.run(visit(speaking(kind, server)))
    assert server.handed_out <= 65_536 + 32_768


@pytest.mark.parametrize(
    ("replies", "sent", "accepted"),
    [
        (["250 ok", "250 ok", "250 ok"], ["MAIL FROM:<a@a.test>", "RCPT TO:<b@b.test>"], True),
        (["550 no", "250 ok"], ["MAIL FROM:<a@a.test>"], False),
        (["250 ok", "554 no", "250 ok"], ["MAIL FROM:<a@a.test>", "RCPT TO:<b@b.test>"], False),
        (["250 ok", "451 later", "250 ok"], ["MAIL FROM:<a@a.test>", "RCPT TO:<b@b.test>"], False),
    ],
)
async def test_nothing_stays_behind(replies, sent, accepted):
    """A sender and a recipient are taken back, whatever came of them; no DATA is ever said."""
    server = Saying(*(f"{each}\r\n".encode() for each in replies))
    session, heard = speaking("smtp", server), Heard()
    failure = None
    try:
        await takes(session, heard, "a@a.test", "b@b.test")
    except NetError as error:
        failure = error.failure

    assert server.sent == [f"{each}\r\n".encode() for each in (*sent, "RSET")]
    assert (failure is None) is accepted
    assert list(heard.replies.values()) == [replies[len(sent) - 1]]


async def test_who_hangs_up_is_quoted():
    """A server that says 421 hangs up: its word is told, and not that it has gone."""
    server = Saying(b"250 ok\r\n", b"421 too many\r\n")

    with pytest.raises(NetError) as caught:
        await takes(speaking("smtp", server), Heard(), "", "b@b.test")

    assert "the server said '421 too many'" in caught.value.failure.detail


async def test_a_relay_that_is_closed_for_now():
    """A temporary refusal is one: only who takes the message is an open relay."""
    server = Saying(b"250 ok\r\n", b"450 later\r\n", b"250 ok\r\n")
    heard = Heard()
    await refuses_relay(speaking("smtp", server), heard, "a@a.test", "b@b.test")

    assert heard.replies == {"RCPT TO of a stranger": "450 later"}


def test_every_form_of_a_password_is_secret():
    """What must be hidden is the password as it is, as IMAP quotes it, and as SMTP codes it."""
    assert set(LOGIN.secrets) == {
        'a "b"\\c',
        '"a \\"b\\"\\\\c"',
        "YSAiYiJcYw==",
        "AHBhbnRhdQBhICJiIlxj",
    }
    assert "b" not in repr(LOGIN).replace("Login", "").replace("username='pantau'", "")
    assert quoted("plain") == '"plain"'
