"""Checks of type websocket: what their keys lead to."""

import pytest
from pydantic import ValidationError

from monitor.domain.observation import Failure
from monitor.domain.observation import FailureKind as Kind
from monitor.probes.websocket import Heard, WebSocketSpec, judge

LATE = Failure(Kind.TIMEOUT, "time was up")
RESET = Failure(Kind.CONNECT_RESET, "reset")


def a_spec(**keys):
    return WebSocketSpec.model_validate({"url": "wss://antrean.test/live?token=rahasia", **keys})


def test_the_target():
    """The target is the URL without its query, which may hold a token."""
    spec = a_spec()

    assert (spec.target(), spec.dialled_host()) == ("wss://antrean.test/live", "antrean.test")


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"url": "https://a.test/"}, "must begin with ws:// or wss://"),
        ({"headers": {"Authorization": "x"}}, "headers: Authorization is a secret"),
        ({"headers": {"Sec-WebSocket-Key": "x"}}, "WebSocket has its own use for it"),
        ({"headers": {"X-A": "x", "x-a": "y"}}, "headers: x-a is given twice"),
        ({"headers": {"Origin": "x"}}, "a key of its own"),
        ({"origin": "https://a.test/path"}, "without a path"),
        ({"subprotocols": ["a", "a"]}, "one is given twice"),
        ({"expect": {"subprotocol": "a"}}, "is none of subprotocols"),
        ({"url": "ws://a.test/", "server_name": "b.test"}, "no certificate without TLS"),
    ],
)
def test_mistakes(keys, words):
    """What does not go together is refused, in words that say what would be right."""
    with pytest.raises(ValidationError, match=words):
        a_spec(**keys)


@pytest.mark.parametrize(
    ("heard", "seconds", "error", "kind"),
    [
        (Heard(), 0.1, RESET, Kind.CONNECT_RESET),
        (Heard(upgraded=True, ponged=True, matched=True), 1.0, None, Kind.HEADER),
        (Heard(upgraded=True, subprotocol="a", closed="closed with 1008"), 1.0, None, Kind.STATUS),
        (Heard(upgraded=True, subprotocol="a", ponged=True, latest="'x'"), 1.0, LATE, Kind.BODY),
        (Heard(upgraded=True, subprotocol="a", ponged=True), 1.0, LATE, Kind.TIMEOUT),
        (Heard(upgraded=True, subprotocol="a", matched=True), 1.0, LATE, Kind.TIMEOUT),
        (Heard(upgraded=True, subprotocol="a", latest="'x'"), 1.0, RESET, Kind.CONNECT_RESET),
        (Heard(upgraded=True, subprotocol="a", matched=True, ponged=True), 2.1, None, Kind.SLOW),
        (Heard(upgraded=True, subprotocol="a", matched=True, ponged=True), 2.0, None, None),
    ],
)
def test_judging(heard, seconds, error, kind):
    """What is missing speaks before how long it took; a wrong message before that time was up."""
    spec = a_spec(
        subprotocols=["a"],
        expect={"subprotocol": "a", "receive_matches": "halo", "max_duration": "2s"},
    )

    found = judge(spec, heard, seconds, error)

    assert (None if found is None else found.kind) is kind
