"""`--sign`: the seal behind the PDF of a report."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.cli.errors import Failed

if TYPE_CHECKING:
    from monitor.configuration.config import Config
    from monitor.reports.filing import Filed
    from monitor.reports.source import Source


def demand_key(config: "Config") -> None:
    """Raise Failed where nothing can seal, before anything is computed."""
    from importlib.util import find_spec

    if find_spec("pyhanko") is None:
        raise Failed("--sign takes the extra `report`: pip install 'pantau[report]'")

    from monitor.app.sealing import key_of
    from monitor.reports.signature import SealError

    try:
        key_of(config.report.seal)
    except SealError as error:
        raise Failed(f"--sign: {error}") from None


def seal(config: "Config", source: "Source", unsealed: bytes) -> bytes:
    """Return a PDF with the seal behind it. Raises Failed."""
    from monitor.app.sealing import seal_pdf
    from monitor.domain.instant import instant
    from monitor.reports.signature import SealError

    at = instant(source.report.scope.until)
    try:
        return asyncio.run(seal_pdf(config, unsealed, source.language, at))
    except SealError as error:
        raise Failed(f"--sign: {error}") from None


def sealed_beside(config: "Config", source: "Source", path: Path, *, replacing: bool) -> "Filed":
    """Return the sealed PDF beside the one at `path`; one that has a seal already stays.

    A seal says when it was made, so it is never the same twice. Raises OSError and Occupied.
    """
    from monitor.reports.filing import Filed, filed

    name = f"{path.stem}.segel.pdf"
    unsealed, place = path.read_bytes(), path.with_name(name)
    if place.exists() and place.read_bytes().startswith(unsealed):
        return Filed(place, is_new=False)
    body = seal(config, source, unsealed)
    [found] = filed(path.parent, {name: lambda: [body]}, replacing=replacing)
    return found
