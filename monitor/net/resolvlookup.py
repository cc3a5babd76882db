"""Lookups of addresses: kept for their TTL, shared while they run."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from monitor.domain.observation import FailureKind
from monitor.domain.text import visible_text
from monitor.net.dnsclient import QueryTrace
from monitor.net.dnsmessage import CnameLoop, Question, follow, lengthen
from monitor.net.dnswire import Message
from monitor.net.errors import NetError
from monitor.net.resolvservers import Inquiry, Servers

_SHORTEST_SECONDS = 1
_LONGEST_SECONDS = 300
_MOST_ADDRESSES = 64
_KINDS = {
    "NXDOMAIN": FailureKind.RESOLVE_NXDOMAIN,
    "REFUSED": FailureKind.RESOLVE_REFUSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The addresses of one type that a name has until `expires_at` (monotonic seconds)."""

    addresses: tuple[str, ...]
    expires_at: float
    from_cache: bool = False


@dataclass(slots=True)
class _Lookup:
    """A lookup that runs. Whoever joins it may move its deadline back."""

    deadline: float
    task: asyncio.Task["Found | NetError"]


class Lookups:
    """Address lookups over `servers`; at most `most_kept` results are kept."""

    def __init__(self, servers: Servers, *, most_kept: int, monotonic: Callable[[], float]) -> None:
        self._servers = servers
        self._most_kept = most_kept
        self._monotonic = monotonic
        self._kept: OrderedDict[Question, Found] = OrderedDict()
        self._running: dict[Question, _Lookup] = {}

    async def find(
        self, questions: Sequence[Question], deadline: float, patience_seconds: float
    ) -> list[Found | NetError]:
        """Return what each question led to, asked at the same time, in their order.

        Once one has led to something, the others have `patience_seconds` left. A question not
        settled by then, or by `deadline`, has led to RESOLVE_TIMEOUT.
        """
        begun = [self._begin(question, deadline) for question in questions]
        tasks = {one.task for one in begun if isinstance(one, _Lookup)}
        if tasks:
            enough = len(tasks) < len(begun)
            await self._wait(tasks, deadline, patience_seconds, enough=enough)
        return [
            one if isinstance(one, Found) else _result(one.task, question)
            for one, question in zip(begun, questions, strict=True)
        ]

    def forget(self) -> None:
        """Forget what is kept. Lookups that run go on, and are kept."""
        self._kept.clear()

    async def close(self) -> None:
        """Give up the lookups that run."""
        tasks = [lookup.task for lookup in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait(
        self,
        tasks: Collection[asyncio.Task[Found | NetError]],
        deadline: float,
        patience_seconds: float,
        *,
        enough: bool,
    ) -> None:
        left = deadline - self._monotonic()
        if enough:
            await asyncio.wait(tasks, timeout=min(left, patience_seconds))
            return
        done, others = await asyncio.wait(tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        if others:
            left = deadline - self._monotonic()
            enough = any(isinstance(task.result(), Found) for task in done)
            await asyncio.wait(others, timeout=min(left, patience_seconds) if enough else left)

    def _begin(self, question: Question, deadline: float) -> Found | _Lookup:
        kept = self._kept.get(question)
        if kept is not None and kept.expires_at > self._monotonic():
            self._kept.move_to_end(question)
            return kept
        running = self._running.get(question)
        if running is not None:
            running.deadline = max(running.deadline, deadline)
            return running
        task = asyncio.create_task(self._run(question), name=f"look up {question}")
        lookup = self._running[question] = _Lookup(deadline, task)
        return lookup

    async def _run(self, question: Question) -> Found | NetError:
        """Return an error rather than raise it: nobody may be left to take it."""
        lookup = self._running[question]
        try:
            found = await self._chase(question, lambda: lookup.deadline)
        except NetError as error:
            return error
        finally:
            del self._running[question]
        self._keep(question, found)
        return found

    async def _chase(self, question: Question, until: Callable[[], float]) -> Found:
        """Follow a name to its addresses; a server that gives half a chain is asked for more."""
        aliases: list[str] = []
        ttl_seconds = _LONGEST_SECONDS
        asked = question
        while True:
            inquiry = Inquiry(question=asked, until=until, trace=QueryTrace())
            answer = await self._servers.ask(inquiry)
            _raise_for_rcode(asked, answer.message, str(answer.server))
            try:
                chain = follow(answer.message, asked)
                for alias in chain.aliases:
                    lengthen(aliases, alias, question)
            except CnameLoop as error:
                raise NetError(FailureKind.RESOLVE_SERVFAIL, str(error)) from None
            ttl_seconds = min(ttl_seconds, chain.ttl_seconds)
            if chain.records:
                texts = dict.fromkeys(record.text for record in chain.records)
                expires_at = self._monotonic() + max(ttl_seconds, _SHORTEST_SECONDS)
                return Found(addresses=tuple(texts)[:_MOST_ADDRESSES], expires_at=expires_at)
            if not chain.aliases:
                detail = f"{asked.name}: no {asked.record} record"
                raise NetError(FailureKind.RESOLVE_NODATA, detail)
            asked = Question(_askable(chain.aliases[-1], question), question.record)

    def _keep(self, question: Question, found: Found) -> None:
        self._kept[question] = Found(
            addresses=found.addresses, expires_at=found.expires_at, from_cache=True
        )
        self._kept.move_to_end(question)
        while len(self._kept) > self._most_kept:
            self._kept.popitem(last=False)


def _askable(alias: str, question: Question) -> str:
    """Return an alias that can stand in a question. Labels may hold any bytes; names do not."""
    if "\\" in alias:
        detail = f"{question.name}: leads to {visible_text(alias, 80)}, which is no name"
        raise NetError(FailureKind.RESOLVE_SERVFAIL, detail)
    return alias


def _result(task: asyncio.Task[Found | NetError], question: Question) -> Found | NetError:
    if task.done():
        return task.result()
    detail = f"{question}: no answer in time"
    return NetError(FailureKind.RESOLVE_TIMEOUT, detail)


def _raise_for_rcode(question: Question, message: Message, server: str) -> None:
    if message.rcode != "NOERROR":
        kind = _KINDS.get(message.rcode, FailureKind.RESOLVE_SERVFAIL)
        raise NetError(kind, f"{question.name}: {message.rcode} from {server}")
