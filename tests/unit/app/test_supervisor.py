import socket

import pytest

from monitor.app.supervisor import Supervisor


@pytest.fixture
def systemd(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unix:
        unix.bind(str(tmp_path / "notify"))
        unix.setblocking(False)
        yield unix


def test_says_what_systemd_understands(systemd, tmp_path):
    """Each state is one datagram in the words of sd_notify(3)."""
    supervisor = Supervisor({"NOTIFY_SOCKET": str(tmp_path / "notify")})
    supervisor.starting("opening")
    supervisor.ready("watching 3 checks")
    supervisor.reloading(12.5)
    supervisor.alive()
    supervisor.stopping()

    assert [systemd.recv(200).decode() for _ in range(5)] == [
        "STATUS=opening",
        "READY=1\nSTATUS=watching 3 checks",
        "RELOADING=1\nMONOTONIC_USEC=12500000",
        "WATCHDOG=1",
        "STOPPING=1",
    ]


def test_without_systemd_nothing_is_said():
    """Without a socket, or with one that is gone, nothing happens."""
    Supervisor({}).ready("watching")
    Supervisor({"NOTIFY_SOCKET": "/nonexistent/notify"}).alive()
