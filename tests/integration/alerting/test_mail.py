"""Mail over real sockets, to Postfix and to aiosmtpd: what arrives, and what does not."""

import contextlib
import time
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from monitor.alerting.testmessage import send_test
from monitor.fields import Context
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.notifiers.email import RECEIVER_TYPE, EmailSpec
from monitor.ports import Undelivered
from monitor.receivertype import ReceiverContext
from tests.certificates import NAME, issue, leaf, write_chain, write_root
from tests.fakes import FakeClock, an_alert
from tests.mailservers import MAILBOX, PASSWORD, USER, postfix, queued
from tests.servers import free_port, server_context, serving
from tests.unit.alerting.samples import SAMPLES

pytestmark = pytest.mark.xdist_group("mail")

NOBODY, STRANGER = "nobody@makassarkota.test", "someone@elsewhere.test"
OTHER = "lurah@makassarkota.test"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mail")
    chain, key = write_chain(folder, "server", leaf(kind="rsa", label="mail"))
    folder.chmod(0o755)
    return chain, key, write_root(folder)


@pytest.fixture(scope="module")
def server(files):
    with postfix(*files[:2]) as running:
        yield running


@pytest.fixture
def missed():
    return []


@pytest.fixture
def receiver(tmp_path, files, missed):
    """Return a function that makes a receiver as alerts.yaml describes it."""
    (tmp_path / "password").write_text(PASSWORD)
    (tmp_path / "password").chmod(0o600)
    login = {"username": USER, "password": {"file": "password"}}

    def make(port, *, logs_in=False, **keys):
        keys = {
            "host": "127.0.0.1",
            "port": port,
            "server_name": NAME,
            "ca_file": str(files[2]),
            "from": "pantau@makassarkota.test",
            "to": [MAILBOX],
            "timeout": "5s",
            **({"login": login} if logs_in else {}),
            **keys,
        }
        spec = EmailSpec.model_validate(keys, context=Context(folder=tmp_path))
        context = ReceiverContext(
            network=Network(resolver=Resolver()),
            external_url="https://pantau.example",
            language="id",
            zone="Asia/Makassar",
            name="surel",
            missed=missed.append,
        )
        return RECEIVER_TYPE.connect(spec, context)

    return make


async def attempt(notifier, row_id="ROW1", alert=None):
    """Return why an attempt failed, None if it did not."""
    body = notifier.payload(row_id, alert or an_alert())
    try:
        await notifier.notify(row_id, body, datetime.now(UTC))
    except Undelivered as error:
        return error
    return None


# --- Postfix -------------------------------------------------------------------------------


@pytest.mark.peers
@pytest.mark.parametrize(
    ("port", "tls"),
    [("offers", "starttls"), ("insists", "starttls"), ("implicit", "implicit"), ("plain", "none")],
)
async def test_postfix_takes_it(server, receiver, port, tls):
    """A real server takes every message as it was written, over TLS in both its ways."""
    notifier = receiver(getattr(server, port), tls=tls)
    row_id = f"POSTFIX{port.upper()}"
    error = await attempt(notifier, row_id, SAMPLES["firing-dependency"])

    [taken] = [each for each in queued(server) if row_id.encode() in each]
    assert error is None
    assert b"sender: pantau@makassarkota.test\n" in taken
    assert f"recipient: {MAILBOX}\n".encode() in taken
    written = notifier.payload(row_id, SAMPLES["firing-dependency"]).replace(b"\r\n", b"\n")
    assert written.strip() in taken
    assert (b"with ESMTPS" in taken) == (tls != "none")


@pytest.mark.peers
async def test_postfix_refuses_a_mailbox(server, receiver, missed):
    """A mailbox that does not exist keeps no other from getting the message, and is told."""
    row_id = "POSTFIXPARTIAL"
    error = await attempt(receiver(server.offers, to=[NOBODY, MAILBOX]), row_id)

    [taken] = [each for each in queued(server) if row_id.encode() in each]
    assert (error, missed) == (None, ["recipient_refused"])
    assert f"recipient: {MAILBOX}\n".encode() in taken
    assert f"recipient: {NOBODY}\n".encode() not in taken


@pytest.mark.peers
@pytest.mark.parametrize(("recipient", "permanent"), [(NOBODY, True), (STRANGER, False)])
async def test_postfix_refuses_everybody(*, server, receiver, recipient, permanent):
    """With nobody left the refusal is told in the server's words; a denied relay can be mended."""
    error = await attempt(receiver(server.offers, to=recipient))

    assert (error.reason, error.permanent) == ("smtp_5xx", permanent)
    assert f"no recipient was accepted: {recipient}: 55" in str(error)


@pytest.mark.peers
async def test_a_trial_message(server, receiver):
    """`pantau notify test` reaches a real server and tells what it answered."""
    clock = FakeClock()
    good = await send_test(receiver(server.offers), "surel", clock)
    bad = await send_test(receiver(server.offers, to=NOBODY), "surel", clock)

    assert (good.delivered, bad.delivered) == (True, False)
    assert any(good.id.encode() in each for each in queued(server))
    assert "no recipient was accepted" in bad.detail


@pytest.mark.peers
async def test_no_word_to_a_stranger(server, receiver):
    """A server that cannot prove its name gets no message, over neither way of TLS."""
    errors = [
        await attempt(receiver(server.offers, server_name="other.test"), "STRANGER"),
        await attempt(receiver(server.implicit, tls="implicit", ca_file=None), "STRANGER"),
        await attempt(receiver(server.plain), "STRANGER"),
    ]

    assert [error.reason for error in errors] == ["tls_hostname", "tls_untrusted", "starttls"]
    assert not any(error.permanent for error in errors)
    assert not any(b"STRANGER" in each for each in queued(server))


# --- a server that does what it is told ----------------------------------------------------


class Strict:
    """Answers as it is told to, keeps what it takes, and refuses what the standard forbids."""

    def __init__(self):
        self.taken, self.recipients, self.answers = [], {}, {}

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        answer = self.recipients.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        answer = self.answers.get("DATA", "250 OK")
        if not answer.startswith("250"):
            return answer
        content = envelope.original_content
        if not content.isascii() or b"\0" in content or max(map(len, content.split(b"\r\n"))) > 998:
            return "554 5.6.0 this is no mail"
        if content.count(b"\n") != content.count(b"\r\n") or content.count(b"\r") != content.count(
            b"\n"
        ):
            return "554 5.6.0 bare line ends"
        self.taken.append((tuple(envelope.rcpt_tos), content))
        return answer


@contextlib.contextmanager
def strict(files, **settings):
    """Run aiosmtpd with STARTTLS required; yield its port and what it took."""
    handler = Strict()
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=free_port(),
        tls_context=server_context(*files[:2]),
        require_starttls=True,
        **settings,
    )
    controller.start()
    try:
        yield controller.port, handler
    finally:
        controller.stop()


@pytest.mark.parametrize("name", SAMPLES)
async def test_a_strict_server_takes_every_message(name, files, receiver):
    """Every kind of message is mail as the standard has it, and arrives byte for byte."""
    with strict(files) as (port, handler):
        notifier = receiver(port)
        error = await attempt(notifier, alert=SAMPLES[name])

    assert error is None
    assert handler.taken == [((MAILBOX,), notifier.payload("ROW1", SAMPLES[name]))]
    assert not message_from_bytes(handler.taken[0][1], policy=default).defects


async def test_a_retry_is_the_same_mail(files, receiver):
    """What is put off comes again under the same id, byte for byte."""
    with strict(files) as (port, handler):
        notifier = receiver(port)
        handler.answers["DATA"] = "451 4.3.0 busy"
        first = await attempt(notifier)
        del handler.answers["DATA"]
        second = await attempt(notifier)

    assert (first.reason, str(first)) == ("smtp_4xx", "message: 451 4.3.0 busy")
    assert (second, [content for _, content in handler.taken]) == (
        None,
        [notifier.payload("ROW1", an_alert())],
    )


async def test_greylisting(files, receiver, missed):
    """A recipient who is put off gets the message later, and nobody else gets it twice."""
    with strict(files) as (port, handler):
        notifier = receiver(port, to=[MAILBOX, OTHER])
        handler.recipients[OTHER] = "450 4.2.0 greylisted"
        first = await attempt(notifier)
        handler.recipients.clear()
        second = await attempt(notifier)

    assert (first.reason, str(first)) == (
        "recipient_deferred",
        f"put off: {OTHER}: 450 4.2.0 greylisted",
    )
    assert (second, missed) == (None, [])
    assert [recipients for recipients, _ in handler.taken] == [(MAILBOX,), (OTHER,)]


@pytest.mark.parametrize(
    ("question", "answer", "reason", "permanent"),
    [
        ("MAIL", "421 4.3.2 closing", "smtp_4xx", False),
        ("MAIL", "553 5.7.1 sender not owned", "smtp_5xx", False),
        ("DATA", "452 4.3.1 disk full", "smtp_4xx", False),
        ("DATA", "554 5.7.1 looks like spam", "smtp_5xx", True),
    ],
)
async def test_refusals(*, files, receiver, question, answer, reason, permanent):
    """A refusal is told in the server's words; 4xx is tried again."""
    with strict(files) as (port, handler):
        handler.answers[question] = answer
        error = await attempt(receiver(port))

    assert (error.reason, error.permanent) == (reason, permanent)
    assert answer in str(error)


async def test_a_message_too_large(files, receiver):
    """What is over the server's limit is told, and not begun."""
    with strict(files, data_size_limit=1000) as (port, handler):
        error = await attempt(receiver(port))

    assert (error.reason, error.permanent) == ("smtp_5xx", True)
    assert "are over the server's SIZE 1000" in str(error)
    assert not handler.taken


@pytest.mark.parametrize("excluded", [["LOGIN"], ["PLAIN"]])
async def test_a_login(files, receiver, excluded):
    """With a login the message goes out behind AUTH PLAIN, or LOGIN where there is no other."""
    seen = []

    def knows(server, session, envelope, mechanism, auth):
        seen.append((mechanism, auth.login.decode(), auth.password.decode()))
        return AuthResult(success=auth.password.decode() == PASSWORD)

    with strict(
        files, authenticator=knows, auth_required=True, auth_exclude_mechanism=excluded
    ) as (
        port,
        handler,
    ):
        error = await attempt(receiver(port, logs_in=True))
        without = await attempt(receiver(port))

    [mechanism] = {"PLAIN", "LOGIN"} - set(excluded)
    assert (error, seen) == (None, [(mechanism, USER, PASSWORD)])
    assert (without.reason, without.permanent) == ("smtp_5xx", False)
    assert len(handler.taken) == 1


async def test_a_refused_login_shows_no_password(files, receiver):
    """A login that is refused can be mended, and is told without the password."""

    def handle(connection):
        connection.sendall(b"220 hi\r\n")
        connection.recv(4096)
        connection.sendall(b"250-hi\r\n250 AUTH PLAIN\r\n")
        said = connection.recv(4096).strip()
        connection.sendall(b"535 5.7.8 " + said + b" " + PASSWORD.encode() + b"\r\n")
        connection.recv(4096)

    with serving(handle, tls=server_context(*files[:2])) as port:
        error = await attempt(receiver(port, tls="implicit", logs_in=True))

    assert not error.permanent
    assert "login: expected 235, but the server said" in str(error)
    assert "***" in str(error)
    assert PASSWORD not in str(error)


async def test_no_password_for_a_stranger(tmp_path, receiver):
    """Before the certificate is verified no password is sent."""
    heard = []
    untrusted = write_chain(tmp_path, "other", issue(label="stranger"))

    def handle(connection):
        heard.append(connection.recv(4096))

    with serving(handle, tls=server_context(*untrusted)) as port:
        error = await attempt(receiver(port, tls="implicit", logs_in=True))

    assert error.reason == "tls_self_signed"
    assert not any(heard)


def _pours(connection):
    with contextlib.suppress(OSError):
        for _ in range(100_000):
            connection.sendall(b"220-x\r\n" * 100)


def _hangs(connection):
    connection.recv(1)


def _drips(connection):
    with contextlib.suppress(OSError):
        for _ in range(100):
            connection.sendall(b"2")
            time.sleep(0.1)


@pytest.mark.parametrize(
    ("handle", "reason"), [(_pours, "protocol"), (_hangs, "timeout"), (_drips, "timeout")]
)
async def test_a_hostile_server_cannot_hurt(handle, reason, receiver):
    """Whatever a server does, an attempt ends in time and reads little."""
    with serving(handle) as port:
        began = time.monotonic()
        error = await attempt(receiver(port, tls="none", timeout="1s"))

    assert error.reason == reason
    assert time.monotonic() - began < 6


async def test_the_farewell_is_not_awaited(receiver):
    """A message that a server took has arrived, however slow its good-bye is."""

    def handle(connection):
        for answer in (b"220 a", b"250 b", b"250 c", b"250 d", b"354 e", b"250 f"):
            connection.sendall(answer + b"\r\n")
            connection.recv(65_536)
        connection.recv(1)

    with serving(handle) as port:
        began = time.monotonic()
        error = await attempt(receiver(port, tls="none"))

    assert error is None
    assert time.monotonic() - began < 4
