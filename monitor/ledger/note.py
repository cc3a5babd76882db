"""Signed notes, in the form of C2SP (c2sp.org/signed-note): text, and who stands for it.

Signatures are Ed25519 (RFC 8032). A key is known by its name and the first four bytes of a hash.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LARGEST = 1_000_000  # bytes; a reader must be able to bound what it takes in

_ED25519 = b"\x01"
_KEY_BYTES = 32
_SIGNATURE_BYTES = 64
_HASH_BYTES = 4
_DASH = "\N{EM DASH} "
_SECRET_PREFIX = "PRIVATE+KEY+"  # noqa: S105 - what such a key begins with


class NoteError(ValueError):
    """What was read is no note, or nobody who is known signed it."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key and whose it is. `str` gives the `vkey` form, as others are told it."""

    name: str
    key: bytes

    def __post_init__(self) -> None:
        if not is_name(self.name):
            message = f"{self.name!r} is no name of a key: it holds no spaces and no +"
            raise NoteError(message)
        if len(self.key) != _KEY_BYTES:
            message = f"an Ed25519 key has {_KEY_BYTES} bytes, not {len(self.key)}"
            raise NoteError(message)

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Return the verifier that `vkey` (NAME+HASH+KEY) tells. Raises NoteError."""
        name, hashed, key = key_material(vkey)
        if key[:1] != _ED25519:
            message = f"{name or vkey!r}: only Ed25519 keys are known"
            raise NoteError(message)
        found = cls(name, key[1:])
        if hashed != found.key_hash.hex():
            message = f"{name}: the key is not the one of hash {hashed!r}"
            raise NoteError(message)
        return found

    @property
    def key_hash(self) -> bytes:
        """Return the four bytes that stand before a signature of this key."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.key).digest()[:_HASH_BYTES]

    def has_signed(self, text: str, signature: bytes) -> bool:
        """Say whether `signature` (64 bytes) is this key's over `text`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True

    def __str__(self) -> str:
        encoded = base64.b64encode(_ED25519 + self.key).decode()
        return f"{self.name}+{self.key_hash.hex()}+{encoded}"


@dataclass(frozen=True, slots=True)
class Signer:
    """A secret key (32 bytes) and whose it is."""

    name: str
    secret: bytes

    @classmethod
    def parse(cls, skey: str) -> Self:
        """Return the signer of a secret key as `skey` writes it. Raises NoteError."""
        rest = skey.strip().removeprefix(_SECRET_PREFIX)
        name, _, tail = rest.partition("+")
        hashed, _, encoded = tail.partition("+")
        key = _decoded(encoded)
        if rest == skey.strip() or len(key) != _KEY_BYTES + 1 or key[:1] != _ED25519:
            message = "not a secret key: write PRIVATE+KEY+NAME+HASH+KEY, the key an Ed25519 one"
            raise NoteError(message)
        found = cls(name, key[1:])
        if hashed != found.verifier.key_hash.hex():
            message = f"{name}: the secret key is not the one of hash {hashed!r}"
            raise NoteError(message)
        return found

    @property
    def skey(self) -> str:
        """Return the secret key as a file keeps it."""
        encoded = base64.b64encode(_ED25519 + self.secret).decode()
        return f"{_SECRET_PREFIX}{self.name}+{self.verifier.key_hash.hex()}+{encoded}"

    @property
    def verifier(self) -> Verifier:
        """Return what others need to check what this signs."""
        return Verifier(self.name, self._key().public_key().public_bytes_raw())

    def signed(self, text: str) -> str:
        """Return `text`, which ends with a line feed, as a note that this key stands for."""
        return signed_by(text, [self])

    def line(self, text: str) -> str:
        """Return the line that stands under `text` for this key."""
        signature = self.verifier.key_hash + self._key().sign(text.encode())
        return f"{_DASH}{self.name} {base64.b64encode(signature).decode()}\n"

    def __repr__(self) -> str:
        return f"Signer({self.name!r}, …)"

    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.secret)


def signed_by(text: str, signers: Iterable[Signer]) -> str:
    """Return `text`, which ends with a line feed, as a note that all of `signers` stand for."""
    if not text.endswith("\n") or not _is_text(text):
        message = "a note is lines of text, each with a line feed at its end"
        raise NoteError(message)
    return f"{text}\n{''.join(each.line(text) for each in signers)}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One line under a note: whose, the hash of the key, and the signature itself."""

    name: str
    key_hash: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """What a note says, and the lines under it, whosoever they are."""

    text: str
    signatures: tuple[Signature, ...]

    def signers(self, known: Iterable[Verifier]) -> tuple[Verifier, ...]:
        """Return who of `known` stands for it. Signatures of others say nothing, and are no fault.

        Raises NoteError where a known key is named, but did not make the signature.
        """
        by_key = {(each.name, each.key_hash): each for each in known}
        found: dict[Verifier, None] = {}
        for each in self.signatures:
            verifier = by_key.get((each.name, each.key_hash))
            if verifier is None:
                continue
            if not verifier.has_signed(self.text, each.signature):
                message = f"the signature of {each.name} is false"
                raise NoteError(message)
            found[verifier] = None
        return tuple(found)


def key_material(vkey: str) -> tuple[str, str, bytes]:
    """Return the name, the hash and the bytes that a key (NAME+HASH+KEY) says. Raises NoteError.

    The first byte says for what it is.
    """
    name, _, rest = vkey.strip().partition("+")
    hashed, _, encoded = rest.partition("+")
    try:
        key = _decoded(encoded)
    except NoteError as error:
        raise NoteError(f"{vkey.strip()[:80]!r} is no key, NAME+HASH+KEY: {error}") from None
    if not key:
        raise NoteError(f"{vkey.strip()[:80]!r} is no key: write NAME+HASH+KEY")
    return name, hashed, key


def parse(note: bytes) -> Note:
    """Return what `note` says and who says they stand for it, unchecked. Raises NoteError."""
    if len(note) > LARGEST:
        message = f"a note of over {LARGEST} bytes"
        raise NoteError(message)
    try:
        whole = note.decode()
    except UnicodeDecodeError:
        raise NoteError("not UTF-8") from None
    if not _is_text(whole):
        message = "it holds control characters"
        raise NoteError(message)
    text, gap, under = whole.rpartition("\n\n")
    if not gap or not under.endswith("\n"):
        message = "not a note: an empty line and signatures should follow the text"
        raise NoteError(message)
    return Note(text + "\n", tuple(map(_signature, under[:-1].split("\n"))))


def split(text: str) -> Iterator[str]:
    """Yield the notes of a text that holds several, one after the other."""
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        is_signature = line.startswith(_DASH)
        if lines and lines[-1].startswith(_DASH) and not is_signature:
            yield "".join(lines)
            lines = []
        if lines or line.strip():
            lines.append(line)
    if lines:
        yield "".join(lines)


def opened(note: bytes, known: Sequence[Verifier]) -> Note:
    """Return a note that at least one of `known` signed. Raises NoteError."""
    found = parse(note)
    if not found.signers(known):
        names = ", ".join(each.name for each in known) or "nobody"
        message = f"none of those known ({names}) signed it"
        raise NoteError(message)
    return found


def is_name(name: str) -> bool:
    """Say whether a key may be called `name`."""
    return bool(name) and _is_text(name) and "+" not in name and not any(map(str.isspace, name))


def _signature(line: str) -> Signature:
    name, gap, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not gap or not is_name(name):
        message = f"{line[:80]!r} is no signature"
        raise NoteError(message)
    raw = _decoded(encoded)
    if len(raw) <= _HASH_BYTES:
        message = f"the signature of {name} is too short"
        raise NoteError(message)
    return Signature(name, raw[:_HASH_BYTES], raw[_HASH_BYTES:])


def _decoded(encoded: str) -> bytes:
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("not base64") from None
    if base64.b64encode(raw).decode() != encoded:
        message = "base64 that is not written as it should be"
        raise NoteError(message)
    return raw


def _is_text(text: str) -> bool:
    return all(letter >= " " or letter == "\n" for letter in text)
