"""Real name servers for the tests of this folder."""

from collections.abc import Iterator

import pytest

from monitor.net.dnsserver import NameServer
from tests import dnsservers


@pytest.fixture(scope="session")
def knot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServer]:
    with dnsservers.knot(tmp_path_factory.mktemp("knot")) as server:
        yield server


@pytest.fixture(scope="session")
def unbound(tmp_path_factory: pytest.TempPathFactory, knot: NameServer) -> Iterator[NameServer]:
    with dnsservers.unbound(tmp_path_factory.mktemp("unbound"), knot) as server:
        yield server


@pytest.fixture(scope="session")
def encrypted(
    tmp_path_factory: pytest.TempPathFactory, knot: NameServer
) -> Iterator[dnsservers.Encrypted]:
    with dnsservers.encrypted_unbound(tmp_path_factory.mktemp("encrypted"), knot) as resolver:
        yield resolver
