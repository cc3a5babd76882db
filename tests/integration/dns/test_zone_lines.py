"""The lines that rules match, against those of blackbox_exporter."""

import asyncio
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.net.dnspresent import zone_line
from monitor.net.dnswire import decode
from tests.dnsrecords import RECORDS, reply_with
from tests.dnsservers import Send, free_port, hand_made
from tests.peers import peer

MODULE = """\
modules:
  any:
    prober: dns
    dns:
      query_name: question
      preferred_ip_protocol: ip4
"""
LINE = re.compile(r'msg="Validating RR" rr="((?:[^"\\]|\\.)*)"')


@pytest.fixture(scope="module")
def exporter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("exporter")
    (folder / "blackbox.yml").write_text(MODULE)
    address = f"127.0.0.1:{free_port()}"
    command = [peer("prometheus-blackbox-exporter"), f"--web.listen-address={address}"]
    command.append(f"--config.file={folder}/blackbox.yml")
    with Path(folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _await_listener(address)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def _await_listener(address: str) -> None:
    host, _, port = address.rpartition(":")
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            socket.create_connection((host, int(port)), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(address)


def _probe_log(exporter: str, target: str) -> str:
    url = f"http://{exporter}/probe?debug=true&module=any&target={target}"
    with urllib.request.urlopen(url, timeout=20) as reply:
        return reply.read().decode()


@pytest.mark.peers
@pytest.mark.parametrize(
    ("record", "value"),
    [one[:2] for one in RECORDS],
    ids=[f"{number}-{one[0]}" for number, one in enumerate(RECORDS)],
)
async def test_line_is_blackbox_exporters(exporter: str, record: str, value: str):
    """A record's line is the text that blackbox_exporter matches its rules against."""
    sent: list[bytes] = []

    async def behave(query: bytes, send: Send) -> None:
        sent.append(reply_with(query, record, value))
        send(sent[-1])

    async with hand_made(behave) as server:
        log = await asyncio.to_thread(_probe_log, exporter, str(server.address))

    theirs = LINE.search(log)
    assert theirs is not None, log
    line = theirs[1].encode().decode("unicode_escape")
    assert zone_line(decode(sent[0]).answer[0]) == line
