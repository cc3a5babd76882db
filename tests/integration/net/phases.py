"""Targets that are slow in exactly one phase."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator

from tests.servers import answering, ok, read_request, serving


@contextlib.contextmanager
def slow_to_accept(delay: float) -> Iterator[int]:
    """Yield a port whose accept queue is full for `delay` seconds.

    The kernel drops the SYN meanwhile and the peer's sends another after one second (RFC 6298),
    so that connecting takes that one second.
    """
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    address = listener.getsockname()
    fillers = []
    for _ in range(2):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(address)
        fillers.append(filler)

    def drain() -> None:
        time.sleep(delay)
        with contextlib.suppress(OSError):  # the test may be over before
            listener.listen(64)
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            answering(ok())(connection)
        connection.close()

    thread = threading.Thread(target=drain, daemon=True)
    thread.start()
    try:
        yield address[1]
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for filler in fillers:
            filler.close()


def slow_to_answer(delay: float):
    """Return a handler that waits after it has read the request."""

    def handle(connection: socket.socket) -> None:
        read_request(connection)
        time.sleep(delay)
        connection.sendall(ok())

    return handle


def slow_to_finish(delay: float):
    """Return a handler that waits between the headers and the body."""

    def handle(connection: socket.socket) -> None:
        read_request(connection)
        head, _, body = ok().partition(b"\r\n\r\n")
        connection.sendall(head + b"\r\n\r\n")
        time.sleep(delay)
        connection.sendall(body)

    return handle


@contextlib.contextmanager
def slow_handshake(context: ssl.SSLContext, delay: float) -> Iterator[int]:
    """Yield a port that waits between the connection and the handshake."""
    with serving(answering(ok()), tls=context, tls_delay=delay) as port:
        yield port
