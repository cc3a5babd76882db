"""What signed NSEC and NSEC3 records prove not to exist (RFC 4035, 5155, 6840, 9276).

The spans given here have been verified: each is signed by the zone that the question is about.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Protocol

from monitor.net.dnssecrecords import HashedSpan, Span
from monitor.net.dnssecwire import CNAME, DNAME, DS, NS, SOA, Name, is_within, wire_name

MOST_ITERATIONS = 100  # beyond it the zone counts as unsigned (RFC 9276, 3.2)
_ASTERISK = b"*"


class Proof(Enum):
    """How far something is proven. OPT_OUT: there is nothing signed, maybe something unsigned."""

    NONE = "none"
    OPT_OUT = "opt_out"
    WHOLE = "whole"


class Cut(Enum):
    """What a proof of no DS says about a name: no delegation, an unsigned one, or nothing."""

    NO_CUT = "no_cut"
    INSECURE = "insecure"
    UNPROVEN = "unproven"


class Denial(Protocol):
    """What a reply's spans deny."""

    def types_at(self, name: Name) -> frozenset[int] | None:
        """Return the types of an existing name, None if no span begins there."""

    def denies(self, name: Name) -> Proof:
        """Say whether `name` does not exist."""

    def encloser(self, name: Name) -> tuple[Name, Proof]:
        """Return the longest existing name above `name`, which does not exist itself."""

    def is_empty(self, name: Name) -> bool:
        """Say whether `name` exists only because of names below it."""


def no_name(denial: Denial, name: Name) -> Proof:
    """Say whether `name` is proven not to exist, nor a wildcard that would stand for it."""
    encloser, proof = denial.encloser(name)
    # What may be unsigned is told by the span over the name, not by the wildcard's (RFC 5155, 9.2).
    return Proof.NONE if denial.denies((_ASTERISK, *encloser)) is Proof.NONE else proof


def no_records(denial: Denial, name: Name, record_type: int) -> Proof:
    """Say whether `name` is proven to have no records of a type, itself or by a wildcard."""
    types = denial.types_at(name)
    if types is not None:
        return _absent(name, types, record_type)
    if denial.is_empty(name):
        return Proof.WHOLE
    encloser, proof = denial.encloser(name)
    wildcard = (_ASTERISK, *encloser)
    types = denial.types_at(wildcard)
    if types is not None:
        return _weaker(proof, _absent(wildcard, types, record_type))
    # No signed name is there: with opt-out, there may be an unsigned delegation (RFC 5155, 8.6).
    return Proof.OPT_OUT if proof is Proof.OPT_OUT and record_type == DS else Proof.NONE


def no_closer_name(denial: Denial, name: Name, labels: int) -> Proof:
    """Say whether a wildcard of `labels` labels (`*` not counted) may stand for `name`."""
    return denial.denies(name[len(name) - labels - 1 :])


def no_digest(denial: Denial, name: Name) -> Cut:
    """Return what a reply without the DS of `name` proves."""
    types = denial.types_at(name)
    if types is None:
        return _CUTS[no_records(denial, name, DS)]
    if DS in types or (SOA in types and name):
        return Cut.UNPROVEN
    return Cut.INSECURE if NS in types else Cut.NO_CUT


_CUTS = {Proof.NONE: Cut.UNPROVEN, Proof.OPT_OUT: Cut.INSECURE, Proof.WHOLE: Cut.NO_CUT}


def _absent(name: Name, types: frozenset[int], record_type: int) -> Proof:
    """Say whether types that a name has prove that it lacks one (RFC 6840, 4.1 and 4.3)."""
    if record_type in types or CNAME in types:
        return Proof.NONE
    # A delegation's parent side speaks of the DS alone, its child side of all but the DS.
    if record_type == DS:
        return Proof.NONE if SOA in types and name else Proof.WHOLE
    return Proof.NONE if _is_delegation(types) else Proof.WHOLE


def _is_delegation(types: frozenset[int]) -> bool:
    return NS in types and SOA not in types


def _weaker(one: Proof, other: Proof) -> Proof:
    return min(one, other, key=list(Proof).index)


@dataclass(frozen=True, slots=True)
class Spans:
    """Denial by NSEC."""

    spans: Sequence[Span]

    def types_at(self, name: Name) -> frozenset[int] | None:
        return next((span.types for span in self.spans if span.owner == name), None)

    def denies(self, name: Name) -> Proof:
        return Proof.WHOLE if self._around(name) else Proof.NONE

    def encloser(self, name: Name) -> tuple[Name, Proof]:
        span = self._around(name)
        if span is None:
            return (), Proof.NONE
        above = max(_common(name, span.owner), _common(name, span.next), key=len)
        return above, Proof.WHOLE

    def is_empty(self, name: Name) -> bool:
        return any(
            _is_between(name, span) and is_within(span.next, name) and _speaks_below(span, name)
            for span in self.spans
        )

    def _around(self, name: Name) -> Span | None:
        """Return the span that shows that neither `name` nor anything below it exists."""
        for span in self.spans:
            is_empty = is_within(span.next, name)
            if _is_between(name, span) and not is_empty and _speaks_below(span, name):
                return span
        return None


def _is_between(name: Name, span: Span) -> bool:
    owner, behind, key = span.owner[::-1], span.next[::-1], name[::-1]
    if owner < behind:
        return owner < key < behind
    return owner < key and is_within(name, span.next)  # the last one leads back to the zone's apex


def _speaks_below(span: Span, name: Name) -> bool:
    """Say whether a span may speak of `name`: not if it is of another zone, or of a DNAME's."""
    leads_away = _is_delegation(span.types) or DNAME in span.types
    return not (leads_away and is_within(name, span.owner))


def _common(one: Name, other: Name) -> Name:
    count = 0
    for mine, theirs in zip(reversed(one), reversed(other), strict=False):
        if mine != theirs:
            break
        count += 1
    return one[len(one) - count :]


@dataclass(frozen=True, slots=True)
class HashedSpans:
    """Denial by NSEC3. All spans have the zone, the salt and the iterations of the first."""

    spans: Sequence[HashedSpan]

    def types_at(self, name: Name) -> frozenset[int] | None:
        digest = self._hash(name)
        return next((span.types for span in self.spans if span.owner == digest), None)

    def denies(self, name: Name) -> Proof:
        digest = self._hash(name)
        for span in self.spans:
            if _is_hash_between(digest, span):
                return Proof.OPT_OUT if span.opt_out else Proof.WHOLE
        return Proof.NONE

    def encloser(self, name: Name) -> tuple[Name, Proof]:
        for count in range(1, len(name) - len(self.spans[0].zone) + 1):
            above = name[count:]
            types = self.types_at(above)
            if types is not None:
                leads_away = _is_delegation(types) or DNAME in types
                return above, Proof.NONE if leads_away else self.denies(name[count - 1 :])
        return (), Proof.NONE

    def is_empty(self, name: Name) -> bool:  # noqa: ARG002 - it has a span of its own then
        return False

    def _hash(self, name: Name) -> bytes:
        return _hashed(name, self.spans[0].salt, self.spans[0].iterations)


def _is_hash_between(digest: bytes, span: HashedSpan) -> bool:
    if span.owner < span.next:
        return span.owner < digest < span.next
    return digest > span.owner or digest < span.next


@lru_cache(maxsize=1024)
def _hashed(name: Name, salt: bytes, iterations: int) -> bytes:
    digest = hashlib.sha1(wire_name(name) + salt, usedforsecurity=False).digest()
    for _ in range(iterations):
        digest = hashlib.sha1(digest + salt, usedforsecurity=False).digest()
    return digest
