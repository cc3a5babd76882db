"""Which hours are sealed, in which order, and in how small steps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, func, select

from monitor.store.asked import tuples
from monitor.store.block import HOUR
from monitor.store.closing import (
    Part,
    Summed,
    add_leaves,
    close,
    is_sealed,
    open_parts,
    sealed_until,
)
from monitor.store.samples import epochs_of_checks
from monitor.store.schema import missed_slot, observation
from monitor.store.sealing import Slice, seal
from monitor.store.stops import read_stops
from monitor.store.tender import Tender

_CHECKS = 150
_LOOKED_AT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Paces:
    """How often checks run (microseconds, by name), and since when each does (microseconds, 1970).

    One that is not in `since` always did.
    """

    intervals: Mapping[str, int] = field(default_factory=dict)
    since: Mapping[str, int] = field(default_factory=dict)


async def seal_hours(tender: Tender, paces: Paces, last: int) -> int:
    """Seal what is due up to the hour `last` at every vantage; return how many hours that were.

    It goes in slices, between which the writer does what others wait for. Raise StoreError; what
    was not done then is done by the next call.
    """
    vantages = await tender.vantages()
    return sum([await _Sealing(tender, paces, *each).run(last) for each in vantages])


class _Sealing:
    def __init__(self, tender: Tender, paces: Paces, vantage: int, name: str) -> None:
        self._tender = tender
        self._paces = paces
        self._vantage = vantage
        self._name = name

    async def run(self, last: int) -> int:
        """Seal what came late, and then on from where the last hour was sealed."""
        until = await self._tender.ask(sealed_until, self._vantage)
        oldest = await self._oldest()
        if until is None:
            return await self._seal_from(oldest, last)
        opened = await self._opened()
        begun = [part.hour for part in opened] + ([] if oldest is None else [oldest])
        # Entries are written when all is sealed that late samples change: a crash in between does
        # not lose from where on that is.
        first = min(begun, default=None)
        late = await self._seal_from(first, min(until - 1, last), entered_last=True)
        return late + await self._seal_from(until, last)

    async def _seal_from(self, hour: int | None, last: int, *, entered_last: bool = False) -> int:
        count = 0
        while hour is not None and hour <= last:
            if await self._seal_hour(hour):
                if not entered_last:
                    await self._close(hour)
                count, hour = count + 1, hour + 1
            else:
                later = await self._oldest()
                hour = later if later is None or later > hour else hour + 1
        await self._close(last)
        return count

    async def _seal_hour(self, hour: int) -> int:
        is_late = await self._tender.ask(is_sealed, self._vantage, hour)
        stops = await self._tender.ask(read_stops, self._vantage)
        count = 0
        for first, end in await self._tender.checks(_CHECKS):
            asked = Slice(
                vantage=self._vantage,
                vantage_name=self._name,
                hour=hour,
                first=first,
                end=end,
                intervals=self._paces.intervals,
                since=self._paces.since,
                stops=stops,
                is_late=is_late,
            )
            count += await self._tender.ask(seal, asked)
            await self._tender.rest()
        return count

    async def _close(self, last: int) -> None:
        """Enter what is sealed of the hours up to `last`. A later one may have been begun only."""
        for part in await self._opened():
            if part.hour > last:
                break
            summed = Summed()
            while not summed.is_whole:
                summed = await self._tender.ask(add_leaves, part, summed)
                await self._tender.rest()
            await self._tender.enter(close, part, summed)

    async def _opened(self) -> list[Part]:
        return await self._tender.ask(open_parts, self._vantage, self._name)

    async def _oldest(self) -> int | None:
        """Return the hour of the oldest row that is not sealed, None without any."""
        found = [
            await self._tender.ask(_oldest_row, self._vantage, first, end)
            for first, end in await self._tender.checks(_LOOKED_AT)
        ]
        return min((at // HOUR for at in found if at is not None), default=None)


def _oldest_row(connection: Connection, vantage: int, first: int, end: int) -> int | None:
    parameters = {"vantage": vantage, "first": first, "end": end}
    found = [at for wanted in _OLDEST for (at,) in tuples(connection, wanted, parameters)]
    return min((at for at in found if at is not None), default=None)


def _oldest_rows(table: Table) -> Select[Any]:
    epochs = epochs_of_checks(table)
    earliest = (
        select(func.min(table.c.scheduled_at))
        .where(
            table.c.check_id == epochs.c.check_id,
            table.c.vantage_id == bindparam("vantage"),
            table.c.epoch == epochs.c.epoch,
        )
        .correlate(epochs)
        .scalar_subquery()
    )
    return select(func.min(earliest)).select_from(epochs)


_OLDEST = [_oldest_rows(table) for table in (observation, missed_slot)]
