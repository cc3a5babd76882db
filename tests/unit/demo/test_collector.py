"""The receiver of the demonstration believes what is signed and new, and nothing else."""

import json

import pytest

from monitor.demo.collector import Collector, Message
from monitor.demo.sites import Request
from monitor.notifiers.webhook import signed, signing_key

NOW = 1_800_000_000
BODY = json.dumps({"type": "alert.firing", "summary": {"id": "GANGGUAN", "en": "DOWN"}}).encode()
OTHER_SECRET = "whsec_" + "A" * 32


@pytest.fixture
def heard():
    return []


@pytest.fixture
def collector(heard):
    return Collector(heard.append, lambda: float(NOW))


def message(secret, *, at=NOW, name="1", body=BODY):
    return Request(fields=signed(name, at, BODY, signing_key(secret)), body=body)


async def test_signed_message_is_taken(collector, heard):
    """A message with a right signature is taken and acknowledged."""
    answer = await collector.respond(message(collector.secret))

    assert answer.status == 204
    assert heard == [Message(type="alert.firing", summary={"id": "GANGGUAN", "en": "DOWN"})]


async def test_message_that_comes_again_is_taken_once(collector, heard):
    """A message that is delivered a second time is acknowledged again, and told once."""
    await collector.respond(message(collector.secret))
    answer = await collector.respond(message(collector.secret, at=NOW + 20))

    assert answer.status == 204
    assert len(heard) == 1


async def test_one_signature_of_two_is_enough(collector, heard):
    """While a secret is replaced a message has two signatures, of which one must be right."""
    keys = signing_key(OTHER_SECRET), signing_key(collector.secret)
    answer = await collector.respond(Request(fields=signed("1", NOW, BODY, *keys), body=BODY))

    assert answer.status == 204


@pytest.mark.parametrize(
    "case", ["other secret", "other body", "old", "early", "unsigned", "garbled"]
)
async def test_forged_message_is_turned_away(collector, heard, case):
    """A message is refused if its signature, body or time is not what the sender signed now."""
    forged = {
        "other secret": message(OTHER_SECRET),
        "other body": message(collector.secret, body=BODY.replace(b"DOWN", b"FINE")),
        "old": message(collector.secret, at=NOW - 301),
        "early": message(collector.secret, at=NOW + 301),
        "unsigned": Request(fields={"webhook-id": "1", "webhook-timestamp": str(NOW)}, body=BODY),
        "garbled": Request(
            fields={"webhook-id": "1", "webhook-timestamp": "²", "webhook-signature": "v1,*"},
            body=BODY,
        ),
    }[case]

    answer = await collector.respond(forged)

    assert answer.status == 401
    assert heard == []
    assert collector.forged == 1
