"""Keeps how attempts ended until the store has it, so that nothing is sent twice in vain."""

from collections.abc import Iterable

import structlog

from monitor.ports import Outbox, Settlement, StoreError

log = structlog.get_logger()


class Settlements:
    """The settlements of one receiver's rows that are not stored yet, the latest of each row."""

    def __init__(self, receiver: str, outbox: Outbox) -> None:
        self._receiver = receiver
        self._outbox = outbox
        self._waiting: dict[str, Settlement] = {}

    def add(self, row_ids: Iterable[str], settlement: Settlement) -> None:
        """Remember how an attempt at each of the rows ended."""
        for row_id in row_ids:
            self._waiting[row_id] = settlement

    async def store(self) -> bool:
        """Store all. Return False when the store fails; what is left is for another time."""
        for row_id, settlement in tuple(self._waiting.items()):
            try:
                await self._outbox.settle(row_id, settlement)
            except StoreError as error:
                log_store_error(self._receiver, error)
                return False
            del self._waiting[row_id]
        return True


def log_store_error(receiver: str, error: StoreError) -> None:
    """Log that the store failed, which holds nobody up."""
    log.error("outbox.failed", receiver=receiver, detail=str(error))
