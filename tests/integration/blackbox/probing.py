"""Probing by a module against servers on loopback."""

import socket
import time
from datetime import UTC, datetime
from typing import Any

from monitor.blackbox.modules import Module
from monitor.blackbox.prober import Probed, probe
from monitor.checktype import ProbeContext
from monitor.net.dnsserver import NameServer
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from tests.servers import Handler, read_request

NOBODY = NameServer("127.0.0.1", 1)  # no test may ask a real name server


async def probed(
    prober: str,
    target: str,
    *,
    seconds: float = 20.0,
    hostname: str | None = None,
    network: Network | None = None,
    **block: Any,
) -> Probed:
    """Return how probing went, with `block` as the prober's own; IPv4 unless it says otherwise."""
    settings = {"preferred_ip_protocol": "ip4"} | block
    module = Module.model_validate({"prober": prober, prober: settings})
    context = ProbeContext(
        network=network or Network(resolver=Resolver([NOBODY], timeout_seconds=0.3)),
        deadline=time.monotonic() + seconds,
        monotonic=time.monotonic,
        now=datetime.now(UTC),
    )
    return await probe(module, target, context, hostname=hostname)


def numbers(found: Probed) -> dict[str, float]:
    """Return the samples by `name` or `name{value,…}`, labels by their names' order."""
    return {
        sample.name
        + ("{" + ",".join(value for _, value in sample.labels) + "}" if sample.labels else ""): (
            sample.value
        )
        for sample in found.measurements
    }


def names(found: Probed) -> set[str]:
    """Return the names of what was measured."""
    return {sample.name for sample in found.measurements}


def steps(found: Probed) -> str:
    """Return the log as one text."""
    return "\n".join(map(str, found.log))


def moved(url: str, status: int = 302, body: bytes = b"gone") -> bytes:
    """Return a redirect."""
    head = f"HTTP/1.1 {status} F\r\nLocation: {url}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def by_path(**answers: bytes) -> tuple[Handler, list[str]]:
    """Return a handler that answers each path with its own octets, and the list of requests."""
    asked: list[str] = []

    def handle(connection: socket.socket) -> None:
        request = read_request(connection)
        asked.append(request.decode("latin-1"))
        path = request.split(b" ")[1].decode().partition("?")[0].strip("/") or "root"
        connection.sendall(answers.get(path, b"HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n"))

    return handle, asked
