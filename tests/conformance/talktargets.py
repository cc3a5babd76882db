"""Servers that talk line by line: SMTP with STARTTLS, a chat, a banner, and some that misbehave."""

import socket
import ssl
import time
from collections.abc import Callable

Talk = Callable[[socket.socket], None]
BANNER = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"
SLOW = 0.3


def banner(connection: socket.socket) -> None:
    """Send a banner, and wait for whatever comes."""
    connection.sendall(BANNER)
    connection.recv(100)


def slow_banner(connection: socket.socket) -> None:
    """Send a banner, but take one's time."""
    time.sleep(SLOW)
    banner(connection)


def echo(connection: socket.socket) -> None:
    """Send back whatever comes."""
    while octets := connection.recv(4096):
        connection.sendall(octets)


def silent(connection: socket.socket) -> None:
    """Say nothing, for a long time."""
    time.sleep(6)


def closing(connection: socket.socket) -> None:
    """Close at once."""


def chat(connection: socket.socket) -> None:
    """Greet whoever can repeat a number, as IRC servers do."""
    file = connection.makefile("rb")
    file.readline()
    file.readline()
    connection.sendall(b":server NOTICE AUTH :*** Looking up your hostname\r\nPING :4711\r\n")
    said = file.readline().strip()
    word = b"001 :Welcome" if said == b"PONG 4711" else b"464 :Wrong number"
    connection.sendall(b":server " + word + b"\r\n")


def long_line(connection: socket.socket) -> None:
    """Send a line of 100 KiB, and a short one."""
    connection.sendall(b"x" * 102_400 + b"\nready\n")
    connection.recv(100)


def binary(connection: socket.socket) -> None:
    """Send lines that are no UTF-8, one without a line's end."""
    connection.sendall(b"\xff\xfe caf\xe9\r\n\x00\x01\x02\nlast words")


def smtp(context: ssl.SSLContext) -> Talk:
    """Return a mail server that offers STARTTLS."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(b"220 mail.test ESMTP ready\r\n")
        while line := _line(connection):
            word = line.split()[0].upper()
            if word == b"EHLO":
                connection.sendall(b"250-mail.test\r\n250-STARTTLS\r\n250 SIZE 1000\r\n")
            elif word == b"STARTTLS":
                connection.sendall(b"220 go ahead\r\n")
                connection = context.wrap_socket(connection, server_side=True)
            elif word == b"QUIT":
                connection.sendall(b"221 bye\r\n")
                return
            else:
                connection.sendall(b"500 what?\r\n")

    return talk


def _line(connection: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        octet = connection.recv(1)
        if not octet:
            return b""
        line += octet
    return line
