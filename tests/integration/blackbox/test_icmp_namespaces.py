"""ICMP in a network of our own: sockets without privileges, and routers that refuse."""

import json
import os
import subprocess
import sys

import pytest

from tests.peers import peer

pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace takes root"),
]

CHILD = """
import asyncio, json, sys, time
from monitor.net.errors import NetError
from monitor.net.icmp import EchoOptions, EchoTrace, echo

async def ask(address):
    trace, began = EchoTrace(), time.monotonic()
    try:
        reply = await echo(address, EchoOptions(), deadline=began + 30, trace=trace)
        said = {"hop_limit": reply.hop_limit, "seconds": reply.seconds}
    except NetError as error:
        failure = error.failure
        said = {"kind": failure.kind, "detail": failure.detail, "answered": error.answered}
    return said | {"privileged": trace.privileged, "took": time.monotonic() - began}

async def main():
    print(json.dumps([await ask(address) for address in sys.argv[1:]]))

asyncio.run(main())
"""


def asked(preparation, *addresses):
    """Return what a process in a network of its own hears from each address."""
    peer("sysctl")
    done = subprocess.run(
        [
            *(peer("unshare"), "-n", "sh", "-ec"),
            f'ip link set lo up; {preparation}; exec "$@"',
            *("sh", sys.executable, "-c", CHILD, *addresses),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


def test_no_privilege_is_needed_where_the_kernel_allows_it():
    """With our group in ping_group_range a datagram socket is used, over both families."""
    replies = asked("sysctl -qw net.ipv4.ping_group_range='0 0'", "127.0.0.1", "::1")

    assert [reply["privileged"] for reply in replies] == [False, False]
    assert [reply["hop_limit"] for reply in replies] == [64, 64]


def test_a_raw_socket_is_the_second_choice():
    """Without our group in ping_group_range a raw socket is used, and gives the same."""
    replies = asked("sysctl -qw net.ipv4.ping_group_range='1 0'", "127.0.0.1", "::1")

    assert [reply["privileged"] for reply in replies] == [True, True]
    assert [reply["hop_limit"] for reply in replies] == [64, 64]


@pytest.mark.parametrize("allowed", ["0 0", "1 0"])
def test_a_router_that_refuses_ends_the_wait(allowed):
    """What a router says against a request is the answer, long before time is up."""
    link = (
        f"sysctl -qw net.ipv4.ping_group_range='{allowed}'; "
        "ip link add v0 type veth peer name v1; ip addr add 192.0.2.1/24 dev v0; "
        "ip link set v0 up; ip link set v1 up"
    )

    (neighbour,) = asked(link, "192.0.2.9")

    assert neighbour["kind"] == "connect_unreachable"
    assert "192.0.2.1 answers" in neighbour["detail"]
    assert neighbour["took"] < 20, f"took {neighbour['took']:.1f} s"
    assert neighbour["answered"] is False
