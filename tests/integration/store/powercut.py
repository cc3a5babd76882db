"""A power cut, simulated: what a process wrote is recorded, and cut off where chance wants it.

strace records each write and sync of the database's files, and each word of the victim. A disk
is then rebuilt as it may be after a cut at any of these events: what was synced is there; each
write since the last sync is there, missing, or torn in sectors.
"""

import random
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.integration.store import verdict
from tests.peers import peer

ROOT = Path(__file__).parents[3]
SECTOR = 512
CALLS = "pwrite64,write,fdatasync,fsync,ftruncate,unlink"

_CALL = re.compile(r"^(\d+) +(\w+)\((.*)\) += (\d+$|-1 |\?)")
_DESCRIPTOR = re.compile(r"^\d+<((?:\\x..)*)>")
_TEXT = re.compile(r'"((?:\\x..)*)"')


@dataclass(frozen=True)
class Event:
    """`call` on the file `name`; `octets` written at `offset`, or said if there is no name.

    After a sync that `failed` the kernel has dropped what was on its way to the disk, and
    reports the next one as a success.
    """

    call: str
    name: str
    octets: bytes = b""
    offset: int = 0
    failed: bool = False


@dataclass
class File:
    """What is on the disk for sure, and what is on its way."""

    synced: bytearray = field(default_factory=bytearray)
    pending: list[Event] = field(default_factory=list)


def recorded(directory: Path, *options: str, fault: str = "") -> list[Event]:
    """Return what a victim on `directory` did, until it killed itself.

    `fault` makes calls of it fail, in the words of strace.
    """
    log = directory.parent / f"{directory.name}.strace"
    flags = ["-f", "-qq", "-y", "-xx", "-s", "100000", "-e", "signal=none", "-e", f"trace={CALLS}"]
    flags += ["-e", f"inject={fault}"] if fault else []
    victim = [sys.executable, "-m", "tests.integration.store.victim", str(directory), *options]
    command = [peer("strace"), *flags, "-o", str(log), *victim, "linger"]
    subprocess.run(command, stdout=subprocess.DEVNULL, cwd=ROOT, check=False)
    return list(_events(log.read_text().splitlines(), str(directory)))


def images(
    events: list[Event], count: int, chance: random.Random, directory: Path, first: int = 0
) -> Iterator[tuple[int, set[int], Path]]:
    """Yield `count` cuts, from event `first` on: after which event, what was acknowledged by then,
    and the disk.
    """
    cuts = sorted(chance.randrange(first, len(events)) for _ in range(count))
    files: dict[str, File] = {}
    said = ""
    position = 0
    for number, cut in enumerate(cuts):
        for event in events[position : cut + 1]:
            said += _happen(files, event)
        position = cut + 1
        image = directory / f"image-{number}"
        image.mkdir()
        for name, file in files.items():
            (image / name).write_bytes(_after_the_cut(file, chance))
        yield cut, verdict.numbers(said, "ack"), image


def _happen(files: dict[str, File], event: Event) -> str:
    """Let `event` happen to `files`, and return what was said."""
    if not event.name:
        return event.octets.decode()
    if event.call == "unlink":
        files.pop(event.name, None)
        return ""
    file = files.setdefault(event.name, File())
    if event.call not in ("fdatasync", "fsync"):
        file.pending.append(event)
        return ""
    for write in () if event.failed else file.pending:
        _apply(file.synced, write)
    file.pending.clear()
    return ""


def _after_the_cut(file: File, chance: random.Random) -> bytes:
    content = bytearray(file.synced)
    # Now and then everything or nothing of it, which chance alone would hardly find.
    kept = chance.choice([0.0, 0.5, 0.5, 0.5, 1.0])
    for write in file.pending:
        if chance.random() < kept:
            torn = write.call == "pwrite64" and chance.random() < 0.3
            _apply(content, write, chance if torn else None)
    return bytes(content)


def _apply(content: bytearray, write: Event, torn_by: random.Random | None = None) -> None:
    if write.call == "ftruncate":
        del content[write.offset :]
        content.extend(bytes(write.offset - len(content)))
        return
    for start in range(0, len(write.octets), SECTOR):
        if torn_by is not None and torn_by.random() < 0.5:
            continue
        part, at = write.octets[start : start + SECTOR], write.offset + start
        content.extend(bytes(max(0, at - len(content))))
        content[at : at + len(part)] = part


def _events(lines: list[str], directory: str) -> Iterator[Event]:
    unfinished: dict[str, str] = {}
    for line in lines:
        thread, _, rest = line.partition(" ")
        if rest.endswith("<unfinished ...>"):
            unfinished[thread] = line.removesuffix(" <unfinished ...>")
            continue
        if "resumed>" in rest:
            line = unfinished.pop(thread) + rest.partition("resumed>")[2]  # noqa: PLW2901
        if (call := _CALL.match(line)) and (event := _event(call, directory)):
            yield event


def _event(found: re.Match[str], directory: str) -> Event | None:
    call, arguments, failed = found[2], found[3], found[4] in ("-1 ", "?")
    if failed and call not in ("fdatasync", "fsync"):
        return None
    if call == "unlink":
        path = _decoded(_TEXT.search(arguments)[1]).decode()
        return Event(call, Path(path).name) if path.startswith(directory) else None
    path = _decoded(_DESCRIPTOR.match(arguments)[1]).decode()
    text = _TEXT.search(arguments)
    octets = _decoded(text[1]) if text else b""
    if call == "write":
        return Event(call, "", octets) if octets.startswith((b"ack", b"ready")) else None
    if not path.startswith(f"{directory}/") or path.endswith("-shm"):
        return None  # shared memory doesn't outlive a cut
    numbers = [int(one) for one in re.findall(r", (\d+)", arguments)]
    return Event(call, Path(path).name, octets, numbers[-1] if numbers else 0, failed)


def _decoded(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))
