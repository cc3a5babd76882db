"""Time servers on loopback: chrony, which sets no clock here, and one of our own that lies."""

import contextlib
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from monitor.net.ntpwire import nonce_of, question, stamp_of
from tests.peers import peer

_PACKET = struct.Struct("!BBbbII4sQQQQ")
Answers = Callable[[bytes], list[bytes]]


@contextlib.contextmanager
def chrony(*lines: str, host: str = "127.0.0.1") -> Iterator[int]:
    """Run chronyd with these lines in its configuration until the block ends; yield its port."""
    with tempfile.TemporaryDirectory(prefix="chrony-", dir="/tmp") as name:
        folder, port = Path(name), _free_port(host)
        configuration = folder / "chrony.conf"
        settings = (
            f"port {port}\nbindaddress {host}\nallow {host}\ncmdport 0\nbindcmdaddress /\n"
            f"pidfile {folder}/chronyd.pid\ndriftfile {folder}/drift\n"
        )
        configuration.write_text(settings + "\n".join(lines) + "\n")
        command = [peer("chronyd"), "-d", "-x", "-u", "root", "-f", str(configuration)]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _wait_for(host, port, process, folder / "log")
            yield port
        finally:
            process.terminate()
            process.wait(10)


def _free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        return int(sock.getsockname()[1])


def _wait_for(host: str, port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    end = time.monotonic() + 30
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.2)
        sock.connect((host, port))
        while time.monotonic() < end and process.poll() is None:
            with contextlib.suppress(OSError):
                sock.send(question(1))
                if nonce_of(sock.recv(1000)) == 1:
                    return
                time.sleep(0.05)
    raise RuntimeError(f"chronyd does not answer: {log.read_text()}")


@contextlib.contextmanager
def responding(answers: Answers) -> Iterator[int]:
    """Answer each question with what `answers` makes of it until the block ends; yield the port."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                asked, client = sock.recvfrom(1000)
                if not asked:
                    return
                for one in answers(asked):
                    sock.sendto(one, client)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield sock.getsockname()[1]
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", sock.getsockname())
        thread.join(5)
        sock.close()


def an_answer(
    asked: bytes,
    *,
    first: int = 0x24,
    stratum: int = 2,
    reference: bytes = b"\x7f\0\0\1",
    ahead: float = 0.0,
    takes: float = 0.0,
    nonce: int | None = None,
) -> bytes:
    """Return a server's answer, its clock `ahead` seconds; `nonce` None repeats the question's."""
    now = time.time() + ahead
    times = (stamp_of(now - 60), int.from_bytes(asked[40:48]), stamp_of(now), stamp_of(now + takes))
    reference_at, own, received, sent = times
    return _PACKET.pack(
        *(first, stratum, 6, -20, 0, 0, reference, reference_at),
        *(own if nonce is None else nonce, received, sent),
    )
