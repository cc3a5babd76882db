"""The hash by which dashboards notice that a name leads to another address."""

from functools import reduce
from ipaddress import ip_address

_OFFSET_BASIS = 2_166_136_261
_PRIME = 16_777_619


def address_hash(address: str) -> int:
    """Return the 32-bit FNV-1a hash of the 4 or 16 bytes of an IP literal.

    It is the value of `probe_ip_addr_hash` in blackbox_exporter: 127.0.0.1 gives 3668918509.
    """
    return reduce(
        lambda state, byte: (state ^ byte) * _PRIME & 0xFFFF_FFFF,
        ip_address(address).packed,
        _OFFSET_BASIS,
    )
