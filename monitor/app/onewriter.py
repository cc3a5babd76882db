"""Writes what people say while no daemon runs, by the handlers that the daemon would answer with.

Nothing is probed, and nobody is told: what is to be told is told by the daemon at its next start.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from zoneinfo import ZoneInfo

from monitor.app.acts import build_acts
from monitor.app.ledgerkey import present_signing
from monitor.app.planning import plan_of
from monitor.configuration.config import Config
from monitor.engine.board import Board
from monitor.engine.clock import Timeline
from monitor.engine.pipeline import Pipeline
from monitor.engine.recorder import WriteThrough
from monitor.engine.resume import recall
from monitor.ports import Restored
from monitor.store.lock import hold
from monitor.store.ownership import refuse_strangers
from monitor.store.sql import open_store
from monitor.web.app import create_acts_app
from monitor.web.client import Exchange
from monitor.web.context import Acts
from monitor.web.inprocess import exchange

Reached = Callable[[str], None]


@contextmanager
def one_writer(config: Config, reached: Reached = lambda _: None) -> Iterator[Exchange]:
    """Be the one writer of the data directory, and give the way to ask it.

    `reached` is told where the store's writer stands; it is there for crash tests. Raise
    DataDirectoryBusy when another process is the one, StoreError when the database can't be used.
    """
    data_dir = config.monitor.data_dir
    refuse_strangers(data_dir)
    with hold(data_dir, briefly=True), asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            app = create_acts_app(runner.run(stack.enter_async_context(_opened(config, reached))))
            yield lambda method, path, body: runner.run(exchange(app, method, path, body))
        finally:
            runner.run(stack.aclose())


@asynccontextmanager
async def _opened(config: Config, reached: Reached) -> AsyncIterator[Acts]:
    settings = config.monitor
    async with open_store(
        settings.data_dir,
        vantage=settings.vantage,
        reached=reached,
        upgrading=False,
        signing=present_signing(settings.data_dir),
    ) as store:
        restored = await store.restore()
        clock, board, recorder = Timeline(restored.epoch), Board(), WriteThrough(store)
        pipeline = Pipeline(board, recorder, settings.vantage)
        _recall(config, restored, board, pipeline, clock)
        yield build_acts(
            board,
            pipeline,
            recorder,
            clock,
            store,
            zone=ZoneInfo(settings.zone),
            data_dir=settings.data_dir,
        )


def _recall(
    config: Config, restored: Restored, board: Board, pipeline: Pipeline, clock: Timeline
) -> None:
    """Know what the daemon would know at its start, and decide nothing of it.

    The states of checks that are not configured any more are for the daemon to forget.
    """
    configured = {each.check.id for each in config.checks}
    states = {i: state for i, state in restored.states.items() if i in configured}
    pipeline.watch(plan_of(config), clock.now(), states)
    recall(restored, board, pipeline)
