"""Going over from a conversation in the clear to TLS, in the words of each protocol.

Each dialogue is as short as its protocol allows: wait for the greeting, ask for TLS, hear that it
may begin. What a server may say meanwhile is bounded, and nothing that it said in the clear is
carried into the encrypted part: bytes that stand behind its agreement could have been slipped in
by somebody on the way (the fault of CVE-2011-0411 and its many kin), so that they end the check.
"""

import re
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum
from html import escape

from monitor.domain.observation import FailureKind
from monitor.domain.text import visible_text
from monitor.net.connection import Stream
from monitor.net.errors import NetError
from monitor.net.trace import Phase, Trace

LONGEST_LINE = 4096
MOST_LINES = 100
LARGEST_DIALOGUE = 65_536  # bytes that the server may send before TLS
_SHOWN = 200
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
    StartTls.POSTGRES: b"X\0\0\0\4",
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
    reader = _Reader(stream, protocol)
    banner = await _DIALOGUES[protocol](reader, name)
    if reader.buffered:
        raise reader.failure(
            f"the server sent {len(reader.buffered)} more bytes in the clear after agreeing to "
            "TLS; somebody may have slipped them in"
        )
    return banner


async def farewell(stream: Stream, protocol: StartTls) -> None:
    """Take leave over TLS as the protocol has it, if it fits. Never raises NetError."""
    with suppress(NetError):
        await stream.send(FAREWELLS.get(protocol, b""))


class _Reader:
    """What the server says, in lines or in pieces, within bounds."""

    def __init__(self, stream: Stream, protocol: StartTls) -> None:
        self._stream = stream
        self._protocol = protocol
        self._received = 0
        self._lines = 0
        self.buffered = bytearray()

    def failure(self, detail: str) -> NetError:
        """Return the failure that `detail` describes."""
        return NetError(
            FailureKind.STARTTLS, f"STARTTLS ({self._protocol}): {detail}", answered=True
        )

    def unexpected(self, awaited: str, said: bytes) -> NetError:
        """Return the failure of a server that said something else."""
        return self.failure(f"expected {awaited}, but the server said {_shown(said)}")

    async def send(self, octets: bytes) -> None:
        await self._stream.send(octets)

    async def more(self) -> None:
        """Wait for more of what the server says."""
        octets = await self._stream.receive()
        if not octets:
            said = f" after {_shown(self.buffered)}" if self.buffered else ""
            raise self.failure(f"the server closed the connection{said}")
        self._received += len(octets)
        self.buffered += octets
        if self._received > LARGEST_DIALOGUE:
            raise self.failure(f"the server sent over {LARGEST_DIALOGUE} bytes and no agreement")

    async def line(self) -> bytes:
        """Return the next line, without its end."""
        searched = 0
        while (end := self.buffered.find(b"\n", searched)) < 0:
            searched = len(self.buffered)
            if searched > LONGEST_LINE:
                break
            await self.more()
        if end < 0 or end > LONGEST_LINE:
            raise self.failure(f"a line of over {LONGEST_LINE} bytes: {_shown(self.buffered)}")
        self._lines += 1
        if self._lines > MOST_LINES:
            raise self.failure(f"the server sent over {MOST_LINES} lines and no agreement")
        line = bytes(self.buffered[:end]).rstrip(b"\r")
        del self.buffered[: end + 1]
        return line

    async def exactly(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        while len(self.buffered) < count:
            await self.more()
        octets = bytes(self.buffered[:count])
        del self.buffered[:count]
        return octets

    async def until(self, pattern: re.Pattern[bytes], window: int) -> bytes:
        """Return what comes up to the end of a match, which is at most `window` bytes long."""
        searched = 0
        while (match := pattern.search(self.buffered, searched)) is None:
            searched = max(0, len(self.buffered) - window)
            await self.more()
        octets = bytes(self.buffered[: match.end()])
        del self.buffered[: match.end()]
        return octets


def _shown(octets: bytes | bytearray) -> str:
    return repr(visible_text(bytes(octets), _SHOWN)) if octets else "nothing"


async def _reply(reader: _Reader) -> tuple[bytes, list[bytes]]:
    """Return the code of a reply of SMTP or FTP, and the texts of its lines (RFC 5321, 4.2)."""
    line = await reader.line()
    code, texts = line[:3], [line[4:]]
    if not code.isdigit():
        raise reader.unexpected("a reply with a code", line)
    # In FTP lines between the first and the last need no code (RFC 959, 4.2).
    while line[3:4] == b"-" or line[:3] != code:
        line = await reader.line()
        texts.append(line[4:])
    return code, texts


async def _smtp(reader: _Reader, _: str) -> str:
    code, greeting = await _reply(reader)
    if code != b"220":
        raise reader.unexpected("220", code + b" " + greeting[0])
    await reader.send(b"EHLO " + _OUR_NAME + b"\r\n")
    code, offers = await _reply(reader)
    if code != b"250":
        raise reader.unexpected("250 to EHLO", code + b" " + offers[0])
    if b"STARTTLS" not in {offer.strip().upper() for offer in offers[1:]}:
        raise reader.failure(_not_offered(offers[1:]))
    await reader.send(b"STARTTLS\r\n")
    code, texts = await _reply(reader)
    if code != b"220":
        raise reader.unexpected("220 to STARTTLS", code + b" " + texts[0])
    return _text(greeting[0])


def _not_offered(offers: list[bytes]) -> str:
    listed = visible_text(b", ".join(offer.strip() for offer in offers), _SHOWN)
    return f"the server does not offer it; it offers {listed or 'nothing'}"


def _text(octets: bytes) -> str:
    return visible_text(octets, _SHOWN)


async def _ftp(reader: _Reader, _: str) -> str:
    code, greeting = await _reply(reader)
    if code != b"220":
        raise reader.unexpected("220", code + b" " + greeting[0])
    await reader.send(b"AUTH TLS\r\n")
    code, texts = await _reply(reader)
    if code != b"234":
        raise reader.unexpected("234 to AUTH TLS", code + b" " + texts[0])
    return _text(greeting[0])


async def _imap(reader: _Reader, _: str) -> str:
    greeting = await reader.line()
    if not greeting.upper().startswith(b"* OK"):  # after PREAUTH it is too late (RFC 9051, 7.1.4)
        raise reader.unexpected("* OK", greeting)
    offers = await _tagged(reader, b"a", b"CAPABILITY")
    words = [word for line in offers for word in line.split()[2:]]
    if b"STARTTLS" not in {word.upper() for word in words}:
        raise reader.failure(_not_offered(words))
    await _tagged(reader, b"b", b"STARTTLS")
    return _text(greeting[4:].strip())


async def _tagged(reader: _Reader, tag: bytes, command: bytes) -> list[bytes]:
    """Send a command; return the untagged CAPABILITY lines before the server's OK."""
    await reader.send(tag + b" " + command + b"\r\n")
    listed = []
    while not (line := await reader.line()).startswith(tag + b" "):
        if line.upper().startswith(b"* CAPABILITY"):
            listed.append(line)
    if not line[2:].upper().startswith(b"OK"):
        raise reader.unexpected(f"OK to {command.decode()}", line)
    return listed


async def _pop3(reader: _Reader, _: str) -> str:
    greeting = await reader.line()
    if not greeting.startswith(b"+OK"):
        raise reader.unexpected("+OK", greeting)
    await reader.send(b"STLS\r\n")
    line = await reader.line()
    if not line.startswith(b"+OK"):
        raise reader.unexpected("+OK to STLS", line)
    return _text(greeting[3:].strip())


_SIEVE_END = (b"OK", b"NO", b"BYE")


async def _sieve(reader: _Reader, _: str) -> str:
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


_SSL_REQUEST = struct.pack("!II", 8, 80_877_103)


async def _postgres(reader: _Reader, _: str) -> str:
    await reader.send(_SSL_REQUEST)
    said = await reader.exactly(1)
    if said == b"N":
        raise reader.failure("the server does not offer it")
    if said == b"E":  # too many connections, or a server from before SSL
        await reader.exactly(4)
        raise reader.failure(f"the server refuses: {_shown(await _rest(reader))}")
    if said != b"S":
        raise reader.unexpected("S", said + bytes(reader.buffered))
    return ""


async def _rest(reader: _Reader) -> bytes:
    """Return what is left of what the server said so far, up to a bound."""
    if not reader.buffered:
        await reader.more()
    octets = bytes(reader.buffered[:LONGEST_LINE])
    reader.buffered.clear()
    return octets


_CLIENT_PROTOCOL_41, _CLIENT_SSL, _CLIENT_SECURE_CONNECTION = 0x200, 0x800, 0x8000
_UTF8MB4 = 45


async def _mysql(reader: _Reader, _: str) -> str:
    size = int.from_bytes((await reader.exactly(4))[:3], "little")
    if size > LONGEST_LINE:
        raise reader.failure(f"a greeting of {size} bytes: this is not MySQL")
    greeting = await reader.exactly(size)
    if greeting[:1] == b"\xff":
        raise reader.failure(f"the server refuses: {_shown(greeting[3:])}")
    version, found, rest = greeting[1:].partition(b"\0")
    if greeting[:1] != b"\x0a" or not found or len(rest) < 15:
        raise reader.unexpected("a greeting of protocol 10", greeting)
    # Thread id (4), scramble (8), filler (1), then the lower half of what it can do.
    if not int.from_bytes(rest[13:15], "little") & _CLIENT_SSL:
        raise reader.failure(f"the server does not offer it; it is {_shown(version)}")
    flags = _CLIENT_PROTOCOL_41 | _CLIENT_SSL | _CLIENT_SECURE_CONNECTION
    request = struct.pack("<IIB23x", flags, 16_777_216, _UTF8MB4)
    await reader.send(len(request).to_bytes(3, "little") + b"\1" + request)
    return _text(version)


_START_TLS_OID = b"1.3.6.1.4.1.1466.20037"
_EXTENDED_REQUEST = (
    b"\x30\x1d\x02\x01\x01\x77\x18\x80" + bytes([len(_START_TLS_OID)]) + _START_TLS_OID
)
_EXTENDED_RESPONSE = 0x78


async def _ldap(reader: _Reader, _: str) -> str:
    await reader.send(_EXTENDED_REQUEST)
    tag, message = await _element(reader)
    fields = _elements(message)
    if tag != 0x30 or len(fields) < 2 or fields[1][0] != _EXTENDED_RESPONSE:
        raise reader.unexpected("an answer of LDAP", bytes([tag]) + message)
    result = _elements(fields[1][1])
    if not result or result[0][0] != 0x0A:
        raise reader.unexpected("a result of LDAP", message)
    code = int.from_bytes(result[0][1][:4])
    if code:
        told = result[2][1] if len(result) > 2 else b""
        raise reader.failure(f"the server refuses with result {code}: {_shown(told)}")
    return ""


async def _element(reader: _Reader) -> tuple[int, bytes]:
    """Return tag and content of the next element (BER, definite length)."""
    tag, size = await reader.exactly(2)
    if size & 0x80:
        count = size & 0x7F
        if not 1 <= count <= 3:
            raise reader.unexpected("an answer of LDAP", bytes([tag, size]))
        size = int.from_bytes(await reader.exactly(count))
    if size > LONGEST_LINE:
        raise reader.failure(f"an answer of {size} bytes: this is not LDAP")
    return tag, await reader.exactly(size)


def _elements(octets: bytes) -> list[tuple[int, bytes]]:
    """Return tags and contents of what stands in an element; nothing from where it breaks."""
    found = []
    while len(octets) >= 2:
        tag, size, start = octets[0], octets[1], 2
        if size & 0x80:
            start = 2 + (size & 0x7F)
            size = int.from_bytes(octets[2:start])
        if start + size > len(octets):
            break
        found.append((tag, octets[start : start + size]))
        octets = octets[start + size :]
    return found


_FEATURES = re.compile(rb"</(?:\w{1,20}:)?features\s{0,20}>|<(?:\w{1,20}:)?features\s{0,20}/>")
_PROCEED = re.compile(rb"<(?:\w{1,20}:)?(proceed|failure)\b[^<>]{0,200}>")
_XMPP_WINDOW = 512


async def _xmpp(reader: _Reader, name: str) -> str:
    await reader.send(
        b"<?xml version='1.0'?><stream:stream to='"
        + escape(name).encode("ascii", "replace")
        + b"' "
        b"version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
    )
    features = await reader.until(_FEATURES, _XMPP_WINDOW)
    if b"urn:ietf:params:xml:ns:xmpp-tls" not in features:
        raise reader.failure(f"the server does not offer it; it said {_shown(features)}")
    await reader.send(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    said = await reader.until(_PROCEED, _XMPP_WINDOW)
    match = _PROCEED.search(said)
    if match is None or match[1] != b"proceed":
        raise reader.unexpected("proceed", said)
    if not match[0].endswith(b"/>"):
        await reader.until(re.compile(rb"</(?:\w{1,20}:)?proceed\s{0,20}>"), _XMPP_WINDOW)
    return ""


_Dialogue = Callable[[_Reader, str], Awaitable[str]]
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
