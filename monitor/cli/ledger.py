"""`pantau ledger`: show that what was recorded is what is there."""

import base64
import getpass
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.days import local_day
from monitor.cli.errors import Failed
from monitor.cli.output import print_json
from monitor.cli.settings import Output, Settings, pass_settings, shared_options
from monitor.cli.writing import answering

_BUNDLE = """\
The ledger {name}

entries.jsonl      the entries, one a line, to the byte as they were hashed
hours.jsonl        what is known of each hour of each check: an entry "hour" has the root over these
blocks             their samples as far as they are kept, in the same order, in base64
checkpoints        what was signed of them, in the form of c2sp.org/tlog-checkpoint
terms.json         what the figures of services go by: checks, hours, planned work, corrections
pantau_verify.py   verifies all of it; it needs Python, and nothing else
pantau_figures.py  verifies it as well, and computes all figures of availability anew

    python3 pantau_verify.py --key '{key}' \\
        entries.jsonl checkpoints --hours hours.jsonl --blocks blocks

    python3 pantau_figures.py --key '{key}' \\
        entries.jsonl checkpoints --hours hours.jsonl --blocks blocks --terms terms.json

Who made this bundle could have signed another history with the same key. Add checkpoints that you
got in another way, and earlier: from messages, from Prometheus, from a file you kept. And compare
the key with the one that you were told when the monitor began.
"""

if TYPE_CHECKING:
    from monitor.domain.windows import Window
    from monitor.ledger.audit import Finding
    from monitor.ledger.note import Verifier
    from monitor.store.actsaudit import ActsFinding
    from monitor.store.hoursaudit import HoursFinding
    from monitor.store.ledgerreader import LedgerReader


@click.group()
def ledger() -> None:
    """Show that nobody changed what was recorded."""


@ledger.command()
@click.option(
    "--checkpoint",
    "kept",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Checkpoints that were kept elsewhere, one after the other in a file; repeat.",
)
@click.option("--key", "vkey", metavar="VKEY", help="The public key.  [default: as recorded]")
@click.option(
    "--witness",
    "witness_keys",
    multiple=True,
    metavar="VKEY",
    help="The public key of a witness that cosigns checkpoints; repeat.",
)
@click.option(
    "--witnesses",
    "asked",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many of them must have cosigned a checkpoint.  [default: all]",
)
@shared_options
@pass_settings
def verify(
    settings: Settings,
    /,
    kept: Sequence[Path],
    vkey: str | None,
    witness_keys: Sequence[str],
    asked: int | None,
) -> None:
    """Compare the ledger with all that was signed of it, here and elsewhere.

    Who owns this machine can rewrite both the ledger and what was signed here. Only checkpoints
    that were kept elsewhere (--checkpoint) show that.
    """
    from monitor.ledger.note import NoteError

    # By its hashes it says more of a damaged ledger than the checksums of pages could.
    with _reading(settings, is_examined=False) as reader:
        try:
            known, held = _key(reader, vkey), list(_elsewhere(kept))
            finding = reader.audited(known, held)
            cosigned = _cosigned(reader, witness_keys, asked, held)
            hours, acts = reader.hours(), reader.acts()
        except NoteError as error:
            raise Failed(str(error)) from None
    if finding.fault is None:
        with _reading(settings):
            pass  # what is not signed yet may be damaged all the same
    _show(settings, finding, hours, acts, known, kept=len(kept), cosigned=cosigned)


def _cosigned(
    reader: "LedgerReader",
    vkeys: Sequence[str],
    asked: int | None,
    held: Sequence[tuple[str, str]],
) -> int | None:
    """Return how many entries witnesses stand for, None where none are named. NoteError."""
    from monitor.ledger.note import NoteError
    from monitor.ledger.witness import Witness

    count = len(set(vkeys))
    if asked is not None and asked > count:
        message = f"--witnesses {asked}: name so many of them, each with --witness VKEY"
        raise click.UsageError(message)
    if not vkeys:
        return None
    witnesses = [Witness.parse(each) for each in vkeys]
    size = reader.witnessed(witnesses, asked or count, held)
    if size == 0:
        names = ", ".join(each.name for each in witnesses)
        raise NoteError(f"no checkpoint is cosigned by {asked or 'all'} of {names}")
    return size


@ledger.command()
@click.option(
    "--checkpoint",
    "to",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="Where to write the newest checkpoint; - for stdout.",
)
@click.option(
    "--bundle",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where to write all of the ledger, with what verifies it without Pantau.",
)
@click.option(
    "--from",
    "first",
    callback=local_day,
    metavar="YYYY-MM-DD",
    help="The first day of the terms in the bundle.  [default: all that was sealed]",
)
@click.option(
    "--to",
    "until",
    callback=local_day,
    metavar="YYYY-MM-DD",
    help="The day after their last.",
)
@shared_options
@pass_settings
def export(
    settings: Settings,
    /,
    to: Path | None,
    folder: Path | None,
    first: date | None,
    until: date | None,
) -> None:
    """Write the newest checkpoint to a file, to be kept where nobody from here can change it.

    Or, with --bundle, all entries, all checkpoints, what figures of availability go by, and the
    programs that verify them and compute the figures anew.
    """
    if to is None and folder is None:
        raise click.UsageError("name a file (--checkpoint FILE) or a folder (--bundle FOLDER)")
    days = _days(first, until, folder)
    with _reading(settings) as reader:
        notes = reader.notes()
        if not notes:
            raise Failed("nothing was signed yet: the daemon signs a minute after its start")
        try:
            if folder is not None:
                _write_bundle(folder, reader, notes)
                _write_terms(folder / "terms.json", settings, reader, days)
            if to is not None and str(to) != "-":
                to.write_text(notes[-1])
        except OSError as error:
            raise Failed(f"{error.filename}: {error.strerror}") from None
    if str(to) == "-":
        click.echo(notes[-1], nl=False)
    elif not settings.quiet:
        if to is not None:
            click.echo(f"✓ {to}: keep it where nobody from here can change it")
        if folder is not None:
            click.echo(f"✓ {folder}: README.txt says how to verify it")


def _days(first: date | None, until: date | None, folder: Path | None) -> tuple[date, date] | None:
    """Return the days that were asked for, from one up to another; None where none were."""
    if first is None and until is None:
        return None
    if first is None or until is None or first >= until or folder is None:
        message = "--from and --to go together, with --bundle; --to names the day after the last"
        raise click.UsageError(message)
    return first, until


def _write_bundle(folder: Path, reader: "LedgerReader", notes: Sequence[str]) -> None:
    """Write the ledger as an auditor takes it along. Raises OSError."""
    from importlib.resources import files

    from monitor.app.ledgerexport import export_ledger

    key = _key(reader, None)
    folder.mkdir(parents=True, exist_ok=True)
    export_ledger(folder, reader, notes)
    for program in ("pantau_verify.py", "pantau_figures.py"):
        (folder / program).write_bytes(files("monitor.ledger").joinpath(program).read_bytes())
    (folder / "README.txt").write_text(_BUNDLE.format(name=key.name, key=key))


def _write_terms(
    file: Path, settings: Settings, reader: "LedgerReader", days: tuple[date, date] | None
) -> None:
    """Write what figures go by, of what was sealed and signed of the days. Raises OSError."""
    from monitor.cli.configured import configuration
    from monitor.reports.entries import Terms
    from monitor.reports.terms import terms_document

    config = configuration(settings.config_path)
    period = _sealed_of(days, reader.sealed(), ZoneInfo(config.monitor.zone))
    if period is None:
        file.unlink(missing_ok=True)
        return
    terms = Terms(
        calendars=config.calendars, windows=reader.windows(), corrections=reader.corrections()
    )
    checks = [configured.check for configured in config.checks]
    document = terms_document(config.services.values(), checks, period, terms)
    file.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _sealed_of(
    days: tuple[date, date] | None, sealed: "Window | None", zone: ZoneInfo
) -> "Window | None":
    """Return the part of the days that was sealed, else all that was; None where nothing was."""
    from monitor.domain.periods import between
    from monitor.domain.windows import Window

    if days is None:
        return sealed
    asked = between(*days, zone)
    found = Window(asked.start, min(asked.end, sealed.end)) if sealed else Window(0, 0)
    if found.start >= found.end:
        raise Failed(f"of {days[0]} up to {days[1]} nothing was sealed and signed yet")
    return found


@ledger.command()
@click.argument("number", type=click.IntRange(min=0))
@shared_options
@pass_settings
def prove(settings: Settings, /, number: int) -> None:
    """Print a proof that entry NUMBER is part of what the newest checkpoint stands for.

    The entry itself goes to stderr. Anybody with the public key can check both without us
    (c2sp.org/tlog-proof).
    """
    from monitor.ledger.note import NoteError

    try:
        with _reading(settings) as reader:
            found = reader.proven(number)
    except NoteError as error:
        raise Failed(str(error)) from None
    if found is None:
        raise Failed(f"entry {number} was not signed, or is not there")
    entry, proof = found
    if settings.output is Output.JSON:
        print_json({"number": number, "entry": entry.decode(), "proof": proof.text})
        return
    click.echo(entry.decode(), err=True)
    click.echo(proof.text, nl=False)


@ledger.command("rotate-key")
@click.option("--by", metavar="NAME", help="Who wants it. Default: who runs the command.")
@shared_options
@pass_settings
def rotate_key(settings: Settings, by: str | None) -> None:
    """Have a new key sign the ledger from now on; the one before is destroyed.

    Both keys sign that, so who knows the one before can follow to the new one, and what is signed
    with the one before from now on counts for nothing. Works beside a running daemon, and without.
    """
    from monitor.cli.configured import configuration

    with answering(settings, configuration(settings.config_path)) as writer:
        answer = writer.rotate_key(by or getpass.getuser())
    if answer["key"] is None:
        raise Failed(answer["detail"])
    if settings.output is Output.JSON:
        print_json({"key": answer["key"], "checkpoint": answer["checkpoint"]})
    elif not settings.quiet:
        click.echo(f"✓ {answer['key']}: signs from now on")
        click.echo("  Write this key down elsewhere, and keep a checkpoint that it signed there:")
        click.echo("  pantau ledger export --checkpoint FILE")


@contextmanager
def _reading(settings: Settings, *, is_examined: bool = True) -> Iterator["LedgerReader"]:
    from monitor.cli.configured import configuration
    from monitor.ports import StoreError
    from monitor.store.ledgerreader import open_ledger
    from monitor.store.reader import Examined

    examined = Examined.FIRST if is_examined else Examined.NEVER
    try:
        data_dir = configuration(settings.config_path).monitor.data_dir
        with open_ledger(data_dir, examined=examined) as reader:
            yield reader
    except StoreError as error:
        raise Failed(str(error)) from None


def _key(reader: "LedgerReader", vkey: str | None) -> "Verifier":
    from monitor.ledger.note import Verifier

    written = vkey or reader.recorded_key()
    if written is None:
        raise Failed("the ledger names no key yet: the daemon signs a minute after its start")
    return Verifier.parse(written)


def _elsewhere(files: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Yield the notes that were kept in files, each with its file. NoteError for one with none."""
    from monitor.ledger.note import NoteError, split

    for file in files:
        try:
            notes = list(split(file.read_text("utf-8")))
        except UnicodeDecodeError:
            raise NoteError(f"{file}: not text in UTF-8: a checkpoint is") from None
        except OSError as error:
            raise NoteError(f"{file}: {error.strerror}") from None
        if not notes:
            raise NoteError(f"{file}: it holds no checkpoint, so nothing is compared with it")
        for note in notes:
            yield str(file), note


def _show(
    settings: Settings,
    finding: "Finding",
    hours: "HoursFinding",
    acts: "ActsFinding",
    known: "Verifier",
    *,
    kept: int,
    cosigned: int | None,
) -> None:
    fault, faults = finding.fault, [*hours.faults, *acts.faults]
    if settings.output is Output.JSON:
        document = {**_document(finding, known), "witnessed": cosigned}
        print_json({**document, "hours": asdict(hours), "acts": asdict(acts)})
    elif fault is None and not faults and not settings.quiet:
        click.echo(f"✓ {finding.size} entries, {finding.signed} of them signed by {known.name}")
        click.echo(f"  root {base64.b64encode(finding.root).decode()}")
        click.echo(f"  key  {known}")
        if cosigned is not None:
            click.echo(f"  {cosigned} entries witnessed")
        for line in (*_hours_lines(hours), *_acts_lines(acts)):
            click.echo(f"  {line}")
        if not kept:
            click.echo("  Compared with what is on this machine only: see --checkpoint.")
    if fault is not None:
        raise Failed(f"✗ entries {fault.first} to {fault.end - 1}: {fault.detail}")
    if faults:
        raise Failed("\n".join(f"✗ {each}" for each in faults))


def _hours_lines(hours: "HoursFinding") -> Iterator[str]:
    """Yield what there is to say of sealed hours in which nothing is wrong."""
    if hours.parts:
        yield (
            f"{hours.rows} hours of checks, and {hours.blocks} blocks of samples, are as they "
            "were sealed"
        )
    if hours.dropped:
        yield f"{hours.dropped} blocks were dropped, as the ledger says"
    if hours.restored:
        yield (
            f"{hours.restored} hours were sealed after the backup that was put back since: the "
            "ledger has what they add up to, the database does not know them"
        )


def _acts_lines(acts: "ActsFinding") -> Iterator[str]:
    """Yield what there is to say of what people said in which nothing is wrong."""
    if acts.acts:
        yield (
            f"{acts.acts} entries of corrections, planned work and filed reports are as the "
            "database has them"
        )
    if acts.restored:
        yield f"{acts.restored} of them were made after the backup that was put back since"


def _document(finding: "Finding", known: "Verifier") -> Mapping[str, Any]:
    fault = finding.fault
    return {
        "size": finding.size,
        "signed": finding.signed,
        "root": base64.b64encode(finding.root).decode(),
        "key": str(known),
        "fault": None
        if fault is None
        else {"first": fault.first, "end": fault.end, "detail": fault.detail},
    }
