"""What Apprise is given to say, and what of its URL is told to nobody."""

import json
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.domain.alert import AlertType
from monitor.fields import Context
from monitor.locales import Language
from monitor.notifiers.apprise import RECEIVER_TYPE, AppriseSpec, undelivered
from monitor.notifiers.apprise.checking import is_understood
from monitor.notifiers.apprise.exchange import Answer, Order
from monitor.notifiers.apprise.process import environment
from monitor.receivertype import ReceiverContext
from tests.fakes import LINK_KEY, an_alert
from tests.goldenfiles import assert_golden
from tests.payloads import PAYLOADS
from tests.unit.alerting.samples import SAMPLES
from tests.unit.notifiers.test_injection import hostile

URL = "json://pantau:geheimgeheim@127.0.0.1:9/geheimerpfad"
PARTS = ("geheim", "127.0.0.1", "json")


def spec_of(folder, url=URL, **keys):
    """Return a receiver's keys as alerts.yaml is read, with `url` in a file of `folder`."""
    secret = folder / "apprise.url"
    secret.touch(mode=0o600)
    secret.write_text(url + "\n")
    return AppriseSpec.model_validate(
        {"url": {"file": secret.name}, **keys}, context=Context(folder=folder)
    )


def receiver(folder, language=Language.ID, network=None, **keys):
    """Return a notifier as alerts.yaml describes it."""
    context = ReceiverContext(
        network=network,
        external_url="https://pantau.makassarkota.go.id",
        link_key=LINK_KEY,
        language=language,
        zone="Asia/Makassar",
        name="apprise",
    )
    return RECEIVER_TYPE.connect(spec_of(folder, **keys), context)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("secrets")


@pytest.fixture(scope="module")
def notifier(folder):
    return receiver(folder)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", SAMPLES)
def test_body(name, language, folder):
    """Every message has one body in each language, byte for byte."""
    body = receiver(folder, language).payload("ROW1", SAMPLES[name])

    assert body == receiver(folder, language).payload("ROW1", SAMPLES[name])
    pretty = json.dumps(json.loads(body), ensure_ascii=False, indent=1)
    assert_golden(f"apprise/{name}.{language}.json", pretty + "\n")


def test_no_secret_in_a_body(folder):
    """What is stored until it is delivered holds nothing of the URL."""
    notifier = receiver(folder)

    shown = notifier.payload("ROW1", an_alert()).decode() + repr(notifier)

    assert not any(part in shown for part in PARTS)


@given(
    text=st.text(max_size=1500) | st.sampled_from(PAYLOADS), alert_type=st.sampled_from(AlertType)
)
def test_any_text_is_text(notifier, text, alert_type):
    """Whatever others write, no service finds markup, a name or a place to fill in, and the
    message keeps to its length.
    """
    said = json.loads(notifier.payload("ROW1", hostile(alert_type, text)))

    assert not re.search(r"[<>*`~@|{}\[\]]", said["title"] + said["body"])
    assert len(said["title"]) <= 250
    assert len(said["body"]) <= 4000
    assert said["type"] in {"info", "success", "warning", "failure"}


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("geheimnis", "one URL of Apprise's"),
        ("json://geheim.example/ json://geheim.example/", "one URL of Apprise's"),
        ("nosuchgeheim://token", "knows no such service"),
        ("tgram://geheim", "lacks a part"),
    ],
)
def test_url_that_is_none(url, reason, tmp_path):
    """What Apprise does not understand is a mistake, told without showing anything of it."""
    with pytest.raises(ValidationError) as error:
        spec_of(tmp_path, url)

    assert error.value.errors()[0]["loc"] == ("url",)
    assert reason in str(error.value)
    assert "geheim" not in str(error.value)


def raising(error):
    """Return a function that raises, as one that asks Apprise may."""

    def ask(url):
        raise error

    return ask


@pytest.mark.parametrize("error", [subprocess.TimeoutExpired("python", 30), BlockingIOError()])
def test_busy_machine_is_no_mistake(error):
    """A configuration is not refused because this machine had no time to ask Apprise."""
    assert is_understood(URL, raising(error))


def test_apprise_that_does_not_run():
    """An Apprise that is broken is told where the configuration is read, without the URL."""
    with pytest.raises(ValueError, match="does not run here") as error:
        is_understood(URL, raising(ValueError(URL)))

    assert "geheim" not in str(error.value)
    assert error.value.__suppress_context__


def test_url_is_read_from_elsewhere(tmp_path):
    """The URL is a secret, and not written into the configuration."""
    with pytest.raises(ValidationError, match="not written into the configuration") as error:
        AppriseSpec.model_validate({"url": URL}, context=Context(folder=tmp_path))

    assert "geheim" not in error.value.errors()[0]["msg"]


def test_without_the_extra(tmp_path):
    """Where Apprise is not installed, the message says how to get it."""
    code = (
        "import importlib.util, sys\n"
        "real = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: None if name == 'apprise' else real(name)\n"
        "from monitor.fields import Secret\n"
        "from monitor.notifiers.apprise.checking import understandable\n"
        "understandable(Secret(('env', 'X'), sys.argv[1]))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, "json://127.0.0.1/"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "pip install 'pantau[apprise]'" in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("answer", "reason", "text"),
    [
        (Answer(understood=True), "not_delivered", "not why"),
        (Answer(understood=True, status=401), "status_4xx", "status 401"),
        (Answer(understood=True, status=503), "status_5xx", "status 503"),
        (Answer(understood=True, status=302), "redirect", "status 302"),
        (Answer(understood=True, status=200), "not_delivered", "status 200"),
        (Answer(understood=True, refusal="an address"), "refused_by_policy", "an address"),
        (Answer(understood=False), "secret", "does not understand"),
    ],
)
def test_everything_is_tried_again(answer, reason, text):
    """Apprise tells a refusal from a bad moment by nothing, so no failure is for good."""
    error = undelivered(answer)

    assert error.reason == reason
    assert text in str(error)
    assert (error.permanent, error.gone, error.retry_after) == (False, False, None)


def test_exchange():
    """An order and an answer arrive as they were sent; what else is said is no answer."""
    order = Order(url=URL, seconds=1.5, nameservers=(("127.0.0.1", 53),), message={"title": "é"})
    answer = Answer(understood=True, status=503)

    assert Order.decoded(order.encoded()) == order
    assert Answer.decoded(answer.encoded()) == answer
    assert "geheim" not in repr(order)
    for octets in (b"", b"{}", b"[]", b"Traceback", b'{"understood": true, "more": 1}'):
        with pytest.raises(ValueError):
            Answer.decoded(octets)


def test_environment(monkeypatch, tmp_path):
    """The process gets no credential, proxy or password file of the daemon's, and the authorities
    that the receiver names.
    """
    for name in ("HTTPS_PROXY", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "APPRISE_URLS", "NETRC"):
        monkeypatch.setenv(name, "geheim")

    given_ = environment(tmp_path / "ca.pem")

    assert "geheim" not in given_.values()
    assert given_["HOME"] == "/nonexistent"
    assert given_["REQUESTS_CA_BUNDLE"] == given_["SSL_CERT_FILE"] == str(tmp_path / "ca.pem")


def test_last_resort():
    """It may stop working at any time, so it is no certain way to tell somebody."""
    assert not RECEIVER_TYPE.is_certain


def test_equal_when_configured_alike(folder):
    """A reload that changes nothing leaves a receiver equal to what it was."""
    assert receiver(folder) == receiver(folder)
    assert receiver(folder) != receiver(folder, timeout="5s")
