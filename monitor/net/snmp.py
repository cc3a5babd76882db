"""Some objects asked of one SNMP agent over UDP, within a deadline: version 2c and version 3.

A forged or broken packet costs the answer nothing: it counts only if it comes from the agent's
address and port (the socket is connected), repeats the random numbers of the question and, for a
user with a password, is signed. Anything else is passed over, and told where no answer comes.
"""

import asyncio
import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import TypeVar

from monitor.domain.observation import FailureKind
from monitor.domain.text import visible_text
from monitor.net.ber import Fields, Malformed
from monitor.net.datagram import connected
from monitor.net.errors import NetError
from monitor.net.faults import refused_by_them, refused_by_us
from monitor.net.snmpusm import (
    Engine,
    Keys,
    Message,
    User,
    content_of,
    discovery,
    in_time,
    is_engine_id,
    is_genuine,
    keys_of,
    question,
    read_message,
)
from monitor.net.snmpwire import (
    REPORT,
    RESPONSE,
    Pdu,
    community_message,
    get_pdu,
    read_community_message,
    read_head,
    read_rest,
)

T = TypeVar("T")

_LARGEST_PACKET = 65_535
_FIRST_WAIT_SECONDS = 1.0  # then twice as long each time
_USM_STATS = "1.3.6.1.6.3.15.1.1"
_NOT_IN_TIME = f"{_USM_STATS}.2.0"
# What an agent reports in place of an answer (RFC 3414, section 5; RFC 3412, 5; RFC 3413, 4.1.2).
_REPORTS = {
    f"{_USM_STATS}.1.0": "does not let {user} ask like this: raise or lower auth and privacy",
    _NOT_IN_TIME: "finds our time wrong, although it was asked for it just now",
    f"{_USM_STATS}.3.0": "knows no {user}",
    f"{_USM_STATS}.4.0": "denies the engine id that it told us",
    f"{_USM_STATS}.5.0": "finds the signature of {user} wrong: check auth, protocol and password",
    f"{_USM_STATS}.6.0": "can't decrypt what {user} asks: check privacy, and its password",
    "1.3.6.1.6.3.11.2.1.1.0": "does not speak the User-based Security Model",
    "1.3.6.1.6.3.11.2.1.2.0": "finds our message invalid",
    "1.3.6.1.6.3.12.1.4.0": "has not got that context now",
    "1.3.6.1.6.3.12.1.5.0": "knows no such context",
}


@dataclass(frozen=True, slots=True)
class Community:
    """Who asks in version 2c."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an agent said of the objects that it was asked for.

    In version 3 there are its engine, and the level of security.
    """

    pdu: Pdu
    engine: Engine | None = None
    level: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks for what. `retries` is how often a packet is sent again."""

    who: Community | User
    oids: tuple[str, ...]
    context_name: str = ""
    retries: int = 3


async def get(address: str, port: int, asked: Asked, *, deadline: float) -> Answer:
    """Return what the agent at an IP literal says of some objects.

    `deadline` is a reading of `time.monotonic`. Raises NetError: TIMEOUT, a CONNECT kind, STATUS
    where the agent refuses who asks, or PROTOCOL for an answer that can't be.
    """
    agent = f"{address} port {port}"
    sock = connected(address, port, f"ask {agent}")
    try:
        exchange = _Exchange(sock, agent, asked.retries, deadline)
        if isinstance(asked.who, Community):
            return await _in_community(exchange, asked, asked.who)
        return await _as_user(exchange, asked, asked.who)
    finally:
        sock.close()


async def _in_community(exchange: "_Exchange", asked: Asked, who: Community) -> Answer:
    number, community = _random(), who.text.encode()

    def read(packet: bytes) -> Pdu:
        theirs, fields = read_community_message(packet)
        if theirs != community:
            raise Malformed("another community")
        return _response(exchange.agent, fields, number, asked.oids)

    packet = community_message(community, get_pdu(number, asked.oids))
    hint = "; an agent is silent where the community or the asker's address is wrong"
    return Answer(pdu=await exchange.ask(packet, read, hint))


async def _as_user(exchange: "_Exchange", asked: Asked, user: User) -> Answer:
    engine = await _discovered(exchange)
    keys = keys_of(user, engine.id)
    found = await _asked_once(exchange, asked, user, engine, keys)
    if isinstance(found, Engine):
        # What it told of its time at first nobody had signed; this somebody has.
        engine = found
        found = await _asked_once(exchange, asked, user, engine, keys)
    if isinstance(found, Engine):
        raise _reported(exchange.agent, _NOT_IN_TIME, user)
    return Answer(pdu=found, engine=engine, level=level_of(user))


async def _discovered(exchange: "_Exchange") -> Engine:
    """Return the agent's engine: its id and, signed by nobody, its time (RFC 3414, section 4)."""
    number = _random()

    def read(packet: bytes) -> Engine:
        message = read_message(packet)
        tag, _, _ = read_head(_scoped(message, None))
        if message.id != number or tag != REPORT:
            raise Malformed("no answer to this question")
        if not is_engine_id(message.engine.id):
            raise Malformed("no engine id")
        return _read_now(message.engine)

    return await exchange.ask(discovery(number, get_pdu(_random(), ())), read)


async def _asked_once(
    exchange: "_Exchange", asked: Asked, user: User, engine: Engine, keys: Keys | None
) -> Pdu | Engine:
    """Return the answer, or the engine with its true time where we had a wrong one."""
    message_id, number = _random(), _random()

    def read(packet: bytes) -> Pdu | Engine:
        message = read_message(packet)
        if message.id != message_id or message.engine.id != engine.id:
            raise Malformed("no answer to this question")
        is_signed = keys is not None and is_genuine(message, keys)
        if message.is_authenticated and not is_signed:
            raise Malformed("a wrong signature")
        content = _scoped(message, keys)
        if content.tag == REPORT:
            return _report(exchange.agent, message, content, user)
        if message.user != user.name or _level(message) != level_of(user):
            raise Malformed("another user, or another level of security")
        if is_signed and in_time(engine, message.engine, monotonic()) is None:
            raise Malformed("an old answer")
        return _response(exchange.agent, content, number, asked.oids)

    packet = question(
        message_id,
        get_pdu(number, asked.oids),
        user=user,
        engine=engine,
        keys=keys,
        context_name=asked.context_name,
        now=monotonic(),
        salt=secrets.token_bytes(8),
    )
    hint = "; it does tell its engine: an agent is silent where the password of privacy is wrong"
    return await exchange.ask(packet, read, hint if user.secrecy is not None else "")


def _scoped(message: Message, keys: Keys | None) -> Fields:
    """Return the PDU of a message, still to be read. Raises Malformed."""
    fields = content_of(message, keys)
    fields.octet_string()
    fields.octet_string()
    return fields


def level_of(user: User) -> str:
    """Return what the standard calls the level of security that a user asks at."""
    return _level_name(user.hash_name is not None, user.secrecy is not None)


def _level(message: Message) -> str:
    return _level_name(message.is_authenticated, message.is_encrypted)


def _level_name(is_signed: bool, is_secret: bool) -> str:  # noqa: FBT001  flags of a message
    return f"{'auth' if is_signed else 'noAuth'}{'Priv' if is_secret else 'NoPriv'}"


def _report(agent: str, message: Message, content: Fields, user: User) -> Engine:
    """Return the engine's time from a report about ours. Raises NetError for any other."""
    values = read_rest(read_head(content)).values
    oid = values[0][0] if values else ""
    if oid != _NOT_IN_TIME:
        raise _reported(agent, oid, user)
    if user.hash_name is not None and not message.is_authenticated:
        raise Malformed("a time that nobody signed")
    return _read_now(message.engine)


def _reported(agent: str, oid: str, user: User) -> NetError:
    who = f"user {visible_text(user.name, 64)!r} ({level_of(user)})"
    said = _REPORTS.get(oid, f"reports {oid or 'nothing'} in place of an answer")
    detail = f"{agent} {said.format(user=who)}"
    return NetError(FailureKind.STATUS, detail, answered=True)


def _read_now(engine: Engine) -> Engine:
    return Engine(id=engine.id, boots=engine.boots, time=engine.time, read_at=monotonic())


def _response(agent: str, fields: Fields, number: int, oids: Sequence[str]) -> Pdu:
    """Return the response to a question. Raises Malformed for what is none, and NetError for one
    that can't be.
    """
    head = read_head(fields)
    if head[0] != RESPONSE or head[1] != number:
        raise Malformed("no answer to this question")
    try:
        pdu = read_rest(head)
    except Malformed as error:
        raise _malformed(agent, str(error)) from None
    if not pdu.error and [oid for oid, _ in pdu.values] != list(oids):
        raise _malformed(agent, "it is about other objects than were asked for")
    return pdu


def _malformed(agent: str, why: str) -> NetError:
    detail = f"malformed answer from {agent}: {why}"
    return NetError(FailureKind.PROTOCOL, detail, answered=True)


def _random() -> int:
    return secrets.randbelow(2**31 - 1) + 1


class _Exchange:
    """Questions and answers on one socket."""

    def __init__(self, sock: socket.socket, agent: str, retries: int, deadline: float) -> None:
        self.agent = agent
        self._socket = sock
        self._times = retries + 1
        self._deadline = deadline
        self._has_heard = False
        self._passed_over = 0
        self._why = ""

    async def ask(self, packet: bytes, read: Callable[[bytes], T], hint: str = "") -> T:
        """Send `packet`, again where nothing comes, and return what `read` makes of the answer.

        `read` raises Malformed for what is none. `hint` is told where nothing at all came back.
        """
        loop, descriptor, began = asyncio.get_running_loop(), self._socket.fileno(), monotonic()
        found: asyncio.Future[T] = loop.create_future()
        loop.add_reader(descriptor, self._take, found, read)
        try:
            for turn in range(self._times):
                self._send(packet)
                done, _ = await asyncio.wait([found], timeout=self._wait_seconds(turn))
                if done:
                    return found.result()
        finally:
            loop.remove_reader(descriptor)
            found.cancel()
        raise self._silence(monotonic() - began, hint)

    def _wait_seconds(self, turn: int) -> float:
        """Return how long to wait before the packet is sent again, or given up: the last turn
        has all that is left.
        """
        left = max(0.0, self._deadline - monotonic())
        turns = self._times - turn
        return left if turns == 1 else min(_FIRST_WAIT_SECONDS * 2**turn, left / turns)

    def _send(self, packet: bytes) -> None:
        try:
            self._socket.send(packet)
        except BlockingIOError:
            return  # the socket's buffer is full: as good as lost on the way
        except OSError as error:
            raise refused_by_us(error, f"ask {self.agent}") from None

    def _take(self, found: "asyncio.Future[T]", read: Callable[[bytes], T]) -> None:
        """Take one packet: one a turn of the loop, so that a flood holds nothing else up."""
        if found.done():
            return
        try:
            packet = self._socket.recv(_LARGEST_PACKET)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            found.set_exception(refused_by_them(error, f"ask {self.agent}"))
            return
        try:
            found.set_result(read(packet))
            self._has_heard = True
        except Malformed as error:
            self._passed_over += 1
            self._why = str(error)
        except NetError as error:
            found.set_exception(error)

    def _silence(self, seconds: float, hint: str) -> NetError:
        detail = f"no answer from {self.agent} within {seconds:.2f} s"
        if self._passed_over:
            detail += f"; packets passed over: {self._passed_over}, the last for {self._why}"
        else:
            detail += hint
        answered = self._has_heard or bool(self._passed_over)
        return NetError(FailureKind.TIMEOUT, detail, answered=answered)
