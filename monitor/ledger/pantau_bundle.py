"""Verify the bundle of a report without Pantau: Python 3.9 or newer, and the programs beside it.

    python3 -I pantau_bundle.py [--key VKEY] [--checkpoint FILE]... BUNDLE.zip

Every byte counts: the archive has one form only, the manifest lists all files, the entries of the
ledger are those that were signed, and hours and samples are those that the entries stand for. Every
figure of laporan.json is computed anew from them, and data.csv says what laporan.json says.

It exits with 0 when all of it holds and was computed anew; with 1, and what it is, when something
does not hold; with 2 when the file can't be read; with 3 when nothing disagrees, but not all could
be computed anew yet: what is left is named.
"""

import argparse
import hashlib
import importlib.util
import json
import re
import struct
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

FORMAT = "pantau bundle v1"
MANIFEST = "manifest.json"
PROGRAMS = tuple(
    f"pantau_{name}.py" for name in ("bundle", "figures", "recount", "report", "verify", "words")
)
NEEDED = (
    *("BACA-SAYA.txt", "README.txt", *PROGRAMS, "blocks", "checkpoints", "data.csv"),
    *("entries.jsonl", "hours.jsonl", "key", "laporan.json", "terms.json"),
)
PAPER = re.compile(r"laporan(-jilid-[0-9]{2,}-[\w.+-]{1,60})?\.(id|en)\.pdf")
LEFT = "NOT COMPUTED ANEW"
_LOCAL, _CENTRAL, _END = b"PK\3\4", b"PK\1\2", b"PK\5\6"
_NEW_YEAR_1980 = 0x21  # the first day that the format knows: no file has a time of its own
_LARGEST = 2**32 - 2
_UTF_8 = 0x800


class Refused(Exception):
    """What was given is not what it should be."""


class Asked(NamedTuple):  # what an auditor brings along: a public key, and checkpoints
    key: "str | None" = None
    kept: Sequence[str] = ()


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
        if name not in (*NEEDED, MANIFEST) and not PAPER.fullmatch(name):
            raise Refused(f"{name!r} does not belong in a bundle")
        files[name] = body
        found.append((name, crc, len(body)))
        at = end
    if raw[at : at + 4] != _CENTRAL:
        raise Refused(f"what follows {next(reversed(files), 'nothing')} in the archive is changed")
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
    for name in NEEDED:
        if name not in files:
            raise Refused(f"{name} is missing")


def verdict(raw: bytes, asked: Asked = Asked()) -> Iterator[str]:  # noqa: B008 - a frozen value
    """Yield what was verified of a bundle, in words. Raises Refused, or others for what is none."""
    files = unpacked(raw)
    listed(files)
    yield f"verified: {len(files)} files are as the manifest lists them"
    yield from _other_programs(files)
    hold = _beside("pantau_report")
    report, terms = (hold.read(files[name], name) for name in ("laporan.json", "terms.json"))
    sidik_data = hashlib.sha256(files["laporan.json"]).hexdigest()
    yield f"sidik data (SHA-256 of laporan.json): {sidik_data}"
    lines = hold.words.same_days(files["data.csv"], report)
    yield f"verified: {lines} lines of data.csv are those of laporan.json"
    vkey = asked.key or files["key"].decode().strip()
    texts = [files["checkpoints"].decode(), *asked.kept]
    count, signed = hold.verify.verified(files["entries.jsonl"], texts, vkey)
    yield f"verified: {count} entries of the ledger, {signed} of them signed by {vkey}"
    if asked.key is None:
        yield "The key is the one in the bundle: compare it with the one that you were told."
    told = list(_recounted(files, report, terms, hold, signed))
    yield from told
    yield from summary(told, f"{signed}", asked)


def _recounted(
    files: Mapping[str, bytes], report: Any, terms: Any, hold: Any, signed: int
) -> Iterator[str]:
    verify = hold.verify
    entries = verify.entries_in(files["entries.jsonl"])
    yield _same_ledger(report, verify, entries, signed)
    leaves, lost = verify.leaves_in(files["hours.jsonl"], entries, signed)
    blocks = verify.blocks_in(files["blocks"], of_period(leaves, hold, report["period"]))
    yield f"verified: {len(leaves)} hours of checks, {len(blocks)} blocks of samples"
    if lost:
        yield f"{lost} hours of checks are lost: entries say that a backup was put back"
    vantage = report["provenance"]["vantage"]
    sealed = [leaf for leaf in leaves if leaf["signed"] and leaf["vantage"] == vantage]
    hold.figures.terms_in(files["terms.json"])  # it refuses what are none
    yield from hold.held(report, terms, hold.ledger_of(entries, sealed, blocks))


def _other_programs(files: Mapping[str, bytes]) -> Iterator[str]:
    for name in PROGRAMS:
        if Path(__file__).with_name(name).read_bytes() != files[name]:
            yield f"note: {name} in the archive is another than the one that verifies it here"


def _same_ledger(report: Any, verify: Any, entries: Sequence[bytes], signed: int) -> str:
    """Return that a report names this ledger, in words. Raises Refused where it does not."""
    state = report["provenance"]["ledger"]
    if state is None:
        return f"{LEFT}: the report names no ledger, since nothing had been signed"
    if state["size"] > signed:
        raise Refused(f"no checkpoint stands for the {state['size']} entries of the report")
    root = verify.roots_at(entries, {state["size"]})[state["size"]].hex()
    if root != state["root"]:
        raise Refused("laporan.json names another ledger than that of the bundle")
    return f"verified: the report names this ledger, at {state['size']} entries, root {root}"


def of_period(leaves: Iterable[Any], hold: Any, period: Mapping[str, str]) -> "list[Any]":
    """Return the leaves, of which those alone need a block that lie in the period of the report."""
    first, last = (hold.moment(period[edge]) // hold.HOUR for edge in ("start", "end"))
    return [{**leaf, "kept": leaf["kept"] and first <= leaf["hour"] <= last} for leaf in leaves]


def summary(told: Sequence[str], signed: str, asked: Asked) -> Iterator[str]:
    """Yield what all of it comes to, in Indonesian and in English."""
    elsewhere = f", {len(asked.kept)} file checkpoint dari tempat lain" if asked.kept else ""
    if any(line.startswith(LEFT) for line in told):
        yield (
            "Hasil: BELUM LENGKAP. Tidak ada yang bertentangan, tetapi belum semua angka dapat "
            f'dihitung ulang: lihat baris "{LEFT}".'
        )
        yield f'Result: INCOMPLETE. Nothing disagrees, but see "{LEFT}" above.'
        return
    yield (
        "Hasil: SESUAI. Setiap angka laporan dihitung ulang dari jam dan sampel yang tercatat, dan "
        f"sama. Dasarnya {signed} entri buku catatan yang ditandatangani{elsewhere}."
    )
    yield (
        "Result: ALL AGREES. Every figure of the report was computed anew from recorded hours and "
        f"samples, and is the same. It rests on {signed} signed entries of the ledger."
    )


def _beside(name: str) -> Any:
    """Return the program of the same folder: an isolated Python looks there for nothing."""
    place = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    if place is None or place.loader is None:
        raise OSError(f"{name}.py is not beside this file")
    found = importlib.util.module_from_spec(place)
    place.loader.exec_module(found)
    return found


def read(path: Path) -> bytes:
    """Return the bytes of a file. Raises OSError, and Refused for what no bundle can be."""
    if path.stat().st_size > _LARGEST + 65_536:
        raise Refused("over 4 GB: no bundle is as large")
    return path.read_bytes()


def code_of(lines: Iterable[str]) -> int:
    """Return how a command ends that says these lines: 3 where something is left, else 0."""
    return 3 if any(line.startswith(LEFT) for line in lines) else 0


def main(arguments: Sequence[str]) -> int:
    """Verify the bundle that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--key", help="the public key, as you were told it: NAME+HASH+KEY")
    parser.add_argument(
        "--checkpoint", action="append", default=[], help="checkpoints that you kept; repeat"
    )
    parser.add_argument("bundle", help="the archive")
    options = parser.parse_args(arguments)
    try:
        raw = read(Path(options.bundle))
        kept = [Path(each).read_bytes().decode() for each in options.checkpoint]
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"can't read: {error}\n")
        return 2
    except Refused as error:
        return _failed(error)
    try:
        lines = list(verdict(raw, Asked(options.key, kept)))
    except Exception as error:
        return _failed(error)
    sys.stdout.buffer.write("".join(f"{line}\n" for line in lines).encode())
    return code_of(lines)


def _failed(error: Exception) -> int:
    sys.stderr.write(f"NOT VERIFIED: {str(error) or type(error).__name__}\n")
    sys.stderr.write("Hasil: TIDAK SESUAI. Baris di atas menyebut apa yang tidak cocok.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
