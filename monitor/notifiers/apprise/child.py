"""Carries out one order by Apprise: `python -m monitor.notifiers.apprise.child`.

It reads the order from standard input and writes one answer to standard output. Before anything of
Apprise sees the URL, the process is held to the address policy, and by the kernel to its memory and
its time: it reads whatever a service pours out, and does not outlive a daemon that was killed.
"""

import logging
import re
import resource
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat

from monitor.net.confinement import Bounds, confine
from monitor.net.dnsserver import NameServer
from monitor.net.errors import NetError
from monitor.net.network import Network
from monitor.net.policy import AddressClass
from monitor.net.resolver import Resolver
from monitor.notifiers.apprise.exchange import Answer, Order

# How Apprise's plugins word a status that they did not expect.
_STATUS = re.compile(r"error=([1-5][0-9]{2})\b")

_MEMORY_BYTES = 256 * 1024 * 1024

_SETTINGS: dict[str, Any] = {
    "app_id": "Pantau",
    "app_desc": "Pantau",
    "async_mode": False,
    "image_url_mask": "",  # messages show no pictures of others' servers
    "image_url_logo": "",
    # A client makes a GET without the message of most that is redirected, and a 200 of it looks
    # like a delivery. Who writes redirect=yes into the URL gets it, under the address policy.
    "http_redirects": False,
}


def main() -> None:
    """Read an order, carry it out, and answer."""
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever a library prints is no answer
    order = Order.decoded(sys.stdin.buffer.readline())
    _bound(order.seconds)
    answers.buffer.write(_carried_out(order).encoded())
    answers.flush()


def _bound(seconds: float) -> None:
    """Have the kernel end this process after `seconds`, and keep it from taking all memory.

    Where a sandbox allows no limit, it is at least the first to go, and not the daemon.
    """
    signal.setitimer(signal.ITIMER_REAL, seconds)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_BYTES, _MEMORY_BYTES))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _carried_out(order: Order) -> Answer:
    servers = [NameServer(host, port) for host, port in order.nameservers]
    resolver = Resolver(servers, timeout_seconds=order.lookup_seconds)
    limit = _innermost(order.url, resolver)
    bounds = confine(Network(resolver=resolver), limit, time.monotonic() + order.seconds)
    asset = _asset()
    service = Apprise.instantiate(order.url, asset=asset, suppress_exceptions=True)
    if not isinstance(service, NotifyBase):
        return Answer(understood=False)
    if order.message is None:
        return Answer(understood=True)
    return _delivered(service, asset, order.message, bounds)


def _delivered(service: NotifyBase, asset: AppriseAsset, message: Any, bounds: Bounds) -> Answer:
    statuses = _Statuses()
    logging.getLogger("apprise").addHandler(statuses)
    delivered = Apprise(service, asset=asset).notify(
        title=message["title"],
        body=message["body"],
        notify_type=message["type"],
        body_format=NotifyFormat.TEXT,
    )
    if delivered:
        return Answer(understood=True, delivered=True)
    return Answer(understood=True, refusal=bounds.refusal, status=statuses.last)


def _asset() -> AppriseAsset:
    """Return our settings, as far as this release of Apprise has them."""
    known = {name: value for name, value in _SETTINGS.items() if hasattr(AppriseAsset, name)}
    return AppriseAsset(**known)


def _innermost(url: str, resolver: Resolver) -> AddressClass:
    """Return how far inward a URL leads as it is written: as far as its host, if it names one.

    Where a token or a room stands there, the service is one of the internet, found by its name.
    """
    try:
        return resolver.pinned_class(urlsplit(url).hostname or "")
    except (ValueError, NetError):
        return AddressClass.PRIVATE


class _Statuses(logging.Handler):
    """Keeps the last status that Apprise complained of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if found := _STATUS.search(record.getMessage()):
            self.last = int(found[1])


if __name__ == "__main__":
    main()
