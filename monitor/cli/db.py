"""`pantau db`: copies of the database, and what they are worth."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.errors import Failed
from monitor.cli.output import print_json, steps
from monitor.cli.person import named
from monitor.cli.settings import Output, Settings, pass_settings, shared_options

if TYPE_CHECKING:
    from monitor.store.backup import Examination
    from monitor.store.putback import PutBack

_FILE = click.Path(dir_okay=False, path_type=Path)
_USE_ANOTHER = "Do not put it back: take another backup"
_THERE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def db() -> None:
    """Back up the database, verify it, put a backup back."""


@db.command()
@click.argument("file", required=False, type=_FILE)
@shared_options
@pass_settings
def backup(settings: Settings, /, file: Path | None) -> None:
    """Copy the database to FILE, also beside a running daemon, and verify the copy.

    Without FILE the copy is in the folder backups of data_dir, and its name says when it was made.
    FILE appears whole and sound, or not at all.
    """
    from monitor.store.backup import back_up, note_backup

    data_dir = _data_dir(settings)
    target = file or data_dir / "backups" / f"pantau-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.db"
    with _store_errors(), steps("Copying") as progress:
        found = back_up(data_dir, target, progress)
        note_backup(data_dir, target)
    if settings.output is Output.JSON:
        print_json({"file": str(target), **_document(found)})
    elif not settings.quiet:
        click.echo(f"✓ {target}: {_size(target)}, {_words(found)}")


@db.command()
@click.argument("file", required=False, type=_THERE)
@shared_options
@pass_settings
def verify(settings: Settings, /, file: Path | None) -> None:
    """Look at all of FILE, by default the database itself: pages, keys, schema and ledger."""
    from monitor.store.backup import examine
    from monitor.store.connection import DATABASE
    from monitor.store.damage import ADVICE

    path = file or _data_dir(settings) / DATABASE
    if not path.exists():
        raise Failed(f"{path}: there is no database yet; `pantau run` makes one")
    with _store_errors():
        found = examine(path)
    if settings.output is Output.JSON:
        print_json({"file": str(path), **_document(found)})
    elif not found.faults and not settings.quiet:
        click.echo(f"✓ {path}: {_words(found)}")
    if found.faults:
        lines = [f"✗ {path}: {fault}" for fault in found.faults]
        raise Failed("\n".join([*lines, ADVICE if file is None else _USE_ANOTHER]))


@db.command()
@click.argument("file", type=_THERE)
@click.option("--by", metavar="NAME", help="Who puts it back. Default: who runs the command.")
@shared_options
@pass_settings
def restore(settings: Settings, /, file: Path, by: str | None) -> None:
    """Put the backup FILE in the place of the database. The daemon must be stopped.

    What is replaced is kept beside it. The ledger is not put back: it goes on from where it was,
    and who put back a backup is its next entry.
    """
    from monitor.store.lock import hold
    from monitor.store.putback import put_back

    data_dir = _data_dir(settings)
    with _store_errors(), hold(data_dir):
        done = put_back(data_dir, file, by=named(by), at=datetime.now(UTC))
    if settings.output is Output.JSON:
        replaced = None if done.replaced is None else str(done.replaced)
        print_json({"replaced": replaced, "carried": done.carried, **_document(done.found)})
    elif not settings.quiet:
        _tell(done, file)
    if done.carried is None:
        click.echo(
            "The ledger of before can't go on: it is not what the backup's grew to. Until the key "
            "and the file `checkpoint` of data_dir are taken away, nothing is signed.",
            err=True,
        )


def _tell(done: "PutBack", file: Path) -> None:
    click.echo(f"✓ {file} is the database now: {_words(done.found)}")
    if done.replaced is not None:
        click.echo(f"  What was there before is kept as {done.replaced}")
    if done.carried:
        click.echo(f"  {done.carried} later entries of the ledger go on")


def _words(found: "Examination") -> str:
    ledger = found.ledger
    if ledger is None:
        return f"schema {found.schema}"
    return f"schema {found.schema}, {ledger.size} entries in the ledger, {ledger.signed} signed"


def _document(found: "Examination") -> Mapping[str, Any]:
    ledger = found.ledger
    return {
        "schema": found.schema,
        "faults": list(found.faults),
        "ledger": None if ledger is None else {"size": ledger.size, "signed": ledger.signed},
    }


def _size(path: Path) -> str:
    mebibytes = path.stat().st_size / 2**20
    return f"{mebibytes:.1f} MiB"


def _data_dir(settings: Settings) -> Path:
    from monitor.cli.configured import configuration

    return configuration(settings.config_path).monitor.data_dir


@contextmanager
def _store_errors() -> Iterator[None]:
    from monitor.ports import StoreError

    try:
        yield
    except StoreError as error:
        raise Failed(str(error)) from None
