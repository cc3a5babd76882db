"""How strong the keys and signatures of a chain must be: OpenSSL's security levels, for QUIC.

Over TCP OpenSSL refuses weak ones by itself. pyOpenSSL can't ask it to, so that the same rules
stand here (SSL_CTX_set_security_level(3), and check_auth_level in its source).
"""

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

from monitor.net.certificates import UNREADABLE

_BITS = (0, 80, 112, 128, 192, 256)  # of security that each level demands

# Numbers and texts of X509_V_ERR_… (openssl/x509_vfy.h), as OpenSSL words them.
WEAK_KEY = (66, "EE certificate key too weak")
_WEAK_AUTHORITY = (67, "CA certificate key too weak")
_WEAK_SIGNATURE = (68, "CA signature digest algorithm too weak")

# The smallest keys that OpenSSL counts for each level: of RSA it rounds NIST's formula (SP 800-56B,
# appendix D) to eight bits, so that 1963 pass where 2048 are meant.
_RSA = ((13_914, 256), (6_947, 192), (2_671, 128), (1_963, 112), (920, 80))
_DSA = ((15_360, 256), (7_680, 192), (3_072, 128), (2_048, 112), (1_024, 80))
_BROKEN = {"md5": 39, "sha1": 63}


def has_weak_key(certificate: x509.Certificate, level: int) -> bool:
    """Say whether a certificate's own key is below a security level (0 to 5)."""
    return level > 0 and _key_bits(certificate) < _BITS[level]


def weakness(path: Sequence[x509.Certificate], level: int) -> tuple[int, str] | None:
    """Return OpenSSL's number and text for what is too weak above a target's key, or None.

    `path` leads from the target's certificate to the anchor, whose own signature does not count.
    """
    for depth, certificate in enumerate(path):
        if depth and has_weak_key(certificate, level):
            return _WEAK_AUTHORITY
        if depth < len(path) - 1 and level > 0 and _signature_bits(certificate) < _BITS[level]:
            return _WEAK_SIGNATURE
    return None


def _key_bits(certificate: x509.Certificate) -> int:
    """Return the bits of security of a key, 0 for one of an unknown kind."""
    try:
        key = certificate.public_key()
    except UNREADABLE:
        return 0
    match key:
        case rsa.RSAPublicKey():
            return _worth(key.key_size, _RSA)
        case ec.EllipticCurvePublicKey():
            return key.key_size // 2
        case dsa.DSAPublicKey():
            numbers = key.public_numbers().parameter_numbers
            return min(_worth(key.key_size, _DSA), numbers.q.bit_length() // 2)
        case ed25519.Ed25519PublicKey():
            return 128
        case ed448.Ed448PublicKey():
            return 224
    return 0


def _worth(size: int, table: tuple[tuple[int, int], ...]) -> int:
    return next((bits for least, bits in table if size >= least), 0)


def _signature_bits(certificate: x509.Certificate) -> int:
    """Return the bits of security of the hash that was signed, 0 for an unknown one."""
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return 0
    if algorithm is None:  # Ed25519 and Ed448 bring their own
        return 128
    return _BROKEN.get(algorithm.name, algorithm.digest_size * 4)
