"""Our name servers taken together: one question, asked until one of them knows."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from monitor.domain.observation import FailureKind
from monitor.net.dnsclient import Ask, DnsAnswer, QueryTrace, Transport
from monitor.net.dnsmessage import DEFAULT_OPTIONS, Options, Question
from monitor.net.dnsserver import NameServer
from monitor.net.errors import NetError

_ROUNDS = 2
_LAST_IN_LINE_SECONDS = 30.0  # for a server that was silent
_KNOWS = {"NOERROR", "NXDOMAIN"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """A question on its way through the servers.

    `until` gives the deadline (monotonic seconds), which may move while it is under way.
    """

    question: Question
    until: Callable[[], float]
    trace: QueryTrace
    transport: Transport = Transport.UDP
    options: Options = DEFAULT_OPTIONS


class Servers:
    """Asks the servers that `current` names, `most_in_flight` questions at a time.

    Each gets `timeout_seconds` to answer, or its share of the time that is left if that is less.
    """

    def __init__(
        self,
        current: Callable[[], tuple[NameServer, ...]],
        *,
        ask: Ask,
        timeout_seconds: float,
        most_in_flight: int,
        monotonic: Callable[[], float],
    ) -> None:
        self.current = current
        self._ask = ask
        self._timeout_seconds = timeout_seconds
        self._slots = asyncio.Semaphore(most_in_flight)
        self._monotonic = monotonic
        self._silent_until: dict[NameServer, float] = {}

    async def ask(self, inquiry: Inquiry) -> DnsAnswer:
        """Return the first answer of a server that knows, else the last one of any.

        Raises NetError: RESOLVE_TIMEOUT when none answered, with a cause when the fault is ours.
        """
        await self._slot(inquiry)
        try:
            return await self._ask_in_turn(inquiry)
        finally:
            self._slots.release()

    async def _slot(self, inquiry: Inquiry) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
            return
        try:
            async with asyncio.timeout(inquiry.until() - self._monotonic()):
                await self._slots.acquire()
        except TimeoutError:
            detail = f"{inquiry.question}: too many questions were waiting for an answer"
            raise NetError(FailureKind.RESOLVE_TIMEOUT, detail) from None

    async def _ask_in_turn(self, inquiry: Inquiry) -> DnsAnswer:
        unhelpful: dict[NameServer, DnsAnswer] = {}
        trouble: NetError | None = None
        for server, deadline in self._turns(inquiry, unhelpful):
            try:
                answer = await self._ask_one(inquiry, server, deadline)
            except NetError as error:
                trouble = error
                self._silent_until[server] = self._monotonic() + _LAST_IN_LINE_SECONDS
                continue
            self._silent_until.pop(server, None)
            if answer.message.rcode in _KNOWS:
                return answer
            unhelpful[server] = answer
        if unhelpful:
            return unhelpful.popitem()[1]
        raise _nobody_answered(inquiry.question, trouble)

    def _turns(
        self, inquiry: Inquiry, unhelpful: dict[NameServer, DnsAnswer]
    ) -> Iterator[tuple[NameServer, float]]:
        """Yield whom to ask next, and the deadline for it. Who has answered is not asked again."""
        for _ in range(_ROUNDS):
            line = [server for server in self._line() if server not in unhelpful]
            for place, server in enumerate(line):
                now = self._monotonic()
                share = (inquiry.until() - now) / (len(line) - place)
                if share <= 0:
                    return
                yield server, now + min(share, self._timeout_seconds)

    def _line(self) -> list[NameServer]:
        """Return the servers in their order, those lately silent behind the others."""
        now = self._monotonic()
        return sorted(self.current(), key=lambda one: self._silent_until.get(one, now) > now)

    async def _ask_one(self, inquiry: Inquiry, server: NameServer, deadline: float) -> DnsAnswer:
        return await self._ask(
            server,
            inquiry.question,
            transport=inquiry.transport,
            options=inquiry.options,
            deadline=deadline,
            trace=inquiry.trace,
        )


def _nobody_answered(question: Question, trouble: NetError | None) -> NetError:
    if trouble is None:
        return NetError(FailureKind.RESOLVE_TIMEOUT, f"{question}: no time was left to ask")
    detail = f"{question}: {trouble.failure.detail}"
    return NetError(FailureKind.RESOLVE_TIMEOUT, detail, cause=trouble.cause)
