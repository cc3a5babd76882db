"""Checks of type postgres and mysql against the real servers, and others, on loopback."""

import asyncio
import contextlib
import hashlib
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.checktype import ProbeContext
from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import OutcomeStatus as Status
from monitor.domain.observation import series
from monitor.net.mysqlwire import packet
from monitor.net.network import Network
from monitor.net.postgreswire import message
from monitor.net.resolver import Resolver
from monitor.probes import check_types
from tests.certificates import NAME, leaf, write_chain, write_root
from tests.peers import peer
from tests.servers import free_port, server_context, serving
from tests.sqlservers import PASSWORD, mariadb, postgres

pytestmark = pytest.mark.xdist_group("sql")

COUNT = "SELECT count(*) FROM antrean"
TYPES = ("postgres", "mysql")
DATABASE = {"postgres": "postgres", "mysql": "kota"}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sql")
    chain, key = write_chain(folder, "server", leaf(kind="rsa", label="sql"))
    folder.chmod(0o755)
    return chain, key, write_root(folder)


@pytest.fixture(scope="module")
def ports(files):
    with postgres(*files[:2]) as one, mariadb(*files[:2]) as other:
        yield {"postgres": one, "mysql": other}


def the_login(folder, username="pantau", password=PASSWORD):
    path = folder / "password.key"
    path.touch(mode=0o600)
    path.write_text(password)
    return {"username": username, "password": {"file": str(path)}}


async def checked(kind, port, *, seconds=10.0, **written):
    context = ProbeContext(
        network=Network(resolver=Resolver()),
        deadline=time.monotonic() + seconds,
        monotonic=time.monotonic,
        now=datetime.now(UTC),
    )
    check_type = check_types()[kind]
    keys = {"host": "127.0.0.1", "port": port, **written}
    return await check_type.probe(check_type.spec.model_validate(keys), context)


async def over_tls(kind, port, files, **written):
    keys = {"tls": "starttls", "server_name": NAME, "ca_file": str(files[2]), **written}
    return await checked(kind, port, **keys)


@pytest.fixture
def asking(ports, files, tmp_path):
    """Return what checks a real server over TLS, with a login and a query."""

    async def ask(kind, query, **expect):
        return await over_tls(
            kind,
            ports[kind],
            files,
            login=the_login(tmp_path),
            database=DATABASE[kind],
            query=query,
            expect=expect,
        )

    return ask


def told(outcome):
    return None if outcome.failure is None else outcome.failure.kind


@pytest.mark.peers
@pytest.mark.parametrize("kind", TYPES)
async def test_a_stranger(ports, files, kind):
    """Without a login the check is up, in the clear and over TLS, and says what it was told."""
    plain = await checked(kind, ports[kind])
    secured = await over_tls(kind, ports[kind], files)

    for outcome in (plain, secured):
        assert (outcome.status, outcome.failure) == (Status.OK, None)
        assert outcome.facts.get("asks_for") or outcome.facts.get("refused")
        assert "login" not in outcome.facts
    assert secured.facts["tls"]["version"] == "TLSv1.3"


@pytest.mark.peers
@pytest.mark.parametrize(
    ("kind", "username"),
    [
        ("postgres", "trusted"),
        ("postgres", "readable"),
        ("postgres", "hashed"),
        ("postgres", "channel"),
        ("postgres", "pantau"),
        ("mysql", "pantau"),
        ("mysql", "secure"),
    ],
)
async def test_a_login(ports, files, tmp_path, kind, username):
    """Each way to log in that the servers have is spoken, and the version is told."""
    outcome = await over_tls(
        kind,
        ports[kind],
        files,
        login=the_login(tmp_path, username),
        database=DATABASE[kind] if username != "secure" else None,
    )

    assert (outcome.status, outcome.failure) == (Status.OK, None)
    assert outcome.facts["login"] == "accepted"
    assert outcome.facts["version"][:2].isdigit()


@pytest.mark.peers
@pytest.mark.parametrize("kind", TYPES)
async def test_a_login_in_the_clear(ports, tmp_path, kind):
    """Where it is allowed in so many words a login is made without TLS."""
    outcome = await checked(
        kind,
        ports[kind],
        login=the_login(tmp_path),
        insecure_login=True,
        database=DATABASE[kind],
        expect={"role": "primary"},
    )

    assert (outcome.status, outcome.failure) == (Status.OK, None)
    assert outcome.facts["role"] == "primary"


@pytest.mark.peers
@pytest.mark.parametrize(
    ("kind", "username", "password", "said"),
    [
        ("postgres", "pantau", "salah", "28P01 invalid_password"),
        ("postgres", "nobody", "salah", "28000 invalid_authorization_specification"),
        ("mysql", "pantau", "salah", "error 1045 (28000): Access denied"),
        ("mysql", "odd", PASSWORD, "error 1698 (28000): Access denied"),
    ],
)
async def test_a_refused_login(*, ports, files, tmp_path, kind, username, password, said):
    """A refused login fails the check, in the server's words, and shows no password."""
    login = the_login(tmp_path, username, password)
    outcome = await over_tls(kind, ports[kind], files, login=login)

    assert (outcome.status, told(outcome)) == (Status.FAILED, Kind.STATUS)
    assert f"login: the server says {said}" in outcome.failure.detail
    assert "login" not in outcome.facts
    assert password not in outcome.failure.detail + json.dumps(outcome.facts)


@pytest.mark.peers
@pytest.mark.parametrize("kind", TYPES)
async def test_a_database_that_is_not_there(ports, files, tmp_path, kind):
    """A database that the account cannot open fails the login, over TLS too."""
    outcome = await over_tls(
        kind, ports[kind], files, login=the_login(tmp_path), database="nowhere"
    )

    assert told(outcome) is Kind.STATUS
    assert "nowhere" in outcome.failure.detail


@pytest.mark.peers
@pytest.mark.parametrize("kind", TYPES)
async def test_a_number_is_measured(asking, kind):
    """A query's number is held against its bounds, and measured."""
    good = await asking(kind, COUNT, role="primary", value_max=2, rows=1)
    bad = await asking(kind, COUNT, value_max=1)

    assert (good.status, good.failure) == (Status.OK, None)
    assert good.measurements[series("pantau_query_value")] == 2
    assert good.measurements[series("pantau_query_rows")] == 1
    assert told(bad) is Kind.ANSWER
    assert bad.failure.detail == "query: 2, expected at most 1"


@pytest.mark.peers
@pytest.mark.parametrize("kind", TYPES)
async def test_a_text_is_shown_nowhere(asking, kind):
    """What a query returns is in no part of the outcome, be it as expected or not."""
    query = "SELECT nama FROM antrean ORDER BY lama"
    good = await asking(kind, query, value="Siti", rows={"min": 2})
    bad = await asking(kind, query, value="Rahmat")

    assert (good.status, told(bad)) == (Status.OK, Kind.ANSWER)
    assert bad.failure.detail == "query: a text of 4 bytes, expected 'Rahmat'"
    for outcome in (good, bad):
        assert "Siti" not in f"{outcome.failure}{outcome.facts}{outcome.measurements}"
        assert series("pantau_query_value") not in outcome.measurements


@pytest.mark.peers
@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM antrean",
        "DROP TABLE antrean",
        "CREATE TABLE lain (a int)",
        "COMMIT; DELETE FROM antrean",
    ],
)
async def test_a_query_changes_nothing(asking, kind, statement):
    """An account that may write does not, by mistake or by a second statement."""
    outcome = await asking(kind, statement)
    after = await asking(kind, COUNT, value="2")

    assert told(outcome) is Kind.STATUS
    assert (after.status, after.failure) == (Status.OK, None)


@pytest.mark.peers
@pytest.mark.parametrize(
    ("kind", "query", "reason", "words"),
    [
        ("postgres", "SELECT nama::int FROM antrean", Kind.STATUS, "22P02 (its message may"),
        ("postgres", "COPY antrean TO STDOUT", Kind.STATUS, "it returns no rows"),
        ("postgres", "SELECT repeat('x', 20000)", Kind.TOO_LARGE, "let the server count"),
        ("postgres", "SELECT * FROM nowhere", Kind.STATUS, '42P01: relation "nowhere" does not'),
        ("mysql", "SELECT * FROM nowhere", Kind.STATUS, "1146 (42S02): Table 'kota.nowhere'"),
        ("mysql", "SET @a = 1", Kind.STATUS, "it returns no rows"),
        ("mysql", "SELECT repeat('x', 20000)", Kind.TOO_LARGE, "let the server count"),
        ("mysql", "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE antrean", Kind.STATUS, ""),
    ],
)
async def test_a_query_that_fails(asking, kind, query, reason, words):
    """A query that the server refuses, or that returns no rows or too much, is told as that."""
    outcome = await asking(kind, query)

    assert told(outcome) is reason
    assert words in outcome.failure.detail


@pytest.mark.peers
@pytest.mark.parametrize(
    ("kind", "query"), [("postgres", "SELECT pg_sleep(60)"), ("mysql", "SELECT sleep(60)")]
)
async def test_the_server_gives_up_first(ports, files, tmp_path, kind, query):
    """A query that takes too long is ended by the server, so that it does not run on."""
    outcome = await over_tls(
        kind, ports[kind], files, seconds=2.0, login=the_login(tmp_path), query=query,
        database=DATABASE[kind],
    )  # fmt: skip

    assert told(outcome) is Kind.TIMEOUT
    assert "query: the server says" in outcome.failure.detail


@pytest.mark.peers
@pytest.mark.parametrize("kind", TYPES)
async def test_a_thousand_rows_are_enough(asking, kind):
    """No more rows are asked for than can be counted."""
    many = "SELECT generate_series(1, 100000)"
    outcome = await asking(kind, many if kind == "postgres" else "SELECT seq FROM seq_1_to_100000")

    assert outcome.status is Status.OK
    assert outcome.measurements[series("pantau_query_rows")] == 1001


@pytest.mark.peers
@pytest.mark.parametrize("kind", TYPES)
async def test_a_certificate_of_another_name(ports, files, kind):
    """The certificate is verified behind the change to TLS as it is everywhere."""
    outcome = await over_tls(kind, ports[kind], files, server_name="other.test")

    assert told(outcome) is Kind.TLS_HOSTNAME


def copied(source, target):
    """Hand on what comes, until it ends."""
    with contextlib.suppress(OSError):
        while octets := source.recv(65_536):
            target.sendall(octets)
        target.shutdown(socket.SHUT_WR)


def both_ways(one, other):
    back = threading.Thread(target=copied, args=(other, one), daemon=True)
    back.start()
    copied(one, other)
    back.join(5)


def forwarding(port):
    """Return a handler that hands everything on to `port`, and back."""

    def handle(connection):
        with socket.create_connection(("127.0.0.1", port)) as behind:
            both_ways(connection, behind)

    return handle


def listening_in(port, chain, key):
    """Return a handler that ends TLS with a certificate of its own, and speaks it to `port`."""
    careless = ssl.create_default_context()
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE

    def handle(connection):
        request = connection.recv(8)
        with socket.create_connection(("127.0.0.1", port)) as behind:
            behind.sendall(request)
            connection.sendall(behind.recv(1))
            with (
                careless.wrap_socket(behind) as inner,
                server_context(chain, key).wrap_socket(connection, server_side=True) as outer,
            ):
                both_ways(outer, inner)

    return handle


@pytest.mark.peers
async def test_tls_first(ports, files, tmp_path):
    """With implicit TLS everything is behind the handshake, as PostgreSQL 17 and proxies have it."""
    with serving(forwarding(ports["postgres"]), tls=server_context(*files[:2])) as port:
        outcome = await over_tls(
            "postgres",
            port,
            files,
            tls="implicit",
            login=the_login(tmp_path, "readable"),
            database="postgres",
        )

    assert (outcome.status, outcome.failure) == (Status.OK, None)
    assert outcome.facts["login"] == "accepted"


@pytest.mark.peers
async def test_somebody_in_between_is_noticed(ports, files, tmp_path):
    """SCRAM is bound to the certificate: with another, though trusted, in between, nobody gets in."""
    other = write_chain(tmp_path, "other", leaf(kind="rsa", label="another"))
    with serving(listening_in(ports["postgres"], *other)) as port:
        bound = await over_tls(
            "postgres", port, files, login=the_login(tmp_path), database="postgres"
        )
        unbound = await over_tls(
            "postgres", port, files, login=the_login(tmp_path, "readable"), database="postgres"
        )

    assert told(bound) is Kind.STATUS
    assert "login: the server says" in bound.failure.detail
    assert unbound.status is Status.OK


def every_place(port, places):
    """Return connections that take every place of the server; who is leaving may still hold one."""
    held = []
    for _ in range(1000):
        connection = socket.create_connection(("127.0.0.1", port))
        if connection.recv(1000)[4:5] == b"\n":  # a greeting, and no refusal
            held.append(connection)
        else:
            connection.close()
            time.sleep(0.01)
        if len(held) == places:
            return held
    raise RuntimeError(f"{len(held)} of {places} places are taken")


@pytest.mark.peers
async def test_too_many_connections(files):
    """A server that has no connection left is down, and says so."""
    with mariadb(*files[:2], "--max-connections=10") as port:
        held = every_place(port, 11)  # with the one that is kept for administrators
        outcome = await checked("mysql", port)
        for each in held:
            each.close()

    assert (outcome.status, told(outcome)) == (Status.FAILED, Kind.STATUS)
    assert "mysql: the server says error 1040" in outcome.failure.detail


@pytest.mark.peers
@pytest.mark.parametrize("kind", TYPES)
async def test_a_replica(files, tmp_path, kind):
    """A replica is told from a primary, and answers queries."""
    a_replica = (
        postgres(*files[:2], standby=True)
        if kind == "postgres"
        else mariadb(*files[:2], "--read-only")
    )
    keys = {"login": the_login(tmp_path), "database": DATABASE[kind], "query": "SELECT 1"}
    with a_replica as port:
        good = await over_tls(kind, port, files, **keys, expect={"role": "replica"})
        bad = await over_tls(kind, port, files, **keys, expect={"role": "primary"})

    assert (good.status, good.failure) == (Status.OK, None)
    assert told(bad) is Kind.ANSWER
    assert bad.failure.detail == "role: replica, expected primary"


@pytest.mark.peers
async def test_a_server_that_takes_nobody(files):
    """A server that takes no connection now is down without a login, too, in its own words."""
    with postgres(*files[:2], standby=True, hot_standby="off") as port:
        outcome = await over_tls("postgres", port, files)

    assert (outcome.status, told(outcome)) == (Status.FAILED, Kind.STATUS)
    assert "postgres: the server says 57P03 cannot_connect_now: the database" in (
        outcome.failure.detail
    )


@pytest.mark.peers
def test_no_visit_is_counted_against_us():
    """However often it is visited, MySQL does not shut our address out, as it does others'."""
    if os.geteuid() != 0:
        pytest.skip("only root makes namespaces")
    peer("mariadbd"), peer("ip")
    program = Path(__file__).parent / "counted.py"
    command = [peer("unshare"), "--net", "--mount", sys.executable, str(program)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)

    ended = json.loads(done.stdout)
    for way in ("in the clear", "over TLS", "certificate alone"):
        assert set(ended[way]) == {"ok"}
    [after] = ended["after broken visits"]
    assert "error 1129" in after


def a_scram_server(*, iterations=4096, step=3):
    """Return a handler that takes part in SCRAM without knowing the password, up to a `step`."""

    def handle(connection):
        connection.recv(1000)
        if step > 0:
            connection.sendall(message(b"R", b"\0\0\0\x0a", b"SCRAM-SHA-256\0\0"))
            nonce = connection.recv(1000).rpartition(b"r=")[2]
        if step > 1:
            challenge = b"r=%sxyz,s=c2FsdA==,i=%d" % (nonce, iterations)
            connection.sendall(message(b"R", b"\0\0\0\x0b", challenge))
            connection.recv(1000)
        if step > 2:
            final = b"v=" + b64encode(bytes(32))
            connection.sendall(message(b"R", b"\0\0\0\x0c", final))

    return handle


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ({}, "its signature is wrong: it does not know the password"),
        ({"iterations": 600_001}, "it asks for 600001 iterations, at most 600000 are made"),
        ({"iterations": 2_147_483_647}, "iterations, at most 600000 are made"),
        ({"step": 0}, "the server closed the connection"),
        ({"step": 1}, "the server closed the connection"),
        ({"step": 2}, "the server closed the connection"),
    ],
    ids=str,
)
async def test_servers_that_fake_a_login(tmp_path, server, words):
    """A server that cannot prove itself, asks too much, or hangs up, lets nobody in."""
    with serving(a_scram_server(**server)) as port:
        outcome = await checked(
            "postgres", port, login=the_login(tmp_path), insecure_login=True, query="SELECT 1"
        )

    assert told(outcome) is Kind.PROTOCOL
    assert words in outcome.failure.detail
    assert "login" not in outcome.facts


async def test_hard_work_is_done_beside_the_loop(tmp_path):
    """The most iterations that a server may ask for hold no other check up."""
    latest = 0.0

    async def tick():
        nonlocal latest
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            latest = max(latest, time.monotonic() - before)

    ticking = asyncio.create_task(tick())
    with serving(a_scram_server(iterations=600_000)) as port:
        await checked("postgres", port, login=the_login(tmp_path), insecure_login=True)
    await asyncio.sleep(0.02)  # so that the last tick is counted
    ticking.cancel()

    began = time.monotonic()
    hashlib.pbkdf2_hmac("sha256", b"sandi", b"salt", 600_000)
    assert latest < (time.monotonic() - began) / 2


@pytest.mark.parametrize("kind", TYPES)
async def test_a_password_that_comes_back(tmp_path, kind):
    """A server that repeats the password finds it in no part of the outcome."""
    secret = "kanarisandi"

    def repeat(connection):
        connection.recv(1000)
        connection.sendall(message(b"R", b"\0\0\0\x03"))
        heard = connection.recv(1000)
        words = b"C28P01\0M" + heard[5:-1] + b" is wrong\0\0"
        connection.sendall(message(b"E", words))

    def greet(connection):
        connection.sendall(packet(b"\n" + secret.encode() + b"\0" + bytes(60), 0))
        connection.recv(1000)
        connection.sendall(packet(b"\xff\x15\x04#28000" + secret.encode() + b" is wrong", 2))

    with serving(repeat if kind == "postgres" else greet) as port:
        outcome = await checked(
            kind, port, login=the_login(tmp_path, password=secret), insecure_login=True
        )

    assert told(outcome) is Kind.STATUS
    assert "*** is wrong" in outcome.failure.detail
    assert secret not in f"{outcome.failure}{outcome.facts}{outcome.measurements}"


@pytest.mark.parametrize("kind", TYPES)
async def test_words_slipped_in_before_tls(tmp_path, kind):
    """What comes in the clear behind the agreement to TLS fails the check, before any login."""
    able = b"\xff\xff" + bytes(3) + b"\x08\x00" + b"\x15"  # TLS among all that it can do
    greeting = b"\n8.0\0" + bytes(13) + able + bytes(10) + b"x" * 12 + b"\0caching_sha2_password\0"

    def slip_in(connection):
        if kind == "postgres":
            connection.recv(1000)
            connection.sendall(b"S" + message(b"R", bytes(4)))
        else:
            connection.sendall(packet(greeting, 0) + packet(b"\0\0\0\2\0\0\0", 2))
        connection.recv(1000)

    with serving(slip_in) as port:
        outcome = await checked(kind, port, tls="starttls", login=the_login(tmp_path))

    assert told(outcome) is Kind.STARTTLS
    assert "somebody may have slipped them in" in outcome.failure.detail


HOSTILE = {
    "garbage": b"\xff\xfe\xfd" * 100,
    "zeros": bytes(70_000),
    "an HTTP server": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "a length of two gigabytes": b"R\x7f\xff\xff\xff",
    "notices without an end": (b"N\0\0\0\x68" + b"x" * 100) * 5000,
    "the end": b"",
}


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("said", HOSTILE.values(), ids=HOSTILE)
async def test_servers_that_are_none(kind, said):
    """Whatever talks instead of the server fails the check at once, as what it is."""

    def handle(connection):
        connection.sendall(said)
        if said:
            connection.recv(1000)
            time.sleep(0.2)

    began = time.monotonic()
    with serving(handle) as port:
        outcome = await checked(kind, port)

    assert outcome.status is Status.FAILED
    assert told(outcome) in {Kind.PROTOCOL, Kind.BANNER, Kind.CONNECT_RESET}
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("kind", TYPES)
async def test_a_server_that_drips(kind):
    """A byte now and then does not hold the check beyond its time."""

    def handle(connection):
        for octet in b"N\0\0\0\x60" + b"x" * 100:
            connection.sendall(bytes([octet]))
            time.sleep(0.05)

    with serving(handle) as port:
        outcome = await checked(kind, port, seconds=0.5)

    assert told(outcome) in {Kind.TIMEOUT, Kind.BANNER}


@pytest.mark.parametrize("kind", TYPES)
async def test_nobody_is_there(kind):
    """A port that nobody listens on is refused."""
    assert told(await checked(kind, free_port())) is Kind.CONNECT_REFUSED
