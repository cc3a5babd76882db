"""Signs of life stop when the daemon stops, or what they go through, and come back with it."""

import json
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from monitor.store.connection import DATABASE
from tests.acceptance.conftest import Hire
from tests.acceptance.messages import kinds
from tests.collector import Collector, answers
from tests.daemon import Daemon, Site, eventually, http_check, services
from tests.flippable import Flippable

_PERIOD = 10.0
_NAMES = [f"layanan-{number}" for number in range(20)]


@pytest.fixture
def daemon(hire: Hire, targets: Flippable, collector: Collector) -> Daemon:
    """Return a running daemon that gave two signs of life."""
    made = hire()
    made.site.write(
        services(_NAMES),
        [http_check(name, targets.url(name)) for name in _NAMES],
        interval="1s",
        timeout="500ms",
        failure_threshold=2,
    )
    alerts = {
        "receivers": [{"name": "oncall", "type": "webhook", "url": collector.url}],
        "grouping": {"by": "service", "wait": "0s", "storm_limit": 100},
        "heartbeat": {"every": "10s", "receivers": "oncall"},
    }
    (made.site.folder / "config" / "alerts.yaml").write_text(json.dumps(alerts))
    made.start()
    collector.wait_for(2, 2.5 * _PERIOD)
    return made


@pytest.mark.slow
def test_silence_is_noticed(daemon: Daemon, collector: Collector) -> None:
    """A receiver gets a sign of life each period; none comes while the daemon is held, and they come
    again once it goes on.
    """

    daemon.signal(signal.SIGSTOP)
    time.sleep(1)
    before = len(collector.received)
    time.sleep(2 * _PERIOD)
    silent = len(collector.received) - before
    daemon.signal(signal.SIGCONT)
    collector.wait_for(before + 1, 2 * _PERIOD)

    assert silent == 0
    assert set(kinds(collector.received)) == {"heartbeat"}


@pytest.mark.slow
def test_database_that_takes_nothing(
    daemon: Daemon, targets: Flippable, collector: Collector
) -> None:
    """While nothing can be written to the database no sign of life comes, though probes go on; they
    come again once it takes writes.
    """
    with _nothing_written(daemon.site):
        eventually(lambda: daemon.events("store.refused"), 2 * _PERIOD, "the store refuses")
        before, asked = len(collector.received), len(targets.asked)
        time.sleep(2 * _PERIOD)
        silent, probed = len(collector.received) - before, len(targets.asked) - asked
    collector.wait_for(before + 1, 2 * _PERIOD)

    assert silent == 0
    assert probed > len(_NAMES) * _PERIOD
    assert len(collector.received) > before
    assert set(kinds(collector.received)) == {"heartbeat"}


@pytest.mark.slow
def test_outbox_that_is_full(daemon: Daemon, targets: Flippable, collector: Collector) -> None:
    """While messages wait for a receiver that refuses them, no sign of life passes them by; once it
    takes them all of them arrive, and after them the newest sign of life alone.
    """
    before = len(collector.received)
    collector.otherwise = answers(503)
    targets.take_down(*_NAMES)
    eventually(lambda: len(daemon.events("incident.told")) == len(_NAMES), 20, "all are down")
    time.sleep(2 * _PERIOD)
    refused = kinds(collector.received[before:])
    collector.otherwise = answers(204)
    eventually(lambda: "heartbeat" in kinds(collector.received[before:]), 40, "a sign of life")

    assert refused == ["alert.firing"]
    told = kinds(collector.received[before:])
    assert told[: len(_NAMES) + 1] == ["alert.firing"] * len(_NAMES) + ["heartbeat"]


@contextmanager
def _nothing_written(site: Site) -> Iterator[None]:
    """Keep the database from being written: whoever reads it still can."""
    with closing(sqlite3.connect(site.data / DATABASE, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")
