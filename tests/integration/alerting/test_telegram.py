"""Telegram over real sockets, against an API that is as strict as the real one."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from monitor.alerting.testmessage import send_test
from monitor.domain.alert import AlertType
from monitor.fields import Context
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.notifiers.telegram import RECEIVER_TYPE, TelegramSpec
from monitor.ports import DeliveryState
from monitor.receivertype import ReceiverContext
from tests.collector import Collector, answers
from tests.fakes import FakeClock, an_alert
from tests.messengers import BotApi
from tests.unit.alerting.samples import SAMPLES
from tests.unit.alerting.world import World

TOKEN = "123456789:AAF0fake_token-of-a-bot-that-is-not-there"
GROUP = -1001234567890
NASTY = "<b>@diskominfo</i> & &lt; <a href='tg://user?id=1'>" + "😀" * 200


@pytest.fixture
def api():
    with BotApi(TOKEN, GROUP) as opened:
        yield opened


@pytest.fixture
def telegram(tmp_path, api):
    """Return a function that makes a receiver as alerts.yaml describes it."""

    def make(token=TOKEN, **keys):
        (tmp_path / "token").write_text(token)
        (tmp_path / "token").chmod(0o600)
        spec = TelegramSpec.model_validate(
            {"token": {"file": "token"}, "chat_id": GROUP, "api": api.url, **keys},
            context=Context(folder=tmp_path),
        )
        context = ReceiverContext(
            network=Network(resolver=Resolver()),
            external_url="https://pantau.example",
            language="id",
            zone="Asia/Makassar",
            name="piket",
        )
        return RECEIVER_TYPE.connect(spec, context)

    return make


@pytest.mark.parametrize("name", SAMPLES)
async def test_every_message_is_taken(name, api, telegram):
    """Messages of every type are such as the API takes."""
    world = World(piket=telegram())
    world.tells(SAMPLES[name])
    await world.settles()

    [sent] = api.sent
    assert sent["chat_id"] == GROUP
    assert sent["link_preview_options"] == {"is_disabled": True}


async def test_hostile_text_is_taken_as_text(api, telegram):
    """Text of a target reaches people as it was, whatever markup it holds, and calls nobody."""
    [check] = an_alert().checks
    alert = an_alert(checks=(replace(check, failure_detail=NASTY),))
    world = World(piket=telegram())
    world.tells(alert)
    await world.settles()

    [sent] = api.sent
    assert "<b>@\u2060diskominfo</i> & &lt; <a href='tg://" in sent["seen"]


async def test_outage_is_one_thread(api, telegram):
    """What is told of an outage later answers its first message, also after a restart."""
    world = World(piket=telegram(topic=7))
    api.topics.add(7)
    world.fires("A")
    world.fires("B")
    await world.settles()
    world.restart()
    world.tells(an_alert(AlertType.UPDATED, incident="A", sequence=1))
    world.resolves("B")
    await world.settles()

    first, second, third, fourth = api.sent
    assert "reply_parameters" not in first
    assert third["reply_parameters"]["message_id"] == first["message_id"]
    assert fourth["reply_parameters"]["message_id"] == second["message_id"]
    assert {each["message_thread_id"] for each in api.sent} == {7}


async def test_deleted_message_keeps_no_answer_back(api, telegram):
    """A later message arrives although somebody deleted the first one."""
    world = World(piket=telegram())
    world.fires("A")
    await world.settles()
    api.sent.clear()
    row = world.resolves("A")
    await world.settles()

    assert world.outbox.state(row) is DeliveryState.DELIVERED
    assert len(api.sent) == 1


async def test_too_fast(api, telegram):
    """When messages come too fast, the next attempt waits as long as the API asks for."""
    api.too_fast, api.retry_after = 1, 600
    world = World(piket=telegram())
    world.fires("A")

    await world.passes(599)
    assert api.sent == []

    await world.passes(2)
    assert len(api.sent) == 1


@pytest.mark.parametrize(
    ("mischief", "told"),
    [
        (lambda api: api.kicked.add(GROUP), "bot was kicked from the supergroup chat (add the bot"),
        (lambda api: api.upgraded.update({GROUP: -1009}), "write chat_id: -1009)"),
        (lambda api: setattr(api, "chats", ()), "chat not found (check chat_id"),
        (lambda api: setattr(api, "token", "1:other"), "Unauthorized (the token is not valid"),
    ],
    ids=["kicked", "upgraded", "unknown", "token"],
)
async def test_mended_chat_gets_what_waited(mischief, told, api, telegram):
    """What is wrong with the chat is told plainly, and loses no message."""
    healthy = dict(vars(api))
    mischief(api)
    world = World(piket=telegram())
    row = world.fires("A")
    with capture_logs() as logs:
        await world.passes(timedelta(hours=24))

    failures = [each for each in logs if each["event"] == "notification.failed"]
    assert all(told in each["detail"] for each in failures)
    assert TOKEN not in json.dumps(logs, default=str)
    assert world.outbox.state(row) is DeliveryState.PENDING

    vars(api).update(token=healthy["token"], chats=healthy["chats"])
    api.kicked.clear()
    api.upgraded.clear()
    await world.passes(timedelta(hours=1))
    assert len(api.sent) == 1


async def test_upgraded_group_gets_what_waited_under_its_new_number(api, telegram):
    """Once chat_id is mended, messages that were made before go to the new chat."""
    api.upgraded[GROUP], api.chats = -1009, (GROUP, -1009)
    world = World(piket=telegram())
    world.fires("A")
    await world.settles()
    world.notifiers = {"piket": telegram(chat_id=-1009)}
    world.dispatcher.replace_notifiers(world.notifiers)
    await world.settles()

    assert [each["chat_id"] for each in api.sent] == [-1009]


async def test_redirect_takes_the_token_nowhere(telegram):
    """A redirect is not followed: the token would go along."""
    with Collector() as trap, Collector() as api:
        api.otherwise = answers(302, {"Location": trap.url})
        result = await send_test(telegram(api=api.url.removesuffix("/hook")), "piket", FakeClock())

        assert trap.accepted == 0
    assert "redirects are not followed" in result.detail


@pytest.mark.parametrize("mischief", ["refused", "hangs up"])
async def test_failed_connection_does_not_show_the_token(mischief, telegram):
    """What goes wrong before an answer is told without the token."""
    with Collector() as api:
        url = api.url.removesuffix("/hook")
        api.otherwise = answers(302)
        if mischief == "hangs up":
            api.otherwise = answers(200, {"Bad Name": "\0"})
        else:
            api.close()
        result = await send_test(telegram(api=url), "piket", FakeClock())

    assert result.detail
    assert TOKEN[10:] not in result.detail


async def test_test_message(api, telegram):
    """`pantau notify test` reaches the chat, and tells why it did not."""
    assert (await send_test(telegram(), "piket", FakeClock())).delivered
    assert "UJI COBA" in api.sent[0]["seen"]

    refused = await send_test(telegram(topic=9), "piket", FakeClock())
    assert refused.detail == "status 400: Bad Request: message thread not found (check topic)"
