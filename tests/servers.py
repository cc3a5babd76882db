"""Servers on loopback for tests: one handler a connection, each in a thread of its own."""

import contextlib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.peers import peer

Handler = Callable[[socket.socket], None]


@contextlib.contextmanager
def serving(
    handler: Handler,
    *,
    tls: ssl.SSLContext | None = None,
    tls_delay: float = 0.0,
    host: str = "127.0.0.1",
    port: int = 0,
) -> Iterator[int]:
    """Serve every connection with `handler` until the block ends; yield the port.

    It is one of its own, unless one is given.

    With `tls` a handshake comes first, `tls_delay` seconds after the connection. A handler ends
    by returning, or by the error that closing its socket gives it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(256)
    open_now: set[socket.socket] = set()
    lock = threading.Lock()

    def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            if tls is not None:
                time.sleep(tls_delay)
                connection = tls.wrap_socket(connection, server_side=True)
                with lock:
                    open_now.add(connection)
            handler(connection)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()
        with lock:
            open_now.discard(connection)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with lock:
                open_now.add(connection)
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join(2)
        with lock:
            left = list(open_now)
        for connection in left:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def read_request(connection: socket.socket) -> bytes:
    """Return a request's header section."""
    octets = b""
    while b"\r\n\r\n" not in octets:
        piece = connection.recv(65_536)
        if not piece:
            break
        octets += piece
    return octets


def answering(octets: bytes) -> Handler:
    """Return a handler that reads a request, sends `octets`, and closes."""

    def handle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(octets)

    return handle


def dripping(octet: bytes, first: bytes = b"") -> Handler:
    """Return a handler that says `first`, then a byte now and then, for as long as it is heard."""

    def handle(connection: socket.socket) -> None:
        connection.sendall(first)
        while True:
            connection.sendall(octet)
            time.sleep(0.05)

    return handle


def ok(body: bytes = b"Makassar", *headers: str) -> bytes:
    """Return a whole response of status 200."""
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def server_context(chain: Path, key: Path) -> ssl.SSLContext:
    """Return a server's TLS context that presents `chain`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context


_given: set[int] = set()


def free_port() -> int:
    """Return a port that was free a moment ago, and that nobody else was given."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if is_given_first(port):
            return port


def is_given_first(port: int) -> bool:
    """Say whether a port was given to nobody before: the kernel may name a free one twice."""
    is_new = port not in _given
    _given.add(port)
    return is_new


@contextlib.contextmanager
def nginx(folder: Path, servers: str, ports: list[int]) -> Iterator[None]:
    """Run nginx with the server blocks `servers` until the block ends.

    It is up once every one of `ports` takes connections.
    """
    program = peer("nginx")
    (folder / "nginx.conf").write_text(
        f"""daemon off; worker_processes 1; pid {folder}/nginx.pid; user root;
        error_log {folder}/error.log;
        events {{ worker_connections 512; }}
        http {{
          access_log off; root {folder}/www; default_type text/html;
          ssl_session_cache off; ssl_session_tickets off; ssl_protocols TLSv1.2 TLSv1.3;
          client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
          fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
          scgi_temp_path {folder}/scgi;
          {servers}
        }}"""
    )
    process = subprocess.Popen(
        [program, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for port in ports:
            _wait_for(port, process, folder)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"nginx did not start: {(folder / 'error.log').read_text()}")
