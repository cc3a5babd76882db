"""What must be true of a certificate and of the server that presents it, and what is not.

Pure: what was seen goes in, findings come out. One that fails the check speaks before one that
only degrades it; among equals the gravest gives the kind, and the detail tells them all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from monitor.conditions.authorities import Agreement
from monitor.domain.observation import Failure, FailureKind
from monitor.domain.text import visible_text
from monitor.net.certificates import Certificate, Chain, covers
from monitor.net.chainorder import ChainOrder
from monitor.net.ocsp import OcspStatus, Standing, date_text
from monitor.net.tlsversions import Offers
from monitor.net.trust import wrong_name

_SHOWN = 300
_WEAK_HASHES = ("md2", "md5", "sha1")

# What a key of another kind is worth in bits of RSA (NIST SP 800-57 part 1, table 2).
_WORTH = ((512, 15_360), (384, 7_680), (256, 3_072), (224, 2_048), (0, 1_024))
_EDWARDS = {"Ed25519": 3_072, "Ed448": 7_680}


class Searches(Protocol):
    """A compiled expression."""

    text: str

    def search(self, text: str | bytes) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateConditions:
    """What is expected. None, or an empty value, expects nothing.

    `issuer` is a part of the issuer's name, in any case. `fingerprints` are SHA-256 in lower-case
    hex. `min_key_bits` is a size of RSA; keys of other kinds count for what they are worth.
    `minimum` is the oldest version that the server may accept; older ones were asked for
    elsewhere, and whatever it accepts fails the check. Below `min_days` the check is degraded,
    below `critical_days` it fails.
    """

    name: str | None = None
    issuer: str | None = None
    issuer_matches: Searches | None = None
    fingerprints: tuple[str, ...] = ()
    min_key_bits: int | None = None
    strong_signature: bool = True
    complete_chain: bool = False
    minimum: str | None = None
    min_days: int = 0
    critical_days: int | None = None
    stapled: bool = False
    ocsp_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What was seen of a handshake that ended well. What was not asked for is None.

    `days_left` is for how many days the chain is still good. `verified` leads from the target's
    certificate to the anchor.
    """

    chain: Chain
    order: ChainOrder
    days_left: float | None
    verified: Chain | None = None
    offers: Offers | None = None
    ocsp: OcspStatus | None = None
    agreement: Agreement | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong. `degrades` says that the check is only degraded by it."""

    failure: Failure
    degrades: bool = False


def judge(conditions: CertificateConditions, presented: Presented) -> Finding | None:
    """Return what is wrong with a certificate that is trusted, or None."""
    leaf = presented.chain.leaf
    if leaf is None or presented.days_left is None:
        return Finding(Failure(FailureKind.TLS_OTHER, "the certificate can't be read"))
    failing = (
        *_identity(conditions, leaf),
        *_revocation(conditions, presented, leaf),
        *_strength(conditions, presented, leaf),
        *_server(conditions, presented),
    )
    critical = conditions.critical_days
    if critical is not None and presented.days_left < critical:
        failing = (*failing, _expiry(presented.days_left, critical))
    if failing:
        return Finding(_merged(failing))
    degrading = tuple(_degrading(conditions, presented))
    return Finding(_merged(degrading), degrades=True) if degrading else None


def _merged(failures: tuple[Failure, ...]) -> Failure:
    if len(failures) == 1:
        return failures[0]
    detail = "; ".join(one.detail for one in failures)
    return Failure(failures[0].kind, visible_text(detail))


def _expiry(left: float, days: int) -> Failure:
    detail = f"certificate expires in {left:.1f} days, expected at least {days}"
    return Failure(FailureKind.EXPIRES_SOON, detail)


def _identity(conditions: CertificateConditions, leaf: Certificate) -> Iterator[Failure]:
    """Yield what is wrong with whose certificate it is, and who issued it."""
    if conditions.name is not None and not covers(leaf, conditions.name):
        detail = visible_text(wrong_name(leaf, conditions.name))
        yield Failure(FailureKind.TLS_HOSTNAME, detail)
    if conditions.fingerprints and leaf.fingerprint not in conditions.fingerprints:
        detail = (
            f"SHA-256 of the certificate: {leaf.fingerprint}, "
            f"expected {' or '.join(conditions.fingerprints)}"
        )
        yield Failure(FailureKind.CHANGED, visible_text(detail))
    issuer = visible_text(leaf.issuer, _SHOWN)
    pattern = conditions.issuer_matches
    if pattern is not None and not pattern.search(leaf.issuer):
        detail = f"issuer: {issuer}, expected to match {pattern.text!r}"
        yield Failure(FailureKind.TLS_UNTRUSTED, detail)
    if not issued_by(leaf, conditions.issuer):
        detail = f"issuer: {issuer}, expected {conditions.issuer!r} in it"
        yield Failure(FailureKind.TLS_UNTRUSTED, detail)


def issued_by(leaf: Certificate, issuer: str | None) -> bool:
    """Say whether `issuer` is a part of the name of who issued the certificate."""
    return issuer is None or issuer.casefold() in leaf.issuer.casefold()


def _revocation(
    conditions: CertificateConditions, presented: Presented, leaf: Certificate
) -> Iterator[Failure]:
    status = presented.ocsp
    if status is None:
        return
    if status.standing is Standing.REVOKED:
        when = "" if status.revoked_at is None else f" on {date_text(status.revoked_at)}"
        why = f" ({status.detail})" if status.detail else ""
        yield Failure(FailureKind.TLS_REVOKED, f"certificate revoked{when}{why}")
    elif conditions.stapled and leaf.must_staple and status.standing is not Standing.GOOD:
        detail = f"the certificate demands a stapled OCSP response, but: {_unknown(status)}"
        yield Failure(FailureKind.TLS_OTHER, detail)


def _unknown(status: OcspStatus) -> str:
    return status.detail or "the authority does not know the certificate"


def _strength(
    conditions: CertificateConditions, presented: Presented, leaf: Certificate
) -> Iterator[Failure]:
    if conditions.strong_signature:
        for depth, one in enumerate(_signed(presented)):
            if _is_weak(one.signature):
                whose = "certificate" if not depth else visible_text(one.subject, _SHOWN)
                detail = f"signature of {whose}: {one.signature}, which can be forged"
                yield Failure(FailureKind.TLS_OTHER, detail)
    bits = conditions.min_key_bits
    if bits is not None and worth(leaf) < bits:
        found = f"{leaf.key_type} {leaf.key_bits} bits"
        if leaf.key_type not in {"RSA", "DSA"}:
            found += f" (worth {worth(leaf)})"
        yield Failure(FailureKind.TLS_OTHER, f"key: {found}, expected at least {bits} bits")


def _signed(presented: Presented) -> Sequence[Certificate]:
    """Return the certificates whose signatures somebody relies on.

    An anchor's own protects nothing: it is trusted for standing in the store. Nor does that of a
    certificate that was sent, but is not needed.
    """
    if presented.verified is not None:
        return presented.verified.certificates[:-1]
    return [one for one in presented.chain.certificates if not one.self_issued]


def _is_weak(signature: str) -> bool:
    spelled = signature.lower().replace("-", "")
    return any(name in spelled for name in _WEAK_HASHES)


def worth(certificate: Certificate) -> int:
    """Return how many bits of RSA the certificate's key is worth, 0 for an unknown kind."""
    if certificate.key_type in _EDWARDS:
        return _EDWARDS[certificate.key_type]
    if certificate.key_type == "ECDSA":
        return next(bits for size, bits in _WORTH if certificate.key_bits >= size)
    return certificate.key_bits


def _server(conditions: CertificateConditions, presented: Presented) -> Iterator[Failure]:
    """Yield what is wrong with what the server sends along and what it would agree to."""
    if conditions.complete_chain and not presented.order.complete:
        detail = f"chain: {'; '.join(presented.order.faults())}"
        yield Failure(FailureKind.TLS_UNTRUSTED, visible_text(detail))
    offers = presented.offers
    if offers is None:
        return
    if offers.versions:
        listed = ", ".join(offers.versions)
        detail = f"the server accepts {listed}, expected nothing older than {conditions.minimum}"
        yield Failure(FailureKind.TLS_PROTOCOL, detail)
    if offers.ciphers:
        detail = f"the server accepts weak ciphers: {', '.join(offers.ciphers)}"
        yield Failure(FailureKind.TLS_PROTOCOL, detail)


def _degrading(conditions: CertificateConditions, presented: Presented) -> Iterator[Failure]:
    left = presented.days_left
    if left is not None and left < conditions.min_days:
        yield _expiry(left, conditions.min_days)
    status = presented.ocsp
    if conditions.ocsp_required and status is not None and status.standing is not Standing.GOOD:
        detail = f"whether the certificate was revoked can't be told: {_unknown(status)}"
        yield Failure(FailureKind.TLS_OTHER, detail)
    agreement = presented.agreement
    if agreement is not None and agreement.agrees is False:
        yield Failure(FailureKind.TLS_UNTRUSTED, agreement.text())
