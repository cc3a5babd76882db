"""Slack, Teams, PagerDuty, ntfy and Gotify: what they are told, and what of it is only text."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.domain.alert import Alert, AlertType
from monitor.locales import Language
from monitor.receivertype.services import pieces, said
from tests.chatservices import (
    KINDS,
    ROUTING_KEY,
    SECRETS,
    SLACK_PATH,
    TEAMS_PATH,
    TOKENS,
    PagerDuty,
    gotify,
    ntfy,
    receiver,
    request_of,
    slack,
    teams,
)
from tests.fakes import an_alert
from tests.goldenfiles import assert_golden
from tests.unit.alerting.samples import COMPANIONS, SAMPLES, service_notice

NASTY = (
    "<!channel> <@U1> <!here> @everyone @here @channel & <https://evil.example|Portal> </b>",
    "*tebal* _miring_ ~coret~ `kode` [teks](https://evil.example) **b** # judul > kutip",
    "\x00\x1b[2J\ud800\u202e\u2066" + "é" * 3000,
    "&" * 3000,
    '"}],"text":"<!channel>',
    "<at>Semua</at><script>alert(1)</script>",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("secrets")


def accepted(kind: str, body: bytes) -> bool:
    """Say whether the service of a kind takes all that `body` stands for."""
    match kind:
        case "slack":
            return slack(request_of(body, SLACK_PATH)).status == 200
        case "teams":
            return teams(request_of(body, TEAMS_PATH)).status == 202
        case "ntfy":
            body = json.dumps({"topic": "pantau", **json.loads(body)}).encode()
            return ntfy(request_of(body, authorization=f"Bearer {TOKENS['ntfy']}")).status == 200
        case "gotify":
            return gotify(request_of(body, "/message", x_gotify_key=TOKENS["gotify"])).status == 200
    service = PagerDuty()
    answers = [
        service(
            request_of(
                json.dumps({"routing_key": ROUTING_KEY, **each["event"]}).encode(), each["path"]
            )
        )
        for each in json.loads(body)["events"]
    ]
    return {each.status for each in answers} == {202}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("kind", KINDS)
def test_body(kind, name, language, folder):
    """Every message has one body for each service and language, byte for byte, and is taken."""
    body = receiver(kind, folder, language=language).payload("ROW1", SAMPLES[name])

    assert body == receiver(kind, folder, language=language).payload("ROW1", SAMPLES[name])
    assert accepted(kind, body)
    pretty = json.dumps(json.loads(body), ensure_ascii=False, indent=1)
    assert_golden(f"{kind}/{name}.{language}.json", pretty + "\n")


@pytest.mark.parametrize("kind", KINDS)
def test_message_says_all(kind, folder):
    """A message says what, since when, why with its value, who answers for it, and where to look."""
    alert = an_alert(victims=(service_notice("pajak", "Pajak Daerah"),), companions=COMPANIONS)

    text = receiver(kind, folder).payload("ROW1", alert).decode()

    for part in (
        *("Portal Resmi Kota Makassar", "12.00 WITA", "status: 503, expected 200-299"),
        *("diskominfo", "Pajak Daerah", "PBB Daring", "https://wiki.example/portal"),
        "https://pantau.makassarkota.go.id/incidents/INC1",
    ):
        assert part in text


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_in_a_body(kind, folder):
    """What is stored until it is delivered holds no secret."""
    notifier = receiver(kind, folder)
    shown = notifier.payload("ROW1", an_alert()).decode() + repr(notifier)

    assert not any(secret in shown for secret in SECRETS)


def nasty_alert(kind: AlertType, text: str) -> Alert:
    """Return an alert in which all that others wrote is `text`."""
    alert = an_alert(kind, companions=COMPANIONS, detail=text)
    service = replace(alert.service, name=text, owner=text)
    checks = tuple(
        replace(check, target=text, failure_detail=text, runbook=text) for check in alert.checks
    )
    others = tuple(replace(each, service=service, checks=checks) for each in COMPANIONS)
    return replace(
        alert, service=service, checks=checks, companions=others, victims=(service,) * 30
    )


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
@pytest.mark.parametrize("kind", KINDS)
def test_text_of_others_is_data(kind, text, folder):
    """Names and answers that look like mentions, markup or JSON are shown and nothing else."""
    for alert_type in AlertType:
        body = receiver(kind, folder).payload("ROW1", nasty_alert(alert_type, text))

        assert accepted(kind, body)
        shown = body.decode()
        assert not any(bad in shown for bad in ("\\u001b", "\\u0000", "\\ud800", "\u202e"))


@given(text=st.text(max_size=1500), alert_type=st.sampled_from(AlertType))
@pytest.mark.parametrize("kind", KINDS)
def test_any_text_is_taken(kind, folder, text, alert_type):
    """Whatever others write, a message is valid and within the limits of its service."""
    body = receiver(kind, folder).payload("ROW1", nasty_alert(alert_type, text))

    assert accepted(kind, body)


@pytest.mark.parametrize("kind", KINDS)
def test_equal_when_configured_alike(kind, folder):
    """A reload that changes nothing leaves a receiver equal to what it was."""
    assert receiver(kind, folder) == receiver(kind, folder)
    assert receiver(kind, folder) != receiver(kind, folder, timeout="5s")


@pytest.mark.parametrize(
    ("kind", "keys", "reason"),
    [
        ("ntfy", {"topic": "a/b"}, "topic"),
        (
            "ntfy",
            {"basic_auth": {"username": "a", "password": {"file": "ntfy.secret"}}},
            "not both",
        ),
        ("ntfy", {"url": "http://203.0.113.7/"}, "write https:"),
        ("ntfy", {"url": "https://ntfy.example/?auth=geheim"}, "the server's address alone"),
        ("gotify", {"url": "https://gotify.example/message?token=x"}, "the server's address alone"),
        ("pagerduty", {"api": "http://events.example"}, "write https:"),
        ("slack", {"colour": "red"}, "colour"),
        ("slack", {"timeout": "16s"}, "at most 15s"),
    ],
)
def test_mistakes_are_refused(kind, keys, reason, folder):
    """What a receiver cannot do is an error of the configuration, which shows no secret."""
    with pytest.raises(ValidationError) as refused:
        receiver(kind, folder, **keys)

    assert reason in str(refused.value.errors(include_input=False, include_url=False))


@pytest.mark.parametrize(
    ("kind", "base", "reason"),
    [
        ("slack", "http://hooks.example", "hold one URL: https"),
        ("slack", "geheim", "hold one URL: https"),
        ("slack", "https://169.254.169.254", "hold one URL: https"),
        ("teams", "https://kota.webhook.office.com", "an Office connector"),
        ("teams", "http://203.0.113.7", "hold one URL: https"),
    ],
)
def test_secret_urls_are_checked(kind, base, reason, tmp_path):
    """A secret URL is held to the rules of every other, and shown in no error."""
    with pytest.raises(ValidationError) as refused:
        receiver(kind, tmp_path, base)

    [error] = refused.value.errors()
    assert reason in error["msg"]
    assert "geheim" not in error["msg"]


def test_public_topic_is_warned_of(tmp_path):
    """A topic without a token is a warning: whoever guesses it reads along."""
    open_topic = receiver("ntfy", tmp_path, token=None)

    assert any("guesses the topic" in text for text in open_topic.spec.warnings())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@channel a@b.id", "\N{FULLWIDTH COMMERCIAL AT}channel a@b.id"),
        ("<!here> & co", "&lt;!here&gt; &amp; co"),
        ("*b* _i_ snake_case ~s~ `c`", "\u2217b\u2217 \u02cdi\u02cd snake_case \u223cs\u223c 'c'"),
    ],
)
def test_mrkdwn(text, shown):
    """Slack gets what would format or mention escaped or as a sign that looks like it."""
    from monitor.notifiers.slack import mrkdwn

    assert mrkdwn(text) == shown
    assert len(mrkdwn("&" * 3000).encode()) <= 3000
    assert mrkdwn("&" * 3000).endswith("&amp;…")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"invalid_payload", "invalid_payload"),
        (b'{"code":40101,"http":401,"error":"unauthorized"}', "unauthorized"),
        (b'{"error":"Bad","errorDescription":"field message"}', "field message; Bad"),
        (b'{"message":"invalid","errors":["a","b"]}', "invalid; a; b"),
        (b'{"error":{"code":"X","message":"No workflow."}}', "No workflow."),
        (b"<html>Sign in</html>", ""),
        (b"[" * 16_000, ""),
        (b'{"message":["' + b"x" * 500 + b'"]}', "x" * 197 + "…"),
        (b"\xff\x1b[2J", "\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}[2J"),
        (b"", ""),
    ],
)
def test_what_a_service_says(body, text):
    """Of a refusal the service's own words are told, on one line and briefly."""
    assert said(body) == text


def test_pieces_of_a_secret_url():
    """Each part of a secret URL that makes it one is kept from what is told."""
    parts = pieces("https://x.example/services/T0/geheimgeheim?sv=1.0&sig=rahasia1")

    assert {"geheimgeheim", "rahasia1"} <= set(parts)
    assert "sig" not in parts


def test_ntfy_takes_three_actions(folder):
    """Where more could be done about an outage, ntfy gets the first three: its page, and the link
    by which one takes care, before runbooks.
    """
    [check] = an_alert().checks
    runbooks = tuple(
        replace(check, id=name, runbook=f"https://wiki.example/{name}") for name in ("a", "b")
    )
    body = receiver("ntfy", folder).payload("ROW1", an_alert(checks=runbooks))

    assert accepted("ntfy", body)
    assert [each["label"] for each in json.loads(body)["actions"]] == [
        "Halaman gangguan",
        "Saya tangani",
        "Panduan",
    ]
