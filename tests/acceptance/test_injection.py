"""What a page, a certificate and a name server say is text to everybody who is told of it."""

import json
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.demo.nameserver import reply_to
from tests.acceptance.conftest import Hire
from tests.acceptance.messages import body
from tests.certificates import issue, write_chain
from tests.collector import Collector, answers
from tests.daemon import eventually, http_check, services
from tests.everyreceiver import KINDS, entry_at, posts
from tests.unit.notifiers.test_injection import ACTS_ON, UNSEEN, Tree, strings

EVIL = '<script>alert(1)</script><!channel>@channel *b*"}],\n\x1b[2J\u202e'
POSTING = tuple(kind for kind in KINDS if posts(kind))
CALLS = re.compile(r"<!|<script|@channel", re.IGNORECASE)


@contextmanager
def name_server() -> Iterator[int]:
    """Answer with EVIL as a TXT record, on the port that is yielded."""
    octets = "".join(f"\\{octet:03}" for octet in EVIL.encode())
    zone = {"portal.test.": {"TXT": f'"{octets}"'}}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                try:
                    query, peer = listening.recvfrom(4096)
                except OSError:
                    return
                if (reply := reply_to(query, zone)) is not None:
                    listening.sendto(reply, peer)

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        with suppress(OSError):  # it has no peer, but who waits on it is woken
            listening.shutdown(socket.SHUT_RDWR)


def secured(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Return what presents a certificate that names EVIL, and the authority that issued it."""
    authority = issue(subject="Akar", names=(), organisation=EVIL, authority=True)
    leaf = issue(names=("localhost", "127.0.0.1"), issuer=authority, organisation=EVIL)
    chain, key = write_chain(folder, "evil", leaf)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    trusted = folder / "akar.pem"
    trusted.write_bytes(authority.pem())
    return context, trusted


@pytest.mark.slow
def test_text_of_targets_is_text(hire: Hire, tmp_path: Path) -> None:
    """A page's title, a certificate's names and a TXT record reach every receiver, the log, /metrics
    and the pages as text, and as nothing else.
    """
    daemon = hire()
    config = daemon.site.folder / "config"
    context, trusted = secured(tmp_path)
    with ExitStack() as stack:
        page = stack.enter_context(Collector())
        page.otherwise = answers(200, {}, json.dumps({"title": EVIL}).encode())
        vault = stack.enter_context(Collector(tls=context))
        zone = stack.enter_context(name_server())
        told = {kind: stack.enter_context(Collector()) for kind in POSTING}
        entries = [
            entry_at(kind, daemon.site.folder, each.url.removesuffix("/hook"))
            for kind, each in told.items()
        ]
        (config / "alerts.yaml").write_text(
            json.dumps({"receivers": entries, "grouping": {"wait": "0s", "by": "service"}})
        )
        daemon.site.write(
            [{**each, "public": True} for each in services(["laman", "brankas", "zona"])],
            [
                http_check("laman", page.url, expect={"json": {"$.title": "Portal"}}),
                {
                    "id": "brankas",
                    "service": "brankas",
                    "type": "tls",
                    "host": "localhost",
                    "port": vault.port,
                    "ca_file": str(trusted),
                    "expect": {"issuer": "Balai Sertifikasi"},
                },
                {
                    "id": "zona",
                    "service": "zona",
                    "type": "dns",
                    "name": "portal.test",
                    "record": "TXT",
                    "nameservers": [f"127.0.0.1:{zone}"],
                    "expect": {"answers": {"exactly": ["v=spf1 -all"]}},
                },
            ],
            interval="1s",
            failure_threshold=1,
        )
        daemon.start()
        eventually(lambda: len(told["webhook"].received) == 3, 20, "all three are told")
        for kind in POSTING:
            eventually(lambda kind=kind: told[kind].received, 20, f"{kind} is told")

    details = [
        each["failure"]["detail"] for m in told["webhook"].received for each in body(m)["checks"]
    ]
    assert ["alert(1)" in detail for detail in details] == [True] * 3, details
    for kind in POSTING:
        for each in told[kind].received:
            assert faults(kind, each.body) == [], kind
    for line in daemon.log.read_text().split("\n")[:-1]:
        assert json.loads(line)["event"]
        assert not UNSEEN.search(line)
    _, metrics = daemon.fetch("/metrics")
    samples = [s for family in text_string_to_metric_families(metrics) for s in family.samples]
    assert any("script" in value for sample in samples for value in sample.labels.values())
    assert {s.labels["check"] for s in samples if "check" in s.labels} == {
        "laman",
        "brankas",
        "zona",
    }
    _, shown = daemon.fetch("/", accept="text/html")
    assert not [each for each in Tree(shown).elements if "alert(1)" in each]


def faults(kind: str, octets: bytes) -> list[str]:
    """Return what a message has that is more than text."""
    text = octets.decode()
    if text.startswith(("{", "[")):
        texts = [each for _, each in strings(json.loads(text))]
    else:
        texts = [value for _, value in parse_qsl(text)]
        octets = dict(parse_qsl(text))["message"].encode()
    found = [each for each in texts if UNSEEN.search(each)]
    return found + [each for each in ACTS_ON[kind](octets) if CALLS.search(each)]
