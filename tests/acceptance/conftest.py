"""What acceptance tests share: daemons that are ended with their test, whatever happens."""

from collections.abc import Callable, Iterator

import pytest

from tests.collector import Collector
from tests.daemon import Daemon, Launcher, Nursery, Site
from tests.flippable import Flippable

Hire = Callable[..., Daemon]


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with Nursery() as started:
        yield started


@pytest.fixture
def hire(nursery: Nursery) -> Iterator[Hire]:
    """Return a function that makes a daemon with a site of its own; it is not started."""
    daemons: list[Daemon] = []

    def made(launch: Launcher = nursery) -> Daemon:
        daemon = Daemon(Site(), launch)
        daemons.append(daemon)
        daemon.site.write_settings()
        return daemon

    yield made
    for daemon in daemons:
        daemon.close()


@pytest.fixture
def targets() -> Iterator[Flippable]:
    with Flippable() as flippable:
        yield flippable


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as listening:
        yield listening
