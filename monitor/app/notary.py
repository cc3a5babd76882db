"""Has the ledger signed every minute, and takes the checkpoint to where others keep it."""

import asyncio
import base64
from pathlib import Path
from typing import Protocol

import structlog

from monitor.ledger.checkpoint import Checkpoint
from monitor.ledger.note import parse
from monitor.ports import StoreError, Telemetry

log = structlog.get_logger()

FILE = "checkpoint"

_EVERY_SECONDS = 60.0


class SigningStore(Protocol):
    """Signs the ledger it keeps, and returns the newest checkpoint, None if there is none."""

    async def sign(self) -> str | None: ...


class Witnesses(Protocol):
    """Cosign a checkpoint; None where there is no cosignature to be had now."""

    async def cosigned(self, note: str) -> str | None: ...


class Notary:
    """`checkpoint` is the newest one, a signed note. It stands in a file and in a metric, too.

    It goes out before `witnesses` are asked, and again with their cosignatures.
    """

    def __init__(
        self,
        store: SigningStore,
        telemetry: Telemetry,
        data_dir: Path,
        witnesses: Witnesses | None = None,
    ) -> None:
        self._store = store
        self._telemetry = telemetry
        self._path = data_dir / FILE
        self._witnesses = witnesses
        self.checkpoint: str | None = None

    async def run(self) -> None:
        """Sign until cancelled."""
        while True:
            await self.sign()
            await asyncio.sleep(_EVERY_SECONDS)

    async def sign(self) -> None:
        """Have signed what there is by now. A store that fails is asked again next time."""
        try:
            note = await self._store.sign()
        except StoreError as error:
            log.warning("ledger.unsigned", detail=str(error))
            return
        if note is not None and note != self.checkpoint:
            self._publish(note)
        if note is not None and self._witnesses is not None:
            cosigned = await self._witnesses.cosigned(note)
            if cosigned is not None:
                self._publish(cosigned)

    def _publish(self, note: str) -> None:
        point = Checkpoint.parse(parse(note.encode()).text)
        self.checkpoint = note
        self._telemetry.ledger_signed(point.size, base64.b64encode(point.root).decode())
        draft = self._path.with_suffix(".new")
        try:
            draft.write_text(note)
            draft.replace(self._path)
        except OSError as error:
            log.warning("ledger.checkpoint_unwritten", detail=error.strerror)
