"""Checks of type redis against Redis, and against servers that are none, on loopback."""

import asyncio
import json
import time
from datetime import UTC, datetime

import pytest

from monitor.checktype import ProbeContext
from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import OutcomeStatus as Status
from monitor.domain.observation import series
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.probes.redis import RedisSpec, probe
from tests.certificates import NAME, leaf, write_chain, write_root
from tests.redisservers import PASSWORD, USER, account, redis
from tests.servers import dripping, free_port, serving

pytestmark = pytest.mark.xdist_group("redis")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("redis")
    chain, key = write_chain(folder, "server", leaf(kind="rsa", label="redis"))
    folder.chmod(0o755)
    return chain, key, write_root(folder)


@pytest.fixture(scope="module")
def open_server():
    with redis("repl-diskless-sync-delay 0") as port:
        yield port


@pytest.fixture(scope="module")
def secured(files):
    """Redis over TLS, with a password for the default user and an account of our own."""
    settings = (f"requirepass {PASSWORD}", account("+ping", "+info", "+select"))
    with redis(*settings, files=files[:2]) as port:
        yield port


def the_login(folder, password=PASSWORD, **keys):
    path = folder / "password.key"
    path.touch(mode=0o600)
    path.write_text(password)
    return {"password": {"file": str(path)}, **keys}


async def checked(port, *, seconds=10.0, **written):
    context = ProbeContext(
        network=Network(resolver=Resolver()),
        deadline=time.monotonic() + seconds,
        monotonic=time.monotonic,
        now=datetime.now(UTC),
    )
    spec = RedisSpec.model_validate({"host": "127.0.0.1", "port": port, **written})
    return await probe(spec, context)


async def over_tls(port, files, **written):
    return await checked(port, tls="implicit", server_name=NAME, ca_file=str(files[2]), **written)


def told(outcome):
    return None if outcome.failure is None else outcome.failure.kind


@pytest.mark.peers
async def test_an_open_server(open_server):
    """A server without a password answers, and tells of itself."""
    outcome = await checked(
        open_server, database=3, expect={"role": "master", "version_matches": r"^\d+\."}
    )

    assert (outcome.status, outcome.failure) == (Status.OK, None)
    assert outcome.facts["role"] == "master"
    assert outcome.measurements[series("pantau_redis_connected_clients")] >= 1
    assert outcome.measurements[series("pantau_redis_loading")] == 0


@pytest.mark.peers
async def test_a_locked_server_is_reachable(secured, files):
    """Without a login a server that wants one is up, and the facts say so."""
    outcome = await over_tls(secured, files)

    assert (outcome.status, outcome.failure) == (Status.OK, None)
    assert "NOAUTH" in outcome.facts["reachable"]
    assert outcome.facts["tls"]["version"] == "TLSv1.3"


@pytest.mark.peers
@pytest.mark.parametrize("name", [None, USER])
async def test_a_login_over_tls(secured, files, tmp_path, name):
    """The default user logs in by a password alone, an account by its name as well."""
    login = the_login(tmp_path) if name is None else the_login(tmp_path, username=name)
    outcome = await over_tls(secured, files, login=login, database=1, expect={"role": "master"})

    assert (outcome.status, outcome.failure) == (Status.OK, None)
    assert outcome.facts["login"] == "accepted"


@pytest.mark.peers
async def test_a_refused_login(secured, files, tmp_path):
    """A wrong password fails in the server's words, and is shown nowhere."""
    outcome = await over_tls(secured, files, login=the_login(tmp_path, "salah-sekali"))

    assert (outcome.status, told(outcome)) == (Status.FAILED, Kind.STATUS)
    assert "WRONGPASS" in outcome.failure.detail
    assert "salah" not in json.dumps([outcome.facts, outcome.failure.detail])


@pytest.mark.peers
async def test_an_account_that_may_not_ask(tmp_path):
    """An account without the right to INFO is up; only who expects an answer minds."""
    login = the_login(tmp_path, username=USER)
    with redis(account("+ping")) as port:
        free = await checked(port, login=login, insecure_login=True)
        bound = await checked(port, login=login, insecure_login=True, expect={"role": "master"})

    assert (free.status, told(bound)) == (Status.OK, Kind.STATUS)
    assert "NOPERM" in free.facts["not_told"]
    assert "NOPERM" in bound.failure.detail


@pytest.mark.peers
async def test_a_database_that_is_not_there(open_server):
    """A database beyond the server's fails the check."""
    outcome = await checked(open_server, database=99)

    assert told(outcome) is Kind.STATUS
    assert "database 99: ERR DB index is out of range" in outcome.failure.detail


@pytest.mark.peers
async def test_a_replica(open_server):
    """A replica is known as one, and is degraded while its master is not reached."""
    gone = free_port()
    with redis(f"replicaof 127.0.0.1 {open_server}") as port:
        for _ in range(200):
            joined = await checked(port)
            if joined.status is Status.OK:
                break
            await asyncio.sleep(0.1)
    with redis(f"replicaof 127.0.0.1 {gone}") as port:
        alone = await checked(port, expect={"role": "replica"})

    assert (joined.status, joined.facts["role"]) == (Status.OK, "replica")
    assert (alone.status, told(alone)) == (Status.DEGRADED, Kind.STATUS)
    assert f"127.0.0.1:{gone} is not reached" in alone.failure.detail


@pytest.mark.peers
async def test_a_server_that_is_loading():
    """A server that is still loading its data is down, and tells how it fares all the same."""
    slowly = ("appendonly yes", "key-load-delay 300")  # microseconds
    with redis(*slowly, keys=50_000) as port:
        outcome = await checked(port)

    assert (outcome.status, told(outcome)) == (Status.FAILED, Kind.STATUS)
    assert "LOADING" in outcome.failure.detail
    assert outcome.measurements[series("pantau_redis_loading")] == 1


@pytest.mark.peers
async def test_a_node_of_a_cluster():
    """A node is down while its cluster has keys that nobody serves."""
    with redis("cluster-enabled yes", f"cluster-port {free_port()}") as port:
        without_slots = await checked(port)

    assert (without_slots.status, told(without_slots)) == (Status.FAILED, Kind.STATUS)
    assert without_slots.failure.detail == "the cluster serves no keys (cluster_state: fail)"


@pytest.mark.peers
async def test_a_client_certificate(files):
    """A server that wants a certificate of its clients is satisfied with the one that is given."""
    chain, key, authority = files
    settings = ("tls-auth-clients yes", f"tls-ca-cert-file {authority}")
    shown = {"client_cert_file": str(chain), "client_key_file": str(key)}
    with redis(*settings, files=(chain, key)) as port:
        without = await over_tls(port, files)
        with_it = await over_tls(port, files, **shown)

    assert (without.status, with_it.status) == (Status.FAILED, Status.OK)
    assert "certificate required" in without.failure.detail


@pytest.mark.peers
async def test_over_ipv6():
    """A server is visited at an IPv6 address as at any other."""
    with redis("bind 127.0.0.1 ::1") as port:
        outcome = await checked(port, host="::1")

    assert (outcome.status, outcome.facts["address"]) == (Status.OK, "::1")


@pytest.mark.peers
async def test_a_sentinel():
    """A sentinel answers like any other server, and says that it is one."""
    with redis(sentinel=True) as port:
        outcome = await checked(port)

    assert (outcome.status, outcome.facts["mode"]) == (Status.OK, "sentinel")


@pytest.mark.peers
@pytest.mark.parametrize(
    ("keys", "status"),
    [
        ({"min_days": 5000}, Status.DEGRADED),
        ({"min_days": 5000, "critical_days": 4999}, Status.FAILED),
        ({"min_days": 1, "expect": {"max_duration": "9s"}}, Status.OK),
    ],
)
async def test_a_certificate_that_ends(secured, files, keys, status):
    """A certificate is told before it ends, as everywhere: first it degrades, then it fails."""
    outcome = await over_tls(secured, files, **keys)

    assert outcome.status is status
    assert told(outcome) is (None if status is Status.OK else Kind.EXPIRES_SOON)
    assert series("probe_ssl_earliest_cert_expiry") in outcome.measurements


@pytest.mark.peers
async def test_an_untrusted_certificate(secured):
    """A certificate that nobody vouches for is down, as everywhere."""
    outcome = await checked(secured, tls="implicit", server_name=NAME)

    assert (outcome.status, told(outcome)) == (Status.FAILED, Kind.TLS_UNTRUSTED)


def closing_after(*answers):
    """Return a server that gives these answers, one a request, and closes."""

    def handle(connection):
        for answer in answers:
            connection.recv(4096)
            connection.sendall(answer)

    return handle


@pytest.mark.parametrize("answers", [(), (b"+OK\r\n",), (b"+OK\r\n", b"+PONG\r\n")], ids=len)
async def test_a_server_that_closes(tmp_path, answers):
    """A server that closes at any step fails the check with what was missing."""
    with serving(closing_after(*answers)) as port:
        outcome = await checked(port, login=the_login(tmp_path), insecure_login=True)

    assert outcome.status is Status.FAILED
    assert told(outcome) in {Kind.PROTOCOL, Kind.CONNECT_RESET}


async def test_a_server_that_repeats_the_password(tmp_path):
    """A password that a server sends back is in no output."""
    said = b"-ERR who is %b\r\n" % PASSWORD.encode()
    with serving(closing_after(said)) as port:
        outcome = await checked(port, login=the_login(tmp_path), insecure_login=True)

    assert outcome.failure.detail == "redis: login refused: ERR who is ***"


async def test_a_server_that_sends_back_whatever_it_hears(tmp_path):
    """What comes back of a login, in pieces of any form, shows no password."""

    def echoing(connection):
        heard = connection.recv(4096)
        for before in (b"", b"+", b"-ERR ", b"$200\r\n"):
            connection.sendall(before + heard.replace(b"\r\n", b" ") + b"\r\n")

    with serving(echoing) as port:
        outcome = await checked(port, login=the_login(tmp_path), insecure_login=True)

    assert outcome.status is Status.FAILED
    assert PASSWORD not in repr(outcome)


async def test_a_server_that_drips():
    """A server that sends a byte now and then is out of time at the deadline, no later."""
    with serving(dripping(b"+")) as port:
        began = time.monotonic()
        outcome = await checked(port, seconds=0.5)

    assert told(outcome) is Kind.TIMEOUT
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("said", [b"HTTP/1.1 200 OK\r\n\r\n", b"*1\r\n" * 9, b"$1000000000\r\n"])
async def test_a_server_that_is_none(said):
    """What no Redis would say is told as it was said."""
    with serving(closing_after(said)) as port:
        outcome = await checked(port)

    assert (outcome.status, told(outcome)) == (Status.FAILED, Kind.PROTOCOL)
