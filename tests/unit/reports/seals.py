"""The key that seals in tests, as PKCS#12."""

from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from tests.certificates import intermediate, leaf, root

PASSPHRASE = "rahasia"


@cache
def packed_key(*, to_root: bool = True) -> bytes:
    """Return a PKCS#12 file with a key that may sign, and certificates above it, or not all."""
    usage = x509.KeyUsage(True, True, *[False] * 7)
    issued = leaf(subject="Segel Pantau", kind="rsa", critical=(usage,))
    return pkcs12.serialize_key_and_certificates(
        b"segel",
        issued.key,
        issued.certificate,
        [intermediate().certificate, *([root().certificate] if to_root else [])],
        BestAvailableEncryption(PASSPHRASE.encode()),
    )
