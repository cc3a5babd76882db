"""A ledger that the real store wrote, what somebody could do to it, and whether that is seen."""

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from monitor.domain.status import Status
from monitor.ledger.audit import Fault, Finding, audited
from monitor.ledger.checkpoint import Checkpoint, checkpoint_of
from monitor.ledger.note import Signer, split
from monitor.ledger.tree import Frontier, leaf_hash, root_of
from monitor.ports import Change, MarkKind
from monitor.store.backup import back_up
from monitor.store.connection import DATABASE, reading_engine
from monitor.store.ledger import Signing, entries
from monitor.store.ledgerreader import open_ledger
from monitor.store.pagesums import sums_path
from monitor.store.sql import open_store
from tests.acceptance.cli.commands import pantau
from tests.fakes import NOON
from tests.integration.store.changes import CHECKS, VANTAGE, change_to, mark

OURS = Signer(f"pantau/{VANTAGE}", bytes(range(32)))

Row = tuple[int, bytes]
Log = list[Row]
Act = Callable[[Log, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """A ledger in a data directory, what was signed of it and kept elsewhere, older backups.

    `begun` is how far one has read at each size that is kept, `everywhere` at each size.
    """

    data: Path
    log: Log
    kept: tuple[Checkpoint, ...]
    kept_text: str
    backups: tuple[Path, ...]
    begun: dict[int, Frontier] = field(repr=False)


async def specimen(folder: Path, count: int, *, kept: int, backups: int) -> Specimen:
    """Return a ledger of `count` entries, signed every few of them, as the daemon would."""
    chance, data = random.Random(count), folder / "data"
    notes: list[str] = []
    copies: list[Path] = []
    size = 1  # who signs says so in an entry
    async with open_store(data, vantage=VANTAGE, now=lambda: NOON, signing=Signing(OURS)) as store:
        while size < count:
            some = range(size, min(count, size + chance.randint(5, 50)))
            await store.commit(_happened(some))
            notes.append(await store.sign() or "")
            size = some.stop
            if len(copies) < backups and size >= (len(copies) + 1) * count // (backups + 1):
                copies.append(folder / f"backup-{len(copies)}.db")
                back_up(data, copies[-1])
    text = "".join(sorted(chance.sample(notes[:-1], kept - 1), key=notes.index)) + notes[-1]
    with reading_engine(data).connect() as connection:
        log = list(entries(connection))
    points = [checkpoint_of(note, OURS.verifier) for note in split(text)]
    return Specimen(
        data=data,
        log=log,
        kept=tuple(points),
        kept_text=text,
        backups=tuple(copies),
        begun=frontiers(log, [point.size for point in points]),
    )


def _happened(numbers: range) -> Change:
    """Return as many changes of a status and events of the monitor as there are numbers."""
    turns = [(Status.UP, Status.DOWN), (Status.DOWN, Status.UP)]
    return Change(
        transitions=tuple(
            (CHECKS[n // 2 % len(CHECKS)], change_to(*turns[n // 6 % 2], n))
            for n in numbers
            if n % 2
        ),
        marks=tuple(mark(MarkKind.PAUSE, n) for n in numbers if not n % 2),
    )


def frontiers(log: Sequence[Row], sizes: Sequence[int]) -> dict[int, Frontier]:
    """Return how far one has read at each of `sizes`."""
    found = {0: Frontier()}
    frontier = found[0]
    for size in sizes:
        frontier = frontier.grown(leaf_hash(body) for _, body in log[frontier.size : size])
        found[size] = frontier
    return found


def _flip(log: Log, at: int, bit: int) -> None:
    number, body = log[at]
    bent = bytearray(body)
    bent[bit // 8] ^= 1 << bit % 8
    log[at] = number, bytes(bent)


def flips(specimen: Specimen, number: int) -> Iterator[Act]:
    """Yield an act for each bit of an entry."""
    for bit in range(8 * len(specimen.log[number][1])):

        def flip(log: Log, at: int, bit: int = bit) -> None:
            _flip(log, at, bit)

        yield flip


def drop(log: Log, at: int) -> None:
    """Take an entry out."""
    del log[at]


def double(log: Log, at: int) -> None:
    """Have an entry twice."""
    log.insert(at, log[at])


def swap(log: Log, at: int) -> None:
    """Have an entry and the next one change places."""
    (one, body), (other, later) = log[at : at + 2]
    log[at : at + 2] = [(one, later), (other, body)]


def rewrite(log: Log, at: int) -> None:
    """Say that something else was."""
    log[at] = log[at][0], b'{"type":"transition","new":"up"}'


def insert(log: Log, at: int) -> None:
    """Put an entry in that never was."""
    log.insert(at, (log[at][0], b'{"type":"transition","new":"up"}'))


ROW_ACTS: tuple[Act, ...] = (drop, double, swap, rewrite, insert)


@dataclass(slots=True)
class Seen:
    """What became of all that was tried."""

    tried: int = 0
    missed: list[str] = field(default_factory=list)

    def note(self, what: str, fault: Fault | None, expected: tuple[int, int] | None = None) -> None:
        """Count what was tried, and remember where it was not seen, or seen elsewhere."""
        self.tried += 1
        if fault is None:
            self.missed.append(f"{what}: not seen")
        elif expected is not None and (fault.first, fault.end) != expected:
            self.missed.append(f"{what}: {fault}, and it is {expected}")


def tried_on_row(whole: Specimen, number: int, act: Act, seen: Seen) -> None:
    """Change a row, have the numbers left or rewritten, and sign what comes of it with the key.

    What is before the checkpoint before it is as it was, and nothing after the next one can make
    that one agree: so only what is between them is read.
    """
    name = f"{act.__name__} {number}"
    first, end = place = around(whole, number + (act is double))
    begun, held = whole.begun[first], [point for point in whole.kept if first <= point.size <= end]
    rows = whole.log[min(first, number) : end + 2]
    act(rows, number - min(first, number))
    rows = rows[first - min(first, number) :]
    numbered = [(first + at, body) for at, (_, body) in enumerate(rows)]
    if len(numbered) < end - first:  # the last one is missing, whichever it was
        place = first + len(numbered), end
    seen.note(name, audited(numbered, held, begun=begun).fault, place)
    if [each for each, _ in rows] != [each for each, _ in numbered]:
        seen.note(f"{name}, numbers left", audited(rows, held, begun=begun).fault)
    for size in {end, end - 1} - {first}:
        forged = _signed_again(numbered[: size - first], begun)
        fault = audited(numbered, held, [forged], begun).fault
        seen.note(f"{name}, signed at {size}", fault, place)
        if audited(numbered, [], [forged], begun).fault is not None:
            seen.missed.append(f"{name}: the forgery at {size} is a bad one")


def _signed_again(rows: Log, begun: Frontier) -> Checkpoint:
    grown = begun.grown(leaf_hash(body) for _, body in rows)
    return Checkpoint(OURS.name, grown.size, grown.root)


def around(whole: Specimen, number: int) -> tuple[int, int]:
    """Return the sizes of the two checkpoints that are kept around an entry."""
    sizes = [0, *(point.size for point in whole.kept)]
    return max(s for s in sizes if s <= number), min(s for s in sizes if s > number)


def tried_cut(whole: Specimen, left: int, seen: Seen) -> None:
    """Cut the log to `left` entries."""
    first, end = around(whole, left)
    held = [point for point in whole.kept if first <= point.size <= end]
    fault = audited(whole.log[first:left], held, begun=whole.begun[first]).fault
    seen.note(f"cut to {left}", fault, (left, end))


def tried_with_the_command(
    whole: Specimen, act: Callable[[Path], None], folder: Path, *options: str
) -> str:
    """Do something to a copy of the ledger; return what `pantau ledger verify` says against it."""
    folder.mkdir(exist_ok=True)
    data = folder / "data"
    shutil.copytree(whole.data, data)
    (folder / "checks.yaml").write_text("version: 1\n")
    (folder / "kept").write_text(whole.kept_text)
    act(data)
    key = str(OURS.verifier)
    said = pantau(folder, "ledger", "verify", "--key", key, "--checkpoint", "kept", *options)
    return "" if said.returncode == 0 else said.stderr


def asked(data: Path, kept_text: str) -> Finding:
    """Return what the command finds out, told the key and what was kept elsewhere."""
    with open_ledger(data) as reader:
        return reader.audited(OURS.verifier, [("kept", note) for note in split(kept_text)])


def run_sql(data: Path, *statements: str) -> None:
    """Do something to the database itself."""
    sums_path(data / DATABASE).unlink(missing_ok=True)  # or each page would seem damaged
    with closing(sqlite3.connect(data / DATABASE)) as connection:
        for statement in statements:
            with connection:
                connection.execute(statement)


def write_log(data: Path, log: Sequence[bytes], *, signed_at: Sequence[int] | None) -> None:
    """Have the database say something else; sign it with the key where `signed_at` says."""
    with closing(sqlite3.connect(data / DATABASE)) as connection, connection:
        connection.execute("DELETE FROM ledger_entry")
        rows = list(enumerate(log))
        connection.executemany("INSERT INTO ledger_entry (number, body) VALUES (?, ?)", rows)
        if signed_at is None:
            return
        connection.execute("DELETE FROM ledger_checkpoint")
        for size in signed_at:
            point = Checkpoint(OURS.name, size, root_of(map(leaf_hash, log[:size])))
            connection.execute(
                "INSERT INTO ledger_checkpoint (size, at, note) VALUES (?, 0, ?)",
                (size, OURS.signed(point.text)),
            )
