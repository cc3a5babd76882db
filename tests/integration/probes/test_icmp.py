"""Checks of type icmp over a network of our own, with a router and hosts that misbehave."""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from monitor.checktype import ProbeContext
from monitor.domain.observation import OutcomeStatus, series
from monitor.net.icmpsocket import way_allowed
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.probes.icmp import IcmpSpec, probe
from tests.peers import peer
from tests.routednetwork import FAR, FAR_6, HOME, NEAR, NEAR_6, routed

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("icmp")]

ALLOWED = {"datagram": "0 0", "raw": "1 0"}  # of net.ipv4.ping_group_range

CHILD = """
import asyncio, json, sys, time
from datetime import UTC, datetime
from monitor.checktype import ProbeContext
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.probes.icmp import IcmpSpec, probe

async def checked(keys, seconds, busy):
    if busy:
        asyncio.get_running_loop().call_later(0.05, time.sleep, busy)
    began = time.monotonic()
    context = ProbeContext(network=Network(resolver=Resolver()), deadline=began + seconds,
                           monotonic=time.monotonic, now=datetime.now(UTC))
    outcome = await probe(IcmpSpec.model_validate(keys), context)
    failure = outcome.failure
    print(json.dumps({
        "status": outcome.status, "cause": outcome.cause, "answered": outcome.answered,
        "kind": failure and failure.kind, "detail": failure and failure.detail,
        "facts": dict(outcome.facts), "took": time.monotonic() - began,
        "numbers": {name + "".join(v for _, v in labels): value
                    for (name, labels), value in outcome.measurements.items()},
    }), flush=True)

for line in sys.stdin:
    asyncio.run(checked(*json.loads(line)))
"""

# Answers echo requests in place of the kernel, in a way of its own.
RESPONDER = """
import socket, struct, sys, threading, time
from monitor.net.icmpwire import checksum

way, delay = sys.argv[1], float(sys.argv[2])
sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
print("ready", flush=True)

def answer(target, ident, sequence, payload):
    message = struct.pack("!BBHHH", 0, 0, 0, ident, sequence) + payload
    checked = struct.pack("!BBHHH", 0, 0, checksum(message), ident, sequence) + payload
    sock.sendto(checked, (target, 0))

while True:
    packet, (source, _) = sock.recvfrom(65535)
    message = packet[(packet[0] & 15) * 4:]
    kind, _, _, ident, sequence = struct.unpack_from("!BBHHH", message)
    if kind != 8:
        continue
    payload = message[8:]
    said = {
        "right": [(ident, sequence, payload)],
        "twice": [(ident, sequence, payload)] * 2,
        "foreign": [(ident ^ 1, sequence, payload)],
        "other": [(ident, sequence ^ 0x8000, payload)],
        "changed": [(ident, sequence, payload[:-1] + b"!")],
        "shorter": [(ident, sequence, payload[:-1])],
    }[way]
    for one in said:
        threading.Timer(delay, answer, (source, *one)).start()
"""


@pytest.fixture(scope="module")
def network():
    with routed() as made:
        yield made


@pytest.fixture(scope="module")
def home(network):
    """Run the checks of the tests in one process at home: starting one takes a while."""
    command = network.at("home", sys.executable, "-c", CHILD)
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture(params=ALLOWED)
def ping(request, network, home):
    """Let checks use a datagram socket, or only a raw one; return what makes a check."""
    allow(network, ALLOWED[request.param])

    def checked(host, *, seconds=20.0, busy=0, **keys):
        home.stdin.write(json.dumps([{"host": host, **keys}, seconds, busy]) + "\n")
        home.stdin.flush()
        return json.loads(home.stdout.readline())

    return checked


def allow(network, groups):
    network.run("home", "sysctl", "-qw", f"net.ipv4.ping_group_range={groups}")


@contextlib.contextmanager
def responding(network, way, delay=0.0):
    network.run("far", "sysctl", "-qw", "net.ipv4.icmp_echo_ignore_all=1")
    command = network.at("far", sys.executable, "-c", RESPONDER, way, str(delay))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            yield
        finally:
            process.kill()
            network.run("far", "sysctl", "-qw", "net.ipv4.icmp_echo_ignore_all=0")


@contextlib.contextmanager
def narrowed(network, mtu):
    """Let no larger packets through the second cable until the end."""
    for place in ("router", "far"):
        network.run(place, peer("ip"), "link", "set", "away", "mtu", str(mtu))
    try:
        yield
    finally:
        for place in ("router", "far"):
            network.run(place, peer("ip"), "link", "set", "away", "mtu", "1500")


@pytest.mark.parametrize(("host", "hops"), [(NEAR, 64), (FAR, 63), (NEAR_6, 64), (FAR_6, 63)])
def test_hosts_that_answer(ping, host, hops):
    """Every packet comes back, and a router on the way takes one off the hop limit."""
    found = ping(host, gap="10ms", count=4)

    assert found["status"] == "ok", found
    assert found["facts"]["packets"] == {"sent": 4, "lost": 0}
    assert found["facts"]["hop_limit"] == hops
    numbers = found["numbers"]
    assert numbers["probe_icmp_reply_hop_limit"] == hops
    assert numbers["pantau_icmp_loss_ratio"] == 0
    assert numbers["probe_ip_protocol"] == (6 if ":" in host else 4)
    least, mean, most = (
        numbers[f"pantau_icmp_rtt_seconds{name}"] for name in ("min", "avg", "max")
    )
    assert 0 < least <= mean <= most
    assert numbers["probe_icmp_duration_secondsrtt"] == mean


@pytest.mark.parametrize(
    ("expect", "status"),
    [({}, "degraded"), ({"degraded_loss": 34}, "ok"), ({"max_loss": 30}, "failed")],
)
def test_some_packets_are_lost(network, ping, expect, status):
    """What is lost degrades the check, unless so much is allowed; over `max_loss` it fails."""
    with network.filtering("router", "icmp type echo-request numgen inc mod 3 0 drop"):
        found = ping(FAR, count=3, gap="10ms", wait="500ms", expect=expect)

    assert found["status"] == status, found
    assert found["facts"]["packets"] == {"sent": 3, "lost": 1}
    assert found["numbers"]["pantau_icmp_loss_ratio"] == pytest.approx(1 / 3)
    assert found["kind"] == (None if status == "ok" else "lost")
    assert found["answered"]
    if status == "failed":
        assert found["detail"] == "1 of 3 packets lost (33 %), expected at most 30 %"


@pytest.mark.parametrize("host", [FAR, FAR_6])
def test_all_packets_are_lost(network, ping, host):
    """Nothing that comes back is down, and no proof that we are online."""
    with network.filtering("router", "meta l4proto { icmp, ipv6-icmp } drop"):
        found = ping(host, count=2, gap="10ms", wait="300ms")

    assert (found["status"], found["kind"], found["answered"]) == ("failed", "lost", False)
    assert found["detail"] == "2 of 2 packets lost: no reply in time"
    assert "pantau_icmp_rtt_secondsavg" not in found["numbers"]


@pytest.mark.parametrize(("host", "router"), [(FAR, NEAR), (FAR_6, NEAR_6)])
def test_a_hop_limit_that_does_not_reach(ping, host, router):
    """With `ttl: 1` the first router ends the way, and is named."""
    found = ping(host, ttl=1, count=3, gap="10ms")

    assert (found["status"], found["kind"]) == ("failed", "connect_unreachable")
    assert found["detail"] == f"ping {host}: the hop limit was used up at {router}"
    assert found["took"] < 15, "a refusal ends the wait"


def test_a_router_that_refuses_some(network, ping):
    """What a router refuses counts as lost, and the router is heard."""
    rule = "icmp type echo-request numgen inc mod 2 0 reject with icmp host-prohibited"
    with network.filtering("router", rule):
        found = ping(FAR, count=4, gap="10ms")

    assert (found["status"], found["kind"]) == ("degraded", "lost")
    assert found["facts"]["packets"] == {"sent": 4, "lost": 2}
    assert f"ping {FAR}, {NEAR} answers" in found["detail"]


@pytest.mark.parametrize("answer", ["foreign", "other", "changed", "shorter"])
def test_replies_that_do_not_count(network, ping, answer):
    """A reply with another identifier, sequence or payload is none to our packet."""
    with responding(network, answer):
        found = ping(FAR, count=2, gap="10ms", wait="400ms")

    assert (found["kind"], found["facts"]["packets"]) == ("lost", {"sent": 2, "lost": 2})


def test_a_reply_counts_once(network, ping):
    """Second replies to a packet make no other one whole."""
    rule = "icmp type echo-request numgen inc mod 3 0 drop"
    with responding(network, "twice"), network.filtering("far", rule):
        found = ping(FAR, count=3, gap="10ms", wait="400ms")

    assert found["facts"]["packets"] == {"sent": 3, "lost": 1}
    assert found["facts"]["duplicates"] >= 1


def test_a_late_reply_is_lost(network, ping):
    """A reply that takes longer than `wait` is as good as none."""
    with responding(network, "right", delay=0.4):
        found = ping(FAR, count=3, gap="300ms", wait="200ms")

    assert found["facts"]["packets"] == {"sent": 3, "lost": 3}


def test_a_busy_loop_loses_nothing(network, ping):
    """Replies that came in time count, however late our own loop looks at them."""
    with responding(network, "right", delay=0.2):
        found = ping(FAR, count=20, gap="0s", wait="2s", busy=3)

    assert found["facts"]["packets"] == {"sent": 20, "lost": 0}
    assert found["facts"]["rtt_milliseconds"]["max"] < 2000


def test_slow_round_trips_degrade(network, ping):
    """Over `max_rtt` on the mean the check is degraded, and the figure is told."""
    with responding(network, "right", delay=0.1):
        found = ping(FAR, count=2, gap="10ms", expect={"max_rtt": "50ms"})

    assert (found["status"], found["kind"]) == ("degraded", "slow")
    assert found["detail"].endswith("expected at most 50 ms")


def test_packets_too_large_for_the_way(network, ping):
    """Large packets are sent in pieces; with `dont_fragment` the router that minds is heard."""
    with narrowed(network, 1300):
        with network.filtering("home", "icmp type destination-unreachable drop"):
            cut = [ping(FAR, size=1400, count=1)]  # first: the kernel learns of later ones
        cut += [ping(host, size=1400, count=1) for host in (FAR, FAR_6)]
        whole = ping(FAR, size=1400, count=2, gap="10ms", dont_fragment=True)

    assert [one["status"] for one in cut] == ["ok"] * 3, cut
    assert whole["kind"] == "connect_unreachable"
    assert whole["detail"] == f"ping {FAR}: 1400 bytes of payload are too many for the way"


def test_the_source_can_be_chosen(ping):
    """`source_address` is one of ours; another one is a fault of ours."""
    assert ping(FAR, count=1, source_address=HOME)["status"] == "ok"
    wrong = ping(FAR, count=1, source_address="192.0.2.1")

    assert (wrong["status"], wrong["cause"]) == ("unknown", "local")


def test_all_addresses_of_a_family(ping):
    """With `addresses: all` each address is told by itself."""
    found = ping(FAR, count=1, addresses="all")

    assert [one["status"] for one in found["facts"]["addresses"]] == ["ok"]


def test_more_than_fits_into_the_time(ping):
    """Where the packets can't all be sent in time nothing is known, and the reason is told."""
    found = ping(FAR, count=10, gap="1s", seconds=5.0)

    assert (found["status"], found["cause"]) == ("unknown", "local")
    assert "raise timeout, or lower count or gap" in found["detail"]
    assert found["took"] < 4


def test_a_kernel_that_allows_no_icmp(network):
    """Without the group and without the capability the check is unknown, with a way out."""
    allow(network, ALLOWED["raw"])
    done = network.run(
        "home",
        *(peer("setpriv"), "--bounding-set=-net_raw", "--inh-caps=-net_raw"),
        *(sys.executable, "-c", CHILD),
        input=json.dumps([{"host": FAR, "count": 1}, 5, 0]),
    )
    found = json.loads(done)

    assert (found["status"], found["cause"]) == ("unknown", "local")
    assert "net.ipv4.ping_group_range" in found["detail"]
    assert "CAP_NET_RAW" in found["detail"]


@pytest.mark.skipif(way_allowed() is None, reason="ICMP is not allowed to these tests")
async def test_many_checks_at_once():
    """Hundreds of checks of one host at the same time don't take each other's replies."""
    now = time.monotonic()
    context = ProbeContext(
        network=Network(resolver=Resolver()),
        deadline=now + 30,
        monotonic=time.monotonic,
        now=datetime.now(UTC),
    )
    spec = IcmpSpec.model_validate({"host": "127.0.0.1", "gap": "10ms"})
    outcomes = await asyncio.gather(*(probe(spec, context) for _ in range(300)))

    assert {one.status for one in outcomes} == {OutcomeStatus.OK}
    assert all(one.measurements[series("pantau_icmp_loss_ratio")] == 0 for one in outcomes)
