"""Dialogues of tcp checks: with real servers, and with ones that break them."""

import ssl
import time
from datetime import UTC, datetime

import pytest

from monitor.checktype import ProbeContext
from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import OutcomeStatus, series
from monitor.fields import Secret
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.probes.tcp import TcpSpec, probe
from tests.certificates import NAME, leaf, write_chain, write_root
from tests.servers import server_context, serving
from tests.starttlsservers import imap, smtp

REGEX, BYTES = series("probe_failed_due_to_regex"), series("probe_failed_due_to_bytes")
PASSWORD = Secret(("env", "PASSWORD"), "hunter2-of-the-cache")


async def checked(port, *dialogue, seconds=20.0, **keys):
    now = time.monotonic()
    context = ProbeContext(
        network=Network(resolver=Resolver()),
        deadline=now + seconds,
        monotonic=time.monotonic,
        now=datetime.now(UTC),
    )
    keys = {"host": "127.0.0.1", "port": port, "dialogue": dialogue, **keys}
    return await probe(TcpSpec.model_validate(keys), context)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tcp")
    chain, key = write_chain(folder, "server", leaf(kind="rsa", label="starttls"))
    folder.chmod(0o755)
    return chain, key, write_root(folder)


def talking(*answers, heard=None):
    """Answer each line that comes with the next of `answers`; the first is the greeting."""

    def handle(connection):
        lines = connection.makefile("rb")
        for answer in answers:
            connection.sendall(answer)
            line = lines.readline()
            if heard is not None:
                heard.append(line)
            if not line:
                return

    return handle


@pytest.mark.peers
async def test_starttls_of_a_mail_server(files):
    """A mail server greets, offers STARTTLS, goes over to TLS, and goes on talking."""
    with smtp(*files[:2]) as port:
        outcome = await checked(
            port,
            {"expect": "^220 (?P<name>\\S+)", "send": "EHLO pantau.invalid\r\n"},
            {"expect": "^250[ -]STARTTLS", "send": "STARTTLS\r\n"},
            {"expect": "^220 ", "starttls": True},
            {"send": "EHLO pantau.invalid\r\n"},
            {"expect": "^250 (.+)", "send": "QUIT\r\n"},
            {"expect": "^221 "},
            ca_file=files[2],
            server_name=NAME,
        )

    assert outcome.status is OutcomeStatus.OK, outcome.failure
    assert outcome.facts["tls"]["version"] == "TLSv1.3"
    assert outcome.facts["captures"]["name"]
    assert outcome.facts["received"].startswith("221 ")
    assert (outcome.measurements[REGEX], outcome.measurements[BYTES]) == (0, 0)


@pytest.mark.peers
async def test_a_real_server_that_offers_no_such_thing(files):
    """A real server's refusal stands in the alert, with the step it was heard in."""
    with imap(*files[:2]) as port:
        outcome = await checked(
            port,
            {"expect": "^\\* OK", "send": "a FETCH 1 BODY\r\n"},
            {"expect": "^a OK", "send": "b LOGOUT\r\n"},
            seconds=5.0,
        )

    assert outcome.failure.kind is Kind.BANNER
    assert outcome.failure.detail.startswith("step 2: received 'a BAD ")


async def test_groups_are_sent_back():
    """`${name}` lasts for the whole dialogue, `${1}` until the next expression."""
    heard = []
    lines = b"TOKEN id=7 key=abc\r\n", b"MORE x\r\n", b"LESS \r\n", b"DONE\r\n"
    server = talking(*lines, heard=heard)
    with serving(server) as port:
        outcome = await checked(
            port,
            {"expect": "^TOKEN id=(?P<id>\\d+) key=(.*)$", "send": "KEY ${2} $$1\r\n"},
            {"expect": "^MORE (.)", "send": "ID ${id} ${1}\r\n"},
            {"expect": "^LESS (.)?", "send": "ID ${id} <${1}>\r\n"},
            {"expect": "^DONE"},
        )

    assert outcome.status is OutcomeStatus.OK
    assert heard[:3] == [b"KEY abc $1\r\n", b"ID 7 x\r\n", b"ID 7 <>\r\n"]
    assert outcome.facts["captures"] == {"id": "7", "1": "x"}


async def test_bytes_are_sent_and_compared():
    """Binary protocols are spoken in hexadecimal, and bytes may be matched to the byte."""

    def server(connection):
        connection.sendall(connection.recv(3) + b"\xff\x00OK?")
        connection.recv(1)

    with serving(server) as port:
        steps = {"send_hex": "00 ff 80"}, {"expect_hex": "00ff80 ff00"}
        fine = await checked(port, *steps, {"expect_bytes": "OK"})
        wrong = await checked(port, *steps, {"expect_bytes": "NO"})

    assert fine.status is OutcomeStatus.OK
    assert wrong.failure.detail == "step 3: received 'OK', expected 'NO'"
    assert (wrong.measurements[REGEX], wrong.measurements[BYTES]) == (0, 1)


@pytest.mark.parametrize("end", [True, False], ids=["ends", "waits"])
async def test_another_line_than_expected(end):
    """Lines that do not match fail the check, whether the target ends or time does."""

    def server(connection):
        connection.sendall(b"421 busy\r\n")
        if not end:
            connection.recv(1)

    with serving(server) as port:
        outcome = await checked(port, {"expect": "^220 "}, seconds=20.0 if end else 0.5)

    assert outcome.status is OutcomeStatus.FAILED
    assert outcome.failure.kind is Kind.BANNER
    assert outcome.failure.detail.startswith("step 1: received '421 busy'")
    assert outcome.measurements[REGEX] == 1
    assert outcome.answered


async def test_tls_that_is_refused():
    """A target that does not agree to TLS fails with `starttls`, and no handshake is tried."""
    heard = []
    with serving(talking(b"220 go\r\n", b"454 not now\r\n", heard=heard)) as port:
        outcome = await checked(
            port,
            {"expect": "^220", "send": "STARTTLS\r\n"},
            {"expect": "^220", "starttls": True},
            seconds=1.0,
        )

    assert outcome.failure.kind is Kind.STARTTLS
    assert "454 not now" in outcome.failure.detail
    assert b"".join(heard) == b"STARTTLS\r\n"


async def test_nothing_is_slipped_into_tls():
    """More in the clear behind the agreement ends the check before the handshake."""
    with serving(talking(b"220 go\r\n250 slipped in\r\n")) as port:
        outcome = await checked(port, {"expect": "^220", "starttls": True}, {"expect": "^250"})

    assert outcome.failure.kind is Kind.STARTTLS
    assert outcome.failure.detail.startswith("step 1: the target sent 16 more bytes in the clear")


async def test_a_certificate_that_nobody_vouches_for(files):
    """A handshake in the middle of a dialogue verifies, and names the step."""
    context = server_context(*files[:2])

    def server(connection):
        connection.sendall(b"220 go\r\n")
        with pytest.raises(ssl.SSLError):
            context.wrap_socket(connection, server_side=True)

    with serving(server) as port:
        outcome = await checked(port, {"expect": "^220", "starttls": True}, server_name=NAME)

    assert outcome.failure.kind is Kind.TLS_UNTRUSTED
    assert outcome.failure.detail.startswith("step 1: ")
    assert outcome.facts["certificate"]["names"][0] == NAME


async def test_a_certificate_that_ends_soon(tmp_path):
    """Below `min_days` a check that is fine otherwise is degraded."""
    soon = leaf(days=(-1, 5), label="soon")
    context = server_context(*write_chain(tmp_path, "soon", soon))
    keys = {"tls": True, "server_name": NAME, "ca_file": write_root(tmp_path)}
    with serving(lambda connection: connection.recv(1), tls=context) as port:
        early = await checked(port, **keys, expect={"min_days": 14})
        fine = await checked(port, **keys, expect={"min_days": 3})

    assert early.status is OutcomeStatus.DEGRADED
    assert early.failure.kind is Kind.EXPIRES_SOON
    assert fine.status is OutcomeStatus.OK


async def test_insecure_verifies_nothing_and_says_so(tmp_path):
    """With `insecure` a certificate of nobody's is taken, and every output shows it."""
    context = server_context(*write_chain(tmp_path, "own", leaf(issuer=None)))
    with serving(lambda connection: connection.recv(1), tls=context) as port:
        outcome = await checked(port, tls=True, insecure=True)

    assert outcome.status is OutcomeStatus.OK
    assert outcome.facts["insecure"] is True


async def test_a_secret_that_comes_back_is_hidden():
    """A target that repeats a secret does not bring it into any output."""
    heard = []
    server = talking(b"", b"-ERR bad password hunter2-of-the-cache\r\n", heard=heard)
    with serving(server) as port:
        outcome = await checked(
            port,
            {"send": "AUTH ${password}\r\n"},
            {"expect": "^-ERR (?P<why>.*)"},
            {"expect": "^\\+OK"},
            secrets={"password": PASSWORD},
            seconds=0.5,
        )

    assert heard[0] == b"AUTH hunter2-of-the-cache\r\n"
    assert outcome.facts["captures"] == {"why": "bad password ***"}
    assert "hunter2" not in repr(outcome)


@pytest.mark.parametrize("octets", [b"x" * 5000, b"no\n" * 1500], ids=["a line", "lines"])
async def test_an_endless_dialogue_is_bounded(octets):
    """A target that never stops is left after 64 KB of one line, 10,000 lines or 1 MB."""

    def flood(connection):
        while True:
            connection.sendall(octets)

    with serving(flood) as port:
        outcome = await checked(port, {"expect": "^yes$"})

    assert outcome.failure.kind is Kind.TOO_LARGE
    assert len(outcome.facts["received"].encode()) <= 1024


async def test_too_slow_for_the_limit():
    """A dialogue that ends well, but late, is slow."""

    def server(connection):
        time.sleep(0.2)
        connection.sendall(b"220 go\r\n")
        connection.recv(1)

    with serving(server) as port:
        outcome = await checked(port, {"expect": "^220"}, expect={"max_duration": "100ms"})

    assert outcome.failure.kind is Kind.SLOW
