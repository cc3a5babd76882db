"""Verify a ledger of Pantau without Pantau: this file needs Python 3.9 or newer and nothing else.

    python3 pantau_verify.py --key VKEY entries.jsonl checkpoints [more checkpoints…]

`entries.jsonl` holds one entry a line, checkpoint files hold signed notes one after the other.
It exits with 0 when every checkpoint was signed by the key and stands for the entries as they are,
with 1 when one does not, with 2 when what it was given can't be read. Nothing is skipped.

A key may have been replaced: an entry of type `key` hands over, by a note that the key before and
the new one signed. VKEY may be any of them. Each signs in its turn: the one before, no more than
the checkpoint that ends with that entry, and that one it must have signed.

The tree is that of RFC 6962 (RFC 9162, 2.1), the signature Ed25519 (RFC 8032, 5.1.7), the notes
those of c2sp.org/signed-note and c2sp.org/tlog-checkpoint.
"""

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

Point = tuple[int, int, int, int]

DASH = "\u2014 "


class Refused(Exception):
    """What was given is not what it should be."""


# Ed25519, verification alone. Slow and plain: nothing here is secret.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def added(one: Point, other: Point) -> Point:
    """Return the sum of two points in extended coordinates."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(number: int, point: Point) -> Point:
    """Return `point` added to itself so often."""
    total: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = added(total, point)
        point = added(point, point)
        number >>= 1
    return total


def same(one: Point, other: Point) -> bool:
    """Say whether two points are one."""
    return (one[0] * other[2] - other[0] * one[2]) % P == 0 and (
        one[1] * other[2] - other[1] * one[2]
    ) % P == 0


def point_of(raw: bytes) -> Point:
    """Return the point that 32 bytes stand for. Raises Refused where they stand for none."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise Refused("not a point of the curve")
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def has_signed(key: bytes, text: bytes, signature: bytes) -> bool:
    """Say whether `signature` over the bytes `text` is that of `key`."""
    if len(key) != 32 or len(signature) != 64:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    if scalar >= ORDER:
        return False
    try:
        public, commitment = point_of(key), point_of(signature[:32])
    except Refused:
        return False
    digest = hashlib.sha512(signature[:32] + key + text).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    return same(times(scalar, BASE), added(commitment, times(challenge, public)))


# Notes and checkpoints.
def decoded(text: str, what: str) -> bytes:
    """Return the bytes that stand in base64, written in the one right way."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(f"{what}: not base64") from None
    if base64.b64encode(raw).decode() != text:
        raise Refused(f"{what}: base64 that is not written as it should be")
    return raw


class Key(NamedTuple):
    """A public key, and the last size of the log that it may sign; 0 for no end."""

    vkey: str
    name: str
    hash: bytes
    key: bytes
    until: int = 0


def key_of(vkey: str) -> Key:
    """Return the public key that is written NAME+HASH+KEY."""
    parts = vkey.strip().split("+", 2)
    if len(parts) != 3:
        raise Refused("the key: write NAME+HASH+KEY")
    name, hashed, encoded = parts
    key = decoded(encoded, "the key")
    if len(key) != 33 or key[0] != 1 or not name or re.search(r"\s", name):
        raise Refused("the key: not an Ed25519 key")
    expected = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    if hashed != expected.hex():
        raise Refused("the key: its hash is another one")
    return Key(vkey.strip(), name, expected, key[1:])


def notes_in(text: str) -> Iterator[str]:
    """Yield the notes that a file holds one after the other."""
    lines: list[str] = []
    for line in text.split("\n"):
        if lines and lines[-1].startswith(DASH) and not line.startswith(DASH):
            yield "\n".join(lines) + "\n"
            lines = []
        if lines or line:
            lines.append(line)
    if lines:
        raise Refused("a note that is cut short")


def opened(note: str, keys: Iterable[Key]) -> tuple[str, set[str]]:
    """Return the text of a note, and which of `keys` signed it. Raises Refused for a false one."""
    above, gap, under = note.rpartition("\n\n")
    text, signed = above + "\n", set()
    if not gap or not under.endswith("\n"):
        raise Refused("not a signed note")
    for line in under[:-1].split("\n"):
        who, space, encoded = line[len(DASH) :].partition(" ")
        if not line.startswith(DASH) or not space or not who:
            raise Refused(f"{line[:60]!r} is no signature")
        raw = decoded(encoded, "a signature")
        for key in keys:
            if (who, raw[:4]) == (key.name, key.hash):
                if not has_signed(key.key, text.encode(), raw[4:]):
                    raise Refused(f"a signature of {who} is false")
                signed.add(key.vkey)
    return text, signed


def checkpoint_of(note: str, keys: Sequence[Key]) -> tuple[int, bytes, set[str]]:
    """Return size, root and signers of a checkpoint, signed by the key whose turn it was."""
    text, signed = opened(note, keys)
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or "" in lines[:-1]:
        raise Refused("not a checkpoint")
    origin, size, root = lines[:3]
    if not re.fullmatch("0|[1-9][0-9]{0,15}", size):
        raise Refused(f"{size[:60]!r} is no size")
    turn = next(key for key in keys if not key.until or int(size) <= key.until)
    if origin != turn.name:
        raise Refused(f"a checkpoint of {origin!r}, and the key is that of {turn.name!r}")
    hashed = decoded(root, "the root")
    if len(hashed) != 32:
        raise Refused("the root: not 32 bytes")
    if turn.vkey not in signed:
        raise Refused(f"{turn.vkey} did not sign the checkpoint of {size} entries")
    return int(size), hashed, signed


def keys_by(entries: Sequence[bytes], vkey: str) -> list[Key]:
    """Return the keys of the log in their order: `vkey`, and those before and after it."""
    chains: list[list[Key]] = [[]]
    for number, entry in enumerate(entries):
        if b'"type":"key"' not in entry:  # the one way to write it (RFC 8785)
            continue
        found = json.loads(entry)
        named, note = found.get("key"), found.get("note")
        if found["type"] != "key" or not isinstance(named, str):
            continue
        new, chain = key_of(named), chains[-1]
        if note is None:
            if not chain or chain[-1].vkey != new.vkey:
                chains.append([new])
            continue
        if not chain or not isinstance(note, str):
            raise Refused(f"entry {number}: it hands over nothing")
        old = chain[-1]
        text, signed = opened(note, [old, new])
        expected = [old.name, "pantau key rotation v1", str(number), old.vkey, new.vkey, ""]
        if text.split("\n") != expected or old.name != new.name:
            raise Refused(f"entry {number}: it hands over from another key, or elsewhere")
        if signed != {old.vkey, new.vkey}:
            raise Refused(f"entry {number}: not both keys signed that it is handed over")
        chain[-1:] = [old._replace(until=number + 1), new]
    told = key_of(vkey)
    return next((chain for chain in chains if told.vkey in {key.vkey for key in chain}), [told])


# The tree.
def roots_at(entries: Sequence[bytes], sizes: Container[int]) -> dict[int, bytes]:
    """Return the root over the first N entries, for each N of `sizes` that there is."""
    peaks: list[bytes] = []
    roots = {0: hashlib.sha256(b"").digest()}
    for number, entry in enumerate(entries):
        peaks.append(hashlib.sha256(b"\0" + entry).digest())
        carried = number
        while carried & 1:
            right = peaks.pop()
            peaks[-1] = hashlib.sha256(b"\1" + peaks[-1] + right).digest()
            carried >>= 1
        if number + 1 in sizes:
            root = peaks[-1]
            for left in reversed(peaks[:-1]):
                root = hashlib.sha256(b"\1" + left + root).digest()
            roots[number + 1] = root
    return roots


def entries_in(raw: bytes) -> list[bytes]:
    """Return the entries of a file, one a line, to the byte. Raises Refused."""
    if raw and not raw.endswith(b"\n"):
        raise Refused("the entries: the last line has no end")
    entries = raw.split(b"\n")[:-1]
    for number, entry in enumerate(entries):
        try:
            found = json.loads(entry)
        except (ValueError, RecursionError):
            raise Refused(f"entry {number}: not JSON") from None
        if not isinstance(found, dict) or not isinstance(found.get("type"), str):
            raise Refused(f"entry {number}: not an object with a type")
    return entries


def verified(raw: bytes, texts: Iterable[str], vkey: str) -> tuple[int, int]:
    """Return how many entries there are, and how many are signed.

    Raises Refused, with the smallest range of entries that is known to be wrong.
    """
    entries = entries_in(raw)
    keys = keys_by(entries, vkey)
    points = sorted(checkpoint_of(note, keys) for text in texts for note in notes_in(text))
    if not points:
        raise Refused("there is no checkpoint to compare with")
    ended = {(key, size) for size, _, signed in points for key in signed}
    for key in keys:
        if 0 < key.until < points[-1][0] and (key.vkey, key.until) not in ended:
            raise Refused(f"{key.vkey} signed no checkpoint of {key.until} entries, where it ended")
    roots = roots_at(entries, {size for size, *_ in points})
    agreed = 0
    for size, root, _ in points:
        if size > len(entries):
            raise Refused(f"entries {len(entries)} to {size - 1} are missing: they were signed")
        if roots[size] != root:
            raise Refused(f"entries {agreed} to {size - 1} are not those that were signed")
        agreed = size
    return len(entries), agreed


def main(arguments: Sequence[str]) -> int:
    """Verify what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--key", required=True, help="the public key: NAME+HASH+KEY")
    parser.add_argument("entries", help="file of the entries, one a line")
    parser.add_argument("checkpoints", nargs="+", help="files of checkpoints")
    options = parser.parse_args(arguments)
    try:
        raw = Path(options.entries).read_bytes()
        texts = [Path(path).read_bytes().decode() for path in options.checkpoints]
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"can't read: {error}\n")
        return 2
    try:
        count, signed = verified(raw, texts, options.key)
    except Refused as error:
        sys.stderr.write(f"NOT VERIFIED: {error}\n")
        return 1
    sys.stdout.write(f"verified: {count} entries, {signed} of them signed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
