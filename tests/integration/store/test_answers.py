"""Slots and response times of days, from sealed hours and from samples that are not sealed yet."""

import asyncio
import shutil
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.domain.latency import merged
from monitor.domain.windows import Window
from monitor.ports import Change
from monitor.store.reader import open_reader
from monitor.store.sql import open_store
from tests.integration.store.changes import VANTAGE
from tests.integration.store.test_sealing import (
    BEGIN,
    DOWN,
    FIRST,
    HOUR,
    MINUTE,
    PORTAL,
    SLOW,
    changes,
    every_minute,
    kept,
    lives,
    sealed,
)


def answers(directory, edges):
    with open_reader(directory) as reader:
        windows = [Window(*each) for each in pairwise(edges)]
        return [(a.received, dict(a.latency)) for a in reader.answers(PORTAL, windows)]


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lives(), st.lists(st.integers(-HOUR, 20 * HOUR), min_size=2, max_size=5).map(sorted))
def test_sealing_changes_no_answers(empty_store, life, offsets):
    """However days lie to hours, sealed hours give the slots and response times of their samples,
    and those of parts of a period are together those of the whole.
    """
    edges = [BEGIN + offset for offset in offsets]
    with tempfile.TemporaryDirectory() as home:
        directory = Path(home) / "data"
        shutil.copytree(empty_store, directory)
        asyncio.run(kept(directory, changes(life)))
        expected = answers(directory, edges)
        [(received, latency)] = answers(directory, [edges[0], edges[-1]])
        with open_reader(directory) as reader:
            slots = reader.slots(PORTAL, edges[0], edges[-1]).received

        asyncio.run(sealed(directory, 12))

        assert answers(directory, edges) == expected
    assert received == sum(count for count, _ in expected) == slots
    assert latency == dict(merged(each for _, each in expected))


async def test_hours_without_samples_count_where_they_begin(tmp_path):
    """Once samples are dropped, an hour that two days share counts as one, where it begins."""
    await kept(tmp_path, Change(observations=every_minute(3)), last=3)
    async with open_store(tmp_path, vantage=VANTAGE) as store:
        await store.drop_samples(FIRST + 3)

    found = answers(tmp_path, [BEGIN, BEGIN + HOUR + 15 * MINUTE, BEGIN + 3 * HOUR])

    assert [received for received, _ in found] == [120, 60]
    assert [sum(latency.values()) for _, latency in found] == [120, 60]


@pytest.mark.parametrize("last", [None, 2])
async def test_what_was_slow_counts_and_what_failed_does_not(tmp_path, last):
    """How long it took counts where something answered, sealed or not."""
    failed = every_minute(1, start=BEGIN + HOUR, outcome=DOWN)
    samples = (*every_minute(1, outcome=SLOW), *failed)
    await kept(tmp_path, Change(observations=samples), last=last)

    [(received, latency)] = answers(tmp_path, [BEGIN, BEGIN + 2 * HOUR])

    assert (received, sum(latency.values())) == (120, 60)
