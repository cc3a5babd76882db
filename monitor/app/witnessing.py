"""Has a witness cosign the checkpoints of the ledger (c2sp.org/tlog-witness)."""

from collections.abc import Sequence
from time import monotonic
from typing import Protocol

import structlog

from monitor.ledger.checkpoint import Checkpoint
from monitor.ledger.note import NoteError, parse
from monitor.ledger.tree import Frontier
from monitor.ledger.witness import Witness
from monitor.ledger.witnessing import cosigned, growth_proof, request_body, size_known
from monitor.net.network import Network
from monitor.ports import StoreError, Undelivered
from monitor.receivertype.posting import post

log = structlog.get_logger()

_PATIENCE_SECONDS = 10.0
_SLICE = 5_000
_KNOWS_ANOTHER_SIZE = 409


class LoggedLeaves(Protocol):
    """The store: hashes of entries, and where cosignatures are kept. May raise StoreError."""

    async def ledger_leaves(self, start: int, end: int) -> Sequence[bytes]: ...

    async def cosign(self, size: int, note: str) -> None: ...


class Cosigner:
    """Asks `witness` at `url` for a cosignature of each checkpoint, and keeps it.

    The witness says how much of the log it knows. What it is shown is that the log only grew
    since then; a witness that can't be reached is asked again with the next checkpoint.
    """

    def __init__(self, store: LoggedLeaves, network: Network, url: str, witness: Witness) -> None:
        self._store = store
        self._network = network
        self._url = f"{url.rstrip('/')}/add-checkpoint"
        self._witness = witness
        self._known = Frontier()

    async def cosigned(self, note: str) -> str | None:
        """Return a checkpoint with its cosignature, None where there is none to be had now."""
        try:
            found = parse(note.encode())
            if self._witness.cosigned_at(found) is not None:
                return None
            point = Checkpoint.parse(found.text)
            with_it = cosigned(note, await self._answer(note, point.size), self._witness)
            await self._store.cosign(point.size, with_it)
        except (NoteError, StoreError, Undelivered) as error:
            log.warning("ledger.not_witnessed", witness=self._witness.name, detail=str(error))
            return None
        return with_it

    async def _answer(self, note: str, size: int) -> bytes:
        status, body = await self._asked(note, size)
        known = size_known(body) if status == _KNOWS_ANOTHER_SIZE else None
        if known is not None and known <= size:
            await self._begin(known)
            status, body = await self._asked(note, size)
        if status != 200:
            raise NoteError(f"it answers {status}: {body[:200].decode(errors='replace').strip()}")
        await self._begin(size)
        return body

    async def _asked(self, note: str, size: int) -> tuple[int, bytes]:
        if self._known.size > size:
            self._known = Frontier()
        leaves = await self._leaves(self._known.size, size) if self._known.size else []
        body = request_body(self._known.size, growth_proof(self._known, leaves), note)
        deadline = monotonic() + _PATIENCE_SECONDS
        answer = await post(self._network, self._url, body, {}, deadline=deadline)
        return answer.status, answer.body

    async def _begin(self, size: int) -> None:
        """Know the log as it was at a size, of which the witness knows it."""
        if size < self._known.size:
            self._known = Frontier()
        while self._known.size < size:
            end = min(self._known.size + _SLICE, size)
            self._known = self._known.grown(await self._leaves(self._known.size, end))

    async def _leaves(self, start: int, end: int) -> Sequence[bytes]:
        found = await self._store.ledger_leaves(start, end)
        if len(found) != end - start:
            raise NoteError(f"the log lacks entries before {end}")
        return found
