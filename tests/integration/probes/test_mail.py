"""Checks of type smtp, imap and pop3 against Postfix, Dovecot and aiosmtpd, on loopback."""

import contextlib
import json
import time
from datetime import UTC, datetime
from queue import SimpleQueue

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import AuthResult

from monitor.checktype import ProbeContext
from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import OutcomeStatus as Status
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.probes import check_types
from tests.certificates import NAME, issue, leaf, root, write_chain, write_root
from tests.mailservers import DOVECOT_HOST, MAILBOX, PASSWORD, USER, dovecot, postfix
from tests.servers import free_port, server_context, serving
from tests.starttlsservers import slipping_in

pytestmark = pytest.mark.xdist_group("mail")

STRANGERS = {"from": "x@elsewhere.test", "to": "y@nowhere.test"}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mail")
    chain, key = write_chain(folder, "server", leaf(kind="rsa", label="mail"))
    folder.chmod(0o755)
    return chain, key, write_root(folder)


@pytest.fixture(scope="module")
def reading(files):
    with dovecot(*files[:2]) as ports:
        yield ports


@pytest.fixture(scope="module")
def careless(files):
    """Dovecot that takes a password in the clear."""
    with dovecot(*files[:2], disable_plaintext_auth="no") as ports:
        yield ports


@pytest.fixture(scope="module")
def sending(files):
    with postfix(*files[:2]) as ports:
        yield ports


def the_login(folder, password=PASSWORD):
    path = folder / "password.key"
    path.touch(mode=0o600)
    path.write_text(password)
    return {"username": USER, "password": {"file": str(path)}}


async def checked(kind, port, *, seconds=10.0, **keys):
    keys = {"host": "127.0.0.1", "port": port, **keys}
    if keys.get("tls") != "none":
        keys = {"server_name": NAME, **keys}
    context = ProbeContext(
        network=Network(resolver=Resolver()),
        deadline=time.monotonic() + seconds,
        monotonic=time.monotonic,
        now=datetime.now(UTC),
    )
    check_type = check_types()[kind]
    return await check_type.probe(check_type.spec.model_validate(keys), context)


def told(outcome):
    return None if outcome.failure is None else outcome.failure.kind


READING = [
    ("imap", "imap", "starttls"),
    ("imap", "imaps", "implicit"),
    ("pop3", "pop3", "starttls"),
    ("pop3", "pop3s", "implicit"),
]


@pytest.mark.peers
@pytest.mark.parametrize(("kind", "port", "tls"), READING)
async def test_a_login_over_tls(*, reading, files, tmp_path, kind, port, tls):
    """A check logs in over TLS and out again, however the password is written."""
    outcome = await checked(
        kind,
        getattr(reading, port),
        host=DOVECOT_HOST,
        tls=tls,
        ca_file=str(files[2]),
        login=the_login(tmp_path),
        expect={"banner_matches": "Dovecot", "offers": ["IDLE" if kind == "imap" else "UIDL"]},
    )

    assert (outcome.status, outcome.failure) == (Status.OK, None)
    assert outcome.facts["login"] == "accepted"
    assert outcome.facts["tls"]["version"] == "TLSv1.3"
    assert ("offers_in_the_clear" in outcome.facts) == (tls == "starttls")


@pytest.mark.peers
@pytest.mark.parametrize(("kind", "port", "tls"), READING)
async def test_a_refused_login(*, reading, files, tmp_path, kind, port, tls):
    """A login that the server refuses fails the check, in the server's words."""
    outcome = await checked(
        kind,
        getattr(reading, port),
        host=DOVECOT_HOST,
        tls=tls,
        ca_file=str(files[2]),
        login=the_login(tmp_path, "wrong"),
    )

    assert (outcome.status, told(outcome)) == (Status.FAILED, Kind.STATUS)
    assert "Authentication failed" in outcome.failure.detail
    assert "login" not in outcome.facts


@pytest.mark.peers
@pytest.mark.parametrize(
    ("kind", "offered"), [("imap", "LOGIN, AUTH=PLAIN, AUTH=LOGIN"), ("pop3", "USER, SASL PLAIN")]
)
async def test_passwords_in_the_clear_are_a_finding(reading, careless, files, kind, offered):
    """A server that invites readable passwords before TLS is told from one that does not."""
    keys = {
        "host": DOVECOT_HOST,
        "tls": "starttls",
        "ca_file": str(files[2]),
        "expect": {"no_clear_login": True},
    }
    strict = await checked(kind, getattr(reading, kind), **keys)
    loose = await checked(kind, getattr(careless, kind), **keys)

    assert (strict.status, strict.failure) == (Status.OK, None)
    assert told(loose) is Kind.BANNER
    assert offered in loose.failure.detail


@pytest.mark.peers
async def test_a_wrong_name_behind_starttls(reading, files):
    """The certificate is verified after the change as it is everywhere."""
    outcome = await checked(
        "imap",
        reading.imap,
        host=DOVECOT_HOST,
        tls="starttls",
        ca_file=str(files[2]),
        server_name="other.test",
    )

    assert told(outcome) is Kind.TLS_HOSTNAME
    assert "Dovecot" in outcome.facts["banner"]
    assert outcome.facts["certificate"]["names"][0] == NAME


@pytest.mark.peers
@pytest.mark.parametrize(("port", "tls"), [("offers", None), ("insists", None)])
async def test_a_recipient_is_asked_for_over_starttls(*, sending, files, port, tls):
    """The server says whether it would take a message, and gets none."""
    keys = {"ca_file": str(files[2])}
    taken = await checked("smtp", getattr(sending, port), rcpt_to=MAILBOX, **keys)
    unknown = await checked("smtp", getattr(sending, port), rcpt_to="no@makassarkota.test", **keys)

    assert (taken.status, taken.failure) == (Status.OK, None)
    assert taken.facts["replies"] == {"RCPT TO": "250 2.1.5 Ok"}
    assert told(unknown) is Kind.STATUS
    assert "RCPT TO: expected 250, but the server said '550 5.1.1" in unknown.failure.detail


@pytest.mark.peers
async def test_tls_first(sending, files):
    """With implicit TLS the conversation begins behind the handshake."""
    outcome = await checked(
        "smtp", sending.implicit, tls="implicit", ca_file=str(files[2]), rcpt_to=MAILBOX
    )

    assert (outcome.status, outcome.failure) == (Status.OK, None)
    assert "offers_in_the_clear" not in outcome.facts


@pytest.mark.peers
async def test_who_does_not_offer_tls(sending):
    """Without STARTTLS the check fails unless it was told to stay in the clear."""
    failed = await checked("smtp", sending.plain)
    plain = await checked("smtp", sending.plain, tls="none", rcpt_to=MAILBOX)

    assert told(failed) is Kind.STARTTLS
    assert "does not offer STARTTLS; it offers PIPELINING" in failed.failure.detail
    assert plain.status is Status.OK


@pytest.mark.peers
async def test_who_insists_on_tls(sending, files):
    """A sender that is taken before TLS is a finding, a server that insists is none."""
    keys = {"ca_file": str(files[2]), "expect": {"requires_tls": True, "no_clear_login": True}}
    strict = await checked("smtp", sending.insists, **keys)
    loose = await checked("smtp", sending.offers, **keys)

    assert (strict.status, strict.failure) == (Status.OK, None)
    assert strict.facts["replies"]["MAIL FROM in the clear"].startswith("530 ")
    assert told(loose) is Kind.STATUS
    assert "before TLS the server takes a sender" in loose.failure.detail


@pytest.mark.peers
async def test_an_open_relay(sending, files):
    """A server that passes on what one stranger sends another fails, and says so."""
    keys = {"ca_file": str(files[2]), "expect": {"refuses_relay": STRANGERS}}
    closed = await checked("smtp", sending.offers, **keys)
    opened = await checked("smtp", sending.relay, **keys)

    assert (closed.status, closed.failure) == (Status.OK, None)
    assert "Relay access denied" in closed.facts["replies"]["RCPT TO of a stranger"]
    assert told(opened) is Kind.STATUS
    assert opened.failure.detail.startswith(
        "smtp: open relay: from x@elsewhere.test to y@nowhere.test"
    )


def knows(server, session, envelope, mechanism, credentials):
    return AuthResult(success=credentials.password == PASSWORD.encode(), handled=False)


class Receiving(Sink):
    """Keeps what it is given."""

    def __init__(self):
        super().__init__()
        self.messages = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.messages.append(envelope)
        return "250 kept"


@pytest.mark.parametrize("without", [[], ["PLAIN"]])
async def test_a_login_at_a_server_for_sending(files, tmp_path, without):
    """A login works by AUTH PLAIN, or by AUTH LOGIN; no message is sent."""
    receiving = Receiving()
    controller = Controller(
        receiving,
        "127.0.0.1",
        free_port(),
        tls_context=server_context(*files[:2]),
        authenticator=knows,
        auth_required=True,
        auth_exclude_mechanism=without,
    )
    controller.start()
    try:
        keys = {"ca_file": str(files[2]), "rcpt_to": MAILBOX}
        good = await checked("smtp", controller.port, login=the_login(tmp_path), **keys)
        bad = await checked("smtp", controller.port, login=the_login(tmp_path, "wrong"), **keys)
        none = await checked("smtp", controller.port, **keys)
    finally:
        controller.stop()

    assert (good.status, good.failure) == (Status.OK, None)
    assert told(bad) is Kind.STATUS
    assert "login: expected 235, but the server said '535" in bad.failure.detail
    assert told(none) is Kind.STATUS
    assert receiving.messages == []


async def test_words_slipped_in_before_tls():
    """What stands in the clear behind the agreement ends the visit before the handshake."""
    heard = SimpleQueue()
    with serving(slipping_in(heard)) as port:
        outcome = await checked("smtp", port, insecure=True)
        after = heard.get(timeout=5)

    assert told(outcome) is Kind.STARTTLS
    assert "16 more bytes in the clear" in outcome.failure.detail
    assert after == b""


@pytest.mark.parametrize("kind", ["smtp", "imap", "pop3"])
@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (b"x" * 200_000, "a line of over 4096 bytes"),
        (b"\x00\xff\x16\x03" * 4, "the server closed the connection"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "but the server said 'SSH-2.0-OpenSSH_9.2'"),
        (b"", "the server closed the connection"),
    ],
    ids=["endless line", "binary", "another protocol", "nothing"],
)
async def test_what_is_no_mail_server(kind, said, wanted):
    """Anything else is told by what it said, within bounds."""

    def handle(connection):
        with contextlib.suppress(OSError):
            connection.sendall(said)

    with serving(handle) as port:
        outcome = await checked(kind, port, tls="none")

    assert outcome.status is Status.FAILED
    assert told(outcome) in {Kind.PROTOCOL, Kind.BANNER}
    assert wanted in outcome.failure.detail
    assert len(outcome.failure.detail) < 400


@pytest.mark.parametrize(("kind", "drop"), [("smtp", b"2"), ("imap", b"*"), ("pop3", b"+")])
async def test_a_server_that_drips_is_cut_off(kind, drop):
    """A server that sends a byte at a time holds the check up to its deadline and no longer."""

    def handle(connection):
        while True:
            connection.sendall(drop)
            time.sleep(0.05)

    with serving(handle) as port:
        began = time.monotonic()
        outcome = await checked(kind, port, tls="none", seconds=0.6)
        took = time.monotonic() - began

    assert told(outcome) is Kind.TIMEOUT
    assert outcome.answered
    assert took < 3.0, f"took {took:.2f} s"


SAID = {
    "imap": (b"* OK hi\r\n", [b"* CAPABILITY IMAP4\r\np1 OK\r\n", b"p2 NO you said %s\r\n"]),
    "pop3": (b"+OK hi\r\n", [b"+OK\r\nUSER\r\n.\r\n", b"+OK %s\r\n", b"-ERR you said %s\r\n"]),
    "smtp": (b"220 hi\r\n", [b"250-a\r\n250 AUTH PLAIN\r\n", b"535 you said %s\r\n"]),
}


@pytest.mark.parametrize("kind", SAID)
async def test_a_password_that_comes_back_is_not_told(files, tmp_path, kind):
    """Whatever form of the password a server repeats, no outcome shows it."""
    greeting, answers = SAID[kind]
    heard = SimpleQueue()

    def handle(connection):
        connection.sendall(greeting)
        said = b""
        for answer in answers:
            said = connection.recv(4096).strip()
            heard.put(said)
            connection.sendall(answer.replace(b"%s", said))

    with serving(handle, tls=server_context(*files[:2])) as port:
        outcome = await checked(
            kind, port, tls="implicit", ca_file=str(files[2]), login=the_login(tmp_path, "hunter22")
        )
        said = b"".join(heard.get(timeout=5) for _ in answers)

    shown = json.dumps([outcome.failure.detail, outcome.facts])
    assert told(outcome) is Kind.STATUS
    assert b"hunter22" in said or b"AHVzZX" in said or b"AUTH PLAIN" in said
    assert "***" in outcome.failure.detail
    assert "hunter22" not in shown
    assert said.split()[-1].decode() not in outcome.failure.detail.split()


async def test_no_password_goes_to_whoever_has_no_certificate(tmp_path):
    """A login waits for a certificate that was verified: without it, no password is sent."""
    heard = SimpleQueue()
    untrusted = write_chain(tmp_path, "other", issue(label="stranger"))

    def handle(connection):
        heard.put(connection.recv(4096))

    with serving(handle, tls=server_context(*untrusted)) as port:
        outcome = await checked("imap", port, tls="implicit", login=the_login(tmp_path))

    assert told(outcome) is Kind.TLS_SELF_SIGNED
    assert heard.empty() or heard.get() == b""


async def test_a_certificate_that_soon_expires_degrades(tmp_path, files):
    """Below `min_days` the check is degraded, below `critical_days` it fails."""
    soon = write_chain(
        tmp_path, "soon", issue(issuer=root(), days=(-1, 5), label="soon", kind="rsa")
    )

    def handle(connection):
        connection.sendall(b"* OK hi\r\n")
        for number in (1, 2):
            connection.recv(4096)
            connection.sendall(b"* CAPABILITY IMAP4\r\np%d OK\r\n" % number)

    with serving(handle, tls=server_context(*soon)) as port:
        keys = {"tls": "implicit", "ca_file": str(files[2])}
        degraded = await checked("imap", port, **keys)
        failed = await checked("imap", port, critical_days=10, **keys)

    assert (degraded.status, told(degraded)) == (Status.DEGRADED, Kind.EXPIRES_SOON)
    assert (failed.status, told(failed)) == (Status.FAILED, Kind.EXPIRES_SOON)
