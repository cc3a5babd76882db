"""The way out of this machine, as the kernel has it."""

import socket
import struct
from pathlib import Path

_ROUTES = Path("/proc/self/net/route")  # a service may be shown nothing of /proc but itself
_UP_AND_GATEWAY = 0x3


def default_gateway(routes: Path = _ROUTES) -> str | None:
    """Return the IPv4 address of the default gateway with the lowest metric, or None.

    The table has one route a line: interface, destination, gateway, flags, …, metric (8th),
    mask; addresses are hexadecimal in the machine's byte order.
    """
    try:
        lines = routes.read_text("ascii").splitlines()[1:]
    except (OSError, UnicodeDecodeError):
        return None
    found = [_default(line.split()) for line in lines]
    ways = sorted(way for way in found if way is not None)
    return ways[0][1] if ways else None


def _default(fields: list[str]) -> tuple[int, str] | None:
    """Return the metric and gateway of a line that holds a default route, else None."""
    try:
        destination, gateway, flags, metric, mask = (fields[i] for i in (1, 2, 3, 6, 7))
        if int(destination, 16) or int(mask, 16):
            return None
        if int(flags, 16) & _UP_AND_GATEWAY != _UP_AND_GATEWAY:
            return None
        return int(metric), socket.inet_ntoa(struct.pack("=I", int(gateway, 16)))
    except (IndexError, ValueError, struct.error):
        return None
