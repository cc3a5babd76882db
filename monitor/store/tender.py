"""Work on the database that nobody waits for, in steps so small that nobody has to."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection, func, select

from monitor.store.asked import tuples
from monitor.store.ledger import Ledger
from monitor.store.schema import check_name, vantage_name

P = ParamSpec("P")
T = TypeVar("T")

# Others are written in between. A long history that is sealed for the first time takes half a core.
_REST_SECONDS = 0.01


class Tend(Protocol):
    """Runs work in the writer's thread, in a transaction of its own."""

    def __call__(self, work: Callable[[Connection, Ledger], T]) -> Awaitable[T]: ...


class Tender:
    """Does one step after the other, each in a transaction of its own."""

    def __init__(self, tend: Tend) -> None:
        self._tend = tend

    async def ask(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **keys: P.kwargs
    ) -> T:
        """Return what a step comes to that touches no entry of the ledger."""
        return await self._tend(lambda connection, _: work(connection, *args, **keys))

    async def enter(
        self, work: Callable[Concatenate[Connection, Ledger, P], T], *args: P.args, **keys: P.kwargs
    ) -> T:
        """Return what a step comes to that adds to the ledger."""
        return await self._tend(lambda connection, ledger: work(connection, ledger, *args, **keys))

    async def rest(self) -> None:
        """Let others have the writer, and the processor."""
        await asyncio.sleep(_REST_SECONDS)

    async def vantages(self) -> list[tuple[int, str]]:
        """Return all vantages, by number and name."""
        return await self.ask(_vantages)

    async def checks(self, size: int) -> Iterator[tuple[int, int]]:
        """Return ranges [first, end) of numbers that hold all checks, `size` at a time."""
        end = 1 + await self.ask(_highest_check)
        return ((first, first + size) for first in range(0, end, size))


def _vantages(connection: Connection) -> list[tuple[int, str]]:
    wanted = select(vantage_name.c.id, vantage_name.c.name).order_by(vantage_name.c.id)
    return [(number, name) for number, name in tuples(connection, wanted)]


def _highest_check(connection: Connection) -> int:
    return int(connection.execute(select(func.max(check_name.c.id))).scalar() or 0)
