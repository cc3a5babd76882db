"""WhatsApp gateways: what each is sent, and what its answers mean."""

import json
import re
from dataclasses import replace
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.fields import Context
from monitor.locales import Language
from monitor.locales.messages_native import Wording
from monitor.notifiers.whatsapp import (
    LONGEST_TEXT,
    RECEIVER_TYPE,
    Gateway,
    Whatsapp,
    WhatsappSpec,
    form_of,
    refused,
)
from monitor.ports import Replying
from monitor.receivertype.posting import Answer
from tests.fakes import LINK_KEY, NOON, an_alert
from tests.goldenfiles import assert_golden
from tests.unit.alerting.samples import SAMPLES, companion

NUMBER = "6281234567890"
GROUP = "120363012345678901@g.us"
TOKEN = "s3cret-t0ken"
ACCOUNT = "https://jogja.wablas.com"


@pytest.fixture(scope="module")
def spec_of(tmp_path_factory):
    """Return a function that reads a receiver as alerts.yaml has it, Fonnte unless it says else."""
    folder = tmp_path_factory.mktemp("whatsapp")

    def read(**keys):
        keys = {"gateway": "fonnte", "to": NUMBER, "token": TOKEN, **keys}
        for name in ("token", "secret"):
            if keys.get(name) is not None:
                (folder / name).write_text(keys[name])
                (folder / name).chmod(0o600)
                keys[name] = {"file": name}
        return WhatsappSpec.model_validate(keys, context=Context(folder=folder))

    return read


@pytest.fixture(scope="module")
def whatsapp(spec_of):
    return notifier(spec_of())


def notifier(spec: WhatsappSpec, language: Language = Language.ID) -> Whatsapp:
    wording = Wording(
        receiver="piket-wa",
        external_url="https://pantau.makassarkota.go.id",
        language=language,
        zone=ZoneInfo("Asia/Makassar"),
        link_key=LINK_KEY,
    )
    return Whatsapp(spec, wording, None)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", SAMPLES)
def test_body(name, language, spec_of):
    """Every message has one text in each language, byte for byte, whatever the gateway."""
    body = notifier(spec_of(), language).payload("ROW1", SAMPLES[name])

    waha = spec_of(gateway="waha", to=GROUP)
    assert body == notifier(waha, language).payload("ROW2", SAMPLES[name])
    assert_golden(f"whatsapp/{name}.{language}.txt", body.decode() + "\n")


TEXTS = st.text(max_size=400) | st.lists(
    st.sampled_from(
        ["*bold*", "_slanted_", "~struck~", "`code`", "```", "* item", "> quote", "@62812"]
    )
    | st.sampled_from(
        ["{name}", "{a|b}", "\x00", "\n", "\ud800", "\u202e", "😀" * 300, "https://a/_b_"]
    ),
    max_size=12,
).map("".join)


@given(name=TEXTS, detail=TEXTS, runbook=TEXTS)
def test_text_of_others_is_data(whatsapp, name, detail, runbook):
    """Whatever names and details say, only our first line is bold, and nobody is called."""
    alert = an_alert()
    [check] = alert.checks
    alert = replace(
        alert,
        service=replace(alert.service, name=name, owner=name),
        checks=(replace(check, failure_detail=detail, runbook=runbook),),
        companions=(companion("s", name, an_alert()),),
        detail=detail,
    )

    text = whatsapp.payload("ROW1", alert).decode()
    first, *rest = text.split("\n")

    assert re.fullmatch(r"\*[^*]+\*", first)
    assert not re.search(
        r"[*~`{}]|@\w|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])", first[1:-1] + "\n".join(rest)
    )
    assert not any(re.match(r"[>*-]|[0-9]+\. ", line) for line in rest)
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e]", text)
    assert len(text.encode("utf-16-le")) // 2 <= LONGEST_TEXT


def test_long_messages_are_cut(spec_of):
    """No text is longer than every gateway takes, and the link stays."""
    short = notifier(spec_of())
    page = "https://pantau.example/" + "x" * 3900
    text = replace(short, wording=replace(short.wording, external_url=page)).payload(
        "ROW1", SAMPLES["updated"]
    )

    assert len(text.decode()) == LONGEST_TEXT
    assert text.endswith(b"/incidents/INC1")


def test_names_stay_readable(whatsapp):
    """An underscore inside a word formats nothing and stays; links lead where they did."""
    [check] = an_alert().checks
    alert = an_alert(
        checks=(
            replace(check, failure_detail="db_main: x", runbook="https://w.example/~a/_b_?c_d"),
        )
    )

    text = whatsapp.payload("ROW1", alert).decode()

    assert "db_main: x" in text
    assert "https://w.example/%7Ea/%5Fb%5F?c_d" in text


def test_forms_are_those_of_the_gateways(spec_of):
    """Each gateway is asked in the way that it documents."""
    fonnte = form_of(spec_of(), TOKEN, "a & b=é")
    assert (fonnte.path, fonnte.fields["Authorization"]) == ("/send", TOKEN)
    assert parse_qs(fonnte.body.decode()) == {"target": [NUMBER], "message": ["a & b=é"]}

    wablas = form_of(spec_of(gateway="wablas", url=ACCOUNT, to=GROUP), "t.s", "text")
    assert (wablas.path, wablas.fields["Authorization"]) == ("/api/send-message", "t.s")
    assert parse_qs(wablas.body.decode()) == {
        "phone": [GROUP.removesuffix("@g.us")],
        "message": ["text"],
        "isGroup": ["true"],
    }

    waha = form_of(spec_of(gateway="waha", session="pantau"), TOKEN, "text")
    assert (waha.path, waha.fields["X-Api-Key"]) == ("/api/sendText", TOKEN)
    assert json.loads(waha.body) == {
        "session": "pantau",
        "chatId": f"{NUMBER}@c.us",
        "text": "text",
    }
    assert "X-Api-Key" not in form_of(spec_of(gateway="waha", token=None), "", "text").fields


@pytest.mark.parametrize(
    ("gateway", "status", "body", "told"),
    [
        ("fonnte", 200, {"status": True, "detail": "success! message in queue"}, None),
        ("fonnte", 200, {"Status": True}, None),
        ("fonnte", 200, {"Status": False, "reason": "invalid token"}, "not sent: invalid token"),
        ("fonnte", 200, {"status": "true"}, "not sent"),
        ("fonnte", 200, {}, "not sent"),
        ("fonnte", 200, "<html>Log in</html>", "not sent"),
        ("fonnte", 200, "[" * 16_000, "not sent"),
        ("wablas", 200, {"status": True, "message": "pending"}, None),
        ("wablas", 200, {"status": False, "message": "token invalid"}, "not sent: token invalid"),
        ("wablas", 500, {"status": True}, "status 500"),
        ("waha", 201, {"id": "3EB0"}, None),
        ("waha", 422, {"error": "Session status", "status": "STOPPED"}, "Session status, STOPPED"),
        ("waha", 401, {"message": "Unauthorized", "statusCode": 401}, "status 401: Unauthorized"),
        ("waha", 302, {}, "redirects are not followed"),
    ],
)
def test_what_an_answer_means(gateway, status, body, told):
    """A message has gone out when the gateway says so; a refusal under 200 is a refusal."""
    octets = body.encode() if isinstance(body, str) else json.dumps(body).encode()

    refusal = refused(Gateway(gateway), Answer(status, None, octets), NOON, [TOKEN])

    assert (refusal is None) == (told is None)
    if refusal is not None:
        assert told in str(refusal)
        assert not refusal.permanent


def test_token_is_never_told():
    """Not even a gateway that repeats the token brings it into a log."""
    body = json.dumps({"status": False, "reason": f"no {TOKEN} " + "x" * 5000}).encode()

    refusal = refused(Gateway.FONNTE, Answer(200, None, body), NOON, [TOKEN])

    assert TOKEN not in str(refusal)
    assert len(str(refusal)) < 500


@pytest.mark.parametrize("written", [NUMBER, "+62 812-3456-7890", "+62 (812) 34567890"])
def test_numbers_may_be_written_as_people_do(written, spec_of):
    """Signs between the digits of a number are not sent."""
    assert spec_of(to=written).to == NUMBER


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"to": "081234567890"}, "with its country code"),
        ({"to": "6281234567890,628999999999"}, "write a number"),
        ({"to": "6281234567890|Budi"}, "write a number"),
        ({"to": "budi"}, "write a number"),
        ({"to": "6281234567890@c.us"}, "write a number"),
        ({"gateway": "wablas"}, "url: wablas needs it"),
        ({"token": None}, "token: fonnte needs one"),
        ({"secret": "abc"}, "secret: fonnte has none"),
        ({"session": "pantau"}, "session: fonnte has none"),
        ({"gateway": "waha", "session": "../x"}, "match pattern"),
        ({"gateway": "waha", "url": "http://waha.example"}, "write https"),
        ({"url": "https://a.example/?x"}, "no query"),
        ({"token": "a b"}, "printable ASCII"),
        ({"token": "é"}, "printable ASCII"),
        ({"gateway": "twilio"}, "fonnte"),
    ],
)
def test_mistakes_are_refused(keys, told, spec_of):
    """What no gateway can do is an error of the configuration."""
    with pytest.raises(ValidationError) as refusal:
        spec_of(**keys)

    assert any(told in error["msg"] for error in refusal.value.errors())


def test_is_no_certain_path(whatsapp):
    """A gateway counts as a path that may be gone at any time, and answers no earlier message."""
    assert not RECEIVER_TYPE.is_certain
    assert not isinstance(whatsapp, Replying)


def test_unencrypted_gateway_is_warned_of(spec_of):
    """A gateway in the private network that is spoken to in the clear is a warning."""
    assert spec_of(gateway="waha", url="http://10.0.0.9:3000").warnings()
    assert not spec_of(gateway="waha").warnings()
