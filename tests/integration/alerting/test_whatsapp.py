"""WhatsApp gateways over real sockets, each as strict as its documentation."""

import json
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from monitor.alerting.testmessage import send_test
from monitor.fields import Context
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.notifiers.whatsapp import RECEIVER_TYPE, WhatsappSpec
from monitor.ports import DeliveryState
from monitor.receivertype import ReceiverContext
from tests.fakes import FakeClock
from tests.messengers import Fonnte, Wablas, Waha
from tests.unit.alerting.samples import SAMPLES
from tests.unit.alerting.world import World

TOKEN = "s3cret-t0ken"
NUMBER, GROUP = "6281234567890", "120363012345678901@g.us"
GATEWAYS = {
    "fonnte": lambda: Fonnte(TOKEN),
    "waha": lambda: Waha(TOKEN),
    "wablas": lambda: Wablas(TOKEN),
}
KEYS = {"fonnte": ("target", "message"), "waha": ("chatId", "text"), "wablas": ("phone", "message")}


@pytest.fixture
def whatsapp(tmp_path):
    """Return a function that makes a receiver as alerts.yaml describes it."""

    def make(gateway, url, **keys):
        keys = {"token": TOKEN, "to": NUMBER, **keys}
        for name in {"token", "secret"} & keys.keys():
            (tmp_path / name).write_text(keys[name])
            (tmp_path / name).chmod(0o600)
            keys[name] = {"file": name}
        spec = WhatsappSpec.model_validate(
            {"gateway": gateway, "url": url, **keys}, context=Context(folder=tmp_path)
        )
        context = ReceiverContext(
            network=Network(resolver=Resolver()),
            external_url="https://pantau.example",
            language="id",
            zone="Asia/Makassar",
            name="piket-wa",
        )
        return RECEIVER_TYPE.connect(spec, context)

    return make


@pytest.mark.parametrize("to", [NUMBER, GROUP], ids=["number", "group"])
@pytest.mark.parametrize("name", GATEWAYS)
async def test_every_message_is_taken(name, to, whatsapp):
    """Every gateway takes every message as it is, for a number and for a group."""
    whom, text = KEYS[name]
    with GATEWAYS[name]() as gateway:
        notifier = whatsapp(name, gateway.url, to=to)
        bodies = [notifier.payload("ROW", alert) for alert in SAMPLES.values()]
        world = World(wa=notifier)
        for alert in SAMPLES.values():
            await notifier.notify("ROW", notifier.payload("ROW", alert), world.clock.now())

        assert [sent[text].encode() for sent in gateway.sent] == bodies
        assert {sent[whom].partition("@")[0] for sent in gateway.sent} == {to.partition("@")[0]}


async def test_refusal_under_200_is_no_delivery(whatsapp):
    """A message that a gateway refuses under status 200 waits until it takes it."""
    with Fonnte(TOKEN) as gateway:
        gateway.reason = "disconnected device"
        world = World(wa=whatsapp("fonnte", gateway.url))
        row = world.fires("A")
        with capture_logs() as logs:
            await world.passes(timedelta(hours=24))
        failures = [each for each in logs if each["event"] == "notification.failed"]
        assert {each["detail"] for each in failures} == {
            "status 200, but not sent: disconnected device"
        }
        assert world.outbox.state(row) is DeliveryState.PENDING

        gateway.reason = ""
        await world.passes(timedelta(hours=1))
        assert len(gateway.sent) == 1


async def test_session_that_is_logged_out_loses_nothing(whatsapp):
    """While WAHA's session is not connected, messages wait, and the log says why."""
    with Waha(TOKEN) as gateway:
        gateway.state = "SCAN_QR_CODE"
        world = World(wa=whatsapp("waha", gateway.url))
        world.fires("A")
        with capture_logs() as logs:
            await world.passes(timedelta(hours=24))
        assert "SCAN_QR_CODE" in json.dumps(logs, default=str)

        gateway.state = "WORKING"
        await world.passes(timedelta(hours=1))
        assert len(gateway.sent) == 1


@pytest.mark.parametrize("name", GATEWAYS)
async def test_wrong_token_is_told_plainly(name, whatsapp):
    """`pantau notify test` says what the gateway says of a wrong token, and never the token."""
    with GATEWAYS[name]() as gateway:
        result = await send_test(
            whatsapp(name, gateway.url, token="wr0ng-t0ken"), "wa", FakeClock()
        )

    assert not result.delivered
    assert any(word in result.detail for word in ("invalid", "Unauthorized"))
    assert "wr0ng-t0ken" not in result.detail


async def test_secret_key_of_wablas(whatsapp):
    """Where Wablas gives a secret key as well, it is sent behind the token."""
    with Wablas(f"{TOKEN}.s3cret-key") as gateway:
        result = await send_test(
            whatsapp("wablas", gateway.url, secret="s3cret-key"), "wa", FakeClock()
        )

    assert result.delivered


async def test_waha_without_a_key(whatsapp, tmp_path):
    """A WAHA on this machine that asks for no key is sent none."""
    with Waha("") as gateway:
        notifier = whatsapp("waha", gateway.url)
        open_one = WhatsappSpec(gateway="waha", url=gateway.url, to=NUMBER)
        told = type(notifier)(open_one, notifier.wording, notifier.context)
        result = await send_test(told, "wa", FakeClock())

    assert result.delivered
