"""Verify a ledger of Pantau without Pantau: this file needs Python 3.9 or newer and nothing else.

    python3 pantau_verify.py --key VKEY entries.jsonl checkpoints [more checkpoints…]
    … --hours hours.jsonl [--blocks blocks] [--period FROM/UNTIL --check ID… [--rule any]]

It exits with 0 when every checkpoint (c2sp.org/tlog-checkpoint) was signed by the key, or by one
that it was handed over to or from, and stands for the entries as they are; else with 1, and with 2
when what it was given can't be read. Hours of checks are held against entries of type `hour`, and
blocks of samples against these. From the `spans` of a service's checks, and by its rule, it says
how long it was up, down and unknown. Planned work, hours of service and corrections do not count.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
import zlib
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

Point = tuple[int, int, int, int]
Leaf = dict[str, Any]
STATUSES = ("up", "degraded", "down", "unknown")
HOUR = 3_600_000_000  # microseconds, as all times are
EPOCH = datetime.fromisoformat("1970-01-01T00:00+00:00")
DASH = "\u2014 "


class Refused(Exception):
    """What was given is not what it should be."""


P = 2**255 - 19  # of Ed25519, of which verification alone is here
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def added(one: Point, other: Point) -> Point:
    """Return the sum of two points in extended coordinates."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(number: int, point: Point) -> Point:
    """Return `point` added to itself so often."""
    total: Point = (0, 1, 1, 0)
    for bit in reversed(f"{number:b}"):
        total, point = added(total, point) if bit == "1" else total, added(point, point)
    return total


def point_of(raw: bytes) -> Point:
    """Return the point that 32 bytes stand for. Raises Refused where they stand for none."""
    sign, y = divmod(int.from_bytes(raw, "little"), 1 << 255)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x * ROOT_OF_MINUS_ONE % P if (x * x - square) % P else x
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise Refused("not a point of the curve")
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def has_signed(key: bytes, text: bytes, signature: bytes) -> bool:
    """Say whether `signature` over the bytes `text` is that of `key`. May raise Refused."""
    scalar = int.from_bytes(signature[32:], "little")
    if len(key) != 32 or len(signature) != 64 or scalar >= ORDER:
        return False
    public, commitment = point_of(key), point_of(signature[:32])
    digest = hashlib.sha512(signature[:32] + key + text).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    one, other = times(scalar, BASE), added(commitment, times(challenge, public))
    return all((one[n] * other[2] - other[n] * one[2]) % P == 0 for n in (0, 1))


def decoded(text: str, what: str) -> bytes:
    """Return the bytes that stand in base64, written in the one right way."""
    try:
        raw = base64.b64decode(text)
    except ValueError:
        raw = b""
    if not raw or base64.b64encode(raw).decode() != text:
        raise Refused(f"{what}: not base64, or not as it should be written")
    return raw


class Key(NamedTuple):  # a public key, and the last size that it may sign; 0 for no end
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
    name, key = parts[0], decoded(parts[2], "the key")
    hashed = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    if len(key) != 33 or key[0] != 1 or re.search(r"^$|\s", name) or parts[1] != hashed.hex():
        raise Refused("the key: not an Ed25519 key, or its hash is another one")
    return Key(vkey.strip(), name, hashed, key[1:])


def notes_in(text: str) -> Iterator[str]:
    """Yield the notes that a file holds one after the other."""
    lines: list[str] = []
    for line in text.split("\n"):
        if lines and lines[-1].startswith(DASH) and not line.startswith(DASH):
            yield "\n".join(lines) + "\n"
            lines = []
        if lines or line:
            lines.append(line)
    if lines or not text.strip():
        raise Refused("a note that is cut short" if lines else "a file holds no checkpoint")


def opened(note: str, keys: Iterable[Key]) -> tuple[str, set[str]]:
    """Return the text of a note, and which of `keys` signed it. Raises Refused for a false one."""
    above, gap, under = note.rpartition("\n\n")
    text, signed = above + "\n", set()
    if not gap or not under.endswith("\n"):
        raise Refused("not a signed note")
    for line in under[:-1].split("\n"):
        found = re.fullmatch(DASH + r"(\S+) (\S+)", line)
        if not found:
            raise Refused(f"{line[:60]!r} is no signature")
        raw = decoded(found[2], "a signature")
        for key in (key for key in keys if (found[1], raw[:4]) == (key.name, key.hash)):
            if not has_signed(key.key, text.encode(), raw[4:]):
                raise Refused(f"a signature of {key.name} is false")
            signed.add(key.vkey)
    return text, signed


def checkpoint_of(note: str, keys: Sequence[Key]) -> tuple[int, bytes, set[str]]:
    """Return size, root and signers of a checkpoint, signed by the key whose turn it was."""
    text, signed = opened(note, keys)
    found = re.fullmatch(r"(.+)\n(0|[1-9][0-9]{0,15})\n(.{43}=)\n(.+\n)*", text)
    if not found:
        raise Refused("not a checkpoint")
    size, root = int(found[2]), decoded(found[3], "the root")
    turn = next(key for key in keys if not key.until or size <= key.until)
    if found[1] != turn.name or turn.vkey not in signed:
        raise Refused(f"{turn.vkey} did not sign the checkpoint of {size} entries")
    return size, root, signed


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
            chains += [] if chain and chain[-1].vkey == new.vkey else [[new]]
            continue
        if not chain or not isinstance(note, str):
            raise Refused(f"entry {number}: it hands over nothing")
        old = chain[-1]
        text, signed = opened(note, [old, new])
        stated = f"{old.name}\npantau key rotation v1\n{number}\n{old.vkey}\n{new.vkey}\n"
        if text != stated or old.name != new.name or signed != {old.vkey, new.vkey}:
            raise Refused(f"entry {number}: it does not hand over, by both keys, from the last")
        chain[-1:] = [old._replace(until=number + 1), new]
    alone = [key_of(vkey)]
    return next((chain for chain in chains if alone[0].vkey in {key.vkey for key in chain}), alone)


def roots_at(entries: Sequence[bytes], sizes: Container[int]) -> dict[int, bytes]:
    """Return the root over the first N entries, for each N of `sizes` that there is."""
    peaks: list[bytes] = []
    roots = {0: hashlib.sha256(b"").digest()}
    for number, entry in enumerate(entries, 1):
        place, root = number, hashlib.sha256(b"\0" + entry).digest()
        while place % 2 == 0:
            place, root = place // 2, hashlib.sha256(b"\1" + peaks.pop() + root).digest()
        peaks.append(root)
        if number in sizes:
            for left in reversed(peaks[:-1]):
                root = hashlib.sha256(b"\1" + left + root).digest()
            roots[number] = root
    return roots


def lines_of(raw: bytes, what: str) -> list[bytes]:
    """Return the lines of a file, to the byte. Raises Refused."""
    if raw and not raw.endswith(b"\n"):
        raise Refused(f"{what}: the last line has no end")
    return raw.split(b"\n")[:-1]


def entries_in(raw: bytes) -> list[bytes]:
    """Return the entries of a file, one a line. Raises Refused."""
    entries = lines_of(raw, "the entries")
    for number, entry in enumerate(entries):
        try:
            found = json.loads(entry)
        except (ValueError, RecursionError):
            raise Refused(f"entry {number}: not JSON") from None
        if not isinstance(found, dict) or not isinstance(found.get("type"), str):
            raise Refused(f"entry {number}: not an object with a type")
    return entries


def verified(raw: bytes, texts: Iterable[str], vkey: str) -> tuple[int, int]:
    """Return how many entries there are, and how many are signed. Raises Refused."""
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


def leaves_in(raw: bytes, entries: Sequence[bytes], signed: int) -> tuple[list[Leaf], int]:
    """Return what stands behind entries, and how much a backup that was put back lacked of it."""
    parts: dict[Any, list[tuple[str, bytes, Leaf]]] = {}
    for line in lines_of(raw, "the hours"):
        leaf = json.loads(line)
        place = leaf["vantage"], leaf["hour"], leaf["part"]
        parts.setdefault(place, []).append((leaf["check"], line, leaf))
    found: list[Leaf] = []
    hours, lost = list(enumerate(map(json.loads, entries))), 0
    drops = sorted((e["before"], e["vantage"]) for _, e in hours if e["type"] == "retention")
    before = {vantage: hour for hour, vantage in drops}  # samples from there on are kept
    backups = [(each["size"], end) for end, each in hours if each["type"] == "restored"]
    for number, hour in hours:
        if hour["type"] == "hour":
            rows = parts.pop((hour["vantage"], hour["hour"], hour["part"]), [])
            rows.sort(key=lambda row: row[0])
            root = roots_at([line for _, line, _ in rows], {len(rows)})[len(rows)]
            is_lost = not rows and any(size <= number < end for size, end in backups)
            lost += hour["checks"] if is_lost else 0
            if not is_lost and (len(rows) != hour["checks"] or root.hex() != hour["root"]):
                raise Refused(f"entry {number}: the hours of checks are not those that were sealed")
            more = {"kept": hour["hour"] >= before.get(hour["vantage"], 0), "entry": number}
            found += ({**leaf, **more, "signed": number < signed} for *_, leaf in rows)
    if parts:
        raise Refused(f"no entry stands for the hours of checks {next(iter(parts))}")
    return found, lost


def blocks_in(raw: bytes, leaves: Sequence[Leaf]) -> Leaf:
    """Return the blocks of a file by their hashes, if the leaves name them; none is over 64 MB."""
    samples, found = {leaf["hash"]: leaf["samples"] for leaf in leaves}, Leaf()
    for line in lines_of(raw, "the blocks"):
        packed = decoded(line.decode(), "a block")
        name, opened = hashlib.sha256(packed).hexdigest(), zlib.decompressobj()
        found[name] = json.loads(opened.decompress(packed, 1 << 26)) if name in samples else {}
        if sum(len(epoch["at"]) for epoch in found[name].get("epochs", ())) != samples.get(name):
            raise Refused(f"no leaf stands for the block {name}")
    for leaf in leaves:
        if leaf["kept"] and leaf["hash"] and leaf["hash"] not in found:
            raise Refused(f"the block of {leaf['check']}, hour {leaf['hour']}, is gone unsaid")
    return found


def spans_of(leaf: Leaf) -> list[tuple[int, str]]:
    """Return what is known throughout the hour of a leaf: since when which status."""
    began, rows = leaf["hour"] * HOUR, leaf["spans"] or [[0, "up"]]
    ats = [row[0] for row in rows]
    if ats[0] != 0 or ats != sorted(set(ats)) or {row[1] for row in rows} - set(STATUSES):
        raise Refused(f"{leaf['check']}, hour {leaf['hour']}: its spans are none")
    return [(began + row[0], row[1]) for row in rows]


def begins(rows: Sequence[Leaf], blocks: Leaf, start: int, end: int) -> int:
    """Return from where in a period a check takes part: from its first record on."""
    before = [leaf for leaf in rows if leaf["hour"] < start // HOUR]
    if before and before[-1]["last"]:
        return start
    inside = {leaf["hour"]: leaf["first"] for leaf in rows[len(before) :]}.items()
    seen = [hour * HOUR + at for hour, at in inside if at is not None]
    first: int = max(min([end, *seen]), start)
    for leaf in rows:
        if leaf["missed"] and leaf["hour"] <= first // HOUR:
            if leaf["hash"] not in blocks:
                raise Refused(f"the block of {leaf['check']}, hour {leaf['hour']}, is needed")
            ats = [leaf["hour"] * HOUR + row[1] for row in blocks[leaf["hash"]]["missed"]]
            if any(start <= at < first for at in ats):
                return start
    return first


def combined(statuses: Iterable[str], rule: str) -> str:
    """Return the status of a service with so many checks in each status."""
    counts = Counter(statuses)
    total = sum(counts.values())
    needed = total if rule == "all" else min(1 if rule == "any" else int(rule), total)
    if counts["up"] + counts["degraded"] >= needed > 0:
        return "up" if counts["up"] >= needed else "degraded"
    return "down" if total - counts["down"] < needed else "unknown"


def lengths(leaves: Sequence[Leaf], blocks: Leaf, asked: argparse.Namespace) -> Counter[str]:
    """Return the microseconds in each status in a period; an hour without a leaf is unknown."""
    moments = map(datetime.fromisoformat, asked.period.split("/"))
    start, end = ((each - EPOCH) // timedelta(microseconds=1) for each in moments)
    newest = max((leaf["hour"] for leaf in leaves), default=0)
    if not start < end <= (1 + newest) * HOUR or len({leaf["vantage"] for leaf in leaves}) != 1:
        raise Refused("not all of the period was sealed and signed, at one vantage")
    changes = [(end, "", "")]
    for check in asked.check:
        rows = [leaf for leaf in leaves if leaf["check"] == check]
        if not rows:
            raise Refused(f"there is no leaf of {check}")
        rows.sort(key=lambda leaf: (leaf["hour"], leaf["part"]))
        hours = {leaf["hour"]: spans_of(leaf) for leaf in rows}  # of an hour, its last part counts
        first = begins(rows, blocks, start, end)
        for hour in range(start // HOUR, -(-end // HOUR)):
            spans = hours.get(hour, [(hour * HOUR, "unknown")])
            changes += [(min(max(at, first), end), check, status) for at, status in spans]
    found, known, since = Counter[str](), dict[str, str](), start
    for at, check, status in sorted(changes, key=lambda change: change[0]):
        found[combined(known.values(), asked.rule)] += at - since
        since, known[check] = at, status
    return found


def verdict(options: argparse.Namespace) -> Iterator[str]:
    """Yield what was verified, in words. Raises Refused, OSError, and others for what is none."""
    raw = Path(options.entries).read_bytes()
    texts = [Path(path).read_bytes().decode() for path in options.checkpoints]
    count, signed = verified(raw, texts, options.key)
    yield f"verified: {count} entries, {signed} of them signed"
    if options.hours:
        leaves, lost = leaves_in(Path(options.hours).read_bytes(), entries_in(raw), signed)
        blocks = blocks_in(Path(options.blocks).read_bytes(), leaves) if options.blocks else {}
        yield f"verified: {len(leaves)} hours of checks, {len(blocks)} blocks of samples"
        if lost:
            yield f"{lost} hours of checks are lost: entries say that a backup was put back"
        if options.period:
            found = lengths([leaf for leaf in leaves if leaf["signed"]], blocks, options)
            up, down, unknown = found["up"] + found["degraded"], found["down"], found["unknown"]
            yield f"up {up}, down {down}, unknown {unknown} microseconds"
            yield f"availability {Fraction(up, up + down) if up + down else None}"


def main(arguments: Sequence[str]) -> int:
    """Verify what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--key", required=True, help="the public key: NAME+HASH+KEY")
    parser.add_argument("--hours", help="file of what was sealed, an hour of a check a line")
    parser.add_argument("--blocks", help="file of the samples, one block a line, in base64")
    parser.add_argument("--period", metavar="FROM/UNTIL", help="of which figures are wanted")
    parser.add_argument("--check", action="append", help="a check of the service; repeat")
    parser.add_argument("--rule", default="all", help="all, any, or how many must be up")
    parser.add_argument("entries", help="file of the entries, one a line")
    parser.add_argument("checkpoints", nargs="+", help="files of checkpoints")
    options = parser.parse_args(arguments)
    if not options.hours and (options.blocks or options.period):
        parser.error("--blocks and --period need --hours")
    at, how = r"\d{4}-\d\d-\d\dT\S+[+-]\d\d:\d\d", f"{options.period} {options.rule}"
    is_clear = options.check and re.fullmatch(rf"{at}/{at} (all|any|[1-9]\d*)", how)
    if options.period and not is_clear:
        parser.error("--period FROM/UNTIL, with offsets, needs --check; --rule is all, any or N")
    try:
        sys.stdout.write("".join(f"{line}\n" for line in list(verdict(options))))
    except Exception as error:
        is_unread = isinstance(error, (OSError, UnicodeDecodeError))
        sys.stderr.write(f"{('NOT VERIFIED', 'not readable')[is_unread]}: {error}\n")
        return 2 if is_unread else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
