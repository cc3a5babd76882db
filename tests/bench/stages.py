"""One process that checks a target again and again, one check at a time, up to a given stage.

    python -m tests.bench.stages STAGE URL CA_FILE COUNT

on loopback, whatever host the URL names, and

prints the CPU microseconds (user and system) of one check. Each stage holds the one before it:
`fetch` is the engine alone, `transport` the same called as an httpx transport, `probe` adds what
the check type makes of it, `observe` the runner, `record` the decision and the store.
"""

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import httpx
import structlog

from monitor.checktype import ProbeContext
from monitor.domain.check import CheckId
from monitor.domain.instant import microseconds
from monitor.domain.service import Service, ServiceId
from monitor.engine.board import Board
from monitor.engine.clock import Timeline
from monitor.engine.pipeline import Pipeline, Plan
from monitor.engine.recorder import Recorder
from monitor.engine.runner import observe
from monitor.engine.timetable import Due
from monitor.metrics.telemetry import PrometheusTelemetry
from monitor.net.network import Network
from monitor.net.resolver import Family, Resolver
from monitor.net.tls import TlsSettings
from monitor.net.trace import Trace
from monitor.probes import check_types
from monitor.probes.http import request_of
from monitor.store.sql import open_store
from tests.fakes import a_check

Once = Callable[[int], Awaitable[None]]
WARM = 200


def cpu_seconds() -> float:
    """Return the CPU time of this process, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Bench:
    """What the stages share."""

    def __init__(self, url: str, ca_file: str) -> None:
        self.network = Network(resolver=Resolver())
        self.kind = check_types()["http"]
        trust = {} if url.startswith("http:") else {"ca_file": ca_file}
        keys = {"url": url, "resolve_to": "127.0.0.1", **trust}
        self.spec = self.kind.spec.model_validate(keys)
        self.check = a_check(id=CheckId("bench"), timeout=timedelta(seconds=10))
        self.timeline = Timeline(1)
        self.began = microseconds(self.timeline.now())

    async def fetch(self, _: int) -> None:
        reply = await self.network.fetch(
            request_of(self.spec, Family.ANY), deadline=time.monotonic() + 10, trace=Trace()
        )
        assert reply.response.status == 200

    async def probe(self, _: int) -> None:
        context = ProbeContext(
            network=self.network,
            deadline=time.monotonic() + 10,
            monotonic=time.monotonic,
            now=datetime.now(UTC),
        )
        outcome = await self.kind.probe(self.spec, context)
        assert outcome.failure is None, outcome.failure

    async def observe(self, number: int) -> object:
        bound = SimpleNamespace(check=self.check, kind=self.kind, spec=self.spec)
        due = Due(self.check.id, self.began + number, 0, self.began + number)
        return await observe(bound, due, self.timeline, self.network, "bench")


async def transported(bench: Bench) -> Once:
    """Return the engine called as an httpx transport."""
    tls = TlsSettings(ca_file=bench.spec.ca_file, alpn=("http/1.1",))
    extensions = {"tls": tls, "resolve_to": "127.0.0.1"}
    request = httpx.Request("GET", bench.spec.url, extensions=extensions)

    async def once(_: int) -> None:
        response = await bench.network.http.handle_async_request(request)
        assert response.status_code == 200

    return once


async def recorded(bench: Bench, stack: AsyncExitStack) -> Once:
    """Return the whole path to the store, as the daemon goes it."""
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    store = await stack.enter_async_context(open_store(Path(folder), vantage="bench"))
    await store.restore()
    recorder = Recorder(store, PrometheusTelemetry("0"), lambda: None)
    writing = asyncio.create_task(recorder.run())
    stack.callback(writing.cancel)
    stack.push_async_callback(recorder.drain)
    pipeline = Pipeline(Board(), recorder, "bench")
    service = Service(id=ServiceId("portal"), name="Portal", owner="bench")
    plan = Plan(services=(service,), checks=(bench.check,), routes=(), receivers=())
    pipeline.replace(plan, bench.timeline.now())

    async def once(number: int) -> None:
        pipeline.record(await bench.observe(number))

    return once


async def measure(stage: str, url: str, ca_file: str, count: int) -> float:
    """Return the CPU microseconds of one check, over `count` checks after a warm-up."""
    bench = Bench(url, ca_file)
    async with AsyncExitStack() as stack:
        if stage == "transport":
            once = await transported(bench)
        elif stage == "record":
            once = await recorded(bench, stack)
        else:
            once = getattr(bench, stage)
        for number in range(WARM):
            await once(number)
        before = cpu_seconds()
        for number in range(WARM, WARM + count):
            await once(number)
        # What the store still has to write belongs to the checks.
    return (cpu_seconds() - before) / count * 1e6


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    _, stage, url, ca_file, count = sys.argv
    print(round(asyncio.run(measure(stage, url, ca_file, int(count))), 1))
