"""Verify the bundle of a report without Pantau: Python 3.9 or newer and pantau_verify.py beside it.

    python3 -I pantau_bundle.py [--key VKEY] BUNDLE.zip

It exits with 0 when all holds, with 1 and what does not when something doesn't, and with 2 when the
file can't be read. Every byte counts: the archive has one form only, the manifest lists all files,
and the entries of the ledger are those that were signed. Every day of data.csv says what
laporan.json says. How long each service was up, down and unknown around the clock, inside and
outside of planned work and before corrections, is computed anew from the sealed hours.
"""

import argparse
import csv
import hashlib
import importlib.util
import io
import json
import struct
import sys
import zlib
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

FORMAT = "pantau bundle v1"
MANIFEST = "manifest.json"
NEEDED = ("blocks", "checkpoints", "data.csv", "entries.jsonl", "hours.jsonl", "key")
SHARES = ("availability", "lower", "upper", "gross", "coverage")
_LOCAL, _CENTRAL, _END = b"PK\3\4", b"PK\1\2", b"PK\5\6"
_NEW_YEAR_1980 = 0x21  # the first day that the format knows: no file has a time of its own
_LARGEST = 2**32 - 2
_UTF_8 = 0x800


class Refused(Exception):
    """What was given is not what it should be."""


def local_header(name: str, crc: int, size: int) -> bytes:
    """Return what stands before a file in the archive: it is stored as it is."""
    return _LOCAL + struct.pack("<H", 20) + _common(name, crc, size) + name.encode()


def directory(files: Sequence[tuple[str, int, int]]) -> bytes:
    """Return the end of an archive of files, each a name, a CRC-32 and a size, in this order."""
    entries, at = b"", 0
    for name, crc, size in files:
        entries += _CENTRAL + struct.pack("<HH", 0x0314, 20) + _common(name, crc, size)
        entries += struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, at) + name.encode()
        at += len(local_header(name, crc, size)) + size
    if at + len(entries) > _LARGEST:
        raise Refused("over 4 GB: an archive of this form can't hold it")
    count = len(files)
    return entries + _END + struct.pack("<HHHHIIH", 0, 0, count, count, len(entries), at, 0)


def _common(name: str, crc: int, size: int) -> bytes:
    return struct.pack(
        "<HHHHIIIHH", _UTF_8, 0, 0, _NEW_YEAR_1980, crc, size, size, len(name.encode()), 0
    )


def manifest(hashes: Mapping[str, tuple[int, str]]) -> bytes:
    """Return the manifest of files: of each its name, its size and its SHA-256 in hex."""
    listed = [
        {"name": name, "size": size, "sha256": digest}
        for name, (size, digest) in sorted(hashes.items())
    ]
    return json.dumps({"format": FORMAT, "files": listed}, indent=1).encode() + b"\n"


def unpacked(raw: bytes) -> dict[str, bytes]:
    """Return the files of an archive of the one form. Raises Refused, and names what is changed."""
    files: dict[str, bytes] = {}
    found: list[tuple[str, int, int]] = []
    at = 0
    while raw[at : at + 4] == _LOCAL:
        name, body, crc, end = _file_at(raw, at)
        if name in files:
            raise Refused(f"{name} is there twice")
        files[name] = body
        found.append((name, crc, len(body)))
        at = end
    if list(files) != sorted(files) or MANIFEST not in files:
        raise Refused("the archive is no bundle, or its files are not in order")
    if raw[at:] != directory(found):
        raise Refused("the directory at the end of the archive is changed")
    return files


def _file_at(raw: bytes, at: int) -> tuple[str, bytes, int, int]:
    head = raw[at : at + 30]
    if len(head) < 30:
        raise Refused(f"the archive ends at byte {len(raw)}, within a header")
    size, length = struct.unpack("<I", head[22:26])[0], struct.unpack("<H", head[26:28])[0]
    begin = at + 30 + length
    name = raw[at + 30 : begin].decode("utf-8", "backslashreplace")
    body = raw[begin : begin + size]
    crc = zlib.crc32(body)
    if raw[at:begin] != local_header(name, crc, len(body)):
        raise Refused(f"{name}: its bytes, or what the archive says of it, are changed")
    return name, body, crc, begin + size


def listed(files: Mapping[str, bytes]) -> None:
    """Raise Refused where the files are not those of the manifest; it names the first."""
    hashes = {
        name: (len(body), hashlib.sha256(body).hexdigest())
        for name, body in files.items()
        if name != MANIFEST
    }
    try:
        told = {each["name"]: each["sha256"] for each in json.loads(files[MANIFEST])["files"]}
    except (ValueError, TypeError, KeyError):
        raise Refused(f"{MANIFEST} is changed") from None
    for name in sorted(told.keys() | hashes.keys()):
        if told.get(name) != hashes.get(name, (0, None))[1]:
            raise Refused(f"{name} is not what {MANIFEST} lists")
    if manifest(hashes) != files[MANIFEST]:
        raise Refused(f"{MANIFEST} is changed")
    for name in (*NEEDED, "laporan.json"):
        if name not in files:
            raise Refused(f"{name} is missing")


def same_days(lines: bytes, report: Mapping[str, Any]) -> int:
    """Return how many days data.csv has, if it says what the report says. Raises Refused."""
    rows = list(csv.DictReader(io.StringIO(lines.decode(), newline="")))
    told = [
        _day(service["service"], day["date"], figures)
        for service in report["services"]
        for day in service["days"]
        for figures in (day["in_hours"], day["around_the_clock"])
        if figures is not None
    ]
    if len(rows) != len(told):
        raise Refused(f"data.csv has {len(rows)} lines, laporan.json {len(told)}")
    for number, (row, day) in enumerate(zip(rows, told), 2):  # noqa: B905 - Python 3.9
        for column, value in day.items():
            if row.get(column) != value:
                raise Refused(f"data.csv, line {number}: {column} is not what laporan.json says")
    return len(rows)


def _day(service: str, date: str, figures: Mapping[str, Any]) -> Mapping[str, str]:
    return {
        "service": service,
        "date": date,
        **{f"{name}_exact": figures[name]["exact"] or "" for name in SHARES},
        **{f"{part}_microseconds": str(n) for part, n in figures["microseconds"].items()},
        **{name: str(figures[name]) for name in ("outages", "expected", "received")},
    }


def of_period(verify: Any, leaves: Iterable[Any], period: Mapping[str, str]) -> "list[Any]":
    """Return the leaves, of which those alone need a block that lie in the period of the report."""
    edges = (_with_offset(period[edge]) for edge in ("start", "end"))
    first, last = (
        (datetime.fromisoformat(each) - verify.EPOCH) // timedelta(hours=1) for each in edges
    )
    return [{**leaf, "kept": leaf["kept"] and first <= leaf["hour"] <= last} for leaf in leaves]


def _with_offset(moment: str) -> str:
    return moment.replace("Z", "+00:00")  # Python before 3.11 does not read Z


def recomputed(
    verify: Any, report: Mapping[str, Any], leaves: Sequence[Any], blocks: Any
) -> Iterator[str]:
    """Yield what each service comes to by the sealed hours. Raises Refused for another figure."""
    period = report["period"]
    for service in report["services"]:
        asked = {"check": [check["id"] for check in service["checks"]], "rule": service["rule"]}
        figures = (service["as_measured"] or service["figures"])["around_the_clock"]
        spans = [(period["start"], period["known"])]
        carved = [(each["start"], each["end"]) for each in service["carved"]]
        try:
            whole = _lengths(verify, leaves, blocks, spans, asked)
            inside = _lengths(verify, leaves, blocks, carved, asked)
        except verify.Refused as error:
            yield f"NOT COMPUTED ANEW: {service['service']}: {error}"
            continue
        for status, length in _times(whole, inside).items():
            told = figures["microseconds"][status]
            if told != length:
                raise Refused(
                    f"laporan.json: {service['service']} {status}: {told} microseconds, but the "
                    f"sealed hours come to {length}"
                )
        yield f"computed anew: {service['service']}"


def _lengths(
    verify: Any,
    leaves: Any,
    blocks: Any,
    spans: Iterable[tuple[str, str]],
    asked: Mapping[str, Any],
) -> "Counter[str]":
    found: Counter[str] = Counter()
    for start, end in spans:
        period = f"{_with_offset(start)}/{_with_offset(end)}"
        found += verify.lengths(leaves, blocks, Namespace(period=period, **asked))
    return found


def _times(whole: "Counter[str]", inside: "Counter[str]") -> Mapping[str, int]:
    up, up_inside = (each["up"] + each["degraded"] for each in (whole, inside))
    return {
        "up": up - up_inside,
        "down": whole["down"] - inside["down"],
        "unknown": whole["unknown"] - inside["unknown"],
        "up_in_maintenance": up_inside,
        "down_in_maintenance": inside["down"],
        "unknown_in_maintenance": inside["unknown"],
    }


def verdict(raw: bytes, key: "str | None") -> Iterator[str]:
    """Yield what was verified of a bundle, in words. Raises Refused, or others for what is none."""
    files = unpacked(raw)
    listed(files)
    verify = _beside("pantau_verify.py")
    yield f"verified: {len(files)} files are as the manifest lists them"
    report = json.loads(files["laporan.json"])
    sidik_data = hashlib.sha256(files["laporan.json"]).hexdigest()
    yield f"sidik data (SHA-256 of laporan.json): {sidik_data}"
    yield f"verified: {same_days(files['data.csv'], report)} lines of data.csv"
    vkey = key or files["key"].decode().strip()
    entries, texts = files["entries.jsonl"], [files["checkpoints"].decode()]
    count, signed = verify.verified(entries, texts, vkey)
    yield f"verified: {count} entries of the ledger, {signed} of them signed by {vkey}"
    if key is None:
        yield "The key is the one in the bundle: compare it with the one that you were told."
    bodies = verify.entries_in(entries)
    state = report["provenance"]["ledger"]
    if state is not None:
        if state["size"] > signed:
            raise Refused(f"no checkpoint stands for the {state['size']} entries of the report")
        if verify.roots_at(bodies, {state["size"]})[state["size"]].hex() != state["root"]:
            raise Refused("laporan.json names another ledger than that of the bundle")
        yield f"verified: the report names this ledger, at {state['size']} entries"
    leaves, lost = verify.leaves_in(files["hours.jsonl"], bodies, signed)
    blocks = verify.blocks_in(files["blocks"], of_period(verify, leaves, report["period"]))
    yield f"verified: {len(leaves)} hours of checks, {len(blocks)} blocks of samples"
    if lost:
        yield f"{lost} hours of checks are lost: entries say that a backup was put back"
    yield from recomputed(verify, report, [leaf for leaf in leaves if leaf["signed"]], blocks)


def _beside(name: str) -> Any:
    """Return the program of the same folder: an isolated Python looks there for nothing."""
    place = importlib.util.spec_from_file_location("pantau_verify", Path(__file__).with_name(name))
    if place is None or place.loader is None:
        raise OSError(f"{name} is not beside this file")
    found = importlib.util.module_from_spec(place)
    place.loader.exec_module(found)
    return found


def main(arguments: Sequence[str]) -> int:
    """Verify the bundle that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--key", help="the public key, as you were told it: NAME+HASH+KEY")
    parser.add_argument("bundle", help="the archive")
    options = parser.parse_args(arguments)
    try:
        raw = Path(options.bundle).read_bytes()
    except OSError as error:
        sys.stderr.write(f"can't read: {error}\n")
        return 2
    try:
        sys.stdout.write("".join(f"{line}\n" for line in list(verdict(raw, options.key))))
    except Exception as error:
        sys.stderr.write(f"NOT VERIFIED: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
