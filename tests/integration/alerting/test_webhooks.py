"""Webhooks over real sockets: what arrives, and what no receiver can do to us."""

import asyncio
import base64
import ssl
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook as Verifier

from monitor.alerting.dispatcher import Dispatcher
from monitor.alerting.testmessage import send_test
from monitor.domain.alert import AlertType, addressed
from monitor.fields import Context
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.notifiers.webhook import RECEIVER_TYPE, WebhookSpec
from monitor.ports import DeliveryState, Undelivered
from monitor.receivertype import ReceiverContext
from tests.certificates import leaf, write_chain, write_root
from tests.collector import Collector, answers, drips, hangs, hangs_up, head, pours
from tests.fakes import FakeClock, FakeTelemetry, MemoryOutbox, an_alert

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
NEW_SECRET = "whsec_" + base64.b64encode(bytes(range(32, 64))).decode()
TIMEOUT_SECONDS = 1.0
SLACK_SECONDS = 5.0  # of a machine that has other things to do


@dataclass(frozen=True, kw_only=True)
class CountingNetwork(Network):
    """Keeps its streams, so that a test can see how many bytes were read."""

    streams: list = field(default_factory=list)

    async def connect(self, host, port, **settings):
        stream = await super().connect(host, port, **settings)
        self.streams.append(stream)
        return stream

    @property
    def read_bytes(self) -> int:
        return sum(stream.received for stream in self.streams)


class WallClock(FakeClock):
    """The real time."""

    def now(self):
        return datetime.now(UTC)

    def monotonic(self):
        return time.monotonic()


@pytest.fixture
def collector():
    with Collector() as opened:
        yield opened


@pytest.fixture
def network():
    return CountingNetwork(resolver=Resolver())


@pytest.fixture
def webhook(tmp_path, network):
    """Return a function that makes a webhook as alerts.yaml describes it."""
    (tmp_path / "key").write_text(SECRET)
    (tmp_path / "key").chmod(0o600)

    def make(url, **keys):
        spec = WebhookSpec.model_validate(
            {"url": url, "secret": {"file": "key"}, "timeout": "1s", **keys},
            context=Context(folder=tmp_path),
        )
        context = ReceiverContext(
            network=network,
            external_url="https://pantau.example",
            language="id",
            zone="Asia/Makassar",
            name="oncall",
        )
        return RECEIVER_TYPE.connect(spec, context)

    return make


async def attempt(notifier) -> tuple[Undelivered | None, float]:
    """Return why one attempt failed (None: it did not) and how long it took, in seconds."""
    began = time.monotonic()
    try:
        await notifier.notify("ROW1", notifier.payload("ROW1", an_alert()), datetime.now(UTC))
    except Undelivered as error:
        return error, time.monotonic() - began
    return None, time.monotonic() - began


async def test_message_arrives_and_verifies(collector, webhook):
    """A message arrives as one signed POST that the standard's own library accepts."""
    notifier = webhook(collector.url, headers={"X-Kota": "Makassar"})
    error, _ = await attempt(notifier)

    [received] = collector.wait_for(1, 5)
    assert error is None
    assert (received.method, received.path) == ("POST", "/hook")
    assert received.headers["content-type"] == "application/json"
    assert received.headers["x-kota"] == "Makassar"
    body = Verifier(SECRET).verify(received.body, dict(received.headers))
    assert (body["id"], body["type"]) == ("ROW1", "alert.firing")


async def test_retry_has_the_same_id_and_body_but_its_own_time(collector, webhook):
    """A retry differs in its time and its signature only, and verifies as well."""
    notifier = webhook(collector.url)
    body = notifier.payload("ROW1", an_alert())
    now = int(time.time())
    for seconds in (now - 60, now):
        await notifier.notify("ROW1", body, datetime.fromtimestamp(seconds, UTC))

    first, second = collector.wait_for(2, 5)
    assert first.body == second.body == body
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == "ROW1"
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 60
    for received in (first, second):
        Verifier(SECRET).verify(received.body, dict(received.headers))


async def test_keys_are_replaced_while_messages_go_out(collector, webhook, tmp_path):
    """While a secret is replaced step by step, the receiver verifies every message with the key
    that it has, whether it changed its own first or we did, and so it does every retry.
    """
    for name, key in (("key", SECRET), ("new", NEW_SECRET)):
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text(key)
    old, both, new = (
        webhook(collector.url, **keys)
        for keys in (
            {},
            {"secret": {"file": "new"}, "previous_secret": {"file": "key"}},
            {"secret": {"file": "new"}},
        )
    )
    outbox = MemoryOutbox()
    dispatcher = Dispatcher(outbox, {"oncall": old}, WallClock(), FakeTelemetry(), lambda: 0.0)
    [courier] = dispatcher.couriers().values()
    for number, notifier in enumerate([old] * 20 + [both] * 20 + [new] * 20):
        if number % 10 == 0:
            collector.plays(answers(503))
        dispatcher.replace_notifiers({"oncall": notifier})
        alert = an_alert(AlertType.FIRING, incident=f"I{number}")
        outbox.add(addressed(alert, f"I{number}", ("oncall",)), datetime.now(UTC))
        await dispatcher.take_in()
        await courier.deliver_due()
        courier.try_now()
        await courier.deliver_due()

    received = collector.wait_for(66, 5)
    assert len(received) == 66
    for number, each in enumerate(received):
        keys = {0: [SECRET], 1: [SECRET, NEW_SECRET], 2: [NEW_SECRET]}[number // 22]
        for key in keys:
            body = Verifier(key).verify(each.body, dict(each.headers))
            assert body["id"] == each.headers["webhook-id"]
    again = [each for each in outbox.rows.values() if each.attempts > 1]
    assert len(again) == 6
    for row in again:
        copies = [each for each in received if each.headers["webhook-id"] == row.id]
        assert len({each.body for each in copies}) == 1


HOSTILE = {
    "hangs": (hangs(), "timeout"),
    "drips its headers": (drips(b"X", 0.2, before=b"HTTP/1.1 200 OK\r\n"), "timeout"),
    "drips the body of an error": (drips(b"x", 0.2, head(500)), "status_5xx"),
    "pours out ten gigabytes": (
        pours(10**10, head(500, Content_Length="10000000000")),
        "status_5xx",
    ),
    "pours without a length": (pours(10**10, head(500)), "status_5xx"),
    "a megabyte of headers": (pours(10**6, b"HTTP/1.1 200 OK\r\nX-Long: "), "too_large"),
    "no HTTP": (answers(200, {"Bad Name": "\0"}), "protocol"),
    "hangs up after reading": (hangs_up(), "truncated"),
    "410": (answers(410), "status_4xx"),
    "503": (answers(503), "status_5xx"),
}


@pytest.mark.parametrize("case", HOSTILE)
async def test_hostile_receiver_cannot_hurt(case, collector, webhook, network):
    """Whatever a receiver does, an attempt ends in time, and at most 64 KB of a body are read."""
    collector.otherwise, reason = HOSTILE[case]

    error, seconds = await attempt(webhook(collector.url))

    assert error is not None
    assert error.reason == reason
    assert seconds <= TIMEOUT_SECONDS + SLACK_SECONDS
    assert network.read_bytes <= 2 * 65_536  # of headers and body each


async def test_hanging_up_at_once(collector, webhook):
    """A receiver that closes without reading did not get the message."""
    collector.otherwise = hangs_up(reads=False)

    error, _ = await attempt(webhook(collector.url))

    assert error.reason in {"truncated", "connect_reset"}


@pytest.mark.parametrize(
    "behaviour",
    [
        pours(10**10, head(200)),
        drips(b"x", 0.2, head(200, Content_Length="100000")),
        answers(200, {"Content-Encoding": "gzip"}, b"not gzip at all"),
    ],
    ids=["ten gigabytes", "drip", "broken encoding"],
)
async def test_success_counts_whatever_follows(behaviour, collector, webhook, network):
    """A 2xx status is success, whatever the rest of the answer is, and little of that is read."""
    collector.otherwise = behaviour

    error, seconds = await attempt(webhook(collector.url))

    assert error is None
    assert seconds <= TIMEOUT_SECONDS + SLACK_SECONDS
    assert network.read_bytes <= 2 * 65_536


async def test_redirects_are_not_followed(collector, webhook):
    """A redirect, to the receiver itself or into our network, is a failure and nothing more."""
    with Collector() as trap:
        for location in (collector.url, trap.url):
            collector.plays(answers(302, {"Location": location}))
            error, _ = await attempt(webhook(collector.url))
            assert error.reason == "redirect"

        assert len(collector.wait_for(2, 5)) == 2
        assert trap.accepted == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("999999999", 999_999_999.0),
        ("-1", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("whenever", None),
    ],
)
async def test_retry_after_is_read(text, seconds, collector, webhook):
    """What a receiver asks for is passed on; how much of it is granted is decided elsewhere."""
    collector.otherwise = answers(429, {"Retry-After": text})

    error, _ = await attempt(webhook(collector.url))

    assert error.retry_after == seconds


@pytest.mark.parametrize("trusted", [True, False])
async def test_certificates_are_verified(trusted, tmp_path, webhook):
    """Over https a receiver must prove who it is; a city's own authority may vouch for it."""
    chain, key = write_chain(tmp_path, "receiver", leaf())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    keys = {"ca_file": str(write_root(tmp_path))} if trusted else {}
    with Collector(tls=context) as collector:
        error, _ = await attempt(webhook(collector.url, **keys))

        assert (error is None) is trusted
        assert len(collector.received) == int(trusted)
    if not trusted:
        assert error.reason == "tls_untrusted"


async def test_nobody_listens(webhook):
    """A receiver that is not there is a failure with its reason."""
    with Collector() as gone:
        url = gone.url

    error, _ = await attempt(webhook(url))

    assert error.reason == "connect_refused"


async def test_secrets_stay_in(collector, webhook, tmp_path):
    """What goes wrong is told without a secret in it."""
    (tmp_path / "token").write_text("t0ps3cret")
    (tmp_path / "token").chmod(0o600)
    collector.otherwise = answers(500)
    notifier = webhook(collector.url + "?key=s3cretquery", bearer={"file": "token"})
    error, _ = await attempt(notifier)
    shown = f"{error} {notifier!r}"

    assert collector.received[0].headers["authorization"] == "Bearer t0ps3cret"
    assert "t0ps3cret" not in shown
    assert SECRET not in shown
    assert "s3cretquery" not in str(error)


async def test_trial_message(collector, webhook):
    """`pantau notify test` reaches a real receiver and tells what it answered."""
    notifier = webhook(collector.url)
    collector.plays(answers(204), answers(500))
    good = await send_test(notifier, "oncall", WallClock())
    bad = await send_test(notifier, "oncall", WallClock())

    assert (good.delivered, bad.delivered, bad.detail) == (True, False, "status 500")
    assert collector.received[0].body == good.body
    assert collector.received[0].headers["webhook-id"] == good.id


async def test_hanging_receiver_delays_no_other(collector, webhook):
    """While one receiver hangs, another gets its messages at most five seconds after they are due."""
    outbox, sent_at = MemoryOutbox(), {}
    with Collector() as hostile:
        hostile.otherwise = hangs()
        notifiers = {"hostile": webhook(hostile.url), "healthy": webhook(collector.url)}
        dispatcher = Dispatcher(outbox, notifiers, WallClock(), FakeTelemetry())
        task = asyncio.create_task(dispatcher.run())
        lag = asyncio.create_task(longest_lag())
        for number in range(50):
            alert = an_alert(AlertType.FIRING, incident=f"I{number}")
            outbox.add(addressed(alert, f"I{number}", ("hostile", "healthy")), datetime.now(UTC))
            sent_at[number] = time.time()
            dispatcher.wake()
            await asyncio.sleep(0.01)
        received = await asyncio.to_thread(collector.wait_for, 50, 30)
        lag.cancel()
        task.cancel()
        done = await asyncio.gather(task, lag, return_exceptions=True)

    delays = sorted(one.at - sent_at[number] for number, one in enumerate(received))
    print(f"longest delay {delays[-1]:.3f} s, longest loop lag {done[1]:.3f} s")
    assert len(received) == 50
    assert delays[-1] <= 5
    healthy = [row.id for row in outbox.rows.values() if row.receiver == "healthy"]
    assert {outbox.state(row) for row in healthy} == {DeliveryState.DELIVERED}


async def longest_lag() -> float:
    """Return the longest time that the loop was late, when cancelled."""
    longest = 0.0
    try:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.05)
            longest = max(longest, time.monotonic() - began - 0.05)
    except asyncio.CancelledError:
        return longest
