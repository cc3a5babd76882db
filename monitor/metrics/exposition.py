"""The whole text of /metrics, written in slices so that no probe waits for a scrape.

A scrape begins with a snapshot: rows of references to what the board holds, a few MiB at 10,000
checks. From it the families are written one after another and handed out as they grow, so the
text as a whole (some 40 MB then) never lies in memory.
"""

import asyncio
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from monitor.checktype import MeasurementInfo
from monitor.metrics.catalogue import measured
from monitor.metrics.rows import (
    CheckRow,
    LabelCache,
    ServiceRow,
    check_row,
    service_row,
    services_by_id,
)
from monitor.metrics.series import (
    CHECK_SERIES,
    SERVICE_SERIES,
    OwnLabelled,
    collect_own_labelled,
    head,
    measurement_series,
    own_label_series,
)
from monitor.metrics.telemetry import PrometheusTelemetry
from monitor.ports import StatusBoard

_SLICE = 200
_CHUNK = 64 * 1024
# How long a scrape may hold the loop before others have their turn.
_TURN_SECONDS = 0.002
_LONGEST_TURN_SECONDS = 0.02
_SHARE = 0.25
_GZIP = 16 + zlib.MAX_WBITS
_END = "# EOF\n"

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Snapshot:
    checks: list[CheckRow]
    own_labelled: dict[str, OwnLabelled]
    services: list[ServiceRow]


class Exposition:
    """Writes the series of `board` and of `telemetry`.

    `measurements` are those that the check types declare: what is not among them is not shown,
    whatever a probe returns. `now` is the engine's timeline (UTC).
    """

    def __init__(
        self,
        board: StatusBoard,
        telemetry: PrometheusTelemetry,
        measurements: Iterable[MeasurementInfo],
        *,
        vantage: str,
        now: Callable[[], datetime],
    ) -> None:
        declared = measured(measurements)
        self._board = board
        self._telemetry = telemetry
        self._now = now
        self._labels = LabelCache(vantage)
        self._check_series = (
            *CHECK_SERIES,
            *(measurement_series(one) for one in declared if not one.labels),
        )
        self._own_labelled = tuple(own_label_series(one) for one in declared if one.labels)

    async def text(self, *, openmetrics: bool) -> AsyncIterator[bytes]:
        """Yield the text of one scrape in parts of about 64 KiB."""
        parts: list[str] = []
        size = 0
        turn = _Turn()
        snapshot = await self._snapshot()
        for part in self._parts(snapshot, openmetrics=openmetrics):
            parts.append(part)
            size += len(part)
            if size >= _CHUNK:
                yield "".join(parts).encode()
                parts.clear()
                size = 0
            await turn.pause()
        yield "".join(parts).encode()
        yield self._telemetry.render(openmetrics=openmetrics)
        if openmetrics:
            yield _END.encode()

    async def _snapshot(self) -> _Snapshot:
        """Take down what the board shows, a slice of checks at a time."""
        turn = _Turn()
        watched = tuple(self._board.checks())
        services = services_by_id(self._board.services())
        now = self._now()
        rows: list[CheckRow] = []
        own_labelled: dict[str, OwnLabelled] = {
            series.family.name: OwnLabelled() for series in self._own_labelled
        }
        for some in sliced(watched):
            taken = [
                check_row(each, self._labels.of(each.check, services.get(each.check.service)), now)
                for each in some
            ]
            collect_own_labelled(taken, own_labelled)
            rows += taken
            await turn.pause()
        self._labels.keep(watched)
        return _Snapshot(
            checks=rows, own_labelled=own_labelled, services=await self._services(turn)
        )

    async def _services(self, turn: "_Turn") -> list[ServiceRow]:
        """Take down the services, in order of their ids. The list may change at every pause."""
        rows: list[ServiceRow] = []
        last = ""
        while some := [each for each in self._board.services() if each.id > last][:_SLICE]:
            rows += [service_row(self._board, service) for service in some]
            last = some[-1].id
            await turn.pause()
        return rows

    def _parts(self, snapshot: _Snapshot, *, openmetrics: bool) -> Iterator[str]:
        """Yield the text family by family, in parts. A family without lines is left out."""
        for series in self._check_series:
            parts = ("".join(series.lines(some)) for some in sliced(snapshot.checks))
            yield from _headed(head(series.family, openmetrics=openmetrics), parts)
        for labelled in self._own_labelled:
            found = snapshot.own_labelled[labelled.family.name]
            parts = ("".join(labelled.lines(some)) for some in sliced(found))
            yield from _headed(head(labelled.family, openmetrics=openmetrics), parts)
        for of_services in SERVICE_SERIES:
            parts = ("".join(of_services.lines(some)) for some in sliced(snapshot.services))
            yield from _headed(head(of_services.family, openmetrics=openmetrics), parts)


async def compressed(text: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield `text` as gzip, at the level that costs least, compressed as it comes."""
    squeeze = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
    async for part in text:
        if small := squeeze.compress(part):
            yield small
    yield squeeze.flush()


class _Sliceable(Protocol[T_co]):
    def __len__(self) -> int: ...

    def __getitem__(self, some: slice, /) -> T_co: ...


def sliced(items: _Sliceable[T_co]) -> Iterator[T_co]:
    """Yield `items` in slices that take well under a millisecond to write."""
    for start in range(0, len(items), _SLICE):
        yield items[start : start + _SLICE]


def _headed(heading: str, parts: Iterable[str]) -> Iterator[str]:
    for part in parts:
        if part and heading:
            yield heading
            heading = ""
        yield part


class _Turn:
    """Lets the loop go on whenever its time is up.

    While the loop is busy, a turn takes a share of what the others took, so that a scrape of an
    overloaded daemon still comes to its end.
    """

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._seconds = _TURN_SECONDS

    async def pause(self) -> None:
        left = time.perf_counter()
        if left - self._began > self._seconds:
            await asyncio.sleep(0)
            self._began = time.perf_counter()
            others = (self._began - left) * _SHARE
            self._seconds = min(_LONGEST_TURN_SECONDS, max(_TURN_SECONDS, others))
