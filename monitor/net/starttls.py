"""Going over from a conversation in the clear to TLS, in the words of each protocol.

Each dialogue is as short as its protocol allows: wait for the greeting, ask for TLS, hear that it
may begin. What a server may say meanwhile is bounded, and nothing that it said in the clear is
carried into the encrypted part: bytes that stand behind its agreement could have been slipped in
by somebody on the way (the fault of CVE-2011-0411 and its many kin), so that they end the check.
"""

import re
from asyncio import timeout
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum
from html import escape

from monitor.domain.observation import FailureKind
from monitor.domain.text import visible_text
from monitor.net import mysqlwire
from monitor.net.connection import Stream
from monitor.net.errors import NetError
from monitor.net.ldap import Ldap
from monitor.net.mysql import MySql
from monitor.net.postgreswire import SSL_REQUEST, TERMINATE
from monitor.net.reader import LONGEST_LINE, Reader, shown
from monitor.net.replies import reply, tagged
from monitor.net.trace import Phase, Trace

_SHOWN = 200
_PATIENCE_SECONDS = 1.0  # with who is asked for nothing but to let us go
# Who greets must give a name; this one tells nothing of the monitor's network (RFC 2606).
_OUR_NAME = b"pantau.invalid"


class StartTls(StrEnum):
    """The protocols that can change to TLS on an open connection."""

    SMTP = "smtp"
    IMAP = "imap"
    POP3 = "pop3"
    FTP = "ftp"
    POSTGRES = "postgres"
    MYSQL = "mysql"
    LDAP = "ldap"
    XMPP = "xmpp"
    SIEVE = "sieve"


PORTS = {
    StartTls.SMTP: 25,
    StartTls.IMAP: 143,
    StartTls.POP3: 110,
    StartTls.FTP: 21,
    StartTls.POSTGRES: 5432,
    StartTls.MYSQL: 3306,
    StartTls.LDAP: 389,
    StartTls.XMPP: 5222,
    StartTls.SIEVE: 4190,
}
"""Where each protocol is found unless somebody says otherwise."""

FAREWELLS = {
    StartTls.SMTP: b"QUIT\r\n",
    StartTls.IMAP: b"c LOGOUT\r\n",
    StartTls.POP3: b"QUIT\r\n",
    StartTls.FTP: b"QUIT\r\n",
    StartTls.POSTGRES: TERMINATE,
    StartTls.LDAP: b"\x30\x05\x02\x01\x02\x42\x00",
    StartTls.SIEVE: b"LOGOUT\r\n",
}
"""What to say at the end, so that the server logs a visit and no lost connection."""


async def negotiate(stream: Stream, protocol: StartTls, name: str, trace: Trace) -> str:
    """Talk until the server expects a TLS handshake; return what it greeted with, if it did.

    `name` is the host that is meant (XMPP asks for it). Raises NetError: STARTTLS when the
    server refuses, does not offer it, or speaks another protocol.
    """
    trace.enter(Phase.PROCESSING)
    reader = Reader(
        stream, f"STARTTLS ({protocol})", FailureKind.STARTTLS, unfinished="and no agreement"
    )
    banner = await _DIALOGUES[protocol](reader, name)
    reader.nothing_slipped_in()
    return banner


async def farewell(stream: Stream, protocol: StartTls) -> None:
    """Take leave over TLS as the protocol has it, if it fits. Never raises NetError."""
    with suppress(NetError, TimeoutError):
        if protocol is StartTls.MYSQL:
            # There are no words for it before a login, and a visit without one is counted: after
            # max_connect_errors of them the server shuts our address out.
            async with timeout(_PATIENCE_SECONDS):
                await MySql.behind_tls(Reader(stream, protocol)).knock()
        else:
            await stream.send(FAREWELLS.get(protocol, b""))


async def _smtp(reader: Reader, _: str) -> str:
    code, greeting = await reply(reader)
    if code != b"220":
        raise reader.unexpected("220", code + b" " + greeting[0])
    await reader.send(b"EHLO " + _OUR_NAME + b"\r\n")
    code, offers = await reply(reader)
    if code != b"250":
        raise reader.unexpected("250 to EHLO", code + b" " + offers[0])
    if b"STARTTLS" not in {offer.strip().upper() for offer in offers[1:]}:
        raise reader.failure(_not_offered(offers[1:]))
    await reader.send(b"STARTTLS\r\n")
    code, texts = await reply(reader)
    if code != b"220":
        raise reader.unexpected("220 to STARTTLS", code + b" " + texts[0])
    return _text(greeting[0])


def _not_offered(offers: list[bytes]) -> str:
    listed = visible_text(b", ".join(offer.strip() for offer in offers), _SHOWN)
    return f"the server does not offer it; it offers {listed or 'nothing'}"


def _text(octets: bytes) -> str:
    return visible_text(octets, _SHOWN)


async def _ftp(reader: Reader, _: str) -> str:
    code, greeting = await reply(reader)
    if code != b"220":
        raise reader.unexpected("220", code + b" " + greeting[0])
    await reader.send(b"AUTH TLS\r\n")
    code, texts = await reply(reader)
    if code != b"234":
        raise reader.unexpected("234 to AUTH TLS", code + b" " + texts[0])
    return _text(greeting[0])


async def _imap(reader: Reader, _: str) -> str:
    greeting = await reader.line()
    if not greeting.upper().startswith(b"* OK"):  # after PREAUTH it is too late (RFC 9051, 7.1.4)
        raise reader.unexpected("* OK", greeting)
    offers = await tagged(reader, b"a", b"CAPABILITY", "CAPABILITY")
    words = [word for line in offers for word in line.split()[2:]]
    if b"STARTTLS" not in {word.upper() for word in words}:
        raise reader.failure(_not_offered(words))
    await tagged(reader, b"b", b"STARTTLS", "STARTTLS")
    return _text(greeting[4:].strip())


async def _pop3(reader: Reader, _: str) -> str:
    greeting = await reader.line()
    if not greeting.startswith(b"+OK"):
        raise reader.unexpected("+OK", greeting)
    await reader.send(b"STLS\r\n")
    line = await reader.line()
    if not line.startswith(b"+OK"):
        raise reader.unexpected("+OK to STLS", line)
    return _text(greeting[3:].strip())


_SIEVE_END = (b"OK", b"NO", b"BYE")


async def _sieve(reader: Reader, _: str) -> str:
    offers = []
    while not (line := await reader.line()).upper().startswith(_SIEVE_END):
        offers.append(line)
    if not line.upper().startswith(b"OK"):
        raise reader.unexpected("OK", line)
    if not any(offer.upper().startswith(b'"STARTTLS"') for offer in offers):
        raise reader.failure(_not_offered(offers))
    await reader.send(b"STARTTLS\r\n")
    line = await reader.line()
    if not line.upper().startswith(b"OK"):
        raise reader.unexpected("OK to STARTTLS", line)
    return _text(offers[0])


async def _postgres(reader: Reader, _: str) -> str:
    await reader.send(SSL_REQUEST)
    said = await reader.exactly(1)
    if said == b"N":
        raise reader.failure("the server does not offer it")
    if said == b"E":  # too many connections, or a server from before SSL
        await reader.exactly(4)
        raise reader.failure(f"the server refuses: {shown(await _rest(reader))}")
    if said != b"S":
        raise reader.unexpected("S", said + bytes(reader.buffered))
    return ""


async def _rest(reader: Reader) -> bytes:
    """Return what is left of what the server said so far, up to a bound."""
    if not reader.buffered:
        await reader.more()
    octets = bytes(reader.buffered[:LONGEST_LINE])
    reader.buffered.clear()
    return octets


async def _mysql(reader: Reader, _: str) -> str:
    size = int.from_bytes((await reader.exactly(4))[:3], "little")
    if size > LONGEST_LINE:
        raise reader.failure(f"a greeting of {size} bytes: this is not MySQL")
    payload = await reader.exactly(size)
    if payload[:1] == b"\xff":
        raise reader.failure(f"the server refuses: {shown(payload[3:])}")
    try:
        greeting = mysqlwire.read_greeting(payload)
    except mysqlwire.Malformed:
        raise reader.unexpected("a greeting of protocol 10", payload) from None
    if mysqlwire.Can.TLS not in greeting.can:
        raise reader.failure(
            f"the server does not offer it; it is {shown(greeting.version.encode())}"
        )
    await reader.send(mysqlwire.packet(mysqlwire.tls_request(mysqlwire.OVER_TLS), 1))
    return _text(greeting.version.encode())


async def _ldap(reader: Reader, _: str) -> str:
    await Ldap(reader).start_tls()
    return ""


_FEATURES = re.compile(rb"</(?:\w{1,20}:)?features\s{0,20}>|<(?:\w{1,20}:)?features\s{0,20}/>")
_PROCEED = re.compile(rb"<(?:\w{1,20}:)?(proceed|failure)\b[^<>]{0,200}>")
_XMPP_WINDOW = 512


async def _xmpp(reader: Reader, name: str) -> str:
    await reader.send(
        b"<?xml version='1.0'?><stream:stream to='"
        + escape(name).encode("ascii", "replace")
        + b"' "
        b"version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
    )
    features = await reader.until(_FEATURES, _XMPP_WINDOW)
    if b"urn:ietf:params:xml:ns:xmpp-tls" not in features:
        raise reader.failure(f"the server does not offer it; it said {shown(features)}")
    await reader.send(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    said = await reader.until(_PROCEED, _XMPP_WINDOW)
    match = _PROCEED.search(said)
    if match is None or match[1] != b"proceed":
        raise reader.unexpected("proceed", said)
    if not match[0].endswith(b"/>"):
        await reader.until(re.compile(rb"</(?:\w{1,20}:)?proceed\s{0,20}>"), _XMPP_WINDOW)
    return ""


_Dialogue = Callable[[Reader, str], Awaitable[str]]
_DIALOGUES: dict[StartTls, _Dialogue] = {
    StartTls.SMTP: _smtp,
    StartTls.IMAP: _imap,
    StartTls.POP3: _pop3,
    StartTls.FTP: _ftp,
    StartTls.POSTGRES: _postgres,
    StartTls.MYSQL: _mysql,
    StartTls.LDAP: _ldap,
    StartTls.XMPP: _xmpp,
    StartTls.SIEVE: _sieve,
}
