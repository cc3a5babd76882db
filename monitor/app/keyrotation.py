"""Replaces the key that signs the ledger: crash-safe, and by an entry that both keys sign."""

import asyncio
from pathlib import Path
from typing import Protocol

import structlog

from monitor.app.ledgerkey import (
    LedgerKeyError,
    given_key,
    has_signed,
    kept_signer,
    make_next_signer,
    settle_next_signer,
)
from monitor.domain.text import visible_text
from monitor.ledger.note import Signer
from monitor.ports import StoreError
from monitor.web.context import NotRotated, Rotated

log = structlog.get_logger()


class SignedLedger(Protocol):
    """The ledger in the store. Each method raises StoreError."""

    async def sign(self) -> str | None: ...

    async def newest_note(self) -> str | None: ...

    async def hand_over(self, successor: Signer, by: str) -> str | None: ...


class KeyRotation:
    """Implements `web.context.KeyRotation`.

    The next key is on disk before the ledger names it, and takes the place of the present one only
    when that is durable. Whatever is broken off in between is ended at the next start.
    """

    def __init__(self, store: SignedLedger, data_dir: Path) -> None:
        self._store = store
        self._data_dir = data_dir
        self._one_at_a_time = asyncio.Lock()

    async def settle(self) -> None:
        """End a rotation that was broken off. Raises LedgerKeyError, OSError, StoreError."""
        settle_next_signer(self._data_dir, await self._store.newest_note())

    async def rotate(self, by: str) -> Rotated:
        """Have another key sign from here on. That is durable. Raises NotRotated."""
        async with self._one_at_a_time:
            try:
                return await self._rotated(visible_text(by))
            except (LedgerKeyError, StoreError) as error:
                raise NotRotated(str(error)) from None
            except OSError as error:
                raise NotRotated(f"{error.filename}: {error.strerror}") from None

    async def _rotated(self, by: str) -> Rotated:
        if (given := given_key()) is not None:
            message = f"{given}: this key is a credential of systemd, and nothing here replaces it"
            raise NotRotated(message)
        await self.settle()
        present = kept_signer(self._data_dir)
        if present is None or await self._store.sign() is None:
            raise NotRotated("there is no key yet: the first start of `pantau run` makes one")
        following = make_next_signer(self._data_dir, present.name)
        newest = await self._store.hand_over(following, by)
        settle_next_signer(self._data_dir, newest)
        if newest is None or not has_signed(following.verifier, newest):
            raise NotRotated("the ledger is not signed any more: see `pantau ledger verify`")
        log.info("ledger.key_rotated", key=str(following.verifier), by=by)
        return Rotated(key=str(following.verifier), checkpoint=newest)
