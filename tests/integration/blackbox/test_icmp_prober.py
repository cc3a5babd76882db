"""ICMP echoes to this machine, which answers them itself."""

import asyncio
import socket
import time

import pytest

from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import OutcomeStatus
from monitor.net.errors import NetError
from monitor.net.icmp import EchoOptions, EchoTrace, echo
from tests.integration.blackbox.probing import names, numbers, probed

COMMON = {"probe_success", "probe_duration_seconds", "probe_timeout_seconds"}
ADDRESS = {"probe_dns_lookup_time_seconds", "probe_ip_protocol", "probe_ip_addr_hash"}
ICMP = {"probe_icmp_duration_seconds", "probe_icmp_reply_hop_limit"}


def allowed() -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP).close()
        except OSError:
            continue
        return True
    return False


pytestmark = pytest.mark.skipif(not allowed(), reason="ICMP is not allowed to these tests")


def has_ip6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


ADDRESSES = ["127.0.0.1", *(["::1"] if has_ip6() else [])]


async def pinged(address, *, seconds=20.0, trace=None, **options):
    deadline = time.monotonic() + seconds
    return await echo(address, EchoOptions(**options), deadline=deadline, trace=trace)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("size", [0, 1, 56, 1400, 9000])
async def test_an_echo(address, size):
    """A reply repeats the payload, whatever its size, and tells its hop limit."""
    reply = await pinged(address, payload=b"\xa5" * size)

    assert reply.seconds > 0
    assert reply.hop_limit in range(1, 256)


async def test_many_echoes_at_once():
    """Each of many echoes to one address gets its own reply."""
    traces = [EchoTrace() for _ in range(200)]

    replies = await asyncio.gather(*(pinged("127.0.0.1", trace=trace) for trace in traces))

    assert len(replies) == 200
    assert len({(trace.identifier, trace.sequence) for trace in traces}) == 200
    assert len({trace.identifier for trace in traces}) > 100


async def test_no_packet_when_time_is_up():
    """With the deadline behind us nothing is sent."""
    with pytest.raises(NetError) as raised:
        await pinged("127.0.0.1", seconds=-1)

    assert raised.value.failure.kind is Kind.TIMEOUT


@pytest.mark.skipif("::1" not in ADDRESSES, reason="no IPv6")
async def test_a_packet_too_large_for_the_way():
    """With `dont_fragment` what does not fit fails at once, as a fault of the way."""
    whole = b"x" * 65_500  # with its headers over the 65,536 bytes of a loopback interface

    await pinged("::1", payload=whole)
    with pytest.raises(NetError) as raised:
        await pinged("::1", payload=whole, dont_fragment=True)

    assert raised.value.failure.kind is Kind.CONNECT_UNREACHABLE
    assert raised.value.cause is None


async def test_a_source_of_another_family_is_our_fault():
    """An address of the wrong family says nothing of the target."""
    with pytest.raises(NetError) as raised:
        await pinged("127.0.0.1", source_address="::1")

    assert raised.value.cause is not None


@pytest.mark.parametrize("address", ADDRESSES)
async def test_the_prober(address):
    """The prober has its three phases, and the hop limit of the reply."""
    found = await probed("icmp", address, payload_size=100, ttl=9)

    values = numbers(found)
    assert found.success
    assert names(found) == COMMON | ADDRESS | ICMP
    assert values["probe_icmp_duration_seconds{rtt}"] > 0
    assert values["probe_icmp_duration_seconds{setup}"] > 0
    assert values["probe_ip_protocol"] == (6 if ":" in address else 4)


async def test_a_name_without_an_address():
    """A name that can't be resolved has zeros, and no hop limit."""
    found = await probed("icmp", "nowhere.invalid", seconds=5)

    assert names(found) == COMMON | ADDRESS | {"probe_icmp_duration_seconds", "probe_failure_info"}
    assert numbers(found)["probe_ip_protocol"] == 0


async def test_addresses_that_are_never_asked():
    """The address policy holds for echoes as well."""
    found = await probed("icmp", "224.0.0.1")

    assert found.outcome.failure.kind is Kind.REFUSED_BY_POLICY
    assert found.outcome.status is OutcomeStatus.FAILED
