"""Whether the keys of a zone signed an RRset (RFC 4035, 5.3), for a bounded price.

A hostile zone can hold many keys of one tag and many signatures, each to be tried with each
("KeyTrap"), so a validation has a budget, and a signature that does not hold counts heavily.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.net.dnsseckeys import SUPPORTED, made_by
from monitor.net.dnssecrecords import Key, Signature, read_signatures
from monitor.net.dnssecwire import RRSIG, Name, RRset, Section, shown, wire_name

_RECORD = struct.Struct("!HHIH")
_IN = 1
_HALF_THE_CIRCLE = 2**31
_MOST_TRIED, _MOST_IN_VAIN = 160, 8

# How far our own clock may be off. Resolvers differ: some forgive an hour or even a day, others
# nothing, and whoever uses those has lost the name at the very second. A check that forgave as
# much would call a zone right while half the city can't reach it. Five minutes are what a clock
# that is set at all can be wrong by; of a short signature they would be too much.
_MOST_SKEW_SECONDS, _SKEW_SHARE = 300, 0.1


class Bogus(Exception):
    """Something is not as the zone's keys would have signed it.

    `expires` (Unix seconds) is when the signature in question ended, if that is the fault.
    """

    def __init__(self, reason: str, expires: int | None = None) -> None:
        super().__init__(reason)
        self.expires = expires


class Effort:
    """What one validation has tried so far."""

    def __init__(self) -> None:
        self.tried = 0
        self.in_vain = 0

    def holds(self, signature: Signature, key: Key, signed: bytes) -> bool:
        """Say whether `key` made a signature. Raises Bogus when enough has been tried."""
        if self.tried >= _MOST_TRIED or self.in_vain >= _MOST_IN_VAIN:
            raise Bogus(f"given up after {self.tried} signatures, {self.in_vain} of them wrong")
        self.tried += 1
        holds = made_by(key.algorithm, key.material, signature.signature, signed)
        self.in_vain += not holds
        return holds


@dataclass(frozen=True, slots=True)
class Verified:
    """A signature that holds until `expires` (Unix seconds).

    With fewer `labels` than the owner has, a wildcard was signed.
    """

    expires: int
    labels: int


def signatures_of(rrset: RRset, section: Section) -> tuple[Signature, ...]:
    """Return the signatures over an RRset in its section of a reply."""
    found = read_signatures(section.get((rrset.owner, RRSIG)))
    return tuple(one for one in found if one.covered == rrset.type)


def verify(
    rrset: RRset,
    signatures: Sequence[Signature],
    zone: Name,
    keys: Sequence[Key],
    *,
    now: datetime,
    effort: Effort,
) -> Verified:
    """Return the signature that a key of `zone` made, and that is valid `now`, for the longest.

    While a zone changes its keys, an RRset has old signatures and new ones. Those of algorithms
    that are not supported are passed over: a zone that changes its algorithm signs by the old one
    and by the new one for a while. Raises Bogus with what is wrong with the one that ends last,
    when none holds.
    """
    wrong: Bogus | None = None
    for signature in sorted(signatures, key=lambda one: -_moment(one.expiration, now)):
        if signature.signer != zone or signature.algorithm not in SUPPORTED:
            continue
        try:
            return _verify_one(rrset, signature, keys, now, effort)
        except Bogus as error:
            wrong = wrong or error
    raise wrong or Bogus(f"{rrset}: not signed by {shown(zone)}")


def _verify_one(
    rrset: RRset, signature: Signature, keys: Sequence[Key], now: datetime, effort: Effort
) -> Verified:
    labels = len(rrset.owner) - (rrset.owner[:1] == (b"*",))
    if signature.labels > labels:
        raise Bogus(f"{rrset}: the signature is over a longer name")
    expires, begins = (_moment(one, now) for one in (signature.expiration, signature.inception))
    by = f"{rrset}: the signature by key {signature.key_tag}"
    skew = min(_MOST_SKEW_SECONDS, (expires - begins) * _SKEW_SHARE)
    if expires + skew < now.timestamp():
        raise Bogus(f"{by} ended {_shown(expires)}", expires)
    if begins - skew > now.timestamp():
        raise Bogus(f"{by} begins {_shown(begins)}")
    named = (signature.key_tag, signature.algorithm)
    candidates = [key for key in keys if (key.tag, key.algorithm) == named]
    if not candidates:
        raise Bogus(f"{by} (algorithm {signature.algorithm}), which {_whose(signature)} lacks")
    signed = _signed(rrset, signature)
    if not any(effort.holds(signature, key, signed) for key in candidates):
        raise Bogus(f"{by} is wrong")
    return Verified(expires, signature.labels)


def _whose(signature: Signature) -> str:
    return f"the zone {shown(signature.signer)}"


def _signed(rrset: RRset, signature: Signature) -> bytes:
    """Return what the signature was made over (RFC 4034, 3.1.8.1)."""
    owner = rrset.owner
    plain = owner[1:] if owner[:1] == (b"*",) else owner
    if signature.labels < len(plain):
        owner = (b"*", *plain[len(plain) - signature.labels :])
    name = wire_name(owner)
    return signature.signed_rdata + b"".join(
        name + _RECORD.pack(rrset.type, _IN, signature.original_ttl, len(rdata)) + rdata
        for rdata in rrset.rdatas
    )


def _moment(seconds: int, now: datetime) -> int:
    """Return a time modulo 2^32 as the moment next to `now`, in Unix seconds (RFC 1982)."""
    base = int(now.timestamp())
    return base + (seconds - base + _HALF_THE_CIRCLE) % 2**32 - _HALF_THE_CIRCLE


def _shown(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
