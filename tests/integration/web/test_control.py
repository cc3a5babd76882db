import asyncio
import socket
import stat
from pathlib import Path

import pytest

from monitor.web.app import create_control_app
from monitor.web.client import ControlClient, ControlError, NoDaemon
from monitor.web.context import ReloadResult, SendResult
from monitor.web.controlsocket import InUse, bound
from monitor.web.server import ControlListener
from tests.unit.web.asking import FakeDaemon, a_context


@pytest.fixture(params=["short", "x" * 120])
def data_dir(request, tmp_path):
    """A data directory: one whose path fits into a socket address, one whose path does not."""
    folder = tmp_path / request.param
    folder.mkdir()
    return folder


@pytest.fixture
def daemon():
    return FakeDaemon()


@pytest.fixture
async def control(data_dir, daemon):
    listener = ControlListener(create_control_app(a_context(daemon=daemon)), data_dir)
    await listener.start()
    yield ControlClient(data_dir)
    await listener.stop()


async def test_reload(control, daemon):
    """A command has the daemon reload its configuration."""
    assert await asyncio.to_thread(control.reload) == ReloadResult(ok=True)
    assert daemon.asked == ["reload"]


async def test_refused_reload(control, daemon):
    """A command shows the problems of a configuration that the daemon did not take."""
    daemon.result = ReloadResult(ok=False, problems=("checks.yaml:3:4: port: …",))

    assert await asyncio.to_thread(control.reload) == daemon.result


@pytest.mark.parametrize("name", ["oncall", "ruang jaga/1"])
async def test_test_of_a_receiver(control, daemon, name):
    """A command has a test sent, to a receiver of any name."""
    result = await asyncio.to_thread(control.test_receiver, name)

    assert result == SendResult(ok=True, detail="200")
    assert daemon.asked == [f"test {name}"]


async def test_status(control):
    """A command sees what the daemon knows."""
    status = await asyncio.to_thread(control.status)

    assert [check["id"] for check in status["checks"]] == [
        "portal-dns",
        "portal-http",
        "sigap-http",
    ]


async def test_only_the_owner_may_ask(control, data_dir):
    """The socket can be opened by the daemon's own user alone."""
    assert stat.S_IMODE((data_dir / "control.sock").stat().st_mode) == 0o600


def test_nobody_there(data_dir):
    """Without a daemon a command is told so."""
    with pytest.raises(NoDaemon, match="no daemon runs here"):
        ControlClient(data_dir).reload()


def test_a_socket_left_behind(data_dir):
    """A socket that a killed daemon left behind is no daemon, and the next one replaces it."""
    left = bound(data_dir)
    left.close()
    with pytest.raises(NoDaemon):
        ControlClient(data_dir).status()

    bound(data_dir).close()

    assert stat.S_ISSOCK((data_dir / "control.sock").stat().st_mode)


async def test_a_living_daemon_keeps_its_socket(control, data_dir):
    """A second daemon does not take the socket of the first."""
    with pytest.raises(InUse, match="another daemon"):
        await asyncio.to_thread(bound, data_dir)

    assert await asyncio.to_thread(control.status)


async def test_stopping_removes_it(data_dir):
    """A daemon that stops leaves no socket behind, and none of another one is removed."""
    listener = ControlListener(create_control_app(a_context()), data_dir)
    await listener.start()
    await listener.stop()
    assert not (data_dir / "control.sock").exists()

    listener = ControlListener(create_control_app(a_context()), data_dir)
    await listener.start()
    (data_dir / "control.sock").unlink()
    other = bound(data_dir)
    await listener.stop()

    assert (data_dir / "control.sock").exists()
    other.close()


def test_no_descriptor_is_lost(data_dir):
    """Asking in vain, again and again, costs no descriptor."""
    client = ControlClient(data_dir)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        with pytest.raises(NoDaemon):
            client.status()

    assert len(list(Path("/proc/self/fd").iterdir())) == before


async def test_nonsense_is_an_error(tmp_path):
    """What answers and is no daemon of ours is an error, and not a traceback."""

    async def nonsense(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
        await writer.drain()
        writer.close()

    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(tmp_path / "control.sock"))
    server = await asyncio.start_unix_server(nonsense, sock=unix)
    with pytest.raises(ControlError, match="not with a JSON object"):
        await asyncio.to_thread(ControlClient(tmp_path).status)
    server.close()
    await server.wait_closed()
