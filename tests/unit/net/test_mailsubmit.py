"""Handing a message to a mail server: what is said, and that nothing else can be."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import monitor
from monitor.net.errors import NetError
from monitor.net.mailsmtp import Reply
from monitor.net.mailsubmit import Envelope, Submission, largest_message, stuffed
from monitor.net.reader import Reader
from tests.streams import Saying

ONE = Envelope(sender="a@a.test", recipients=("b@b.test",))
TWO = Envelope(sender="a@a.test", recipients=("b@b.test", "c@c.test"))
BEGIN, FIRST, SECOND = (
    b"MAIL FROM:<a@a.test>\r\n",
    b"RCPT TO:<b@b.test>\r\n",
    b"RCPT TO:<c@c.test>\r\n",
)


async def handed(envelope, *replies, message=b"hi\r\n", limit=None):
    server = Saying(*(f"{each}\r\n".encode() for each in replies))
    session = Submission(Reader(server, "smtp"), "pantau.invalid")
    return await session.hand_over(envelope, message, limit), server.sent


async def test_a_message_is_handed_over():
    """Sender, recipients and message are named in turn, and the server's last word counts."""
    handover, sent = await handed(TWO, "250 a", "250 b", "251 c", "354 go", "250 queued as 1")

    assert sent == [BEGIN, FIRST, SECOND, b"DATA\r\n", b"hi\r\n.\r\n"]
    assert handover.taken
    assert handover.reply == Reply(250, "queued as 1")
    assert handover.recipients == {"b@b.test": Reply(250, "b"), "c@c.test": Reply(251, "c")}


async def test_one_refused_recipient_stops_nothing():
    """The message goes to those who are accepted."""
    handover, sent = await handed(TWO, "250 a", "550 who", "250 c", "354 go", "250 ok")

    assert handover.taken
    assert sent[-1] == b"hi\r\n.\r\n"


@pytest.mark.parametrize(
    ("replies", "question", "asked", "answers"),
    [
        (["451 no"], "MAIL FROM", 1, 0),
        (["250", "550 no", "450 no"], "RCPT TO", 3, 2),
        (["250", "421 bye"], "RCPT TO", 2, 0),
        (["250", "250", "421 bye"], "RCPT TO", 3, 0),
        (["250", "250", "250", "554 no"], "DATA", 4, 2),
        (["250", "250", "250", "250 what"], "DATA", 4, 2),
        (["250", "250", "250", "354", "552 big"], "message", 5, 2),
    ],
)
async def test_where_it_ends(replies, question, asked, answers):
    """Nothing is sent behind a refusal, and how far it came is told."""
    handover, sent = await handed(TWO, *replies)

    assert not handover.taken
    assert (handover.question, len(sent), len(handover.recipients)) == (question, asked, answers)


async def test_a_message_that_is_too_large_is_not_begun():
    """A message over the server's SIZE is told without a word to the server."""
    handover, sent = await handed(ONE, message=b"x" * 200, limit=100)

    assert (handover.question, handover.reply.code, sent) == ("SIZE", 552, [])
    assert "205 bytes are over the server's SIZE 100" in handover.reply.text


async def test_size_is_announced():
    """A server that wants to know how large a message is, is told."""
    _, sent = await handed(ONE, "250 a", "250 b", "354 go", "250 ok", limit=1000)

    assert sent[0] == b"MAIL FROM:<a@a.test> SIZE=7\r\n"


async def test_a_server_that_goes_is_no_success():
    """Without an answer behind its end the message has not arrived."""
    with pytest.raises(NetError, match="the server closed the connection"):
        await handed(ONE, "250 a", "250 b", "354 go")


@pytest.mark.parametrize(
    ("offers", "limit"),
    [
        (("SIZE 1000", "8BITMIME"), 1000),
        (("size 7",), 7),
        (("SIZE",), None),
        (("SIZE 0",), None),
        (("SIZE -1",), None),
        (("SIZE 9" + "9" * 30,), None),
        ((), None),
    ],
)
def test_largest_message(offers, limit):
    """SIZE is read strictly; none, and 0, mean no limit."""
    assert largest_message(offers) == limit


@given(st.binary(max_size=300) | st.text("\r\n.a", max_size=60).map(str.encode))
def test_no_message_ends_early(message):
    """Only the end of a message looks like one, to every server, whatever ends its lines."""
    octets = stuffed(message)

    assert octets.endswith(b"\r\n.\r\n") or octets == b".\r\n"
    inner = (b"\r\n" + octets).removesuffix(b"\r\n.\r\n")
    assert b"\r\n.\r\n" not in inner + b"\r\n"
    assert octets.count(b"\r") == octets.count(b"\n") == octets.count(b"\r\n")
    lines = [
        line.removeprefix(b".") if line[:2] == b".." else line for line in inner.split(b"\r\n")[1:]
    ]
    assert (
        b"\n".join(lines).rstrip() == b"\n".join(message.splitlines()).rstrip() or b"\r" in message
    )


def test_checks_cannot_send():
    """No check knows the words that send a message: only receivers use them."""
    root = Path(monitor.__file__).parent
    users = {
        path.relative_to(root).parts[0]
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "monitor.net.mailsubmit"
    }

    assert users == {"notifiers"}
