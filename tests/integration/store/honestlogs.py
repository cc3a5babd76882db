"""Ledgers that nobody changed, whatever else became of their databases."""

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from monitor.ledger.checkpoint import checkpoint_of
from monitor.ledger.note import split
from monitor.ports import Change, MarkKind
from monitor.store.backup import back_up
from monitor.store.connection import DATABASE, writing_engine
from monitor.store.ledger import Ledger, Signing
from monitor.store.migrate import upgrade
from monitor.store.putback import put_back
from monitor.store.record import mark_entry
from monitor.store.sql import open_store
from tests.fakes import NOON
from tests.integration.store.changes import VANTAGE, mark, observation
from tests.integration.store.tampering import OURS, asked, run_sql


class Life:
    """A database and what was signed of it, kept elsewhere."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.data = folder / "data"
        self.kept = ""
        self._backups: list[Path] = []
        self._chance = chance
        self._minute = 0

    async def begin_with_an_earlier_release(self) -> None:
        """Have a database as the first release with a ledger made it."""
        with writing_engine(self.data).connect() as connection, connection.begin():
            upgrade(connection, "0007")
            ledger = Ledger(connection, OURS)
            ledger.add(mark_entry(VANTAGE, mark(MarkKind.PAUSE, n)) for n in self._minutes())
            ledger.sign(NOON)
            [note] = connection.exec_driver_sql("SELECT note FROM ledger_checkpoint").one()
        self.kept += note

    async def go_on(self) -> None:
        """Run for a while, sign now and then, and stop."""
        published = "".join([*split(self.kept)][-1:]) or None
        signing = Signing(OURS, published)
        async with open_store(
            self.data, vantage=VANTAGE, now=lambda: NOON, signing=signing
        ) as store:
            for _ in range(self._chance.randint(1, 3)):
                for minute in self._minutes():
                    seen, pause = observation(minute), mark(MarkKind.PAUSE, minute)
                    await store.commit(Change(observations=(seen,), marks=(pause,)))
                self.kept += await store.sign() or ""

    async def prune(self) -> None:
        """Drop old samples, as retention does."""
        before = (NOON + timedelta(minutes=self._minute // 2)).timestamp() * 1e6
        run_sql(self.data, f"DELETE FROM observation WHERE scheduled_at < {before:.0f}")

    async def vacuum(self) -> None:
        """Have SQLite write the whole file anew."""
        run_sql(self.data, "VACUUM")

    async def back_up(self) -> None:
        """Keep a backup."""
        self._backups.append(self.data.parent / f"backup-{len(self._backups)}.db")
        back_up(self.data, self._backups[-1])

    async def put_back(self) -> None:
        """Put back a backup; the ledger goes on."""
        if self._backups:
            kept = self.data.parent / f"{DATABASE}.kept"
            done = put_back(self.data, self._chance.choice(self._backups), by="Rina", at=NOON)
            assert done.replaced is not None
            done.replaced.replace(kept)  # a second one of the same second has another name

    def _minutes(self) -> range:
        self._minute += 5
        return range(self._minute, self._minute + self._chance.randint(1, 5))


async def honest_life(folder: Path, seed: int) -> str:
    """Live through what honest databases do; return what is found wrong with the ledger."""
    chance = random.Random(seed)
    life = Life(folder, chance)
    if chance.random() < 0.5:
        await life.begin_with_an_earlier_release()
    await life.go_on()
    steps: list[Callable[[], Awaitable[None]]]
    steps = [life.go_on, life.prune, life.vacuum, life.back_up, life.put_back]
    chance.shuffle(steps)
    for step in [*steps, life.go_on]:
        await step()
    finding = asked(life.data, life.kept)
    points = [checkpoint_of(note, OURS.verifier) for note in split(life.kept)]
    if finding.fault is not None or finding.signed < max(point.size for point in points):
        return f"seed {seed}: {finding}"
    return ""
