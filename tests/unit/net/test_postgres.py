"""The words of PostgreSQL: what is said, and what any server may answer."""

import asyncio
import hashlib
import struct
from base64 import b64encode
from contextlib import suppress
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.observation import FailureKind as Kind
from monitor.net.certificates import Chain
from monitor.net.errors import NetError
from monitor.net.postgres import Postgres, end_point
from monitor.net.postgreswire import TERMINATE, hashed, message, text
from monitor.net.reader import Reader
from monitor.net.sql import MOST_ROWS, Answer, SqlHeard, Visitor
from monitor.net.tls import TlsFacts
from tests.certificates import issue
from tests.streams import Saying

VISITOR = Visitor(username="pantau", password="hunter22")
OK, CLEARTEXT, MD5 = struct.pack("!I", 0), struct.pack("!I", 3), struct.pack("!I", 5)
SASL = struct.pack("!I", 10)
READY = message(b"Z", b"I")
BEGUN = message(b"C", b"BEGIN\0") + message(b"C", b"SET\0") + message(b"Z", b"T")
PARAMETERS = message(b"S", b"server_version\0", b"16.1\0") + message(b"K", bytes(8))
IN = message(b"R", OK) + PARAMETERS + READY


def refusal(state, words=b"told"):
    fields = (b"SFATAL\0", b"VFATAL\0", b"C" + state + b"\0", b"M" + words + b"\0", b"\0")
    return message(b"E", *fields)


def row(*values):
    columns = (
        struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value
        for value in values
    )
    return message(b"D", struct.pack("!H", len(values)), *columns)


def answer(*rows):
    return message(b"1") + message(b"2") + b"".join(rows) + message(b"C", b"SELECT\0") + READY


def speaking(server, database=None):
    heard = SqlHeard()
    return Postgres(Reader(server, "postgres", largest=131_072), heard, database), heard


async def knocked(*pieces):
    session, heard = speaking(Saying(*pieces))
    await session.knock()
    return heard


async def failing(action):
    with pytest.raises(NetError) as raised:
        await action
    return raised.value.failure


@pytest.mark.parametrize(
    ("said", "asks", "refused"),
    [
        (message(b"R", CLEARTEXT), "a readable password", None),
        (message(b"R", MD5, b"salt"), "a password hashed with MD5", None),
        (
            message(b"R", SASL, b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"),
            "SCRAM-SHA-256-PLUS, SCRAM-SHA-256",
            None,
        ),
        (message(b"R", struct.pack("!I", 7)), "GSSAPI", None),
        (message(b"R", struct.pack("!I", 99)), "method 99", None),
        (message(b"N", b"\0") + message(b"R", CLEARTEXT), "a readable password", None),
        (message(b"v", bytes(8)) + message(b"R", CLEARTEXT), "a readable password", None),
        (
            refusal(b"28000", b"no pg_hba.conf entry"),
            None,
            "28000 invalid_authorization_specification: no pg_hba.conf entry",
        ),
        (message(b"R", OK) + refusal(b"3D000"), None, "3D000 invalid_catalog_name: told"),
        (IN, "nothing", None),
    ],
)
async def test_a_stranger_is_answered(said, asks, refused):
    """A server that asks for a proof, or turns a stranger away, is up."""
    heard = await knocked(said)

    assert (heard.asks, heard.refused) == (asks, refused)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (b"57P03", "postgres: the server says 57P03 cannot_connect_now: told"),
        (b"53300", "postgres: the server says 53300 too_many_connections: told"),
        (b"57P01", "postgres: the server says 57P01 admin_shutdown: told"),
        (b"58030", "postgres: the server says 58030: told"),
        (b"XX000", "postgres: the server says XX000: told"),
        (b"", "postgres: the server says an error without a code: told"),
        (b"\x1b[2J!", "postgres: the server says \N{REPLACEMENT CHARACTER}[2J!: told"),
    ],
)
async def test_a_server_that_can_serve_nobody(state, told):
    """A server that starts, stops or has no connection left is down, for a stranger and for us."""
    failure = await failing(knocked(refusal(state)))
    session, _ = speaking(Saying(message(b"R", OK), refusal(state)))
    at_login = await failing(session.log_in(VISITOR))

    assert (failure.kind, failure.detail) == (Kind.STATUS, told)
    assert at_login.kind is Kind.STATUS
    assert "told" in at_login.detail


@pytest.mark.parametrize(
    ("challenge", "proof"),
    [
        (message(b"R", CLEARTEXT), message(b"p", b"hunter22\0")),
        (
            message(b"R", MD5, b"salt"),
            message(b"p", text(hashed("pantau", "hunter22", b"salt").decode())),
        ),
        (b"", None),
    ],
    ids=["cleartext", "md5", "trust"],
)
async def test_a_login(challenge, proof):
    """The password is said in the way that the server asks for, and not at all if it does not."""
    server = Saying(challenge, IN)
    session, heard = speaking(server, "simda")
    await session.log_in(VISITOR)
    await session.leave()

    first, *proofs, last = server.sent
    assert first.endswith(b"\0user\0pantau\0application_name\0pantau\0client_encoding\0UTF8\0"
                          b"database\0simda\0\0")  # fmt: skip
    assert proofs == ([] if proof is None else [proof])
    assert last == TERMINATE
    assert (heard.logged_in, heard.version) == (True, "16.1")


def test_md5_as_the_server_keeps_it():
    """A hashed password is the hash of what the server keeps, with the salt."""
    kept = hashlib.md5(b"hunter22pantau").hexdigest()  # as pg_authid has it, behind "md5"

    assert hashed("pantau", "hunter22", b"salt") == (
        b"md5" + hashlib.md5(kept.encode() + b"salt").hexdigest().encode()
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (message(b"R", CLEARTEXT) + refusal(b"28P01"), "login: the server says 28P01 invalid_pa"),
        (message(b"R", struct.pack("!I", 7)), "login: the server asks for GSSAPI, which is not"),
        (message(b"R", MD5, b"sal"), "login: the server asks for a password hashed with MD5, whi"),
        (message(b"R", SASL, b"OAUTHBEARER\0\0"), "login: the server offers OAUTHBEARER, none of"),
    ],
)
async def test_a_login_that_fails(said, told):
    """A refused login, or one in a way that is not spoken, is told as that."""
    session, heard = speaking(Saying(said))
    failure = await failing(session.log_in(VISITOR))

    assert failure.kind is Kind.STATUS
    assert told in failure.detail
    assert not heard.logged_in


async def test_nobody_is_let_in_past_the_proof():
    """A server that begins SCRAM and then lets us in has not proved that it knows the password."""
    session, heard = speaking(Saying(message(b"R", SASL, b"SCRAM-SHA-256\0\0"), IN))
    failure = await failing(session.log_in(VISITOR))

    assert (failure.kind, heard.logged_in) == (Kind.PROTOCOL, False)
    assert "expected step 11, the server takes 0" in failure.detail


async def test_nobody_is_asked_twice():
    """A server that asks for the password again is not told it again."""
    server = Saying(message(b"R", CLEARTEXT) * 2, PARAMETERS, READY)
    session, heard = speaking(server)
    failure = await failing(session.log_in(VISITOR))

    assert (failure.kind, heard.logged_in) == (Kind.PROTOCOL, False)
    assert len(server.sent) == 2


async def test_a_list_without_an_end():
    """A server that offers more than anybody reads is told in a line."""
    offered = message(b"R", SASL, b"X" * 50 + b"\0" + b"\x1b[2J\0" * 2000 + b"\0")
    heard = await knocked(offered)
    session, _ = speaking(Saying(offered))
    failure = await failing(session.log_in(VISITOR))

    for told in (heard.asks, failure.detail):
        assert len(told) < 200
        assert "\x1b" not in told


async def test_a_stranger_leaves_without_a_word():
    """Before a login a good-bye would break the protocol's rules, and be logged."""
    server = Saying(message(b"R", CLEARTEXT))
    session, _ = speaking(server)
    await session.knock()
    await session.leave()

    assert len(server.sent) == 1


async def asked(*pieces, **keys):
    server = Saying(IN, *pieces, **keys)
    session, heard = speaking(server)
    await session.log_in(VISITOR)
    await session.ask("SELECT 1")
    return heard.answer


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([], Answer(value=None, rows=0)),
        ([row(b"7")], Answer(value="7", rows=1)),
        ([row(None, b"x"), row(b"8")], Answer(value=None, rows=2)),
        ([row()], Answer(value=None, rows=1)),
        ([row(b"\xff")], Answer(value="\N{REPLACEMENT CHARACTER}", rows=1)),
    ],
)
async def test_a_query(rows, found):
    """The first column of the first row comes back, and how many rows there were."""
    assert await asked(answer(*rows)) == found
    assert await asked(answer(*rows), step=1) == found


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        (refusal(b"42P01", b"no table"), Kind.STATUS, "42P01: no table"),
        (refusal(b"25006", b"read-only"), Kind.STATUS, "25006: read-only"),
        (refusal(b"57014", b"timeout"), Kind.TIMEOUT, "57014 query_canceled: timeout"),
        (message(b"H", b"\0"), Kind.STATUS, "it returns no rows"),
        (message(b"D", b"\0"), Kind.PROTOCOL, ""),
        (answer(row(b"x" * 17_000)), Kind.TOO_LARGE, "let the server count"),
        (answer(*[row(b"x" * 100)] * 200), Kind.TOO_LARGE, "let the server count"),
        (answer(message(b"D", b"\0\1", b"\0\0\0\7", b"abc")), Kind.PROTOCOL, "shorter than it"),
        (answer(message(b"D", b"\0\1", b"\xff\xff\xff\x00")), Kind.PROTOCOL, "shorter than it"),
        (answer(message(b"D", b"\0")), Kind.PROTOCOL, "without its number"),
    ],
)
async def test_a_query_that_fails(said, kind, told):
    """What a server refuses, or answers without bounds or sense, is told as that."""
    failure = await failing(asked(said))

    assert failure.kind is kind
    assert told in failure.detail


async def test_a_message_that_may_quote_a_row_is_not_shown():
    """What the server says of data may be data: its code is enough."""
    failure = await failing(asked(refusal(b"22P02", b'invalid input: "Siti"')))

    assert "22P02" in failure.detail
    assert "Siti" not in failure.detail


async def test_a_name_that_may_come_from_a_row_is_not_shown():
    """What a statement names itself is told; what it names while it runs may stand in a row."""
    said = refusal(b"42P01", b'relation "Siti" does not exist') + READY
    at_once = await failing(asked(said))
    while_running = await failing(asked(message(b"1"), message(b"2"), said))

    assert 'relation "Siti" does not exist' in at_once.detail
    assert "42P01 (its message may quote what is stored" in while_running.detail
    assert "Siti" not in while_running.detail


async def test_a_transaction_that_writes_nothing():
    """A query runs in a read-only transaction with a limit of time, and nothing outlives it."""
    server = Saying(IN, BEGUN, answer(row(b"1")))
    session, _ = speaking(server)
    await session.log_in(VISITOR)
    await session.begin(monotonic() + 10)
    await session.ask("SELECT 1")

    limits, query = server.sent[-2:]
    words, milliseconds = limits[5:-1].rsplit(b" ", 1)
    assert words == b"BEGIN READ ONLY; SET LOCAL statement_timeout ="
    assert 8_000 < int(milliseconds) <= 9_000
    assert query == (
        b"P\0\0\0\x10\0SELECT 1\0\0\0B\0\0\0\x0c" + b"\0" * 8 + b"E\0\0\0\x09\0"
        + struct.pack("!I", MOST_ROWS) + b"S\0\0\0\4"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "last"),
    [
        (answer(row(b"1")) + message(b"C", b"ROLLBACK\0") + READY, b"ROLLBACK\0"),
        (refusal(b"42P01") + READY + message(b"C", b"ROLLBACK\0") + READY, b"ROLLBACK\0"),
        (answer(row(b"x" * 17_000)), b"S\0\0\0\4"),
        (refusal(b"57P01"), b"S\0\0\0\4"),
    ],
    ids=["answered", "refused", "too large", "hung up"],
)
async def test_the_transaction_is_ended(said, last):
    """A transaction is taken back before the leave, or a pooler would drop its connection."""
    server = Saying(IN, BEGUN, said)
    session, _ = speaking(server)
    await session.log_in(VISITOR)
    await session.begin(monotonic() + 10)
    with suppress(NetError):
        await session.ask("SELECT 1")
    await session.leave()

    assert server.sent[-2].endswith(last)
    assert server.sent[-1] == TERMINATE


@pytest.mark.parametrize(
    ("parameters", "said", "replica"),
    [
        (message(b"S", b"in_hot_standby\0on\0"), b"", True),
        (message(b"S", b"in_hot_standby\0off\0"), b"", False),
        (b"", answer(row(b"t")), True),
        (b"", answer(row(b"f")), False),
    ],
)
async def test_the_role(parameters, said, replica):
    """A server tells its role by itself from PostgreSQL 14 on; before, and by a pooler, if asked."""
    session, heard = speaking(Saying(message(b"R", OK), parameters, READY, said))
    await session.log_in(VISITOR)
    await session.look_at_role()

    assert heard.replica is replica


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"R\0\0\0\3",
        b"R\xff\xff\xff\xff",
        b"R\x7f\xff\xff\xff",
        b"R\0\0\0\4",
        b"Z\0\0\0\5I",
        b"",
    ],
)
async def test_who_does_not_speak_postgresql(said):
    """Another protocol, or a length beyond reason, is told with what came."""
    assert (await failing(knocked(said))).kind is Kind.PROTOCOL


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"N", "does not offer TLS"),
        (b"E\0\0\0\x10SFATAL", "expected S to a request for TLS"),
        (b"H", "expected S to a request for TLS"),
    ],
)
async def test_tls_that_is_not_offered(said, told):
    """A server without TLS fails the check that asks for it."""
    session, _ = speaking(Saying(said))
    failure = await failing(session.start_tls())

    assert failure.kind is Kind.STARTTLS
    assert told in failure.detail


@settings(max_examples=200)
@given(st.binary(max_size=400), st.sampled_from([b"", IN, message(b"R", CLEARTEXT), IN + BEGUN]))
def test_any_server(garbage, before):
    """Whatever a server says, the visit ends with an answer or a NetError."""

    async def visit():
        session, _ = speaking(Saying(before, garbage))
        with suppress(NetError):
            await session.log_in(VISITOR)
            await session.begin(monotonic() + 1)
            await session.look_at_role()
            await session.ask("SELECT 1")

    asyncio.run(visit())


async def test_an_endless_server_is_left():
    """Notices without an end are heard up to a bound."""
    server = Saying(message(b"N", b"x" * 100) * 100_000)
    session, _ = speaking(server)
    failure = await failing(session.knock())

    assert failure.kind is Kind.PROTOCOL
    assert server.handed_out < 200_000


@pytest.mark.parametrize(("kind", "size"), [("rsa", 32), ("ecdsa", 32)])
def test_the_end_of_a_channel(kind, size):
    """A channel is told by the hash that its certificate is signed with."""
    assert len(end_point(issue(kind=kind).der())) == size


@pytest.mark.parametrize(
    ("verified", "offered", "name", "header"),
    [
        (True, b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0", b"SCRAM-SHA-256-PLUS\0", b"p=tls-server"),
        (True, b"SCRAM-SHA-256\0\0", b"SCRAM-SHA-256\0", b"y,,"),
        (False, b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0", b"SCRAM-SHA-256\0", b"n,,"),
    ],
    ids=["bound", "not offered", "not verified"],
)
async def test_the_channel_of_a_login(verified, offered, name, header):
    """A login is bound to a verified certificate; who takes that offer away is found out by it."""
    server = Saying(message(b"R", SASL, offered))
    pair = (issue().der(), issue().der()) if verified else ()
    server.trace.tls = TlsFacts(version="TLSv1.3", cipher=None, chain=Chain(()), pair=pair)
    session, _ = speaking(server)
    await failing(session.log_in(VISITOR))

    assert server.sent[1][5:].startswith(name)
    assert server.sent[1][5 + len(name) + 4 :].startswith(header)


async def test_a_server_that_proves_nothing():
    """A server that lets us in without its own proof in SCRAM is not believed."""
    begin = message(b"R", SASL, b"SCRAM-SHA-256\0\0")
    final = message(b"R", struct.pack("!I", 12), b"v=" + b64encode(bytes(32)))
    server = Saying(begin)

    async def answer_nonce(octets):
        server.sent.append(octets)
        if b"r=" in octets and b"p=" not in octets:
            nonce = octets.rpartition(b"r=")[2]
            first = b"r=" + nonce + b"more,s=c2FsdA==,i=4096"
            server.pieces += [message(b"R", struct.pack("!I", 11), first), final + IN]

    server.send = answer_nonce
    session, heard = speaking(server)
    failure = await failing(session.log_in(VISITOR))

    assert "it does not know the password" in failure.detail
    assert not heard.logged_in


def test_a_channel_that_cannot_be_told():
    """What is no certificate tells no channel."""
    assert end_point(b"garbage") is None
