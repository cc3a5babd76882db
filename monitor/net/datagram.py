"""Sockets for a question and its answer over UDP."""

import socket

from monitor.net.faults import refused_by_us

_DATAGRAM_SOCKET = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC


def connected(address: str, port: int, action: str) -> socket.socket:
    """Return a socket that sends to an IP literal's port, and hears nobody else.

    `action` is what messages say of what could not be done. Raises NetError.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        sock = socket.socket(family, _DATAGRAM_SOCKET)
    except OSError as error:
        raise refused_by_us(error, "open a socket") from None
    try:
        sock.connect((address, port))
    except OSError as error:
        sock.close()
        raise refused_by_us(error, action) from None
    return sock
