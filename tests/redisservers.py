"""Redis servers on loopback, each with settings of its own, until their blocks end."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from monitor.net.redis import command
from tests.peers import peer
from tests.servers import free_port
from tests.starttlsservers import a_folder, started

USER, PASSWORD = "pantau", "kata-sandi-rahasia"


@contextlib.contextmanager
def redis(
    *settings: str,
    files: tuple[Path, Path] | None = None,
    sentinel: bool = False,
    keys: int = 0,
) -> Iterator[int]:
    """Run Redis with lines of its configuration; yield its port.

    `files` are a chain and its key: then it speaks TLS, and nothing else. A `sentinel` watches
    over others, here over none. An append-only file of `keys` is there to be loaded.
    """
    program, port = peer("redis-server"), free_port()
    with a_folder() as folder:
        lines = [
            "bind 127.0.0.1",
            f"dir {folder}",
            *([] if sentinel else ['save ""']),
            *_where(port, files),
            *settings,
        ]
        (folder / "redis.conf").write_text("\n".join(lines) + "\n")
        if keys:
            written = (command(b"SET", b"k%d" % number, b"v") for number in range(keys))
            (folder / "appendonly.aof").write_bytes(b"".join(written))
        mode = ["--sentinel"] if sentinel else []
        with started([program, str(folder / "redis.conf"), *mode], port, folder):
            yield port


def _where(port: int, files: tuple[Path, Path] | None) -> list[str]:
    if files is None:
        return [f"port {port}"]
    return [
        "port 0",
        f"tls-port {port}",
        f"tls-cert-file {files[0]}",
        f"tls-key-file {files[1]}",
        "tls-auth-clients no",
    ]


def account(*rights: str) -> str:
    """Return the setting that makes an account with these rights."""
    return f"user {USER} on >{PASSWORD} -@all {' '.join(rights)}"
