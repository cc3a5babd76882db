"""What the daemon tells systemd about itself (sd_notify(3)), and what it is asked to tell."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress


class Supervisor:
    """Sends states to the socket that systemd named, or nowhere when it named none."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._path = environment.get("NOTIFY_SOCKET", "")

    def starting(self, status: str) -> None:
        """Say what keeps the daemon from watching yet."""
        self._send(f"STATUS={status}")

    def ready(self, status: str) -> None:
        """Say that the daemon watches, and what."""
        self._send(f"READY=1\nSTATUS={status}")

    def reloading(self, monotonic: float) -> None:
        """Say that the configuration is being read again. `ready` ends it."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={int(monotonic * 1_000_000)}")

    def alive(self) -> None:
        """Say that the scheduler makes progress."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """Say that the daemon is about to stop."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._path:
            return
        address = "\0" + self._path[1:] if self._path.startswith("@") else self._path
        kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK
        with suppress(OSError), socket.socket(socket.AF_UNIX, kind) as unix:
            unix.sendto(message.encode(), address)
