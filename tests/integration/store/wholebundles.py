"""Whole bundles of reports, made of a database as the command makes them, and what verifies them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from monitor.app.ledgerexport import export_ledger
from monitor.domain.calendar import Calendar
from monitor.domain.check import Check
from monitor.domain.service import Service
from monitor.ledger.pantau_bundle import verdict
from monitor.reports.bundle import add_instructions, add_manifest, packed
from monitor.reports.daily import daily
from monitor.reports.laporan import laporan
from monitor.reports.making import Watched, report
from monitor.reports.report import Report, Scope
from monitor.reports.terms import terms_of
from monitor.store.ledgerreader import open_ledger
from monitor.store.reader import open_reader
from tests.integration.store.changes import VANTAGE

Files = dict[str, bytes]


def watched(
    services: Sequence[Service], checks: Sequence[Check], calendars: Mapping[str, Calendar]
) -> Watched:
    """Return what is watched."""
    return Watched(
        services=services,
        checks=checks,
        calendars=calendars,
        vantage=VANTAGE,
        configuration="ab" * 32,
        software="1.0",
    )


def reported(data: Path, city: Watched, scope: Scope) -> Report:
    """Return the report on what is in a database."""
    with open_reader(data, VANTAGE) as reader:
        return report(city, reader, scope)


def files_of(data: Path, made: Report) -> Files:
    """Return the files of the bundle of a report, without its PDF."""
    with TemporaryDirectory() as home:
        folder = Path(home)
        with open_ledger(data) as reader:
            export_ledger(folder, reader, reader.notes())
            key = reader.recorded_key()
        assert key is not None
        (folder / "laporan.json").write_bytes(laporan(made).body)
        (folder / "data.csv").write_bytes("".join(daily(made)).encode())
        (folder / "terms.json").write_text(json.dumps(terms_of(made)))
        add_instructions(folder, str(key), "laporan.zip")
        return {path.name: path.read_bytes() for path in folder.iterdir()}


def archive(files: Mapping[str, bytes]) -> bytes:
    """Return the archive of files, with a manifest that lists them as they are."""
    with TemporaryDirectory() as home:
        for name, body in files.items():
            if name != "manifest.json":
                (Path(home) / name).write_bytes(body)
        add_manifest(Path(home))
        return b"".join(packed(Path(home)))


def said(raw: bytes) -> list[str]:
    """Return what is verified of a bundle."""
    return list(verdict(raw))


def refusal(raw: bytes) -> str:
    """Return why a bundle is refused, "NOTHING" where it is not."""
    try:
        said(raw)
    except Exception as error:
        return str(error) or type(error).__name__
    return "NOTHING"


def changed(files: Files, name: str, change: Any) -> bytes:
    """Return an archive that is whole in itself, with one JSON file in which something is other."""
    document = json.loads(files[name])
    change(document)
    return archive(files | {name: json.dumps(document).encode()})
