"""One world for all cases: they run in one process, one after the other."""

from collections.abc import Iterator

import pytest

from tests.conformance.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("conformance")) as running:
        yield running
