"""One question to every name server of a zone, at every address, without recursion."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from monitor.domain.observation import Failure, FailureKind, UnknownCause
from monitor.net.delegation import (
    delegated_servers,
    find_delegation,
    find_zone,
    leads_away,
    parent,
)
from monitor.net.dnsclient import DnsAnswer, QueryTrace, Transport, ask
from monitor.net.dnsmessage import Options, Question
from monitor.net.dnsreport import Reply, read
from monitor.net.dnsserver import DNS_PORT, NameServer
from monitor.net.dnswire import Message
from monitor.net.errors import NetError
from monitor.net.network import Network
from monitor.net.resolver import Family

_MOST_NAMES = 32
_MOST_ADDRESSES = 8  # of one name
_MOST_ASKED = 32  # of all names together: so many sockets are open at once
_MOST_PARENTS = 3  # asked until one answers
_AS_IT_IS = Options(checking_disabled=True)  # a zone with broken signatures has servers too
_SHARE_OF_TIME = 0.8  # for each step, so that what is known can still be told at the end
_PATIENCE_SECONDS = 3.0  # with one server; a resolver would have turned to another long before
_SERVES = {"NOERROR", "NXDOMAIN"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """What one name server said, at one of its addresses (None where its name has none).

    `failure` says why there is no `reply`, and no `answer` that it was read from; with `cause`
    the fault is ours. `serial` is that of its copy of the zone, `seconds` what the answer took.
    `leads_away` says that it answers with an alias alone, since the zone ends there.
    """

    name: str
    address: str | None = None
    reply: Reply | None = None
    answer: DnsAnswer | None = None
    leads_away: bool = False
    serial: int | None = None
    failure: Failure | None = None
    cause: UnknownCause | None = None
    seconds: float = 0.0

    def __str__(self) -> str:
        return self.name if self.address is None else f"{self.name} {self.address}"

    @property
    def lame(self) -> str | None:
        """Why it does not serve the zone, None if it does."""
        if self.reply is None:
            return self.failure.detail if self.failure else "no answer"
        if self.reply.rcode not in _SERVES:
            return self.reply.rcode
        return None if "aa" in self.reply.flags else "answers without authority"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorities:
    """The name servers of a zone. `listed` are those that it names itself.

    `delegated` are those that the zone above names, None where it was not asked or doesn't show.
    """

    zone: str
    listed: tuple[str, ...]
    servers: tuple[Authority, ...]
    delegated: tuple[str, ...] | None = None


async def ask_authorities(
    network: Network,
    question: Question,
    *,
    families: Sequence[Family] = (Family.ANY,),
    transport: Transport = Transport.UDP,
    dnssec_ok: bool = False,
    delegation: bool = False,
    port: int = DNS_PORT,
    deadline: float,
) -> Authorities:
    """Return what each server of the question's zone says to it.

    The zone and its servers are found through our own resolver. At most 32 addresses are asked,
    of each name as many. With `delegation` a server of the zone above is asked too. `deadline` is
    a reading of `time.monotonic`. Raises NetError where the zone or the names of its servers
    can't be found.
    """
    asking = _Asking(
        network=network,
        families=tuple(families),
        transport=transport,
        options=Options(recursion=False, dnssec_ok=dnssec_ok),
        port=port,
        deadline=deadline,
    )
    found = await find_delegation(asking.look_up, question)
    async with asyncio.TaskGroup() as group:
        servers = group.create_task(asking.all(found.servers, question, found.zone))
        above = group.create_task(asking.delegated(found.zone)) if delegation else None
    return Authorities(
        zone=found.zone,
        listed=found.servers,
        servers=servers.result(),
        delegated=above.result() if above else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    network: Network
    families: tuple[Family, ...]
    transport: Transport
    options: Options
    port: int
    deadline: float

    async def look_up(self, question: Question) -> Message:
        resolver = self.network.resolver
        answer = await resolver.ask(question, self._until(), trace=QueryTrace(), options=_AS_IT_IS)
        return answer.message

    async def all(
        self, names: Sequence[str], question: Question, zone: str
    ) -> tuple[Authority, ...]:
        """Return what every server says, at every address of its name; of many, the first."""
        most = names[:_MOST_NAMES]
        each = min(_MOST_ADDRESSES, _MOST_ASKED // len(most))
        found = await asyncio.gather(*(self._named(name, each, question, zone) for name in most))
        return tuple(one for servers in found for one in servers)

    async def delegated(self, zone: str) -> tuple[str, ...] | None:
        """Return the servers of `zone` that the zone above names, None if it can't be asked.

        A server that serves both zones answers from the lower one, and shows no delegation.
        """
        if zone == ".":
            return None
        try:
            above = await find_delegation(
                self.look_up, Question(await find_zone(self.look_up, parent(zone)), "SOA")
            )
        except NetError:
            return None
        for name in above.servers[:_MOST_PARENTS]:
            for address in (await self._addresses(name))[0][:1]:
                try:
                    answer = await self._ask(address, Question(zone, "NS"), QueryTrace())
                except NetError:
                    continue
                servers = delegated_servers(answer.message, zone)
                if servers and "aa" not in answer.message.flags:
                    return servers
        return None

    async def _named(self, name: str, most: int, question: Question, zone: str) -> list[Authority]:
        addresses, error = await self._addresses(name)
        if not addresses:
            failure = error.failure if error else Failure(FailureKind.RESOLVE_NODATA, name)
            return [Authority(name=name, failure=failure, cause=error.cause if error else None)]
        return list(
            await asyncio.gather(
                *(self._one(name, address, question, zone) for address in addresses[:most])
            )
        )

    async def _addresses(self, name: str) -> tuple[list[str], NetError | None]:
        """Return the addresses of a server in the families wanted, and why there are none."""
        found: list[str] = []
        trouble: NetError | None = None
        for family in self.families:
            try:
                found += await self.network.addresses(name, family, self._until())
            except NetError as error:
                trouble = trouble or error
        return list(dict.fromkeys(found)), trouble

    async def _one(self, name: str, address: str, question: Question, zone: str) -> Authority:
        trace = QueryTrace()
        serial: int | None = None
        try:
            answer = await self._ask(address, question, trace)
            reply = read(question, answer)
            soa = Question(zone, "SOA")
            served = answer if question == soa else await self._ask(address, soa, QueryTrace())
            serial = _serial(served.message, zone)
        except NetError as error:
            return Authority(name=name, address=address, failure=error.failure, cause=error.cause)
        return Authority(
            name=name,
            address=address,
            reply=reply,
            answer=answer,
            leads_away=_leads_away(reply, answer.message, zone),
            serial=serial,
            seconds=trace.connect_seconds + trace.request_seconds,
        )

    async def _ask(self, address: str, question: Question, trace: QueryTrace) -> DnsAnswer:
        return await ask_patiently(
            NameServer(address, self.port),
            question,
            transport=self.transport,
            options=self.options,
            deadline=self._until(),
            trace=trace,
        )

    def _until(self) -> float:
        """Return a deadline that leaves some of the time for what comes after."""
        now = monotonic()
        return now + (self.deadline - now) * _SHARE_OF_TIME


async def ask_patiently(
    server: NameServer,
    question: Question,
    *,
    transport: Transport,
    options: Options,
    deadline: float,
    trace: QueryTrace,
) -> DnsAnswer:
    """Return what one server says, as `ask` does, but wait for no more than three seconds.

    Over UDP it is asked again after half of them: a packet that was lost makes no server lame.
    """
    began = monotonic()
    until = min(deadline, began + _PATIENCE_SECONDS)

    async def ask_once(end: float) -> DnsAnswer:
        return await ask(
            server, question, transport=transport, options=options, deadline=end, trace=trace
        )

    if transport is Transport.UDP:
        try:
            return await ask_once((began + until) / 2)
        except NetError as error:
            if error.failure.kind is not FailureKind.TIMEOUT:
                raise
    return await ask_once(until)


def _leads_away(reply: Reply, message: Message, zone: str) -> bool:
    if reply.rcode != "NOERROR" or reply.answers or not reply.aliases:
        return False
    return leads_away(message, reply.aliases[-1], zone)


def _serial(message: Message, zone: str) -> int | None:
    for record in message.answer:
        if record.type == "SOA" and record.name == zone:
            return int(record.text.split()[2])
    return None
