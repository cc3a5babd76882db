"""A key exchange of SSH, as far as the proof that the server holds its host key.

No key is ever derived and nothing is encrypted: the visit ends once the signature is verified
(RFC 4253, 8; RFC 5656; RFC 8731; RFC 8332; RFC 8709).
"""

import hashlib
import secrets
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from monitor.net.sshwire import Fields, Malformed, mpint, string

INIT, REPLY = 30, 31

# RFC 3526, group 14.
_GROUP_14 = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A0879"
    "8E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B"
    "0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA4836"
    "1C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804"
    "F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6"
    "955817183995497CEA956AE515D2261898FA051015728E5A8AACAA68FFFFFFFFFFFFFFFF",
    16,
)
_SECRET_BITS = 256
_MOST_RSA_BITS = 16_384
_UNREADABLE = (Malformed, ValueError, TypeError, UnsupportedAlgorithm)


class _Secret(Protocol):
    """Our half of an exchange."""

    public: bytes  # as it stands in the message

    def shared(self, theirs: bytes) -> int:
        """Return what both sides know, from the other one's public half. Raises ValueError."""


class _Curve25519:
    def __init__(self) -> None:
        self._key = x25519.X25519PrivateKey.generate()
        self.public = string(self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def shared(self, theirs: bytes) -> int:
        peer = x25519.X25519PublicKey.from_public_bytes(theirs)
        return int.from_bytes(self._key.exchange(peer))


class _Nist:
    def __init__(self, curve: ec.EllipticCurve) -> None:
        self._curve = curve
        self._key = ec.generate_private_key(curve)
        public = self._key.public_key()
        self.public = string(public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    def shared(self, theirs: bytes) -> int:
        peer = ec.EllipticCurvePublicKey.from_encoded_point(self._curve, theirs)
        return int.from_bytes(self._key.exchange(ec.ECDH(), peer))


class _Group14:
    def __init__(self) -> None:
        self._power = secrets.randbits(_SECRET_BITS) | 1
        self.public = mpint(pow(2, self._power, _GROUP_14))

    def shared(self, theirs: bytes) -> int:
        number = int.from_bytes(theirs)
        if not 1 < number < _GROUP_14 - 1:
            raise ValueError("a public half outside of its group")
        return pow(number, self._power, _GROUP_14)


@dataclass(frozen=True, slots=True)
class _Method:
    digest: str
    begin: Callable[[], _Secret]


METHODS = {
    "curve25519-sha256": _Method("sha256", _Curve25519),
    "curve25519-sha256@libssh.org": _Method("sha256", _Curve25519),
    "ecdh-sha2-nistp256": _Method("sha256", lambda: _Nist(ec.SECP256R1())),
    "ecdh-sha2-nistp384": _Method("sha384", lambda: _Nist(ec.SECP384R1())),
    "ecdh-sha2-nistp521": _Method("sha512", lambda: _Nist(ec.SECP521R1())),
    "diffie-hellman-group14-sha256": _Method("sha256", _Group14),
    "diffie-hellman-group14-sha1": _Method("sha1", _Group14),  # all that some devices know
}
"""The exchanges that we can make, best first."""

KEY_TYPES = {
    "ed25519": ("ssh-ed25519",),
    "ecdsa": ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    "rsa": ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"),
}
"""The algorithms of host keys that we can verify, by the type of key, best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKey:
    """A host key whose server has proven that it holds it.

    `fingerprint` is written as OpenSSH does, `SHA256:` and base64 without padding.
    """

    type: str
    bits: int
    fingerprint: str


class Exchange:
    """One exchange by `method`, one of METHODS."""

    def __init__(self, method: str) -> None:
        self._method = METHODS[method]
        self._secret = self._method.begin()
        self.message = bytes([INIT]) + self._secret.public

    def host_key(self, reply: bytes, algorithm: str, transcript: bytes) -> HostKey:
        """Return the key that `reply` (a payload) proves; raise Malformed if it proves none.

        `algorithm` is the one agreed on, `transcript` what both sides said before.
        """
        try:
            fields = Fields(reply[1:])
            blob, theirs, signature = fields.string(), fields.string(), fields.string()
            shared = mpint(self._secret.shared(theirs))
            told = transcript + string(blob) + self._secret.public + string(theirs) + shared
            digest = hashlib.new(self._method.digest, told, usedforsecurity=False).digest()
            return _verified(blob, signature, algorithm, digest)
        except InvalidSignature:
            raise Malformed("the signature was not made with the host key") from None
        except Malformed:
            raise
        except _UNREADABLE as error:
            raise Malformed(str(error) or type(error).__name__) from None


def fingerprint(blob: bytes) -> str:
    """Return the fingerprint of a public key in SSH's form."""
    return "SHA256:" + b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def _verified(blob: bytes, signature: bytes, algorithm: str, signed: bytes) -> HostKey:
    """Return the key in `blob` if it signed `signed`; raise InvalidSignature or Malformed."""
    outer = Fields(signature)
    made_by, octets = outer.string().decode("ascii", "replace"), outer.string()
    if made_by != algorithm:
        raise Malformed(f"signed by {made_by[:64]!r} instead of {algorithm}")
    key = Fields(blob)
    kind = key.string().decode("ascii", "replace")
    if kind == "ssh-ed25519" == algorithm:
        ed25519.Ed25519PublicKey.from_public_bytes(key.string()).verify(octets, signed)
        bits = 256
    elif kind == algorithm and kind in _CURVES:
        bits = _verify_ecdsa(key, kind, octets, signed)
    elif kind == "ssh-rsa" and algorithm in _RSA_HASHES:
        bits = _verify_rsa(key, algorithm, octets, signed)
    else:
        raise Malformed(f"a key of type {kind[:64]!r} for {algorithm}")
    return HostKey(type=kind, bits=bits, fingerprint=fingerprint(blob))


_CURVES: dict[str, tuple[ec.EllipticCurve, hashes.HashAlgorithm]] = {
    "ecdsa-sha2-nistp256": (ec.SECP256R1(), hashes.SHA256()),
    "ecdsa-sha2-nistp384": (ec.SECP384R1(), hashes.SHA384()),
    "ecdsa-sha2-nistp521": (ec.SECP521R1(), hashes.SHA512()),
}
_RSA_HASHES: dict[str, hashes.HashAlgorithm] = {
    "rsa-sha2-512": hashes.SHA512(),
    "rsa-sha2-256": hashes.SHA256(),
    "ssh-rsa": hashes.SHA1(),  # noqa: S303 - named as weak wherever it is offered
}


def _verify_ecdsa(key: Fields, kind: str, octets: bytes, signed: bytes) -> int:
    """Verify, and return the size of the key in bits."""
    curve, digest = _CURVES[kind]
    key.string()  # the curve's name once more
    public = ec.EllipticCurvePublicKey.from_encoded_point(curve, key.string())
    numbers = Fields(octets)
    public.verify(encode_dss_signature(numbers.mpint(), numbers.mpint()), signed, ec.ECDSA(digest))
    return curve.key_size


def _verify_rsa(key: Fields, algorithm: str, octets: bytes, signed: bytes) -> int:
    exponent, modulus = key.mpint(), key.mpint()
    bits = modulus.bit_length()
    if bits > _MOST_RSA_BITS or exponent.bit_length() > 64:
        raise Malformed(f"an RSA key of {bits} bits")
    public = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    public.verify(octets, signed, padding.PKCS1v15(), _RSA_HASHES[algorithm])
    return bits
