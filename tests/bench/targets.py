"""What benches check: an nginx on loopback that takes many connections, and the floor program.

`python -m tests.bench.targets FOLDER` starts the targets, prints them as JSON, and keeps them
until its input ends.
"""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from socket import create_connection, socket

from tests.certificates import NAME, leaf, write_chain, write_root
from tests.peers import peer

LOOPBACK = "127.0.0.1"
BODY = "Makassar " * 113 + "\n"  # about 1 KB, as a small health page

CONFIGURATION = """\
daemon off;
worker_processes 1;
worker_rlimit_nofile 65536;
user root;
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
events {{ worker_connections 30000; }}
http {{
    access_log off;
    default_type text/plain;
    keepalive_timeout 0;
    lingering_close off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen {host}:{http_port} backlog=8192;
        location / {{ return 200 "{body}"; }}
    }}
    server {{
        listen {host}:{https_port} ssl backlog=8192;
        ssl_certificate {chain};
        ssl_certificate_key {key};
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_cache off;
        ssl_session_tickets off;
        location / {{ return 200 "{body}"; }}
    }}
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Where to find the targets. `ca_file` is to be trusted, `host_name` is in the certificate."""

    http_port: int
    https_port: int
    ca_file: str
    host_name: str
    pid: int


@contextlib.contextmanager
def targets(folder: Path) -> Iterator[Targets]:
    """Run nginx for HTTP and HTTPS until the block ends.

    One worker; the chain is a P-256 leaf and an intermediate, as real sites have; sessions are
    never resumed. `folder` holds its files.
    """
    chain, key = write_chain(folder, "target", leaf())
    http_port, https_port = _free_ports(2)
    configuration = folder / "nginx.conf"
    configuration.write_text(
        CONFIGURATION.format(
            folder=folder,
            host=LOOPBACK,
            http_port=http_port,
            https_port=https_port,
            chain=chain,
            key=key,
            body=BODY.replace("\n", ""),
        )
    )
    process = subprocess.Popen(
        [peer("nginx"), "-c", str(configuration), "-e", str(folder / "error.log")]
    )
    try:
        for port in (http_port, https_port):
            await_listener(port, process)
        yield Targets(
            http_port=http_port,
            https_port=https_port,
            ca_file=str(write_root(folder)),
            host_name=NAME,
            pid=process.pid,
        )
    finally:
        process.terminate()
        process.wait(10)


def build_floor(folder: Path) -> Path:
    """Compile floor/floor.c (needs a C compiler and OpenSSL's headers); return the program."""
    program = folder / "floor"
    source = Path(__file__).parent / "floor" / "floor.c"
    command = [peer("gcc"), "-O2", "-Wall", "-o", str(program), str(source), "-lssl", "-lcrypto"]
    subprocess.run(command, check=True)
    return program


def floor_microseconds(program: Path, where: Targets, count: int, *, tls: bool) -> float:
    """Return the CPU microseconds that the floor program spends on one check."""
    port = where.https_port if tls else where.http_port
    verified = [where.ca_file, where.host_name] if tls else []
    command = [str(program), str(count), str(port), *verified]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout)["cpu_microseconds"])


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket()) for _ in range(count)]
        for one in sockets:
            one.bind((LOOPBACK, 0))
        return [one.getsockname()[1] for one in sockets]


def await_listener(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until and process.poll() is None:
        try:
            create_connection((LOOPBACK, port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"nobody listens on port {port}")


def main(folder: str) -> None:
    with targets(Path(folder)) as where:
        print(json.dumps(asdict(where)), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
