"""The words of MySQL and MariaDB: what is said, and what any server may answer."""

import asyncio
import hashlib
import struct
from contextlib import suppress
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.observation import FailureKind as Kind
from monitor.net.errors import NetError
from monitor.net.mysql import MySql
from monitor.net.mysqlwire import (
    NATIVE,
    SHA2,
    Can,
    Malformed,
    native_proof,
    packet,
    read_count,
    read_first_column,
    read_greeting,
    sha2_proof,
)
from monitor.net.reader import Reader
from monitor.net.sql import Answer, SqlHeard, Visitor
from tests.streams import Saying

VISITOR = Visitor(username="pantau", password="hunter22")
NONCE = bytes(range(1, 21))
OK = b"\0\0\0\2\0\0\0"
END = b"\xfe\0\0\2\0"


def a_greeting(*, version=b"8.0.36", can=0xFFFF, method=SHA2, protocol=10):
    upper = (Can.PLUGINS >> 16) | 0xC000
    payload = bytes([protocol]) + version + b"\0" + struct.pack("<I", 7) + NONCE[:8] + b"\0"
    payload += struct.pack("<HBHH", can, 45, 2, upper) + b"\x15" + b"\0" * 10
    return payload + NONCE[8:] + b"\0" + method.encode() + b"\0"


def numbered(*payloads, first=0):
    return b"".join(packet(payload, first + n) for n, payload in enumerate(payloads))


def refusal(number, state=b"28000", words=b"told"):
    return b"\xff" + struct.pack("<H", number) + (b"#" + state if state else b"") + words


def found(*rows, columns=1):
    described = [b"\3def" + bytes(20)] * columns
    return numbered(bytes([columns]), *described, END, *rows, END, first=1)


async def greeted(*pieces, database=None, tls=False, **keys):
    server, heard = Saying(*pieces, **keys), SqlHeard()
    session = MySql(Reader(server, "mysql", largest=131_072), heard, database)
    await session.greeting()
    if tls:
        await session.start_tls()
    return session, heard, server


async def failing(action):
    with pytest.raises(NetError) as raised:
        await action
    return raised.value.failure


def test_a_greeting():
    """Version, abilities, the nonce in its two parts and the method are read; so is MariaDB's."""
    greeting = read_greeting(a_greeting())
    maria = read_greeting(a_greeting(version=b"5.5.5-10.11.19-MariaDB", method=NATIVE))

    assert (greeting.version, greeting.nonce, greeting.method) == ("8.0.36", NONCE, SHA2)
    assert Can.TLS | Can.PLUGINS in greeting.can
    assert (maria.version, maria.method) == ("10.11.19-MariaDB", NATIVE)


@pytest.mark.parametrize(
    "payload", [a_greeting(protocol=9), b"", b"\x0a", b"\x0a8.0\0" + bytes(14), b"\x0a" + b"8" * 99]
)
def test_what_is_no_greeting(payload):
    """Another protocol, and a greeting without its parts, is none."""
    with pytest.raises(Malformed):
        read_greeting(payload)


@given(st.binary(max_size=200))
def test_any_greeting(garbage):
    """Whatever a server greets with is read or refused."""
    with suppress(Malformed):
        read_greeting(b"\x0a8.0\0" + garbage)


def test_native_proof():
    """The server, which keeps the hash of the hash, finds that hash in the proof."""
    kept = hashlib.sha1(hashlib.sha1(b"hunter22").digest()).digest()
    proof = native_proof("hunter22", NONCE)

    mask = hashlib.sha1(NONCE + kept).digest()
    once = bytes(a ^ b for a, b in zip(proof, mask, strict=True))
    assert hashlib.sha1(once).digest() == kept
    assert native_proof("", NONCE) == b""


def test_sha2_proof():
    """A known nonce and password give the known proof."""
    nonce = bytes.fromhex("0a2f4a6f4b492230584c724a250d035052021715")

    assert sha2_proof("secret", nonce).hex() == (
        "f490e76f66d9d86665ce54d98c78d0acfe2fb0b08b423da807144873d30b312c"
    )
    assert sha2_proof("", nonce) == b""


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        (numbered(refusal(1040, b"", b"Too many connections")), Kind.STATUS, "error 1040: Too ma"),
        (numbered(refusal(1040, b"08004")), Kind.STATUS, "error 1040 (08004): told"),
        (numbered(refusal(1129, b"", b"Host is blocked")), Kind.STATUS, "error 1129: Host is bl"),
        (numbered(refusal(1130, b"", b"not allowed")), Kind.STATUS, "error 1130: not allowed"),
        (numbered(a_greeting(protocol=9)), Kind.BANNER, "expected a greeting of protocol 10"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Kind.BANNER, "SSH-2.0-OpenSSH_9.2"),
        (b"220 mail ESMTP\r\n", Kind.BANNER, "220 mail"),
        (b"\0\0\0\0", Kind.BANNER, "expected a greeting"),
        (packet(a_greeting(), 1), Kind.BANNER, "expected a greeting"),
        (b"", Kind.PROTOCOL, "closed the connection"),
    ],
)
async def test_a_greeting_that_is_none(said, kind, told):
    """A server that will not talk says why, and who is none is told from it."""
    failure = await failing(greeted(said))

    assert failure.kind is kind
    assert told in failure.detail


async def test_a_stranger_makes_the_visit_complete():
    """Without a login the handshake is answered all the same, or the visit would be counted."""
    session, heard, server = await greeted(
        numbered(a_greeting()), numbered(refusal(1045, words=b"Access denied"), first=2)
    )
    await session.knock()
    await session.leave()

    assert heard.refused == "error 1045 (28000): Access denied"
    assert heard.version == "8.0.36"
    [response] = server.sent
    assert response[36:] == b"pantau\0\0caching_sha2_password\0"


@pytest.mark.parametrize(
    ("method", "answered"), [(NATIVE, b""), (SHA2, b"\0"), ("client_ed25519", b"")]
)
async def test_a_stranger_is_switched(method, answered):
    """A stranger follows to the method that the server has for him, without a password."""
    switch = b"\xfe" + method.encode() + b"\0" + NONCE + b"\0"
    session, heard, server = await greeted(
        numbered(a_greeting()), packet(switch, 2), packet(refusal(1045), 4)
    )
    await session.knock()

    assert heard.refused is not None
    assert server.sent[1] == packet(answered, 3)


@pytest.mark.parametrize("number", [1038, 1040, 1053, 3032])
async def test_a_server_that_can_serve_nobody(number):
    """A server out of memory, in offline mode or shutting down is down, for a stranger too."""
    refused = packet(refusal(number, b"HY000"), 2)
    session, _, _ = await greeted(numbered(a_greeting()), refused)
    failure = await failing(session.knock())

    assert failure.kind is Kind.STATUS
    assert failure.detail == f"mysql: the server says error {number} (HY000): told"


async def test_a_stranger_is_let_in():
    """A server that lets everybody in is up; that it does is told, and leave is taken."""
    session, heard, server = await greeted(numbered(a_greeting()), packet(OK, 2))
    await session.knock()
    await session.leave()

    assert (heard.asks, heard.refused) == ("nothing", None)
    assert server.sent[1] == packet(b"\1", 0)


async def test_a_login():
    """A login that the server takes is one, and ends politely."""
    session, heard, server = await greeted(
        numbered(a_greeting(method=NATIVE)), packet(OK, 2), database="simda"
    )
    await session.log_in(VISITOR)
    await session.leave()

    proof = native_proof("hunter22", NONCE)
    assert server.sent[0][36:] == (b"pantau\0\x14" + proof + b"simda\0mysql_native_password\0")
    assert server.sent[0][4] & Can.CONNECT_WITH_DATABASE
    assert server.sent[1] == packet(b"\1", 0)
    assert heard.logged_in


async def test_a_login_by_another_method():
    """The proof is made again when the server has another method for the account."""
    switch = b"\xfe" + NATIVE.encode() + b"\0" + NONCE[::-1] + b"\0"
    session, heard, server = await greeted(numbered(a_greeting()), packet(switch, 2), packet(OK, 4))
    await session.log_in(VISITOR)

    assert server.sent[1] == packet(native_proof("hunter22", NONCE[::-1]), 3)
    assert heard.logged_in


async def test_a_password_that_is_remembered():
    """A server that remembers the password wants no more than the proof."""
    session, heard, server = await greeted(
        numbered(a_greeting()), packet(b"\1\3", 2), packet(OK, 3)
    )
    await session.log_in(VISITOR)

    assert len(server.sent) == 1
    assert heard.logged_in


async def test_a_password_in_full_is_sent_over_tls_alone():
    """A server that does not remember the password gets it over TLS, and in the clear never."""
    over_tls, heard, server = await greeted(
        numbered(a_greeting()), packet(b"\1\4", 3), packet(OK, 5), tls=True
    )
    await over_tls.log_in(VISITOR)
    in_the_clear, _, plain = await greeted(numbered(a_greeting()), packet(b"\1\4", 2))
    failure = await failing(in_the_clear.log_in(VISITOR))

    assert server.sent[2] == packet(b"hunter22\0", 4)
    assert heard.logged_in
    assert (failure.kind, "set tls: starttls" in failure.detail) == (Kind.STATUS, True)
    assert not any(b"hunter22" in octets for octets in plain.sent)


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        (packet(refusal(1045), 2), Kind.STATUS, "login: the server says error 1045 (28000): told"),
        (
            packet(b"\xfeclient_ed25519\0" + NONCE, 2),
            Kind.STATUS,
            "login: the account's method is 'client_ed25519', which is not spoken",
        ),
        (packet(b"\xfemysql_clear_password\0", 2), Kind.STATUS, "which is not spoken"),
        (packet(b"\1\5", 2), Kind.PROTOCOL, "expected a step of caching_sha2_password"),
        (packet(b"\7", 2), Kind.PROTOCOL, "expected a step of the login"),
        (packet(b"", 2), Kind.PROTOCOL, "expected a step of the login, but the server said noth"),
        (packet(OK, 7), Kind.PROTOCOL, "packet 7 came, expected 2"),
        (numbered(*[b"\1\3"] * 9, first=2), Kind.PROTOCOL, "no end of it after 5 steps"),
    ],
)
async def test_a_login_that_fails(said, kind, told):
    """A refused login, or one in a way that is not spoken, is told as that."""
    session, heard, _ = await greeted(numbered(a_greeting()), said)
    failure = await failing(session.log_in(VISITOR))

    assert failure.kind is kind
    assert told in failure.detail
    assert not heard.logged_in


async def test_tls_that_is_not_offered():
    """A server without TLS fails the check that asks for it."""
    failure = await failing(greeted(numbered(a_greeting(can=0xF7FF)), tls=True))

    assert failure.kind is Kind.STARTTLS
    assert failure.detail == "mysql: the server does not offer TLS; it is '8.0.36'"


async def test_the_database_is_named_before_tls_too():
    """A server goes by what was said before TLS, so that both say the same."""
    _, _, server = await greeted(numbered(a_greeting()), database="simda", tls=True)

    assert server.sent[0][4] & Can.CONNECT_WITH_DATABASE


async def asked(said, **keys):
    session, heard, _ = await greeted(numbered(a_greeting()), packet(OK, 2), said, **keys)
    await session.log_in(VISITOR)
    await session.ask("SELECT 1")
    return heard.answer


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (found(), Answer(value=None, rows=0)),
        (found(b"\x017"), Answer(value="7", rows=1)),
        (found(b"\xfb\x01x", b"\x018\x01x", columns=2), Answer(value=None, rows=2)),
        (found(b"\xfc\x2c\1" + b"y" * 300), Answer(value="y" * 300, rows=1)),
        (found(b"\0"), Answer(value="", rows=1)),
    ],
)
async def test_a_query(said, answer):
    """The first column of the first row comes back, and how many rows there were."""
    assert await asked(said) == answer
    assert await asked(said, step=1) == answer


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        (packet(refusal(1146, b"42S02"), 1), Kind.STATUS, "error 1146 (42S02): told"),
        (packet(refusal(1969, b"70100"), 1), Kind.TIMEOUT, "error 1969 (70100): told"),
        (packet(refusal(3024, b"HY000"), 1), Kind.TIMEOUT, "error 3024 (HY000) (its message"),
        (packet(OK, 1), Kind.STATUS, "it returns no rows"),
        (packet(b"\xfb/etc/passwd", 1), Kind.STATUS, "it returns no rows"),
        (packet(b"\xfc\xff\xff", 1), Kind.TOO_LARGE, "it returns 65535 columns"),
        (packet(b"\1\1", 1), Kind.PROTOCOL, "more than a number of columns"),
        (packet(b"", 1), Kind.PROTOCOL, "no number"),
        (found(b"\x09abc"), Kind.PROTOCOL, "shorter than it says"),
        (found(*[b"\x64" + b"x" * 100] * 200), Kind.TOO_LARGE, "let the server count"),
        (b"\xff\xff\xff\1", Kind.TOO_LARGE, "let the server count"),
    ],
)
async def test_a_query_that_fails(said, kind, told):
    """What a server refuses, or answers without bounds or sense, is told as that."""
    failure = await failing(asked(said))

    assert failure.kind is kind
    assert told in failure.detail


@pytest.mark.parametrize(
    ("number", "state"),
    [(1292, "22007"), (1644, "42000")],
    ids=["of a value", "of a stored function"],
)
async def test_a_message_that_may_quote_a_row_is_not_shown(number, state):
    """What the server, or a function in it, says of data may be data: its code is enough."""
    said = refusal(number, state.encode(), b"Incorrect value: 'Siti'")
    failure = await failing(asked(packet(said, 1)))

    assert f"error {number} ({state})" in failure.detail
    assert "Siti" not in failure.detail


@pytest.mark.parametrize(
    ("version", "limit"),
    [(b"8.0.36", b"max_execution_time = "), (b"11.4.2-MariaDB", b"max_statement_time = ")],
)
async def test_a_session_that_writes_nothing(version, limit):
    """A query runs in a session that reads only, with a limit of time and of rows."""
    unknown = packet(refusal(1193, b"HY000"), 1)
    session, _, server = await greeted(
        numbered(a_greeting(version=version)), packet(OK, 2), unknown, packet(OK, 1), packet(OK, 1)
    )
    await session.log_in(VISITOR)
    await session.begin(monotonic() + 10)

    limits, rows, reading = (octets[5:] for octets in server.sent[-3:])
    assert limits.startswith(b"SET SESSION " + limit)
    assert rows == b"SET SESSION sql_select_limit = 1001"
    assert reading == b"SET SESSION TRANSACTION READ ONLY"


async def test_a_session_that_cannot_be_kept_from_writing():
    """No query runs where the server does not agree to read only."""
    session, _, _ = await greeted(
        numbered(a_greeting()), packet(OK, 2), packet(OK, 1), packet(OK, 1), packet(refusal(1), 1)
    )
    await session.log_in(VISITOR)

    assert (await failing(session.begin(monotonic() + 10))).kind is Kind.STATUS


@pytest.mark.parametrize(
    ("value", "replica"), [(b"0", False), (b"OFF", False), (b"1", True), (b"NO_LOCK", True)]
)
async def test_the_role(value, replica):
    """A server that takes writes is a primary, whatever the setting's values are called."""
    session, heard, _ = await greeted(
        numbered(a_greeting()), packet(OK, 2), found(bytes([len(value)]) + value)
    )
    await session.log_in(VISITOR)
    await session.look_at_role()

    assert heard.replica is replica


@pytest.mark.parametrize(
    "octets", [b"", b"\xfb", b"\xff", b"\xfc\1", b"\xfd\1\1", b"\xfe" + b"\1" * 7]
)
def test_a_number_that_is_none(octets):
    """A number of variable length that breaks off, or is none, is refused."""
    with pytest.raises(Malformed):
        read_count(octets)
    if octets != b"\xfb":
        with pytest.raises(Malformed):
            read_first_column(octets)


@settings(max_examples=200)
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", numbered(a_greeting()), numbered(a_greeting()) + packet(OK, 2)]),
)
def test_any_server(garbage, before):
    """Whatever a server says, the visit ends with an answer or a NetError."""

    async def visit():
        with suppress(NetError):
            session, _, _ = await greeted(before, garbage)
            await session.log_in(VISITOR)
            await session.begin(monotonic() + 1)
            await session.look_at_role()
            await session.ask("SELECT 1")

    asyncio.run(visit())
