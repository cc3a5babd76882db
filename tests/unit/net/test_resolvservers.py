"""How many questions are under way at a time."""

import asyncio

import pytest

from monitor.domain.observation import FailureKind
from monitor.net.dnsclient import DnsAnswer, QueryTrace, Transport
from monitor.net.dnsmessage import Question
from monitor.net.dnsserver import NameServer
from monitor.net.dnswire import Message
from monitor.net.errors import NetError
from monitor.net.resolvservers import Inquiry, Servers
from tests.fakes import FakeClock

SERVER = NameServer("10.0.0.53")
ANSWER = DnsAnswer(
    message=Message(rcode="NOERROR", flags=(), answer=(), authority=(), additional=()),
    server=SERVER,
    transport=Transport.UDP,
)


class SlowDns:
    """A name server that answers when `answer_now` is set, and counts what waits for it."""

    def __init__(self) -> None:
        self.under_way = 0
        self.most_under_way = 0
        self.answer_now = asyncio.Event()

    async def __call__(self, server: NameServer, question: Question, **_: object) -> DnsAnswer:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await self.answer_now.wait()
        self.under_way -= 1
        return ANSWER


def inquiry(clock: FakeClock, seconds: float) -> Inquiry:
    until = clock.monotonic() + seconds
    return Inquiry(question=Question("www.id", "A"), until=lambda: until, trace=QueryTrace())


async def until_all_wait() -> None:
    """Let every task run as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


def servers(dns: SlowDns, clock: FakeClock) -> Servers:
    return Servers(
        lambda: (SERVER,),
        ask=dns,
        timeout_seconds=2.0,
        most_in_flight=3,
        monotonic=clock.monotonic,
    )


async def test_questions_under_way_are_bounded():
    """So many questions are under way and no more; the others wait, and then have their turn."""
    dns, clock = SlowDns(), FakeClock()
    some = servers(dns, clock)
    tasks = [asyncio.create_task(some.ask(inquiry(clock, 60))) for _ in range(10)]
    await until_all_wait()
    waiting = dns.under_way
    dns.answer_now.set()

    answers = await asyncio.gather(*tasks)

    assert waiting == dns.most_under_way == 3
    assert answers == [ANSWER] * 10


async def test_waiting_ends_at_the_deadline():
    """A question that gets no turn before its deadline fails as one without an answer."""
    dns, clock = SlowDns(), FakeClock()
    some = servers(dns, clock)
    tasks = [asyncio.create_task(some.ask(inquiry(clock, 60))) for _ in range(3)]
    await until_all_wait()

    with pytest.raises(NetError) as caught:
        await some.ask(inquiry(clock, 0))
    dns.answer_now.set()
    await asyncio.gather(*tasks)

    assert caught.value.failure.kind is FailureKind.RESOLVE_TIMEOUT
    assert "too many questions" in caught.value.failure.detail


async def test_cancelled_question_frees_its_place():
    """A question that is given up makes room for the next."""
    dns, clock = SlowDns(), FakeClock()
    some = servers(dns, clock)
    tasks = [asyncio.create_task(some.ask(inquiry(clock, 60))) for _ in range(3)]
    await until_all_wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    dns.answer_now.set()

    assert await some.ask(inquiry(clock, 60)) == ANSWER
