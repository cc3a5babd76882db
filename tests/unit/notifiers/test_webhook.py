"""Webhook messages: their bodies, their signatures, and what an answer means."""

import base64
import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from monitor.fields import Context
from monitor.locales import Language
from monitor.locales.messages_alertmanager import fingerprint
from monitor.locales.messages_native import Wording
from monitor.notifiers.webhook import Format, Webhook, WebhookSpec, signed, signing_key
from monitor.receivertype.posting import Answer, judge, retry_after_seconds
from tests.fakes import LINK_KEY, NOON, an_alert
from tests.goldenfiles import assert_golden
from tests.unit.alerting.samples import SAMPLES

KEY = bytes(range(32))
OTHER_KEY = bytes(range(100, 132))
WORDING = Wording(
    receiver="oncall",
    external_url="https://pantau.makassarkota.go.id",
    language=Language.ID,
    zone=ZoneInfo("Asia/Makassar"),
    link_key=LINK_KEY,
)
URL = "https://alerts.example/hook"


def written(key: bytes) -> str:
    return "whsec_" + base64.b64encode(key).decode()


@pytest.fixture
def spec_of(tmp_path):
    """Return a function that reads a receiver as alerts.yaml has it, secrets from files."""

    def read(**keys):
        for name in ("secret", "previous_secret", "bearer"):
            if name in keys:
                (tmp_path / name).write_text(keys[name])
                (tmp_path / name).chmod(0o600)
                keys[name] = {"file": name}
        return WebhookSpec.model_validate({"url": URL, **keys}, context=Context(folder=tmp_path))

    return read


def notifier(spec: WebhookSpec) -> Webhook:
    return Webhook(spec, WORDING, None)


@pytest.mark.parametrize("body_format", Format)
@pytest.mark.parametrize("name", SAMPLES)
def test_body(name, body_format, spec_of):
    """Every message has one body in each format, byte for byte."""
    body = notifier(spec_of(format=body_format)).payload("ROW1", SAMPLES[name])

    assert body == notifier(spec_of(format=body_format)).payload("ROW1", SAMPLES[name])
    pretty = json.dumps(json.loads(body), ensure_ascii=False, indent=1)
    assert_golden(f"webhook/{name}.{body_format}.json", pretty + "\n")


def test_keys_stand_in_order(spec_of):
    """The keys of the native body are those that are documented, in that order."""
    body = json.loads(notifier(spec_of()).payload("ROW1", an_alert()))

    assert list(body) == [
        *("version", "id", "type", "occurred_at", "incident", "service", "checks"),
        *("summary", "checkpoint"),
    ]
    assert body["checkpoint"] is None
    assert body["incident"]["url"] == "https://pantau.makassarkota.go.id/incidents/INC1"


@pytest.mark.parametrize("body_format", Format)
def test_text_of_others_is_data(body_format, spec_of):
    """Control characters, lone surrogates and floods of text reach no receiver."""
    [check] = an_alert().checks
    nasty = replace(check, failure_detail="\x1b[2J\x00\ud800\u202e" + "é" * 5000, target="\n" * 9)

    body = notifier(spec_of(format=body_format)).payload("ROW1", an_alert(checks=(nasty,)))

    text = body.decode("utf-8")
    assert not any(bad in text for bad in ("\\u001b", "\\u0000", "\\ud800", "\u202e"))
    assert len(body) < 8000


def test_fingerprint_is_alertmanagers():
    """Fingerprints are those that Alertmanager itself computes."""
    labels = {"alertname": "DemoAlert", "server": "ni3", "severity": "critical"}

    assert fingerprint(labels) == "8a07086b74f3ba78"


def test_resolved_has_the_fingerprint_of_its_firing(spec_of):
    """Labels never change while an incident goes on, so that its end is known by them."""
    webhook = notifier(spec_of(format="alertmanager"))
    firing, resolved = (
        json.loads(webhook.payload("ROW", SAMPLES[name])) for name in ("firing", "resolved")
    )

    assert firing["alerts"][0]["fingerprint"] == resolved["alerts"][0]["fingerprint"]
    assert firing["groupKey"] == resolved["groupKey"]
    assert (firing["status"], resolved["status"]) == ("firing", "resolved")
    assert firing["alerts"][0]["endsAt"] == "0001-01-01T00:00:00Z"
    assert resolved["alerts"][0]["startsAt"] == firing["alerts"][0]["startsAt"]


def test_signature_is_accepted_by_an_independent_verifier():
    """A signed message verifies with the standard's own library."""
    body = b'{"a":1}'
    fields = signed("ROW1", int(datetime.now(UTC).timestamp()), body, KEY)

    assert Verifier(written(KEY)).verify(body, dict(fields)) == {"a": 1}


def test_both_keys_verify_while_one_is_replaced():
    """While a secret is being replaced, receivers with the old and the new one accept a message."""
    body = b"{}"
    fields = dict(signed("ROW1", int(datetime.now(UTC).timestamp()), body, KEY, OTHER_KEY))

    for key in (KEY, OTHER_KEY):
        assert Verifier(written(key)).verify(body, fields) == {}


def test_a_changed_message_is_not_accepted():
    """Of a thousand changes of id, time, body and signature, which may also be no base64, of
    another length or missing, none verifies.
    """
    dice = random.Random(20260601)
    now = int(datetime.now(UTC).timestamp())
    body = b'{"type":"alert.firing","service":"portal"}'
    fields = dict(signed("ROW1", now, body, KEY))
    verifier, accepted, failed_otherwise = Verifier(written(KEY)), 0, []
    for number in range(1000):
        changed, changed_body = dict(fields), body
        match number % 6:
            case 0:
                changed["webhook-id"] = mutated(fields["webhook-id"], dice)
            case 1:
                changed["webhook-timestamp"] = str(
                    now + dice.choice([-1, 1]) * dice.randint(1, 200)
                )
            case 2:
                changed_body = mutated(body.decode(), dice).encode()
            case 3:
                prefix, signature = fields["webhook-signature"].split(",")
                changed["webhook-signature"] = f"{prefix},{rekeyed(signature, dice)}"
            case 4:
                changed["webhook-signature"] = garbled(fields["webhook-signature"], dice)
            case 5:
                del changed[dice.choice(list(fields))]
        try:
            verifier.verify(changed_body, changed, json_parse=False)
            accepted += 1
        except (WebhookVerificationError, ValueError):
            pass  # this verifier refuses what is no base64 in its own way
        except Exception as error:
            failed_otherwise.append(repr(error))

    assert (accepted, failed_otherwise) == (0, [])


def mutated(text: str, dice: random.Random) -> str:
    """Return `text` with one character changed, left out or doubled."""
    place = dice.randrange(len(text))
    middle = dice.choice(["", text[place] * 2, chr((ord(text[place]) + dice.randint(1, 20)) % 128)])
    return text[:place] + middle + text[place + 1 :]


def rekeyed(signature: str, dice: random.Random) -> str:
    """Return another signature, of the right or of a wrong length."""
    octets = bytearray(base64.b64decode(signature))
    octets[dice.randrange(len(octets))] ^= dice.randint(1, 255)
    return base64.b64encode(bytes(octets[: dice.choice([32, 31, 16, 1])])).decode()


def garbled(field: str, dice: random.Random) -> str:
    """Return what is no signature, or none of the version that is known."""
    prefix, signature = field.split(",")
    return dice.choice(
        [
            ",",
            f"v2,{signature}",
            f"v1a,{signature}",
            f"{prefix},",
            f"{prefix},{signature[: dice.randint(0, 40)]}",
            f"{prefix},{'*' * dice.randint(1, 44)}",
            f"{prefix},{signature[::-1]}",
            f"{prefix},\u00e9{signature[1:]}",
        ]
    )


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("hunter2hunter2hunter2hunter2", "begins with whsec_"),
        ("whsec_???", "base64 after whsec_"),
        ("whsec_" + base64.b64encode(b"short").decode(), "at least 24 bytes, this one has 5"),
    ],
)
def test_weak_secret_is_refused(secret, reason, spec_of):
    """A secret that is no `whsec_` key of 24 bytes is refused, and never shown."""
    with pytest.raises(ValidationError) as refused:
        spec_of(secret=secret)

    [error] = refused.value.errors()
    assert reason in error["msg"]
    assert secret not in error["msg"]
    assert signing_key(written(KEY)) == KEY


@pytest.mark.parametrize(
    ("url", "verdict"),
    [
        ("https://alerts.example/hook", "fine"),
        ("http://127.0.0.1:9099/hook", "fine"),
        ("http://[::1]:9099/hook", "fine"),
        ("http://localhost:9099/hook", "fine"),
        ("http://10.0.0.8/hook", "warned"),
        ("http://alerts.example/hook", "refused"),
        ("http://203.0.113.7/hook", "refused"),
        ("http://169.254.169.254/hook", "refused"),
        ("https://169.254.169.254/hook", "refused"),
    ],
)
def test_only_private_addresses_go_unencrypted(url, verdict, spec_of):
    """Over http only this machine and private addresses are told, the latter with a warning."""
    try:
        warnings = spec_of(url=url, secret=written(KEY)).warnings()
    except ValidationError:
        found = "refused"
    else:
        found = "warned" if warnings else "fine"

    assert found == verdict


def test_unsigned_is_warned_of(spec_of):
    """A webhook without a secret is a warning: anybody can forge its messages."""
    assert any("forged" in text for text in spec_of().warnings())


@pytest.mark.parametrize(
    "keys",
    [
        {"timeout": "16s"},
        {"headers": {"webhook-id": "1"}},
        {"headers": {"Host": "other"}},
        {"headers": {"X-A": "1\r\nX-B: 2"}},
        {"headers": {"X A": "1"}},
        {"format": "xml"},
        {"colour": "red"},
        {"secret": "whsec_in_the_open"},
    ],
)
def test_mistakes_are_refused(keys):
    """What a webhook cannot do is an error of the configuration."""
    with pytest.raises(ValidationError):
        WebhookSpec.model_validate({"url": URL, **keys})


@pytest.mark.parametrize(
    ("status", "reason", "permanent", "gone"),
    [
        (301, "redirect", False, False),
        (304, "redirect", False, False),
        (400, "status_4xx", True, False),
        (401, "status_4xx", False, False),
        (404, "status_4xx", False, False),
        (408, "status_4xx", False, False),
        (410, "status_4xx", False, True),
        (413, "status_4xx", True, False),
        (422, "status_4xx", True, False),
        (429, "status_4xx", False, False),
        (500, "status_5xx", False, False),
        (503, "status_5xx", False, False),
    ],
)
def test_what_an_answer_means(status, reason, permanent, gone):
    """Anything but 2xx means that the message did not arrive; few answers mean that it never will."""
    error = judge(Answer(status), NOON)

    assert (error.reason, error.permanent, error.gone) == (reason, permanent, gone)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_success(status):
    """A message has arrived when the answer is 2xx."""
    assert judge(Answer(status), NOON) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("999999999", 999_999_999.0),
        ("9" * 5000, 999_999_999_999.0),
        ("-5", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Mon, 01 Jun 2026 04:30:00 GMT", 1800.0),
        ("Mon, 01 Jun 99999 04:30:00 GMT", None),
        ("soon", None),
        ("", None),
        ("²", None),
        (None, None),
    ],
)
def test_retry_after(text, seconds):
    """Retry-After is read as seconds or as a date; what is neither asks for nothing."""
    assert retry_after_seconds(text, NOON) == seconds


def test_equal_when_configured_alike(spec_of):
    """A reload that changes nothing leaves a webhook equal to what it was."""
    one, same = (notifier(spec_of(secret=written(KEY))) for _ in range(2))
    other = notifier(spec_of(secret=written(KEY), timeout="5s"))

    assert one == same
    assert one != other
    assert one.spec.timeout == timedelta(seconds=10)
