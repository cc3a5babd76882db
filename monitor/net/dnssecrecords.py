"""The records of DNSSEC as values (RFC 4034, RFC 5155)."""

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass

from monitor.net.dnssecwire import NSEC, NSEC3, Name, RRset, wire_name

_RRSIG = struct.Struct("!HBBIIIH")
_DNSKEY = struct.Struct("!HBB")
_DS = struct.Struct("!HBB")
_NSEC3 = struct.Struct("!BBHB")
_ZONE_KEY, _REVOKED = 0x0100, 0x0080
_PROTOCOL = 3
_SHA1_BYTES = 20
_LONGEST_LABEL, _MOST_LABELS, _LONGEST_BITMAP = 63, 127, 32
DIGESTS = {2: hashlib.sha256, 4: hashlib.sha384}  # SHA-1 (1) no longer proves a key


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """An RRSIG. Times are seconds modulo 2^32. `signed_rdata` is its rdata up to the signature."""

    covered: int
    algorithm: int
    labels: int
    original_ttl: int
    expiration: int
    inception: int
    key_tag: int
    signer: Name
    signature: bytes
    signed_rdata: bytes


@dataclass(frozen=True, slots=True)
class Key:
    """A DNSKEY that may sign a zone. `material` is the public key as its algorithm writes it."""

    tag: int
    algorithm: int
    material: bytes
    rdata: bytes


@dataclass(frozen=True, slots=True)
class KeyDigest:
    """A DS: the digest of a key of a child zone."""

    tag: int
    algorithm: int
    digest_type: int
    digest: bytes

    def matches(self, zone: Name, key: Key) -> bool:
        """Say whether `key` of `zone` is the one meant. The digest type must be in DIGESTS."""
        if (key.tag, key.algorithm) != (self.tag, self.algorithm):
            return False
        return DIGESTS[self.digest_type](wire_name(zone) + key.rdata).digest() == self.digest


@dataclass(frozen=True, slots=True)
class Span:
    """An NSEC: `owner` has `types`, and between it and `next` there is no name."""

    owner: Name
    next: Name
    types: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class HashedSpan:
    """An NSEC3, as Span, of hashes. With `opt_out` there may be unsigned delegations between."""

    zone: Name
    owner: bytes
    next: bytes
    types: frozenset[int]
    opt_out: bool
    iterations: int
    salt: bytes


def read_signatures(rrset: RRset | None) -> tuple[Signature, ...]:
    """Return the signatures of an RRset of RRSIGs; broken ones are left out."""
    found = map(_signature, rrset.rdatas if rrset else ())
    return tuple(one for one in found if one is not None)


def read_keys(rrset: RRset) -> tuple[Key, ...]:
    """Return the keys that may sign: zone keys that are not revoked (RFC 5011)."""
    return tuple(one for one in map(_key, rrset.rdatas) if one is not None)


def read_digests(rrset: RRset) -> tuple[KeyDigest, ...]:
    """Return the digests of a DS RRset; broken ones are left out."""
    return tuple(one for one in map(_digest, rrset.rdatas) if one is not None)


def read_span(rrset: RRset) -> Span | None:
    """Return an NSEC, None if it can't be read."""
    if rrset.type != NSEC or len(rrset.rdatas) != 1:
        return None
    found = plain_name(rrset.rdatas[0], 0)
    types = None if found is None else _types(rrset.rdatas[0][found[1] :])
    return None if found is None or types is None else Span(rrset.owner, found[0], types)


def read_hashed_span(rrset: RRset) -> HashedSpan | None:
    """Return an NSEC3, None if it can't be read, or hashes in another way than SHA-1."""
    rdata = rrset.rdatas[0]
    if rrset.type != NSEC3 or len(rrset.rdatas) != 1 or len(rdata) < _NSEC3.size or not rrset.owner:
        return None
    hash_algorithm, flags, iterations, salt_size = _NSEC3.unpack_from(rdata)
    salt, rest = _cut(rdata[_NSEC3.size :], salt_size)
    next_hash, bitmap = _cut(rest[1:], rest[0] if rest else 0)
    owner, types = _base32hex(rrset.owner[0]), _types(bitmap)
    hashes_are_whole = len(owner) == len(next_hash) == _SHA1_BYTES
    if hash_algorithm != 1 or flags > 1 or types is None or not hashes_are_whole:
        return None
    return HashedSpan(
        zone=rrset.owner[1:],
        owner=owner,
        next=next_hash,
        types=types,
        opt_out=flags == 1,
        iterations=iterations,
        salt=salt,
    )


def key_tag(rdata: bytes) -> int:
    """Return the tag that signatures name a key by (RFC 4034, appendix B)."""
    total = sum(rdata[::2]) * 256 + sum(rdata[1::2])
    return total + (total >> 16) & 0xFFFF


def plain_name(octets: bytes, at: int) -> tuple[Name, int] | None:
    """Return an unpacked name in lower case, and the offset behind it; None if there is none."""
    labels: list[bytes] = []
    while at < len(octets) and octets[at]:
        end = at + 1 + octets[at]
        if octets[at] > _LONGEST_LABEL or end > len(octets) or len(labels) > _MOST_LABELS:
            return None
        labels.append(octets[at + 1 : end].lower())
        at = end
    return (tuple(labels), at + 1) if at < len(octets) else None


def _signature(rdata: bytes) -> Signature | None:
    signer = plain_name(rdata, _RRSIG.size)
    if signer is None:
        return None
    name, at = signer
    covered, algorithm, labels, ttl, expiration, inception, tag = _RRSIG.unpack_from(rdata)
    return Signature(
        covered=covered,
        algorithm=algorithm,
        labels=labels,
        original_ttl=ttl,
        expiration=expiration,
        inception=inception,
        key_tag=tag,
        signer=name,
        signature=rdata[at:],
        signed_rdata=rdata[: _RRSIG.size] + wire_name(name),
    )


def _key(rdata: bytes) -> Key | None:
    if len(rdata) <= _DNSKEY.size:
        return None
    flags, protocol, algorithm = _DNSKEY.unpack_from(rdata)
    if protocol != _PROTOCOL or flags & (_ZONE_KEY | _REVOKED) != _ZONE_KEY:
        return None
    return Key(key_tag(rdata), algorithm, rdata[_DNSKEY.size :], rdata)


def _digest(rdata: bytes) -> KeyDigest | None:
    if len(rdata) <= _DS.size:
        return None
    tag, algorithm, digest_type = _DS.unpack_from(rdata)
    return KeyDigest(tag, algorithm, digest_type, rdata[_DS.size :])


def _types(bitmap: bytes) -> frozenset[int] | None:
    """Return the types of a bitmap (RFC 4034, 4.1.2), None for one that is broken."""
    found: set[int] = set()
    while bitmap:
        window, size = bitmap[0], bitmap[1] if len(bitmap) > 1 else 0
        block, bitmap = _cut(bitmap[2:], size)
        if not 1 <= size <= _LONGEST_BITMAP or len(block) != size:
            return None
        found |= {
            window << 8 | at << 3 | bit
            for at, byte in enumerate(block)
            for bit in range(8)
            if byte & 0x80 >> bit
        }
    return frozenset(found)


def _cut(octets: bytes, size: int) -> tuple[bytes, bytes]:
    return octets[:size], octets[size:]


def _base32hex(label: bytes) -> bytes:
    """Return what a label of NSEC3 stands for, b"" for one that stands for nothing."""
    padding = "=" * (-len(label) % 8)
    try:
        return base64.b32hexdecode(label.upper() + padding.encode())
    except binascii.Error:
        return b""
