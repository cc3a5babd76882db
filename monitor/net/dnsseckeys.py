"""Whether one key made one signature (RFC 3110, 5702, 6605, 8080).

Cryptography is loaded when the first signature is looked at.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

# RSA beyond these costs milliseconds a signature; RFC 3110 has no larger moduli.
_MOST_MODULUS_BITS, _MOST_EXPONENT_BITS = 4096, 33

Verify = Callable[[bytes, bytes], None]
"""Takes a signature and what it was made over; raises InvalidSignature."""


def made_by(algorithm: int, material: bytes, signature: bytes, signed: bytes) -> bool:
    """Say whether a key of a supported algorithm made `signature` over `signed`."""
    from cryptography.exceptions import InvalidSignature

    verify = _verifier(algorithm, material)
    if verify is None:
        return False
    try:
        verify(signature, signed)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=512)
def _verifier(algorithm: int, material: bytes) -> Verify | None:
    """Return what verifies with a key, None for bytes that are no key that we would use."""
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return _VERIFIERS[algorithm](material)
    except (ValueError, UnsupportedAlgorithm):
        return None


def _rsa(hash_name: str) -> Callable[[bytes], Verify]:
    def verifier(material: bytes) -> Verify:
        from cryptography.hazmat.primitives.asymmetric import padding, rsa

        exponent, modulus = _rsa_numbers(material)
        key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
        scheme, digest = padding.PKCS1v15(), _hash(hash_name)
        return lambda signature, signed: key.verify(signature, signed, scheme, digest)

    return verifier


def _rsa_numbers(material: bytes) -> tuple[int, int]:
    size, at = (material[0], 1) if material[0] else (int.from_bytes(material[1:3], "big"), 3)
    exponent = int.from_bytes(material[at : at + size], "big")
    modulus = int.from_bytes(material[at + size :], "big")
    if modulus.bit_length() > _MOST_MODULUS_BITS or exponent.bit_length() > _MOST_EXPONENT_BITS:
        raise ValueError("an RSA key too large to be used")
    return exponent, modulus


def _ecdsa(curve_name: str, hash_name: str, half: int) -> Callable[[bytes], Verify]:
    def verifier(material: bytes) -> Verify:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric import ec, utils

        curve: ec.EllipticCurve = getattr(ec, curve_name)()
        key = ec.EllipticCurvePublicKey.from_encoded_point(curve, b"\x04" + material)
        scheme = ec.ECDSA(_hash(hash_name))

        def verify(signature: bytes, signed: bytes) -> None:
            if len(signature) != 2 * half:
                raise InvalidSignature
            r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
            key.verify(utils.encode_dss_signature(r, s), signed, scheme)

        return verify

    return verifier


def _ed25519(material: bytes) -> Verify:
    from cryptography.hazmat.primitives.asymmetric import ed25519

    return ed25519.Ed25519PublicKey.from_public_bytes(material).verify


def _ed448(material: bytes) -> Verify:
    from cryptography.hazmat.primitives.asymmetric import ed448

    return ed448.Ed448PublicKey.from_public_bytes(material).verify


def _hash(name: str) -> "HashAlgorithm":
    from cryptography.hazmat.primitives import hashes

    algorithm: HashAlgorithm = getattr(hashes, name)()
    return algorithm


_VERIFIERS: Mapping[int, Callable[[bytes], Verify]] = {
    8: _rsa("SHA256"),
    10: _rsa("SHA512"),
    13: _ecdsa("SECP256R1", "SHA256", 32),
    14: _ecdsa("SECP384R1", "SHA384", 48),
    15: _ed25519,
    16: _ed448,
}
SUPPORTED = frozenset(_VERIFIERS)
"""Algorithm numbers. RSA/SHA-1 (5, 7) is no longer among them (RFC 9905)."""
