"""Telegram: what the API is sent, and what its answers mean."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.domain.alert import Alert, AlertType
from monitor.fields import Context
from monitor.locales import Language
from monitor.locales.messages_native import Wording
from monitor.notifiers.telegram import (
    LONGEST_TEXT,
    Telegram,
    TelegramSpec,
    addressed,
    receipt_of,
    refused,
)
from monitor.ports import Replying, Undelivered
from monitor.receivertype.posting import Answer
from tests.fakes import LINK_KEY, NOON, an_alert
from tests.goldenfiles import assert_golden
from tests.unit.alerting.samples import SAMPLES, companion

TOKEN = "123456789:AAF0fake_token-of-a-bot-that-is-not-there"
CHAT = -1001234567890
TAGS = re.compile(r"</?b>|&(?:amp|lt|gt);")


@pytest.fixture(scope="module")
def spec_of(tmp_path_factory):
    """Return a function that reads a receiver as alerts.yaml has it."""
    folder = tmp_path_factory.mktemp("telegram")

    def read(token=TOKEN, **keys):
        (folder / "token").write_text(token)
        (folder / "token").chmod(0o600)
        keys = {"token": {"file": "token"}, "chat_id": CHAT, **keys}
        return TelegramSpec.model_validate(keys, context=Context(folder=folder))

    return read


@pytest.fixture(scope="module")
def telegram(spec_of):
    return notifier(spec_of())


def notifier(spec: TelegramSpec, language: Language = Language.ID, url: str = "") -> Telegram:
    wording = Wording(
        receiver="piket",
        external_url=url or "https://pantau.makassarkota.go.id",
        language=language,
        zone=ZoneInfo("Asia/Makassar"),
        link_key=LINK_KEY,
    )
    return Telegram(spec, wording, None)


class Parsed(HTMLParser):
    """What is left of a message's text once its entities are read, and the tags it had."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.tags = "", []
        self.feed(text)
        self.close()

    def handle_data(self, data):
        self.text += data

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, attrs))

    @property
    def units(self) -> int:
        return len(self.text.encode("utf-16-le")) // 2


def parsed(telegram: Telegram, alert: Alert) -> Parsed:
    return Parsed(json.loads(telegram.payload("ROW1", alert))["text"])


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", SAMPLES)
def test_body(name, language, spec_of):
    """Every message has one body in each language, byte for byte."""
    body = notifier(spec_of(), language).payload("ROW1", SAMPLES[name])

    assert body == notifier(spec_of(), language).payload("ROW2", SAMPLES[name])
    pretty = json.dumps(json.loads(body), ensure_ascii=False, indent=1)
    assert_golden(f"telegram/{name}.{language}.json", pretty + "\n")


def test_body_holds_no_secret(telegram):
    """The body, which is stored, holds neither the token nor the chat."""
    body = telegram.reply("ROW1", an_alert(), f"{CHAT}/7").decode()

    assert TOKEN not in body
    assert "chat_id" not in body


TEXTS = st.text(max_size=400) | st.lists(
    st.sampled_from(
        ["<b>", "</b>", "&lt;", "&", "@everyone", "@bapenda ", "<a href='tg://user?id=1'>"]
    )
    | st.sampled_from(["\x00", "\n", "\ud800", "\u202e", "😀" * 300, "https://a/@b", "é" * 2000]),
    max_size=12,
).map("".join)


@given(name=TEXTS, detail=TEXTS, runbook=TEXTS, others=st.integers(0, 8))
def test_text_of_others_is_data(telegram, name, detail, runbook, others):
    """Whatever names and details say, a message is valid HTML within the limit and calls nobody."""
    alert = an_alert()
    [check] = alert.checks
    alert = replace(
        alert,
        service=replace(alert.service, name=name, owner=name),
        checks=(replace(check, failure_detail=detail, runbook=runbook),),
        companions=tuple(companion(f"s{n}", name, an_alert()) for n in range(others)),
        detail=detail,
    )

    message = json.loads(telegram.payload("ROW1", alert).decode())
    seen = Parsed(message["text"])

    assert seen.tags == [("b", [])]
    assert not re.search("[<>&]", TAGS.sub("", message["text"]))
    assert not re.search(r"@\w", seen.text)
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e]", seen.text)
    assert 0 < seen.units <= LONGEST_TEXT


def test_link_stands_however_long_the_rest_is(spec_of):
    """The link to the incident is there, even where the rest had to be cut."""
    alert = replace(an_alert(), detail="@" * 5000)
    telegram = notifier(spec_of(), url="https://pantau.example/" + "x" * 2000)

    seen = parsed(telegram, alert)

    assert seen.units <= LONGEST_TEXT
    assert seen.text.endswith("/incidents/INC1")


def test_links_lead_where_they_did(telegram):
    """What is taken from a link's characters is written in another way, so that it still leads there."""
    [check] = an_alert().checks
    alert = an_alert(checks=(replace(check, runbook="https://wiki.example/@diskominfo?a=1&b=2"),))

    assert "https://wiki.example/%40diskominfo?a=1&b=2" in parsed(telegram, alert).text


def test_only_what_calls_for_somebody_makes_a_sound(telegram):
    """An outage, a reminder and a test make a sound; recoveries, planned work and late reports do not."""
    silent = {
        alert.type
        for alert in SAMPLES.values()
        if json.loads(telegram.payload("ROW1", alert))["disable_notification"]
    }

    assert silent == {
        *(AlertType.UPDATED, AlertType.ACKNOWLEDGED, AlertType.RESOLVED, AlertType.HEARTBEAT),
        *(AlertType.MAINTENANCE_STARTED, AlertType.MAINTENANCE_ENDED, AlertType.SELF_RECOVERED),
        *(AlertType.SELF_UNREPORTED, AlertType.REPORT_FILED),
    }


def test_address_is_added_at_sending(spec_of):
    """Chat and topic are those of the configuration at the moment of sending."""
    telegram = notifier(spec_of())
    body = telegram.payload("ROW1", an_alert())

    sent = json.loads(addressed(body, spec_of(chat_id="@pantau_makassar", topic=42)))

    assert (sent["chat_id"], sent["message_thread_id"]) == ("@pantau_makassar", 42)
    assert sent["text"] == json.loads(body)["text"]
    assert sent["link_preview_options"] == {"is_disabled": True}


def test_answers_the_first_message(telegram, spec_of):
    """A later message is a reply to the first one, which may have been deleted meanwhile."""
    receipt = receipt_of(answer(200, ok=True, result={"message_id": 7}), spec_of())
    sent = json.loads(addressed(telegram.reply("ROW2", an_alert(), receipt), spec_of()))

    assert isinstance(telegram, Replying)
    assert sent["reply_parameters"] == {"message_id": 7, "allow_sending_without_reply": True}
    assert "answers" not in sent


@pytest.mark.parametrize("receipt", [f"{CHAT}9/7", "7", "", f"{CHAT}/x", "@other/7"])
def test_answers_no_message_of_another_chat(receipt, telegram, spec_of):
    """Numbers of messages are those of a chat: in another one, the same number is another message."""
    sent = json.loads(addressed(telegram.reply("ROW2", an_alert(), receipt), spec_of()))

    assert "reply_parameters" not in sent


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000])
def test_body_of_another_kind_is_refused(body, spec_of):
    """What was frozen while the receiver was of another kind is given up, and told elsewhere."""
    with pytest.raises(Undelivered) as refusal:
        addressed(body, spec_of())

    assert refusal.value.permanent


def answer(status: int, **said) -> Answer:
    return Answer(status, None, json.dumps(said).encode())


def no(status: int, description: str, **parameters) -> Undelivered:
    said = answer(
        status, ok=False, error_code=status, description=description, parameters=parameters
    )
    return refused(said, NOON, TOKEN)


@pytest.mark.parametrize(
    ("status", "description", "permanent", "advice"),
    [
        (400, "Bad Request: can't parse entities: Unsupported start tag", True, ""),
        (400, "Bad Request: message is too long", True, ""),
        (400, "Bad Request: message text is empty", True, ""),
        (400, "Bad Request: chat not found", False, "check chat_id, and that the bot was added"),
        (400, "Bad Request: message thread not found", False, "check topic"),
        (400, "Bad Request: TOPIC_CLOSED", False, "open the topic again"),
        (400, "Bad Request: not enough rights to send text messages to the chat", False, "allow"),
        (401, "Unauthorized", False, "the token is not valid"),
        (403, "Forbidden: bot was kicked from the supergroup chat", False, "add the bot"),
        (403, "Forbidden: bot was blocked by the user", False, "unblock the bot"),
        (404, "Not Found", False, "check the token"),
        (500, "Internal Server Error", False, ""),
    ],
)
def test_refusals_are_told_plainly(status, description, permanent, advice):
    """What the API says is told with what to do. Only a fault of the text is beyond mending."""
    refusal = no(status, description)

    assert str(refusal).startswith(f"status {status}: {description}")
    assert advice in str(refusal)
    assert (refusal.permanent, refusal.gone) == (permanent, False)
    assert refusal.reason == ("status_5xx" if status == 500 else "status_4xx")


def test_only_the_api_itself_refuses_for_good():
    """A message is given up for its text alone: not for a limit, nor at what a proxy says."""
    assert not refused(Answer(400, None, b"<html>Bad Request</html>"), NOON, TOKEN).permanent
    assert not refused(Answer(410, None, b""), NOON, TOKEN).permanent
    assert not no(429, "Too Many Requests: the queue is too long").permanent


def test_upgraded_group_is_told_with_its_new_number():
    """A group that became a supergroup has another number, which the operator is told."""
    refusal = no(
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        migrate_to_chat_id=-1009876543210,
    )

    assert "write chat_id: -1009876543210" in str(refusal)
    assert not refusal.permanent


def test_retry_after_is_that_of_the_body():
    """What the API asks for when messages come too fast is honoured."""
    assert no(429, "Too Many Requests: retry after 35", retry_after=35).retry_after == 35.0
    assert no(429, "Too Many Requests", retry_after=10**400).retry_after == 1e9
    for strange in (True, "soon", None, [], 1.5):
        assert no(429, "Too Many Requests", retry_after=strange).retry_after is None
    header = Answer(429, "7", b"busy")
    assert refused(header, NOON, TOKEN).retry_after == 7.0


def test_token_is_never_told():
    """Not even an API that repeats the token brings it into a log."""
    for before in range(270, 300):
        text = str(no(400, f"no bot {TOKEN} {'x' * (before - len(TOKEN))} {TOKEN}"))

        assert TOKEN[:10] not in text
        assert len(text) < 500


@pytest.mark.parametrize(
    ("body", "arrived"),
    [
        (b'{"ok":true,"result":{"message_id":7}}', True),
        (b'{"ok": true}', True),
        (b'{"ok":true,"result":{"message_id":7,"text":"cut sh', True),
        (b'{"ok":false,"description":"no"}', False),
        (b"<html>Log in to the hotel's network</html>", False),
        (b"", False),
    ],
)
def test_arrived_when_the_api_says_ok(body, arrived):
    """A message has arrived when the API says so, and not when something else answers in its place."""
    assert (refused(Answer(200, None, body), NOON, TOKEN) is None) == arrived


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"result":[]}', b'{"result":{"message_id":"7"}}', b'{"ok":true,"re']
)
def test_no_receipt(body, spec_of):
    """An answer that names no message gives no receipt, and is no error."""
    assert receipt_of(Answer(200, None, body), spec_of()) is None


@pytest.mark.parametrize(
    "keys",
    [
        {"chat_id": 0},
        {"chat_id": True},
        {"chat_id": 1.0},
        {"chat_id": str(CHAT)},
        {"chat_id": "pantau"},
        {"chat_id": "@x"},
        {"chat_id": "@a/b?c"},
        {"topic": 0},
        {"api": "http://api.telegram.org"},
        {"api": "https://api.example/?x=1"},
        {"timeout": "16s"},
        {"token": "hunter2"},
        {"token": "123456789:" + "x" * 30 + "/../"},
    ],
)
def test_mistakes_are_refused(keys, spec_of):
    """What a chat cannot be is an error of the configuration, and no token is shown."""
    with pytest.raises(ValidationError) as refusal:
        spec_of(**keys)

    assert "hunter2" not in str([error["msg"] for error in refusal.value.errors()])


def test_equal_when_configured_alike(spec_of):
    """A reload that changes nothing leaves a receiver equal to what it was."""
    assert notifier(spec_of()) == notifier(spec_of())
    assert notifier(spec_of()) != notifier(spec_of(topic=1))
