"""The default gateway, as the kernel's table tells it."""

import ast
import socket
import struct
from pathlib import Path

import pytest

import monitor
from monitor.net.gateway import default_gateway

HEAD = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"


def number(address: str) -> str:
    return f"{struct.unpack('=I', socket.inet_aton(address))[0]:08X}"


def route(
    gateway: str,
    *,
    destination: str = "0.0.0.0",
    metric: int = 0,
    flags: int = 3,
) -> str:
    mask = "0" * 8 if destination == "0.0.0.0" else "00FFFFFF"
    fields = ["eth0", number(destination), number(gateway), f"{flags:04X}", "0", "0", str(metric)]
    return "\t".join([*fields, mask, "0", "0", "0"]) + "\n"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([route("10.0.0.1")], "10.0.0.1"),
        ([route("10.0.0.1", metric=200), route("10.1.0.1", metric=100)], "10.1.0.1"),
        ([route("10.0.0.2", destination="192.0.2.0"), route("10.0.0.1")], "10.0.0.1"),
        ([route("0.0.0.0", flags=1)], None),
        ([route("10.0.0.1", flags=2)], None),
        ([], None),
        (["eth0\tgarbage\n", "\n"], None),
    ],
)
def test_default_gateway(tmp_path, lines, found):
    """The gateway is that of the default route that is up and has the lowest metric, if any."""
    table = tmp_path / "route"
    table.write_text(HEAD + "".join(lines))

    assert default_gateway(table) == found


def test_no_table(tmp_path):
    """Where the kernel shows no table there is no gateway."""
    assert default_gateway(tmp_path / "route") is None


def test_only_our_own_part_of_proc_is_read():
    """A service may be shown nothing of /proc but itself, so nothing else there is relied on."""
    sources = Path(monitor.__file__).parent.rglob("*.py")
    texts = [
        node.value
        for source in sources
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]

    read = [text for text in texts if text.startswith("/proc/")]

    assert read
    assert [text for text in read if not text.startswith("/proc/self/")] == []
