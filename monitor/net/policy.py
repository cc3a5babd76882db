"""The one address policy: which addresses a target may lead to.

Every connection is dialled to an address that passed `permitted`, and that very address is the
one dialled. A city's monitor must reach private hosts, so forbidding them is no answer. Instead a
target keeps the class that its configuration gives it:

- an IP literal has the class of its address, `localhost` and names below it are LOOPBACK;
- a name in the hosts file has the innermost class of its entries there, since only the
  administrator of this machine writes that file;
- any other name may lead to public and private addresses, never to loopback; and once the DNS
  has given public addresses for it, private ones are refused while the resolver lives
  (`Resolver` keeps that memory, so that rebinding fails on every path);
- a redirect may go no further inward than the address that answered before it (`narrowed`).

Link-local, metadata, multicast, unspecified, broadcast and reserved addresses are always refused.
Sources: the IANA special-purpose address registries (RFC 6890), RFC 6052, RFC 3056, RFC 4380,
RFC 6598, and the metadata addresses that cloud providers document.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from monitor.domain.hostname import parse_host

__all__ = [
    "AddressClass",
    "classify_address",
    "innermost",
    "is_within",
    "narrowed",
    "outermost",
    "parse_host",
    "permitted",
    "pinned_class",
]


class AddressClass(StrEnum):
    """How far inward an address lies. FORBIDDEN is no place at all."""

    PUBLIC = "public"
    PRIVATE = "private"
    LOOPBACK = "loopback"
    FORBIDDEN = "forbidden"


_DEPTH = {address_class: depth for depth, address_class in enumerate(AddressClass)}

_IP4_RULES = tuple(
    (int(network.network_address), int(network.broadcast_address), address_class)
    for text, address_class in (
        ("0.0.0.0/8", AddressClass.FORBIDDEN),  # "this network"; Linux dials loopback for it
        ("10.0.0.0/8", AddressClass.PRIVATE),
        ("100.100.100.200/32", AddressClass.FORBIDDEN),  # metadata
        ("100.64.0.0/10", AddressClass.PRIVATE),  # carrier-grade NAT
        ("127.0.0.0/8", AddressClass.LOOPBACK),
        ("168.63.129.16/32", AddressClass.FORBIDDEN),  # metadata
        ("169.254.0.0/16", AddressClass.FORBIDDEN),  # link-local, metadata
        ("172.16.0.0/12", AddressClass.PRIVATE),
        ("192.0.0.0/24", AddressClass.FORBIDDEN),  # protocol assignments, metadata
        ("192.88.99.0/24", AddressClass.FORBIDDEN),  # the retired 6to4 relays
        ("192.168.0.0/16", AddressClass.PRIVATE),
        ("198.18.0.0/15", AddressClass.PRIVATE),  # benchmarks
        ("224.0.0.0/3", AddressClass.FORBIDDEN),  # multicast, reserved, broadcast
    )
    for network in (ip_network(text),)
)
_IP6_RULES = tuple(
    (network, address_class)
    for text, address_class in (
        ("::/128", AddressClass.FORBIDDEN),
        ("::1/128", AddressClass.LOOPBACK),
        ("fd00:ec2::/32", AddressClass.FORBIDDEN),  # metadata
        ("fd20:ce::254/128", AddressClass.FORBIDDEN),  # metadata
        ("fc00::/7", AddressClass.PRIVATE),
        ("2001:2::/48", AddressClass.PRIVATE),  # benchmarks
    )
    for network in (IPv6Network(text),)
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")


def _last_32_bits(address: IPv6Address) -> tuple[int, ...]:
    return (int(address) & 0xFFFF_FFFF,)


def _bits_16_to_47(address: IPv6Address) -> tuple[int, ...]:
    return (int(address) >> 80 & 0xFFFF_FFFF,)


def _teredo(address: IPv6Address) -> tuple[int, ...]:
    """Return a Teredo address's server and, inverted on the wire, its client."""
    return int(address) >> 64 & 0xFFFF_FFFF, ~int(address) & 0xFFFF_FFFF


_EMBEDDED: tuple[tuple[IPv6Network, Callable[[IPv6Address], tuple[int, ...]]], ...] = (
    (IPv6Network("::/96"), _last_32_bits),  # IPv4-compatible
    (IPv6Network("::ffff:0:0/96"), _last_32_bits),  # IPv4-mapped
    (IPv6Network("::ffff:0:0:0/96"), _last_32_bits),  # IPv4-translated
    (IPv6Network("64:ff9b::/96"), _last_32_bits),  # NAT64; its local-use prefix stays forbidden
    (IPv6Network("2001::/32"), _teredo),
    (IPv6Network("2002::/16"), _bits_16_to_47),  # 6to4
)


def innermost(*classes: AddressClass) -> AddressClass:
    """Return the class that lies furthest inward; FORBIDDEN beats them all."""
    return max(classes, key=_DEPTH.__getitem__)


@lru_cache(maxsize=4096)
def classify_address(ip: str) -> AddressClass:
    """Return the class of an IP literal. An IPv4 address inside an IPv6 one decides.

    A literal with a zone id is FORBIDDEN. Raises ValueError for anything but an IP literal.
    """
    address = ip_address(ip)
    if isinstance(address, IPv4Address):
        return _classify_ip4(int(address))
    return AddressClass.FORBIDDEN if address.scope_id else _classify_ip6(address)


@lru_cache(maxsize=16_384)
def class_of_literal(host: str) -> AddressClass | None:
    """Return the class of an IP literal, None for anything else."""
    try:
        return classify_address(host)
    except ValueError:
        return None


def _classify_ip4(value: int) -> AddressClass:
    for first, last, address_class in _IP4_RULES:
        if first <= value <= last:
            return address_class
    return AddressClass.PUBLIC


def _classify_ip6(address: IPv6Address) -> AddressClass:
    for network, address_class in _IP6_RULES:
        if address in network:
            return address_class
    for network, inner in _EMBEDDED:
        if address in network:
            return innermost(*map(_classify_ip4, inner(address)))
    return AddressClass.PUBLIC if address in _GLOBAL_UNICAST else AddressClass.FORBIDDEN


def permitted(address: str, pinned: AddressClass) -> bool:
    """Say whether a target of class `pinned` may be dialled at `address`, an IP literal.

    Outward is fine, inward never; a target that is FORBIDDEN itself leads nowhere.
    """
    found = classify_address(address)
    return AddressClass.FORBIDDEN not in {found, pinned} and _DEPTH[found] <= _DEPTH[pinned]


def pinned_class(host: str) -> AddressClass:
    """Return the class that writing `host` in a configuration gives a target.

    A name gives PRIVATE: the DNS may lead it to public and private addresses. The hosts file is
    not looked at here; `Resolver.pinned_class` does that, and is what a dialler asks.
    """
    try:
        return classify_address(host)
    except ValueError:
        pass
    name = host.lower().removesuffix(".")
    is_local = name == "localhost" or name.endswith(".localhost")
    return AddressClass.LOOPBACK if is_local else AddressClass.PRIVATE


def is_within(found: AddressClass, limit: AddressClass) -> bool:
    """Say whether what is of one class may stand in for a target of another."""
    return AddressClass.FORBIDDEN not in {found, limit} and _DEPTH[found] <= _DEPTH[limit]


def outermost(*classes: AddressClass) -> AddressClass:
    """Return the class that lies least far inward."""
    return min(classes, key=_DEPTH.__getitem__)


def narrowed(pinned: AddressClass, dialled: str) -> AddressClass:
    """Return the class that a redirect must keep to after `dialled` (an IP literal) answered."""
    return outermost(pinned, classify_address(dialled))
