"""The open data that the daemon gives to everybody: made once, kept, and made anew when it changed.

Each period is a folder in the data directory whose name tells from which records it was made. What
is not there yet is made by a process of its own, one at a time, which then rests as long as it has
worked: however much is asked for, probing has the machine.
"""

import asyncio
import hashlib
import json
import pickle
import shutil
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import structlog

from monitor.app.apart import Failed, run_apart
from monitor.app.publishing import DIGESTS, NothingPublic, Order, order, terms
from monitor.app.reporting import wording_of
from monitor.configuration.config import Config
from monitor.domain.instant import instant
from monitor.domain.periods import between
from monitor.domain.visibility import public_services
from monitor.domain.windows import Window
from monitor.reports.opendatacatalogue import Publication
from monitor.store.reader import Examined, Reader, open_reader
from monitor.web.context import NotPublished, Published, StillMaking, TooLong

T = TypeVar("T")

log = structlog.get_logger()

FOLDER = "opendata"
_DAY = timedelta(days=1)
_PATIENCE_SECONDS = 20.0
_LONGEST_SECONDS = 600.0
_MOST_WAITING = 8
_MOST_KEPT = 24
# A thousand services over a month take a core for some 50 s, and 15 MB.
_MOST_SERVICE_DAYS = 31_000
_MOST_MONTHS = 12
# For so long nobody looks again whether the records of a period have changed.
_LOOKED_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _Looked:
    """What was found, and until when (the loop's time) nobody looks again."""

    until: float
    stamp: str


class OpenDataShelf:
    """Implements `web.context.OpenData`."""

    def __init__(
        self,
        config: Config,
        version: str,
        now: Callable[[], datetime],
        run: Callable[[Sequence[str], float, bytes], Awaitable[None]] = run_apart,
    ) -> None:
        self._config = config
        self._version = version
        self._now = now
        self._run = run
        self._folder = config.monitor.data_dir / FOLDER
        self._zone = ZoneInfo(config.monitor.zone)
        self._turn = asyncio.Lock()
        self._asking = asyncio.Lock()
        self._rested_at = 0.0
        self._tasks: dict[Path, asyncio.Task[None]] = {}
        self._looked: dict[Window, _Looked] = {}
        self._began: tuple[float, date] | None = None

    def replace(self, config: Config) -> None:
        """Go by what is public, and on which terms, from now on."""
        self._config = config
        self._looked.clear()

    async def stop(self) -> None:
        """End what is being made: it is made when it is asked for again."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def publication(self, first: date | None, last: date | None) -> Publication:
        config, said = self._config, terms(self._config)
        wording = wording_of(config.report, "")
        return Publication(
            publisher=wording.publisher,
            contact=said.contact,
            licence=said.licence,
            information_class=wording.information_class,
            first=first,
            last=last,
            zone=config.monitor.zone,
            vantage=config.monitor.vantage,
            software=self._version,
        )

    async def covered(self) -> tuple[date, date] | None:
        """Return the first and the last day that are over since the monitor was first started."""
        if not public_services(self._config.services.values()):
            return None
        began = await self._first_day()
        last = self._now().astimezone(self._zone).date() - _DAY
        return (began, last) if began is not None and began <= last else None

    async def _first_day(self) -> date | None:
        time = asyncio.get_running_loop().time()
        if self._began is None or self._began[0] < time:
            began = await self._read(Reader.began)
            if began is None:
                return None
            first = instant(began).astimezone(self._zone).date()
            self._began = (time + _LOOKED_SECONDS, first)
        return self._began[1]

    async def file(self, name: str, first: date, last: date) -> Published:
        """Return the file, made from what is on record by now or half a minute ago.

        Raises StillMaking where a reload came in between: who asks again gets what is public now.
        """
        config, wanted = self._config, self._order(first, last)
        stamp = await self._stamp(wanted.days)
        folder = self._folder / f"{first.isoformat()}--{last.isoformat()}.{stamp}"
        found = await asyncio.to_thread(_published, folder, name)
        if found is None:
            await self._is_made(folder, wanted)
            found = await asyncio.to_thread(_published, folder, name)
        if self._config is not config:
            raise StillMaking("the configuration was replaced")
        if found is None:
            raise NotPublished(f"there is no {name}")
        return found

    def _order(self, first: date, last: date) -> Order:
        try:
            wanted = order(self._config, between(first, last + _DAY, self._zone))
        except NothingPublic:
            raise NotPublished("no service is public") from None
        most = _most_months(len(wanted.watched.services))
        if _months(first, last) > most:
            raise TooLong(most)
        return wanted

    async def _stamp(self, days: Window) -> str:
        """Return what changes with the records that data on `days` is made from."""
        time = asyncio.get_running_loop().time()
        known = self._looked.get(days)
        if known is None or known.until < time:
            config = self._config
            stamp = await self._read(lambda reader: _stamp(reader, days))
            text = f"{self._version} {config.hash} {stamp}"
            known = _Looked(time + _LOOKED_SECONDS, hashlib.sha256(text.encode()).hexdigest()[:16])
            self._looked = {k: v for k, v in self._looked.items() if v.until > time}
            if self._config is config:
                self._looked[days] = known
        return known.stamp

    async def _read(self, question: Callable[[Reader], T]) -> T:
        """Ask the database in a thread, one question at a time."""
        async with self._asking:
            return await asyncio.to_thread(self._answer, question)

    def _answer(self, question: Callable[[Reader], T]) -> T:
        settings = self._config.monitor
        with open_reader(settings.data_dir, settings.vantage, examined=Examined.NEVER) as reader:
            return question(reader)

    async def _is_made(self, folder: Path, wanted: Order) -> None:
        """Return once it is there. Raises StillMaking where that takes too long, NotPublished."""
        task = self._tasks.get(folder)
        if task is None:
            if len(self._tasks) >= (_MOST_WAITING if _is_month(folder) else _MOST_WAITING // 2):
                raise StillMaking("much else is being made")
            task = asyncio.create_task(self._make(folder, wanted))
            self._tasks[folder] = task
            task.add_done_callback(lambda ended: self._ended(folder, ended))
        await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)
        if not task.done():
            raise StillMaking("it is being made")
        try:
            task.result()
        except (Failed, OSError, asyncio.CancelledError) as error:
            raise NotPublished(str(error)) from None

    def _ended(self, folder: Path, task: "asyncio.Task[None]") -> None:
        self._tasks.pop(folder, None)
        if not task.cancelled():
            task.exception()  # everybody who waited may have gone

    async def _make(self, folder: Path, wanted: Order) -> None:
        loop = asyncio.get_running_loop()
        async with self._turn:
            await asyncio.sleep(max(0.0, self._rested_at - loop.time()))
            began = loop.time()
            draft = folder.with_name(f".{folder.name}.part")
            command = (sys.executable, "-P", "-m", "monitor.app.publishing", str(draft))
            try:
                fed = await asyncio.to_thread(pickle.dumps, wanted)
                await self._run(command, _LONGEST_SECONDS, fed)
                await asyncio.to_thread(_put, draft, folder)
            except Failed as error:
                log.error("opendata.unmade", period=folder.name, detail=str(error))  # noqa: TRY400
                raise
            finally:
                self._rested_at = 2 * loop.time() - began


def _published(folder: Path, name: str) -> Published | None:
    """Return a file of a folder that is whole, None where it is not there."""
    try:
        digests = json.loads((folder / DIGESTS).read_text())
        made_at = (folder / DIGESTS).stat().st_mtime
        return Published(
            path=folder / name,
            digest=digests[name],
            made_at=datetime.fromtimestamp(int(made_at), UTC),
        )
    except (OSError, ValueError, KeyError):
        return None


def _put(draft: Path, folder: Path) -> None:
    """Put what was made in its place, and take away what it replaces and what is too many."""
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
    others = [each for each in folder.parent.iterdir() if each != folder]
    old = [each for each in others if _is_replaced(each, folder)]
    kept = sorted((each for each in others if each not in old), key=_worth, reverse=True)
    for each in (*old, *kept[_MOST_KEPT - 1 :]):
        shutil.rmtree(each, ignore_errors=True)


def _is_replaced(other: Path, folder: Path) -> bool:
    """Say whether another is a draft, or begins on the same day and ends in the same month."""
    return other.name.startswith(".") or _months_of(other) == _months_of(folder)


def _is_month(folder: Path) -> bool:
    """Say whether it is about one month: most people want that, and somebody may want to hinder
    them by asking for all kinds of others.
    """
    first, last = _months_of(folder)
    return first[:7] == last


def _months_of(folder: Path) -> tuple[str, str]:
    """Return the first day and the month of the last one: 2026-10-01--2026-10-31.STAMP."""
    first, _, last = folder.name.partition("--")
    return first, last[:7]


def _worth(folder: Path) -> tuple[bool, float]:
    return _is_month(folder), _age(folder)


def _age(folder: Path) -> float:
    with suppress(OSError):
        return folder.stat().st_mtime
    return 0.0


def _stamp(reader: Reader, days: Window) -> str:
    """Return what tells the records of a period from others: sealed hours, and what people did."""
    work = [(each.key, each.cancelled and each.cancelled.at) for each in reader.windows()]
    said = [(each.correction.id, each.withdrawn is None) for each in reader.corrections()]
    outages = [(each.id, each.started_at, each.ended_at) for each in reader.incidents(*days)]
    return repr((reader.sealed(*days), work, said, outages))


def _months(first: date, last: date) -> int:
    return 12 * (last.year - first.year) + last.month - first.month + 1


def _most_months(services: int) -> int:
    return max(1, min(_MOST_MONTHS, _MOST_SERVICE_DAYS // (31 * max(1, services))))
