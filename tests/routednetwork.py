"""Three network namespaces in a row: home, a router, and far. None has a way to anywhere else."""

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from tests.peers import peer

HOME, NEAR, FAR = "10.231.8.1", "10.231.8.2", "10.231.9.2"
HOME_6, NEAR_6, FAR_6 = "fd00:8::1", "fd00:8::2", "fd00:9::2"
_numbers = itertools.count()
# A closed port is refused as soon as every neighbour on the way knows the next.
_WARM_UP = """
import socket, sys, time
end = time.monotonic() + 30
for host in sys.argv[1:]:
    while time.monotonic() < end:
        try:
            socket.create_connection((host, 9), timeout=2)
        except ConnectionRefusedError:
            break
        except OSError:
            time.sleep(0.1)
    else:
        sys.exit(f"{host} can't be reached")
"""


class Network:
    """The three ends, by their names: `run` and `start` do something at one of them."""

    def __init__(self) -> None:
        if os.geteuid() != 0:
            pytest.skip("only root makes network namespaces")
        self._ip, self._prefix = peer("ip"), f"routed-{os.getpid()}-{next(_numbers)}"

    def make(self) -> None:
        """Make the namespaces and the two cables."""
        for place in ("home", "router", "far"):
            self._call("netns", "add", self._name(place))
            self.run(place, self._ip, "link", "set", "lo", "up")
        self._cable("home", "router", "near", (f"{HOME}/24", f"{NEAR}/24"), (HOME_6, NEAR_6))
        self._cable("router", "far", "away", ("10.231.9.1/24", f"{FAR}/24"), ("fd00:9::1", FAR_6))
        self.run("router", "sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.run("router", "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
        # Errors of the kernel's own are limited to some a second, which a test may go over.
        for place in ("router", "far"):
            self.run(place, "sysctl", "-qw", "net.ipv4.icmp_ratelimit=0")
            self.run(place, "sysctl", "-qw", "net.ipv6.icmp.ratelimit=0")
        for place, way, way_6 in (("home", NEAR, NEAR_6), ("far", "10.231.9.1", "fd00:9::1")):
            self.run(place, self._ip, "route", "add", "default", "via", way)
            self.run(place, self._ip, "-6", "route", "add", "default", "via", way_6)
        self.run("home", sys.executable, "-c", _WARM_UP, FAR, FAR_6)

    def close(self) -> None:
        for place in ("home", "router", "far"):
            with suppress(subprocess.CalledProcessError):
                self._call("netns", "del", self._name(place))

    def run(self, place: str, *command: str, **options: Any) -> str:
        """Return what a command at that place prints."""
        done = subprocess.run(
            self.at(place, *command),
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            **options,
        )
        if done.returncode:
            raise RuntimeError(f"{command}: {done.stderr}")
        return done.stdout

    def at(self, place: str, *command: str) -> list[str]:
        """Return the command that runs another one at that place."""
        return [self._ip, "netns", "exec", self._name(place), *command]

    @contextmanager
    def filtering(self, place: str, *rules: str) -> Iterator[None]:
        """Have a place filter what comes in or through by these nftables rules until the end."""
        hook = "forward" if place == "router" else "input"
        lines = [
            "add table inet t",
            f"add chain inet t c {{ type filter hook {hook} priority 0; }}",
        ]
        lines += [f"add rule inet t c {rule}" for rule in rules]
        self.run(place, peer("nft"), "-f", "-", input="\n".join(lines))
        try:
            yield
        finally:
            self.run(place, peer("nft"), "delete", "table", "inet", "t")

    def _cable(
        self, left: str, right: str, name: str, addresses: tuple[str, str], six: tuple[str, str]
    ) -> None:
        right_end = ("peer", "name", name, "netns", self._name(right))
        self.run(left, self._ip, "link", "add", name, "type", "veth", *right_end)
        for place, address, address_6 in zip((left, right), addresses, six, strict=True):
            self.run(place, self._ip, "address", "add", address, "dev", name)
            self.run(place, self._ip, "address", "add", f"{address_6}/64", "dev", name, "nodad")
            self.run(place, self._ip, "link", "set", name, "up")

    def _name(self, place: str) -> str:
        return f"{self._prefix}-{place}"

    def _call(self, *arguments: str) -> None:
        subprocess.run([self._ip, *arguments], check=True, capture_output=True, timeout=60)


@contextmanager
def routed() -> Iterator[Network]:
    """Make the network until the block ends."""
    network = Network()
    try:
        network.make()
        yield network
    finally:
        network.close()
