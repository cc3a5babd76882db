"""Enters reports that were filed into the ledger, and has their readers told."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from monitor.app.reportfiling import FOLDER
from monitor.domain.mailing import letters
from monitor.domain.reportfiling import ReportFiling
from monitor.domain.text import visible_text
from monitor.engine.pipeline import Pipeline
from monitor.ports import Clock, Recording
from monitor.reports.versions import MANIFEST, Altered, Manifest, read_manifest
from monitor.web.context import LONGEST_NAME, NotEntered


class KnownFilings(Protocol):
    """What the store knows of reports that were filed."""

    async def filings(self, name: str) -> Sequence[ReportFiling]: ...


class Filer:
    """Implements `web.context.Filer`. What it returns is on disk."""

    def __init__(
        self,
        pipeline: Pipeline,
        recorder: Recording,
        clock: Clock,
        known: KnownFilings,
        data_dir: Path,
    ) -> None:
        self._pipeline = pipeline
        self._recorder = recorder
        self._clock = clock
        self._known = known
        self._root = data_dir / FOLDER

    async def enter(self, name: str, by: str) -> bool:
        """Enter the version of this name, as its manifest says it.

        Return False where that was entered before. Raise NotEntered where there is no such report,
        or its manifest can't be read.
        """
        manifest, digest, sizes = await asyncio.to_thread(self._manifest, name)
        filing = _filing(manifest, name, digest, visible_text(by, LONGEST_NAME), self._clock.now())
        before = await self._known.filings(name)
        if any(each.id == filing.id for each in before):
            return False
        folder = str((self._root / name).parent)
        told = letters(filing, before, self._pipeline.mailings, sizes, folder)
        self._pipeline.file_report(filing, told)
        await self._recorder.drain()
        return True

    def _manifest(self, name: str) -> tuple[Manifest, str, Mapping[str, int]]:
        """Return a manifest, its SHA-256, and how large each of its files is."""
        path = self._root / f"{name}.{MANIFEST}"
        try:
            manifest, digest = read_manifest(path)
            sizes = {each: path.with_name(each).stat().st_size for each in manifest.files}
            return manifest, digest, sizes
        except Altered as error:
            raise NotEntered(str(error)) from None
        except OSError as error:
            raise NotEntered(f"{error.filename or path}: {error.strerror}") from None


def _filing(manifest: Manifest, name: str, digest: str, by: str, at: datetime) -> ReportFiling:
    return ReportFiling(
        id=digest,
        name=name,
        period=manifest.period or name.partition("/")[0],
        version=manifest.version,
        fingerprint=manifest.sidik_data,
        replaces=manifest.replaces,
        number=manifest.number,
        owners=manifest.owners,
        services=manifest.services,
        files=manifest.files,
        gist=manifest.summary,
        by=by,
        at=at,
    )
