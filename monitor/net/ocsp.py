"""Was a certificate revoked? What its authority's responder says, and whether that can be believed.

RFC 6960 over HTTP. An answer counts only if the issuer signed it, or somebody whom the issuer
certified for that; if it speaks of this very certificate; and if it is not out of date. No nonce
is sent: responders behind caches answer everybody with the same bytes, and the dates bound how
old those may be. Where no newer answer is announced, one could be had at any time (2.4), so that
an old one proves nothing: such answers count for a day, as they do in Firefox.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from monitor.domain.text import visible_text
from monitor.net.certificates import UNREADABLE
from monitor.net.errors import NetError
from monitor.net.fetch import Reply, Request, make_request
from monitor.net.urls import parse_target

LARGEST_RESPONSE = 65_536
_MOST_ANSWERS = 32  # in one response
_MOST_SIGNERS = 5
_SKEW = timedelta(minutes=5)  # by which clocks of others may differ
_UNDATED = timedelta(days=1)  # that an answer counts which does not say when the next is due
_HEADERS = (("Content-Type", "application/ocsp-request"), ("Accept", "application/ocsp-response"))


class Standing(StrEnum):
    """What an authority says of a certificate. UNAVAILABLE: nothing that can be believed."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspStatus:
    """A standing; the times are Unix seconds.

    `detail` says why it is unavailable, or the authority's reason for revoking. `until` is when a
    newer answer is due, None where the authority does not say.
    """

    standing: Standing
    detail: str = ""
    since: float | None = None
    until: float | None = None
    revoked_at: float | None = None


def unavailable(detail: str) -> OcspStatus:
    """Return that nothing is known, and why."""
    return OcspStatus(standing=Standing.UNAVAILABLE, detail=visible_text(detail, 300))


Post = Callable[[Request], Awaitable[Reply]]
"""Sends a request within the deadline and the address policy; raises NetError."""


async def ask_responder(
    post: Post, chain: Sequence[bytes], responders: Sequence[str], now: datetime
) -> OcspStatus:
    """Return what the first responder that can be believed says; never raises NetError.

    `chain` is the verified one (DER), the certificate in question first and its issuer behind it.
    """
    pair = _pair(chain)
    if isinstance(pair, OcspStatus):
        return pair
    status = unavailable("the certificate names no responder")
    for url in responders:
        status = await _ask(post, pair, url, now)
        if status.standing is not Standing.UNAVAILABLE:
            break
    return status


@dataclass(frozen=True, slots=True)
class _Pair:
    """A certificate and the one that issued it."""

    certificate: x509.Certificate
    issuer: x509.Certificate


def _pair(chain: Sequence[bytes]) -> _Pair | OcspStatus:
    if len(chain) < 2:
        return unavailable("nobody but itself vouches for the certificate")
    try:
        return _Pair(*(x509.load_der_x509_certificate(one) for one in chain[:2]))
    except UNREADABLE:
        return unavailable("the certificate or its issuer's can't be read")


async def _ask(post: Post, pair: _Pair, url: str, now: datetime) -> OcspStatus:
    try:
        request = make_request(
            parse_target(url),
            method="POST",
            fields=_HEADERS,
            body=_request_for(pair),
            largest_body=LARGEST_RESPONSE,
        )
        reply = await post(request)
    except NetError as error:
        return unavailable(f"{url}: {error.failure.detail}")
    except ValueError as error:
        return unavailable(f"{url} is no address of a responder: {error}")
    response = reply.response
    if response.failure is not None:
        return unavailable(f"{url}: {response.failure.failure.detail}")
    if response.status != 200:
        return unavailable(f"{url}: status {response.status}")
    return _believed(response.body, pair, now)


def _request_for(pair: _Pair) -> bytes:
    """Return the question about a certificate (DER). Certificates are named by SHA-1 in it.

    Responders look answers up by that name (RFC 5019, 2.1.1); it protects nothing.
    """
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        pair.certificate,
        pair.issuer,
        hashes.SHA1(),  # noqa: S303
    )
    return builder.build().public_bytes(Encoding.DER)


def read_response(octets: bytes, chain: Sequence[bytes], now: datetime) -> OcspStatus:
    """Return what a response (DER) says of the first of a verified `chain` at `now` (UTC)."""
    pair = _pair(chain)
    return pair if isinstance(pair, OcspStatus) else _believed(octets, pair, now)


def _believed(octets: bytes, pair: _Pair, now: datetime) -> OcspStatus:
    try:
        return _read(ocsp.load_der_ocsp_response(octets), pair, now)
    except UNREADABLE:
        return unavailable("the answer is no response of OCSP")


def _read(response: ocsp.OCSPResponse, pair: _Pair, now: datetime) -> OcspStatus:
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        word = response.response_status.name.lower().replace("_", " ")
        return unavailable(f"the responder says: {word}")
    answer = _answer(response, pair)
    if answer is None:
        return unavailable("the answer is about another certificate")
    if not _signed(response, pair.issuer, now):
        return unavailable("the answer is not signed by the certificate's authority")
    return _dated(answer, now)


def _answer(response: ocsp.OCSPResponse, pair: _Pair) -> ocsp.OCSPSingleResponse | None:
    for index, answer in enumerate(response.responses):
        if index >= _MOST_ANSWERS:
            return None
        if answer.serial_number == pair.certificate.serial_number and _names(answer, pair):
            return answer
    return None


def _names(answer: ocsp.OCSPSingleResponse, pair: _Pair) -> bool:
    """Say whether an answer is about a certificate of this issuer: serials repeat elsewhere."""
    asked = (
        ocsp.OCSPRequestBuilder()
        .add_certificate(pair.certificate, pair.issuer, answer.hash_algorithm)
        .build()
    )
    return (answer.issuer_name_hash, answer.issuer_key_hash) == (
        asked.issuer_name_hash,
        asked.issuer_key_hash,
    )


def _dated(answer: ocsp.OCSPSingleResponse, now: datetime) -> OcspStatus:
    since, until = answer.this_update_utc, answer.next_update_utc
    if since > now + _SKEW:
        return unavailable(f"the answer is from the future: {since:%Y-%m-%d %H:%M} UTC")
    if until is not None and until < now - _SKEW:
        return unavailable(f"the answer is out of date since {until:%Y-%m-%d %H:%M} UTC")
    if until is None and since < now - _UNDATED:
        told = f"the answer is of {since:%Y-%m-%d %H:%M} UTC"
        return unavailable(f"{told} and does not say for how long it holds")
    revoked_at, reason = answer.revocation_time_utc, answer.revocation_reason
    return OcspStatus(
        standing=Standing(answer.certificate_status.name.lower()),
        detail="" if reason is None else reason.value,
        since=since.timestamp(),
        until=None if until is None else until.timestamp(),
        revoked_at=None if revoked_at is None else revoked_at.timestamp(),
    )


def _signed(response: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime) -> bool:
    """Say whether the issuer signed a response, or one whom it certified for that (4.2.2.2)."""
    if _verifies(response, issuer):
        return True
    return any(
        _may_sign(signer, issuer, now) and _verifies(response, signer)
        for signer in response.certificates[:_MOST_SIGNERS]
    )


def _may_sign(signer: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
    try:
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        signer.verify_directly_issued_by(issuer)
    except (*UNREADABLE, x509.ExtensionNotFound, InvalidSignature):
        return False
    valid = signer.not_valid_before_utc <= now <= signer.not_valid_after_utc
    return valid and ExtendedKeyUsageOID.OCSP_SIGNING in usage


def _verifies(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    signed, signature = response.tbs_response_bytes, response.signature
    try:
        algorithm = response.signature_hash_algorithm
        match signer.public_key():
            case rsa.RSAPublicKey() as key if algorithm is not None:
                key.verify(signature, signed, padding.PKCS1v15(), algorithm)
            case ec.EllipticCurvePublicKey() as key if algorithm is not None:
                key.verify(signature, signed, ec.ECDSA(algorithm))
            case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey() as key:
                key.verify(signature, signed)
            case _:
                return False
    except (*UNREADABLE, InvalidSignature):
        return False
    return True


def date_text(seconds: float) -> str:
    """Return a time (Unix seconds) as people read it, in UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
