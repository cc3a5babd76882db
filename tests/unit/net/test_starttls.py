"""Going over to TLS: what is said, what is refused, and what may not be slipped in."""

import asyncio
import struct
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.observation import FailureKind as Kind
from monitor.net.errors import NetError
from monitor.net.mysqlwire import OVER_TLS, packet, response
from monitor.net.starttls import FAREWELLS, PORTS, StartTls, farewell, negotiate
from monitor.net.trace import Trace
from tests.streams import Saying

CLIENT_SSL = 0x800


def mysql(*, flags=0xFFFF, version=b"8.0.36", protocol=10):
    greeting = bytes([protocol]) + version + b"\0" + struct.pack("<I", 7) + b"scramble\0"
    greeting += struct.pack("<HBHH", flags, 45, 2, 0xC3FF) + b"\x15" + b"\0" * 10 + b"more\0"
    return len(greeting).to_bytes(3, "little") + b"\0" + greeting


def ldap(code=0, told=b""):
    result = b"\x0a\x01" + bytes([code]) + b"\x04\x00" + b"\x04" + bytes([len(told)]) + told
    message = b"\x02\x01\x01\x78" + bytes([len(result)]) + result
    return b"\x30\x81" + bytes([len(message)]) + message


TLS_OFFER = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
STREAM = b"<?xml version='1.0'?><stream:stream id='1' from='a.test' version='1.0'>"
PROCEED = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"

AGREEING = {
    StartTls.SMTP: (
        [
            b"220-mail.test says hello\r\n220 ESMTP\r\n",
            b"250-mail.test\r\n250-PIPELINING\r\n250 starttls\r\n",
            b"220 go ahead\r\n",
        ],
        [b"EHLO pantau.invalid\r\n", b"STARTTLS\r\n"],
        "mail.test says hello",
    ),
    StartTls.IMAP: (
        [
            b"* OK IMAP4rev1 ready\r\n",
            b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na OK done\r\n",
            b"b OK begin TLS\r\n",
        ],
        [b"a CAPABILITY\r\n", b"b STARTTLS\r\n"],
        "IMAP4rev1 ready",
    ),
    StartTls.POP3: (
        [b"+OK Dovecot ready.\r\n", b"+OK Begin TLS\r\n"],
        [b"STLS\r\n"],
        "Dovecot ready.",
    ),
    StartTls.FTP: (
        [b"220-Welcome\r\n to this\r\n220 FTP\r\n", b"234 proceed\r\n"],
        [b"AUTH TLS\r\n"],
        "Welcome",
    ),
    StartTls.POSTGRES: ([b"S"], [bytes.fromhex("0000000804d2162f")], ""),
    StartTls.MYSQL: (
        [mysql()],
        [bytes.fromhex("20000001 01aa0800 00000001 2d") + b"\0" * 23],
        "8.0.36",
    ),
    StartTls.LDAP: (
        [ldap()],
        [b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037"],
        "",
    ),
    StartTls.XMPP: (
        [STREAM + b"<stream:features>" + TLS_OFFER + b"</stream:features>", PROCEED],
        [
            (
                b"<?xml version='1.0'?><stream:stream to='a.test' version='1.0' "
                b"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
            ),
            b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        ],
        "",
    ),
    StartTls.SIEVE: (
        [b'"IMPLEMENTATION" "Pigeonhole"\r\n"STARTTLS"\r\nOK "ready"\r\n', b'OK "begin"\r\n'],
        [b"STARTTLS\r\n"],
        '"IMPLEMENTATION" "Pigeonhole"',
    ),
}


async def refused(protocol, pieces):
    with pytest.raises(NetError) as caught:
        await negotiate(Saying(*pieces), protocol, "a.test", Trace())
    assert caught.value.failure.kind is Kind.STARTTLS
    assert caught.value.answered
    return caught.value.failure.detail


def bytewise(pieces):
    return [bytes([octet]) for piece in pieces for octet in piece]


@pytest.mark.parametrize("protocol", StartTls)
@pytest.mark.parametrize("cut", [list, bytewise])
async def test_an_agreement_however_it_is_cut(protocol, cut):
    """Each protocol is asked in its own words, and its agreement counts in whatever pieces."""
    says, sent, banner = AGREEING[protocol]
    server = Saying(*cut(says))

    assert await negotiate(server, protocol, "a.test", Trace()) == banner
    assert server.sent == sent


@pytest.mark.parametrize("protocol", StartTls)
async def test_nothing_may_follow_the_agreement_in_the_clear(protocol):
    """What stands behind the agreement could be somebody else's words: the check fails."""
    *before, last = AGREEING[protocol][0]

    detail = await refused(protocol, [*before, last + b"250 injected\r\n"])

    assert detail.startswith(f"STARTTLS ({protocol}): the server sent 14 more bytes in the clear")


@pytest.mark.parametrize("protocol", StartTls)
async def test_a_server_that_closes_is_told(protocol):
    """A connection that ends before the agreement is a failure with what came before it."""
    *before, last = AGREEING[protocol][0]
    unfinished = [*before, last[:-1]] if len(last) > 1 else []

    assert "the server closed the connection" in await refused(protocol, [])
    assert "the server closed the connection" in await refused(protocol, unfinished)


FLOOD = [b"x" * 1000] * 200
LINES = [b"* x\r\n" * 200] * 100


@pytest.mark.parametrize(
    ("protocol", "pieces", "told"),
    [
        (
            StartTls.SMTP,
            [b"554 no thanks\r\n"],
            "expected 220, but the server said '554 no thanks'",
        ),
        (StartTls.SMTP, [b"SSH-2.0-OpenSSH\r\n"], "expected a reply with a code"),
        (
            StartTls.SMTP,
            [b"220 hi\r\n", b"250-a\r\n250-SIZE 1\r\n250 HELP\r\n"],
            "the server does not offer it; it offers SIZE 1, HELP",
        ),
        (StartTls.SMTP, [b"220 hi\r\n", b"250 a\r\n"], "it offers nothing"),
        (
            StartTls.SMTP,
            [b"220 hi\r\n", b"250-a\r\n250 STARTTLS\r\n", b"454 TLS not available\r\n"],
            "expected 220 to STARTTLS, but the server said '454 TLS not available'",
        ),
        (StartTls.IMAP, [b"* PREAUTH hi\r\n"], "expected * OK, but the server said '* PREAUTH hi'"),
        (StartTls.IMAP, [b"* OK hi\r\n", b"* CAPABILITY IMAP4\r\na OK\r\n"], "it offers IMAP4"),
        (
            StartTls.IMAP,
            [b"* OK hi\r\n", b"* CAPABILITY STARTTLS\r\na OK\r\n", b"b NO later\r\n"],
            "expected OK to STARTTLS, but the server said 'b NO later'",
        ),
        (StartTls.POP3, [b"+OK hi\r\n", b"-ERR unknown\r\n"], "'-ERR unknown'"),
        (StartTls.POP3, [b"-ERR busy\r\n"], "expected +OK, but the server said '-ERR busy'"),
        (StartTls.FTP, [b"220 hi\r\n", b"500 what?\r\n"], "expected 234 to AUTH TLS"),
        (StartTls.FTP, [b"421 full\r\n"], "expected 220"),
        (StartTls.POSTGRES, [b"N"], "the server does not offer it"),
        (StartTls.POSTGRES, [b"E\0\0\0\x20SFATAL\0Mtoo many\0"], "the server refuses: 'SFATAL"),
        (StartTls.POSTGRES, [b"HTTP/1.1 400"], "expected S, but the server said 'HTTP/1.1 400'"),
        (StartTls.MYSQL, [mysql(flags=0xFFFF & ~CLIENT_SSL)], "not offer it; it is '8.0.36'"),
        (StartTls.MYSQL, [b"\x0e\0\0\0\xff\x69\x04Host is blk"], "refuses: 'Host is blk"),
        (StartTls.MYSQL, [mysql(protocol=9)], "expected a greeting of protocol 10"),
        (StartTls.MYSQL, [b"HTTP/1.1 400 Bad"], "this is not MySQL"),
        (StartTls.LDAP, [ldap(52, b"full")], "StartTLS: unavailable (52): full"),
        (StartTls.LDAP, [b"\x30\x05\x02\x01\x01\x61\x00"], "expected an answer to StartTLS"),
        (StartTls.LDAP, [b"\x30\x83\xff\xff\xff"], "no message of LDAP"),
        (StartTls.XMPP, [STREAM + b"<stream:features/>"], "the server does not offer it"),
        (
            StartTls.XMPP,
            [AGREEING[StartTls.XMPP][0][0], b"<failure xmlns='urn:x'/></stream:stream>"],
            "expected proceed, but the server said",
        ),
        (StartTls.SIEVE, [b'"SASL" ""\r\nOK\r\n'], "the server does not offer it"),
        (StartTls.SIEVE, [b"BYE full\r\n"], "expected OK, but the server said 'BYE full'"),
        (StartTls.SIEVE, [b'"STARTTLS"\r\nOK\r\n', b"NO\r\n"], "expected OK to STARTTLS"),
        (StartTls.SMTP, FLOOD, "a line of over 4096 bytes"),
        (StartTls.IMAP, [b"* OK\r\n", *LINES], "over 100 lines"),
        (StartTls.FTP, [b"220-hi\r\n", *LINES], "over 100 lines"),
        (StartTls.XMPP, FLOOD, "over 65536 bytes"),
    ],
)
async def test_why_there_is_no_tls(protocol, pieces, told):
    """A refusal tells what the server said, or what it did not offer."""
    assert told in await refused(protocol, pieces)


@pytest.mark.parametrize("protocol", StartTls)
@settings(max_examples=60, deadline=None)
@given(
    pieces=st.lists(
        st.binary(max_size=40)
        | st.sampled_from(
            [b"220 ", b"250-", b"* OK\r\n", b"\r\n", b"+OK\n", b"OK\n", b"x" * 30_000]
        )
    )
)
def test_whatever_a_server_says_ends(protocol, pieces):
    """Any bytes end in an agreement or in a failure, and no more than the bound is taken."""
    server = Saying(*(piece for piece in pieces if piece), *FLOOD)

    with suppress(NetError):
        asyncio.run(negotiate(server, protocol, "a.test", Trace()))
    assert server.handed_out <= 65_536 + 32_768


async def test_a_name_cannot_break_out_of_its_place():
    """In XMPP the name of the host stands in XML, where it is escaped."""
    server = Saying(*AGREEING[StartTls.XMPP][0])
    await negotiate(server, StartTls.XMPP, "a'><b&", Trace())

    assert b"to='a&#x27;&gt;&lt;b&amp;'" in server.sent[0]


@pytest.mark.parametrize("protocol", StartTls)
async def test_leave_is_taken(protocol):
    """At the end the server hears the protocol's word of leave, where it has one."""
    server = Saying()
    await farewell(server, protocol)

    stranger = packet(response(OVER_TLS, "pantau", b"", "mysql_native_password", None), 2)
    assert server.sent == [stranger if protocol is StartTls.MYSQL else FAREWELLS.get(protocol, b"")]
    assert protocol in PORTS


async def test_leave_of_who_does_not_answer():
    """A server that does not let us go is left after a second."""

    class Silent(Saying):
        async def receive(self, limit=32_768):
            self.waits = True
            await asyncio.Event().wait()

    server = Silent()
    leaving = asyncio.create_task(farewell(server, StartTls.MYSQL))
    async with asyncio.timeout(5):
        await leaving

    assert server.waits
