"""Apprise in its process, against a server that takes, refuses, hangs and leads elsewhere."""

import asyncio
import json
import os
import signal
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.demo.nameserver import name_server
from monitor.net.dnsserver import NameServer
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.notifiers.apprise.exchange import Order
from monitor.notifiers.apprise.process import COMMAND, carry_out, environment
from monitor.ports import Undelivered
from tests.certificates import issue, write_chain
from tests.collector import Collector, answers, hangs, head, pours
from tests.fakes import an_alert
from tests.unit.notifiers.test_apprise import receiver

SECRET = "geheimgeheim"
METADATA = "http://169.254.169.254/latest/meta-data/"
SLACK_SECONDS = 6.0  # a busy machine's
NOBODY = NameServer("127.0.0.1", 9)


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as listening:
        yield listening


@pytest.fixture
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("secrets")


def url_of(collector: Collector, host: str = "127.0.0.1", query: str = "") -> str:
    """Return Apprise's URL for JSON to a collector, with a secret in each of its places."""
    return f"json://pantau:{SECRET}@{host}:{collector.port}/{SECRET}{query}"


async def attempt(
    folder: Path, url: str, server: NameServer = NOBODY, seconds: float = 15, **keys: str
) -> Undelivered | None:
    """Return why one message did not go out, None if it did."""
    network = Network(resolver=Resolver([server]))
    notifier = receiver(folder, network=network, url=url, timeout=f"{seconds:g}s", **keys)
    try:
        await notifier.notify("ROW1", notifier.payload("ROW1", an_alert()), datetime.now(UTC))
    except Undelivered as refused:
        error = refused
    else:
        return None
    assert SECRET not in repr(error)
    return error


def children() -> dict[int, str]:
    """Return the arguments and the environment of the processes that this one started."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            shown = (place / "cmdline").read_text() + (place / "environ").read_text()
            if parent == os.getpid() and "apprise.child" in shown:
                found[int(place.name)] = shown
    return found


def resident_bytes(process: int) -> int:
    """Return how much memory a process has, 0 for one that is gone."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text().split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


async def test_delivered_once(collector, folder):
    """What was frozen goes out, once, and true means that it arrived."""
    assert await attempt(folder, url_of(collector)) is None

    [request] = collector.received
    frozen = json.loads(receiver(folder, url=url_of(collector)).payload("ROW1", an_alert()))
    sent = json.loads(request.body)
    assert (sent["title"], sent["message"], sent["type"]) == tuple(frozen.values())


async def test_equal_bodies_in_every_attempt(collector, folder):
    """A message that is tried again says what it said."""
    collector.plays(answers(503))

    assert await attempt(folder, url_of(collector)) is not None
    assert await attempt(folder, url_of(collector)) is None

    assert len({each.body for each in collector.received}) == 1


@pytest.mark.parametrize(("status", "reason"), [(503, "status_5xx"), (404, "status_4xx")])
async def test_false_is_a_bad_moment(status, reason, collector, folder):
    """Whatever a service answers that is no success, the message is tried again."""
    collector.otherwise = answers(status, {}, SECRET.encode())

    error = await attempt(folder, url_of(collector))

    assert (error.reason, error.permanent, error.gone) == (reason, False, False)
    assert len(collector.received) == 1


async def test_deadline_ends_it(collector, folder):
    """An attempt at a server that hangs ends in time, and leaves no process."""
    collector.otherwise = hangs()
    began = time.monotonic()

    error = await attempt(folder, url_of(collector), seconds=3)

    assert error.reason == "timeout"
    assert time.monotonic() - began < 3 + SLACK_SECONDS
    assert children() == {}


async def test_memory_is_bounded(collector, folder):
    """A service that pours out gigabytes ends the process, and takes no memory of the daemon's."""
    collector.otherwise = pours(10**10, head(200, Content_Length="10000000000"))
    sizes: list[int] = []

    attempting = asyncio.create_task(attempt(folder, url_of(collector)))
    while not attempting.done():
        sizes += [resident_bytes(each) for each in children()]
        await asyncio.sleep(0.02)

    assert (await attempting).reason in {"internal", "not_delivered"}
    assert max(sizes) < 400_000_000
    assert children() == {}


async def test_cancelled_attempt_leaves_no_process(collector, folder):
    """A daemon that stops in the middle of an attempt takes the process along."""
    collector.otherwise = hangs()
    task = asyncio.create_task(attempt(folder, url_of(collector)))
    await asyncio.to_thread(collector.wait_for, 1, 15)
    assert len(children()) == 1

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert children() == {}


def test_process_outlives_no_daemon(collector):
    """Where the daemon was killed, the kernel ends the process once its time is over."""
    collector.otherwise = hangs()
    order = Order(
        url=url_of(collector), seconds=3, message={"title": "T", "body": "B", "type": "info"}
    )

    done = subprocess.run(
        COMMAND,
        check=False,
        input=order.encoded(),
        capture_output=True,
        env=environment(None),
        timeout=3 + 2 * SLACK_SECONDS,
    )

    assert done.returncode == -signal.SIGALRM
    assert SECRET.encode() not in done.stdout + done.stderr


async def test_secret_is_in_no_list_of_processes(collector, folder):
    """Neither arguments nor environment of the process, which others on the host may see, hold
    anything of the URL.
    """
    shown: list[str] = []
    collector.arrived = lambda _: shown.extend(children().values())

    assert await attempt(folder, url_of(collector)) is None

    assert len(shown) == 1
    assert SECRET not in shown[0]
    assert str(collector.port) not in shown[0]


async def test_redirect_is_no_delivery(collector, folder):
    """A redirect is not followed: what it leads to would get no message, and say 200."""
    with Collector() as elsewhere:
        collector.otherwise = answers(302, {"Location": elsewhere.url})

        error = await attempt(folder, url_of(collector))

        assert error.reason == "redirect"
        assert elsewhere.accepted == 0


@pytest.mark.parametrize("status", [302, 307])
async def test_redirect_is_held_to_the_policy(status, collector, folder):
    """A redirect that the URL asks to be followed leads to no address that is never dialled."""
    collector.otherwise = answers(status, {"Location": METADATA})

    error = await attempt(folder, url_of(collector, query="?redirect=yes"))

    assert error.reason == "refused_by_policy"
    assert "never dialled" in str(error)
    assert len(collector.received) == 1


async def test_loopback_is_dialled_as_written(collector, folder):
    """Whoever writes localhost means this machine."""
    assert await attempt(folder, url_of(collector, host="localhost")) is None


async def test_name_leads_to_no_loopback(collector, folder):
    """Names are asked of our name servers, and one that they lead to this machine is refused."""
    async with name_server({"portal.test.": {"A": "127.0.0.1"}}) as server:
        ours = NameServer("127.0.0.1", server.port)
        error = await attempt(folder, url_of(collector, host="portal.test"), ours)

    assert error.reason == "refused_by_policy"
    assert collector.accepted == 0


async def test_other_hosts_of_a_url_are_held_to_its_own(collector, folder):
    """A host in the rest of a URL is dialled no further inward than the URL's own host leads."""
    url = f"mailto://pantau:{SECRET}@portal.test?smtp=127.0.0.1&port={collector.port}"

    error = await attempt(folder, url)

    assert error.reason == "refused_by_policy"
    assert collector.accepted == 0


async def test_certificates_are_verified(tmp_path, folder):
    """A service that cannot prove who it is gets nothing, and one that the receiver's own
    authority vouches for gets all.
    """
    authority = issue(subject="Akar", names=(), authority=True)
    chain, key = write_chain(tmp_path, "service", issue(names=("localhost",), issuer=authority))
    trusted = tmp_path / "authority.pem"
    trusted.write_bytes(authority.pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    with Collector(tls=context) as secured:
        url = url_of(secured, host="localhost").replace("json:", "jsons:")

        error = await attempt(folder, url)

        assert error.reason == "not_delivered"
        assert secured.received == []
        assert await attempt(folder, url, ca_file=str(trusted)) is None


async def test_process_that_dies(collector):
    """Where the process says nothing that is an answer, it is an error and no delivery."""
    order = Order(url=url_of(collector), seconds=15, message={})

    with pytest.raises(ValueError):
        await carry_out(order)

    assert collector.received == []
