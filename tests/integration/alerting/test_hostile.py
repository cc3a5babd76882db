"""No receiver can hurt, of whatever kind it is: each kind that posts over HTTP is found by name."""

import asyncio
import re
import ssl
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from monitor.alerting.dispatcher import Dispatcher
from monitor.domain.alert import AlertType, addressed
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.ports import Undelivered
from tests.certificates import leaf, write_chain
from tests.collector import Behaviour, Collector, answers, drips, hangs, head, pours
from tests.everyreceiver import KINDS, notifier_at, posts
from tests.fakes import FakeClock, FakeTelemetry, MemoryOutbox, RecordingNotifier, an_alert
from tests.unit.alerting.world import World

HTTP_KINDS = tuple(kind for kind in KINDS if posts(kind))
# An Alertmanager and Telegram have no word for "no more": whoever says 410 there is a proxy.
STOPPABLE = tuple(kind for kind in HTTP_KINDS if kind not in {"alertmanager", "telegram"})
ATTEMPT_SECONDS, SLACK_SECONDS = 1.0, 6.0  # the slack is a busy machine's
ANSWER_BYTES, HEADER_BYTES = 65_536, 65_536
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class CountingNetwork(Network):
    """Keeps its streams, so that a test can see how many bytes were read."""

    streams: list = field(default_factory=list)

    async def connect(self, host, port, **settings):
        stream = await super().connect(host, port, **settings)
        self.streams.append(stream)
        return stream


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """How one attempt went: why it failed, and what it cost."""

    kind: str
    error: Undelivered | None
    seconds: float
    read_bytes: int
    requests: int


class WallClock(FakeClock):
    """The real time."""

    def now(self):
        return datetime.now(UTC)

    def monotonic(self):
        return time.monotonic()


@pytest.fixture
def attempts(tmp_path):
    """Return a function that lets every kind attempt one message, at the same time, each at a
    service of its own that behaves as told.
    """

    async def attempt(kind: str, collector: Collector, base: str) -> Attempt:
        network = CountingNetwork(resolver=Resolver())
        notifier = notifier_at(kind, tmp_path, base, network, timeout=f"{ATTEMPT_SECONDS:g}s")
        body, error = notifier.payload("ROW1", an_alert()), None
        began = time.monotonic()
        try:
            await notifier.notify("ROW1", body, datetime.now(UTC))
        except Undelivered as refused:
            error = refused
        return Attempt(
            kind=kind,
            error=error,
            seconds=time.monotonic() - began,
            read_bytes=sum(stream.received for stream in network.streams),
            requests=len(collector.received),
        )

    async def all_kinds(behaves: Callable[[Collector], Behaviour], tls=None) -> list[Attempt]:
        with ExitStack() as stack:
            pairs = [(kind, stack.enter_context(Collector(tls=tls))) for kind in HTTP_KINDS]
            for _, collector in pairs:
                collector.otherwise = behaves(collector)
            return await asyncio.gather(
                *(attempt(kind, each, each.url.removesuffix("/hook")) for kind, each in pairs)
            )

    return all_kinds


HOSTILE = {
    "accepts and hangs": hangs(),
    "drips its headers": drips(b"X", 0.2, before=b"HTTP/1.1 200 OK\r\n"),
    "drips the body of an error": drips(b"x", 0.2, head(500)),
    "pours out ten gigabytes": pours(10**10, head(500, Content_Length="10000000000")),
    "pours without a length": pours(10**10, head(503)),
    "a megabyte of headers": pours(10**6, b"HTTP/1.1 200 OK\r\nX-Long: "),
    "markup and control characters": answers(500, {}, b"\x1b[2J\0\n<b>evil" * 2000),
}


@pytest.mark.parametrize("case", HOSTILE)
async def test_attempt_is_bounded(case, attempts):
    """An attempt ends in time, reads at most 64 KB of a body, and says in one short line what was
    wrong.
    """
    for each in await attempts(lambda _: HOSTILE[case]):
        assert each.error is not None, each
        assert each.seconds <= ATTEMPT_SECONDS + SLACK_SECONDS, each
        assert each.read_bytes <= ANSWER_BYTES + HEADER_BYTES, each
        assert len(str(each.error).encode()) <= 600, each
        assert not re.search(r"[\x00-\x1f\x7f-\x9f]", str(each.error)), each


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(status, attempts):
    """A redirect, into our network or to the receiver itself, is a failure, and asked for once."""
    with Collector() as trap:
        for to_itself in (False, True):
            tried = await attempts(
                lambda own, to_itself=to_itself: answers(
                    status, {"Location": own.url if to_itself else trap.url}
                )
            )

            assert {(each.kind, each.error.reason) for each in tried} == {
                (kind, "redirect") for kind in HTTP_KINDS
            }
            assert {each.requests for each in tried} == {1}
        assert trap.accepted == 0


async def test_certificates_are_verified(attempts, tmp_path):
    """To a receiver that cannot prove who it is nothing is sent."""
    chain, key = write_chain(tmp_path, "receiver", leaf())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)

    for each in await attempts(lambda _: answers(200), tls=context):
        assert each.error is not None, each
        assert each.error.reason == "tls_untrusted", each
        assert each.requests == 0, each


@pytest.fixture
def world(tmp_path):
    """Return a function that makes a world in which a kind, and a receiver that is well, are told."""

    def make(kind: str, collector: Collector) -> World:
        network = Network(resolver=Resolver())
        base = collector.url.removesuffix("/hook")
        made = notifier_at(kind, tmp_path, base, network)
        return World(oncall=made, other=RecordingNotifier())

    return make


@pytest.mark.parametrize("kind", STOPPABLE)
async def test_gone_endpoint_is_stopped_and_told_of(kind, world):
    """An endpoint that answers 410 is asked no more, and another receiver hears of what it lost."""
    with Collector() as collector:
        collector.otherwise = answers(410)
        told = world(kind, collector)
        told.fires("A", "oncall")
        await told.passes(6 * HOUR)
        told.fires("B", "oncall")
        await told.passes(6 * HOUR)

        assert len(collector.received) == 1
    [first, *_] = told.notifiers["other"].delivered
    assert b"self.undelivered oncall: gave up" in first.body


@pytest.mark.parametrize(
    ("asked", "least"),
    [
        ("999999999", HOUR),
        ("Fri, 31 Dec 9999 23:59:59 GMT", HOUR),
        ("-1", timedelta(0)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", timedelta(0)),
        ("besok", timedelta(0)),
    ],
)
async def test_wish_to_wait_is_heard_within_reason(asked, least, world):
    """Who asks to be left alone is, for an hour at most; a wish from the past makes no loop."""
    for kind in HTTP_KINDS:
        with Collector() as collector:
            collector.otherwise = answers(429, {"Retry-After": asked})
            told = world(kind, collector)
            told.fires("A", "oncall")
            await told.passes(HOUR - MINUTE)
            before = len(collector.received)
            await told.passes(2 * MINUTE)

            assert len(collector.received) > before or not least, kind
            assert before == 1 if least else 5 <= before <= 20, (kind, before)


async def test_healthy_receiver_waits_for_nobody(tmp_path):
    """While a receiver of every kind hangs, the one that is well has its messages within 5 s."""
    outbox, due = MemoryOutbox(), {}
    network = Network(resolver=Resolver())
    with ExitStack() as stack:
        well = stack.enter_context(Collector())
        notifiers = {"well": notifier_at("webhook", tmp_path, well.url, network)}
        for kind in HTTP_KINDS:
            ill = stack.enter_context(Collector())
            ill.otherwise = hangs()
            notifiers[kind] = notifier_at(kind, tmp_path, ill.url.removesuffix("/hook"), network)
        dispatcher = Dispatcher(outbox, notifiers, WallClock(), FakeTelemetry())
        running = asyncio.create_task(dispatcher.run())
        for number in range(20):
            alert = an_alert(AlertType.FIRING, incident=f"I{number}")
            news = addressed(alert, f"I{number}", tuple(notifiers))
            outbox.add(news, datetime.now(UTC))
            due[next(each.id for each in news if each.receiver == "well")] = time.time()
            dispatcher.wake()
            await asyncio.sleep(0.01)
        received = await asyncio.to_thread(well.wait_for, 20, 30)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    assert len(received) == 20
    assert max(each.at - due[each.headers["webhook-id"]] for each in received) <= 5
