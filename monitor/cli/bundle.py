"""`pantau report bundle` and `pantau report verify`: for auditors, who need not believe us."""

import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.errors import Failed
from monitor.cli.output import print_json
from monitor.cli.report import made, report_options, scope_of, show, told, written
from monitor.cli.settings import Output, Settings, pass_settings, shared_options

if TYPE_CHECKING:
    from monitor.configuration.config import Config
    from monitor.reports.source import Source

_HOUR = 3_600_000_000


@click.command()
@report_options
@shared_options
@pass_settings
def bundle(
    settings: Settings,
    /,
    *,
    folder: Path,
    lang: str | None,
    sign: bool,
    replacing: bool,
    **asked: Any,
) -> None:
    """Write one archive with a report, the ledger behind it, and what verifies both.

    An auditor unpacks it and needs Python and nothing else to compute every figure anew. The PDF
    is there where the extra `report` is installed, and sealed with --sign.
    """
    from monitor.cli.configured import configuration
    from monitor.cli.sealing import demand_key
    from monitor.locales import Language
    from monitor.reports.bundle import packed
    from monitor.reports.filing import Occupied, filed
    from monitor.reports.naming import stem
    from monitor.reports.source import source_of
    from monitor.reports.typesetting import Unset

    config = configuration(settings.config_path)
    scope = scope_of(config, **asked)
    if sign:
        demand_key(config)
    source = source_of(made(config, scope), Language(lang or config.monitor.language), told)
    try:
        with TemporaryDirectory(prefix="pantau-") as place:
            _fill(Path(place), config, source, sign=sign)
            files = {f"{stem(scope)}.zip": lambda: packed(Path(place))}
            found = filed(folder, files, replacing=replacing)
    except Occupied as error:
        raise Failed(f"{error}; say another --out, or --replace") from None
    except Unset as error:
        raise Failed(str(error)) from None
    except OSError as error:
        raise Failed(f"{error.filename or folder}: {error.strerror}") from None
    show(settings, source.whole.fingerprint, found)


def _fill(folder: Path, config: "Config", source: "Source", *, sign: bool) -> None:
    from monitor.app.ledgerexport import Hour, export_ledger
    from monitor.cli.sealing import seal
    from monitor.ports import StoreError
    from monitor.reports.bundle import add_instructions, add_manifest
    from monitor.reports.forms import files, lacking
    from monitor.reports.naming import stem
    from monitor.reports.papers import main_name
    from monitor.reports.terms import terms_of
    from monitor.store.ledgerreader import open_ledger

    scope = source.report.scope

    def is_asked(row: Hour) -> bool:
        hour: int = row["hour"]
        return scope.period.start // _HOUR <= hour <= scope.period.end // _HOUR

    try:
        with open_ledger(config.monitor.data_dir) as reader:
            notes, key = reader.notes(), reader.recorded_key()
            if not notes or key is None:
                raise Failed("nothing was signed yet: the daemon signs a minute after its start")
            export_ledger(folder, reader, notes, lambda row: is_asked(row) or bool(row["missed"]))
    except StoreError as error:
        raise Failed(str(error)) from None
    for name, form in (("laporan.json", "json"), ("data.csv", "csv")):
        [pieces] = files(source, [form], "").values()
        with (folder / name).open("wb") as file:
            file.writelines(pieces())
    terms = json.dumps(terms_of(source.report), ensure_ascii=False, indent=1)
    (folder / "terms.json").write_text(f"{terms}\n", encoding="utf-8")
    if not lacking(["pdf"]):
        papers = files(source, ["pdf"], "laporan")
        for name in written(list(papers)):
            body = b"".join(papers[name]())
            is_sealed = sign and name == main_name(source.language, "laporan")
            (folder / name).write_bytes(seal(config, source, body) if is_sealed else body)
    add_instructions(folder, key, f"{stem(scope)}.zip")
    add_manifest(folder)


@click.command()
@click.option("--key", metavar="VKEY", help="The public key of the ledger, as you were told it.")
@click.option(
    "--checkpoint",
    "kept",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Checkpoints that were kept elsewhere; repeat.",
)
@click.option(
    "--trust",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="CERT",
    help="The certificate that seals come from, in PEM.",
)
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@shared_options
@pass_settings
@click.pass_context
def verify(
    context: click.Context,
    settings: Settings,
    /,
    *,
    path: Path,
    key: str | None,
    kept: Sequence[Path],
    trust: Path | None,
) -> None:
    """Say whether a bundle, a sealed PDF or a filed report is as it was made.

    Every figure of a bundle is computed anew from its ledger: what pantau_bundle.py does, a
    program in it that an auditor runs without Pantau. It exits with 3 where nothing disagrees, but
    not all could be computed anew yet. A filed report is named by its manifest: each of its files
    is looked at, and that the ledger says it was filed so.
    """
    from monitor.ledger.pantau_bundle import code_of

    try:
        octets = path.read_bytes()
    except OSError as error:
        raise Failed(f"{path}: {error.strerror}") from None
    is_filed = path.name.endswith(".manifest.json")
    is_paper = octets.startswith(b"%PDF") or path.suffix == ".pdf"
    if is_filed:
        lines = _filed(settings, path)
    else:
        lines = list(
            _seals(path, octets, trust) if is_paper else _verified(path, octets, key, kept)
        )
    if settings.output is Output.JSON:
        print_json({"path": str(path), "verified": lines})
    elif not settings.quiet:
        for line in lines:
            click.echo(line)
    context.exit(code_of(lines))


def _filed(settings: Settings, path: Path) -> list[str]:
    """Return what there is to say of a filed report. Raises Failed where it is not as it was."""
    from monitor.cli.configured import configuration
    from monitor.ports import StoreError
    from monitor.reports.versions import Altered, verified_manifest
    from monitor.store.ledgerreader import open_ledger

    try:
        manifest, digest = verified_manifest(path)
        with open_ledger(configuration(settings.config_path).monitor.data_dir) as reader:
            entries = [filing for filing in reader.entered() if filing["id"] == digest]
    except Altered as error:
        raise Failed(f"✗ {error}") from None
    except StoreError as error:
        raise Failed(str(error)) from None
    if not entries:
        raise Failed(f"✗ {path}: the ledger does not say that it was filed so")
    [entry] = entries
    return [
        f"verified: version {manifest.version}, {len(manifest.files)} files as they were filed",
        f"entry {entry['entry']} of the ledger: filed by {entry['by']}",
        "Whether the ledger is as it was signed: pantau ledger verify",
    ]


def _verified(path: Path, octets: bytes, key: str | None, kept: Sequence[Path]) -> Iterator[str]:
    from monitor.ledger.pantau_bundle import Asked, verdict

    try:
        yield from verdict(octets, Asked(key, [each.read_text() for each in kept]))
    except Exception as error:  # it fails closed: whatever it stumbles over is a fault of the file
        raise Failed(f"✗ {path}: {error}") from None


def _seals(path: Path, octets: bytes, trust: Path | None) -> Iterator[str]:
    from importlib.util import find_spec

    if find_spec("pyhanko") is None:
        raise Failed("a sealed PDF takes the extra `report`: pip install 'pantau[report]'")

    from monitor.reports.sealcheck import BrokenSeal, signatures

    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)  # what it finds is told below
    try:
        roots = [] if trust is None else [_der(trust)]
        for each in signatures(octets, roots):
            if each.trusted is False:
                raise Failed(f"✗ {path}: {each.field}: {each.subject} is not of {trust}")
            yield f"verified: {each.field}, by {each.subject}"
            clock = "an authority" if each.stamped else "the clock of who signed"
            yield f"  at {each.at} by {clock}"
    except BrokenSeal as error:
        raise Failed(f"✗ {path}: {error}") from None
    if trust is None:
        yield "Whose certificate it is was not verified: see --trust."


def _der(path: Path) -> bytes:
    import ssl

    try:
        return ssl.PEM_cert_to_DER_cert(path.read_text())
    except (OSError, ValueError) as error:
        raise Failed(f"--trust {path}: no certificate in PEM: {error}") from None
