"""Whether a failing name is the target's fault, judged on real resolvers."""

from time import monotonic

import pytest

from monitor.domain.observation import FailureKind
from monitor.engine.canaries import resolver_canaries
from monitor.engine.selfcheck import Proof, SelfCheck
from monitor.net.dnsserver import NameServer
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from tests.fakes import a_check
from tests.servers import free_port


@pytest.mark.parametrize("kind", [FailureKind.RESOLVE_TIMEOUT, FailureKind.RESOLVE_SERVFAIL])
async def test_a_resolver_that_never_answered_is_at_fault(kind):
    """A resolver that is dead from the start is ours, and takes no target down."""
    dead = Network(resolver=Resolver([NameServer("127.0.0.1", free_port())], timeout_seconds=0.3))
    check = SelfCheck([], resolver_canaries(dead), monotonic)

    assert await check.prove(a_check(), kind, 0.0) is Proof.RESOLVER_DEAD
