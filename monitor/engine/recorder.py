"""Hands changes to the store without ever holding up a probe."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence

import structlog

from monitor.ports import Change, Store, StoreError, Telemetry

log = structlog.get_logger()

_BOUND = 100_000
_GATHER_SECONDS = 0.05
_RETRY_SECONDS = (0.5, 1.0, 2.0, 5.0)


class Recorder:
    """A queue in front of the store. What the store refuses is offered again, in order.

    `told` is called after a change that puts messages into the outbox has become durable.
    Past the bound of the queue only plain observations are dropped: they are counted, and their
    time is unknown. A transition, an incident or a notification is dropped only when the store
    says that it can never take it; whatever else its change holds is then offered by itself.
    """

    def __init__(self, store: Store, telemetry: Telemetry, told: Callable[[], None]) -> None:
        self._store = store
        self._telemetry = telemetry
        self._told = told
        self._queue: deque[Change] = deque()
        self._offered: Sequence[Change] = ()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._timer: asyncio.TimerHandle | None = None
        self.dropped = 0

    @property
    def waiting(self) -> int:
        """Return how many changes the store has not taken yet; neighbours may count as one."""
        return len(self._offered) + len(self._queue)

    def record(self, change: Change) -> None:
        """Have `change` written. Returns at once."""
        if len(self._queue) >= _BOUND and not change.urgent:
            self.dropped += 1
            self._telemetry.store_failed()
            return
        self._queue.append(change)
        self._idle.clear()
        if change.urgent:
            self._wake.set()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_GATHER_SECONDS, self._wake.set)

    async def run(self) -> None:
        """Write what is recorded, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._cancel_timer()
            while self._queue:
                taken = list(self._queue)
                self._queue.clear()
                await self._write(gathered(taken))
            self._idle.set()

    async def drain(self) -> None:
        """Return when everything recorded so far has been handed to the store."""
        self._wake.set()
        await self._idle.wait()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _write(self, changes: Sequence[Change]) -> None:
        """Write `changes` in order, as often as it takes."""
        self._offered, failures = changes, 0
        while self._offered:
            self._offered, error = await self._offer(self._offered)
            if error is None:
                continue
            self._telemetry.store_failed()
            if error.permanent:
                self._offered = self._without_first(self._offered, error)
                continue
            delay = _RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)]
            failures += 1
            log.error("store.refused", changes=len(self._offered), retry_seconds=delay)
            await asyncio.sleep(delay)

    async def _offer(self, changes: Sequence[Change]) -> tuple[Sequence[Change], StoreError | None]:
        """Offer all at once, so that one commit serves them; return the first refused and the rest.

        What follows a refused change is offered again too, since order matters and the store
        writes nothing twice. Return as well why the first one was refused.
        """
        results = await asyncio.gather(
            *(self._store.commit(change) for change in changes), return_exceptions=True
        )
        for number, result in enumerate(results):
            if isinstance(result, StoreError):
                self._tell(changes[:number])
                return changes[number:], result
            if isinstance(result, BaseException):
                raise result
        self._tell(changes)
        return (), None

    def _without_first(self, changes: Sequence[Change], error: StoreError) -> Sequence[Change]:
        """Take apart a change that the store can never take, or give it up if it is one thing."""
        first, *rest = changes
        parts = taken_apart(first)
        if len(parts) == 1:
            self.dropped += 1
            log.error("store.given_up", change=repr(first)[:2000], detail=str(error))
            return rest
        log.error("store.taken_apart", parts=len(parts), detail=str(error))
        return [*parts, *rest]

    def _tell(self, changes: Iterable[Change]) -> None:
        if any(change.notifications or change.retries for change in changes):
            self._told()


class WriteThrough:
    """Writes what is recorded when somebody waits for it, once. Implements `ports.Recording`.

    For a process that is soon over: what can't be written now is refused, and not kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._recorded: list[Change] = []

    def record(self, change: Change) -> None:
        """Have `change` written by the next `drain`."""
        self._recorded.append(change)

    async def drain(self) -> None:
        """Write all that was recorded so far, or raise StoreError."""
        changes, self._recorded = self._recorded, []
        for change in changes:
            await self._store.commit(change)


# Samples taken and slots missed are one account. Messages are apart by themselves.
_PARTS = (
    ("incidents",),
    ("notes",),
    ("retries",),
    ("states",),
    ("transitions",),
    ("observations", "missed"),
    ("marks",),
    ("silences",),
    ("windows",),
    ("corrections",),
    ("filings",),
    ("configured",),
    ("pushes",),
    ("tallies",),
    ("service_tallies",),
    ("forgotten",),
    ("forgotten_notifications",),
)


def gathered(changes: Iterable[Change]) -> Sequence[Change]:
    """Return `changes` with neighbours that nobody waits for joined into one.

    What forgets a check stays by itself: the state may come before it, or after.
    """
    result: list[Change] = []
    plain: list[Change] = []
    for change in changes:
        if change.urgent or change.forgotten:
            result.extend(_joined(plain))
            plain = []
            result.append(change)
        else:
            plain.append(change)
    result.extend(_joined(plain))
    return result


def _joined(changes: Sequence[Change]) -> Sequence[Change]:
    if len(changes) < 2:
        return changes
    joined = Change(
        observations=tuple(o for change in changes for o in change.observations),
        missed=tuple(m for change in changes for m in change.missed),
        states={i: state for change in changes for i, state in change.states.items()},
        tallies={i: tally for change in changes for i, tally in change.tallies.items()},
        service_tallies={i: t for change in changes for i, t in change.service_tallies.items()},
    )
    return (joined,)


def taken_apart(change: Change) -> Sequence[Change]:
    """Return what `change` holds in parts, one at least; of messages each is a part of its own.

    They come before the incident that says that they are told: a crash in between loses none.
    """
    parts = (
        *(Change(notifications=(each,)) for each in change.notifications),
        *(Change(**{name: getattr(change, name) for name in names}) for names in _PARTS),
    )
    return [part for part in parts if part != Change()] or [change]
