"""A witness that cosigns whatever it is given."""

import base64
from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True)
class FakeWitness:
    """A witness by its name and its secret, written out by the specification, not by our code."""

    name: str
    secret: bytes

    @property
    def public(self) -> bytes:
        """Return its public key."""
        return self._key().public_key().public_bytes_raw()

    @property
    def vkey(self) -> str:
        """Return what others are told."""
        encoded = base64.b64encode(b"\x04" + self.public).decode()
        return f"{self.name}+{self._hash().hex()}+{encoded}"

    def cosigned(self, note: str, at: int = 1) -> str:
        """Return a note with its cosignature."""
        return note + self.line(note.partition("\n\n")[0] + "\n", at)

    def line(self, text: str, at: int) -> str:
        """Return the line that stands under a text."""
        signature = self._key().sign(f"cosignature/v1\ntime {at}\n{text}".encode())
        raw = self._hash() + at.to_bytes(8, "big") + signature
        return f"\N{EM DASH} {self.name} {base64.b64encode(raw).decode()}\n"

    def _hash(self) -> bytes:
        return sha256(self.name.encode() + b"\n\x04" + self.public).digest()[:4]

    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.secret)
