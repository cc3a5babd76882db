"""The hosts file: names that the administrator of this machine gives addresses."""

from collections.abc import Mapping
from ipaddress import ip_address

Hosts = Mapping[str, tuple[str, ...]]


def parse_hosts(text: str) -> Hosts:
    """Return the addresses of each name (lower case), in the order of the file (hosts(5)).

    A line without a usable address is skipped, as the C library does.
    """
    found: dict[str, dict[str, None]] = {}
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        literal = _literal(address)
        if literal:
            for name in names:
                found.setdefault(name.lower().removesuffix("."), {})[literal] = None
    return {name: tuple(addresses) for name, addresses in found.items()}


def _literal(text: str) -> str | None:
    """Return an address in its canonical form, or None. Addresses with a zone id are no use."""
    try:
        return None if "%" in text else str(ip_address(text))
    except ValueError:
        return None
