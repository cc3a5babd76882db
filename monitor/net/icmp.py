"""ICMP echoes and their replies (RFC 792, RFC 4443), within a deadline, without a thread.

Only the reply to a request of ours counts: its address (the socket is connected), identifier,
sequence number and payload must be those that were sent, and it counts once. What a router says
against a request settles that one. Round trips are timed by the kernel, so that a busy loop does
not make a target look slow.
"""

import asyncio
import errno
import os
import secrets
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from time import monotonic

from monitor.domain.observation import FailureKind, UnknownCause
from monitor.net.errors import NetError
from monitor.net.faults import refused_by_them, refused_by_us
from monitor.net.icmpsocket import EchoOptions as EchoOptions  # noqa: PLC0414 - part of this vocabulary
from monitor.net.icmpsocket import open_socket
from monitor.net.icmpwire import (
    Echo,
    Refusal,
    echo_request,
    hop_limit_of,
    is_echo_reply,
    kernel_time_of,
    message_of,
    refusal_of,
    sequence_of,
)

LARGEST_PAYLOAD = 65_507  # what an IPv4 packet holds besides its own header and that of ICMP
_LARGEST_PACKET = 65_535
_ANCILLARY_BYTES = 256
_MSG_ERRQUEUE = 0x2000
_MOST_AT_ONCE = 256  # packets, when time is up; before that one a turn of the loop
_FOREVER = float("inf")


@dataclass(slots=True)
class EchoTrace:
    """What is known so far of an echo; it stays when a step raises.

    `privileged` says that a raw socket was needed; the kernel chooses the identifier where it
    was not. `sequence` is that of the first request.
    """

    setup_seconds: float = 0.0
    privileged: bool = False
    identifier: int = 0
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How many requests, `gap_seconds` apart, and how long a reply may take to count."""

    count: int = 1
    gap_seconds: float = 0.0
    wait_seconds: float = _FOREVER


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoReply:
    """The reply: how long it took, and its hop limit (TTL in IPv4), None where it is not known."""

    seconds: float
    hop_limit: int | None


@dataclass(slots=True, kw_only=True)
class Sent:
    """A request, and what became of it; with neither reply nor refusal it was lost."""

    asked: Echo
    at: int  # nanoseconds since the Unix epoch
    began: float
    reply: EchoReply | None = None
    refusal: NetError | None = None


@dataclass(slots=True)
class Echoes:
    """What became of all requests; `duplicates` are replies that came once more."""

    sent: list[Sent] = field(default_factory=list)
    duplicates: int = 0


async def echo(
    address: str, options: EchoOptions, *, deadline: float, trace: EchoTrace | None = None
) -> EchoReply:
    """Return the reply of an IP literal to one echo request.

    `deadline` is a reading of `time.monotonic`. Raises NetError: TIMEOUT when there is none,
    CONNECT_UNREACHABLE when a router says so, or a cause when nothing could be sent.
    """
    began = monotonic()
    found = await echoes(address, options, Pace(), deadline=deadline, trace=trace)
    [sent] = found.sent
    if sent.reply is not None:
        return sent.reply
    if sent.refusal is not None:
        raise sent.refusal
    detail = f"no echo reply from {address} within {monotonic() - began:.2f} s"
    raise NetError(FailureKind.TIMEOUT, detail)


async def echoes(
    address: str,
    options: EchoOptions,
    pace: Pace,
    *,
    deadline: float,
    trace: EchoTrace | None = None,
) -> Echoes:
    """Return what became of several echo requests, one at least, to an IP literal.

    It ends when all are settled, when the last has had its time, or at `deadline` (a reading of
    `time.monotonic`), after which nothing is sent. Raises NetError: TIMEOUT when that is before
    the first, or with a cause when something could not be sent for a reason of ours.
    """
    trace = trace or EchoTrace()
    began, own = monotonic(), secrets.randbits(16)
    if deadline <= began:
        raise NetError(FailureKind.TIMEOUT, f"no time was left to ping {address}")
    sock = None
    try:
        sock = open_socket(address, options, own)
    finally:
        trace.setup_seconds = monotonic() - began
        trace.privileged = sock is None or sock.type == socket.SOCK_RAW
    try:
        first = _first(sock, options.payload, own)
        trace.identifier, trace.sequence = first.identifier, first.sequence
        exchange = _Exchange(sock, address, first, pace, cut=not options.dont_fragment)
        return await exchange.run(deadline)
    finally:
        sock.close()


def _first(sock: socket.socket, payload: bytes, own: int) -> Echo:
    """Return the first request. Where the socket is no raw one, its identifier is the kernel's."""
    return Echo(
        ip6=sock.family == socket.AF_INET6,
        identifier=own if sock.type == socket.SOCK_RAW else sock.getsockname()[1] or own,
        sequence=secrets.randbits(16),
        payload=payload,
    )


class _Exchange:
    """Requests under way on one socket."""

    def __init__(
        self, sock: socket.socket, address: str, first: Echo, pace: Pace, *, cut: bool
    ) -> None:
        """`cut` says that packets may be sent in fragments."""
        self._socket = sock
        self._cut = cut
        self._address = address
        self._first = first
        self._pace = pace
        self._found = Echoes()
        self._waiting: dict[int, Sent] = {}
        self._fault: NetError | None = None
        self._settled: asyncio.Future[None] | None = None

    async def run(self, deadline: float) -> Echoes:
        """Send at the pace, and wait for what comes back. Raises NetError."""
        loop, descriptor = asyncio.get_running_loop(), self._socket.fileno()
        loop.add_reader(descriptor, self._read)
        try:
            await self._send_all(deadline)
            await self._settle(min(monotonic() + self._pace.wait_seconds, deadline))
        finally:
            loop.remove_reader(descriptor)
        self._drain()
        if self._fault is not None:
            raise self._fault
        return self._found

    async def _send_all(self, deadline: float) -> None:
        began = monotonic()
        for number in range(self._pace.count):
            if number:
                await asyncio.sleep(began + number * self._pace.gap_seconds - monotonic())
            if self._fault is not None or (number and monotonic() >= deadline):
                return
            sequence = (self._first.sequence + number) & 0xFFFF
            self._send(replace(self._first, sequence=sequence))
            self._read()  # one on this machine has answered already

    async def _settle(self, until: float) -> None:
        """Wait until nothing is awaited any more, or until a reading of `time.monotonic`."""
        if not self._waiting or self._fault is not None:
            return
        loop = asyncio.get_running_loop()
        self._settled = loop.create_future()
        timer = loop.call_at(until, self._wake)
        try:
            await self._settled
        finally:
            timer.cancel()

    def _wake(self) -> None:
        if self._settled is not None and not self._settled.done():
            self._settled.set_result(None)

    def _send(self, asked: Echo) -> None:
        sent = Sent(asked=asked, at=time.time_ns(), began=monotonic())
        self._found.sent.append(sent)
        self._waiting[asked.sequence] = sent
        # What a router said of an earlier request may be told by the call that sends this one.
        for _ in range(self._pace.count):
            try:
                self._socket.send(echo_request(asked))
                return
            except OSError as error:
                if error.errno == errno.EMSGSIZE:
                    self._refuse(sent, self._too_large())
                    return
                if not self._take_refusals():
                    raise refused_by_us(error, f"ping {self._address}") from None

    def _drain(self) -> None:
        """Take what has come while the loop was busy: late for us is not late for the target."""
        for _ in range(_MOST_AT_ONCE):
            if not self._waiting or not self._read():
                return

    def _read(self) -> bool:
        """Take one packet: one a turn of the loop, so that a flood holds nothing else up."""
        try:
            packet, ancillary, _, _ = self._socket.recvmsg(_LARGEST_PACKET, _ANCILLARY_BYTES)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            if not self._take_refusals():
                self._fault = refused_by_us(error, f"ping {self._address}")
                self._wake()
            return True
        self._take(packet, ancillary)
        return True

    def _take(self, packet: bytes, ancillary: list[tuple[int, int, bytes]]) -> None:
        raw = self._socket.type == socket.SOCK_RAW and not self._first.ip6
        message = message_of(packet, raw=raw)
        sent = self._request_of(message.octets)
        if sent is None:
            return
        if sent.asked.sequence not in self._waiting:
            self._found.duplicates += 1
            return
        seconds = _seconds(sent, ancillary)
        hop_limit = hop_limit_of(ancillary)
        if seconds <= self._pace.wait_seconds:
            sent.reply = EchoReply(
                seconds=seconds, hop_limit=message.hop_limit if hop_limit is None else hop_limit
            )
        self._end(sent)

    def _request_of(self, message: bytes) -> Sent | None:
        """Return the request that a message is the reply to, None if it is to none of ours."""
        number = self._number(sequence_of(message))
        if number is None:
            return None
        sent = self._found.sent[number]
        return sent if is_echo_reply(sent.asked, message) else None

    def _number(self, sequence: int | None) -> int | None:
        if sequence is None:
            return None
        number = (sequence - self._first.sequence) & 0xFFFF
        return number if number < len(self._found.sent) else None

    def _take_refusals(self) -> bool:
        """Take what routers say against requests; say whether there was anything."""
        for taken in range(_MOST_AT_ONCE):
            try:
                packet, ancillary, _, _ = self._socket.recvmsg(
                    _LARGEST_PACKET, _ANCILLARY_BYTES, _MSG_ERRQUEUE
                )
            except OSError:
                return taken > 0
            refusal = refusal_of(ancillary)
            number = self._number(sequence_of(packet))
            if refusal is None or number is None:
                continue
            sent = self._found.sent[number]
            if packet[4:6] == sent.asked.identifier.to_bytes(2, "big"):
                self._hear_refusal(sent, refusal)
        return True

    def _hear_refusal(self, sent: Sent, refusal: Refusal) -> None:
        """Take a refusal, unless the packet can go again in pieces, now that a size is known."""
        if refusal.code == errno.EMSGSIZE and self._cut:
            self._cut = False
            sent.at, sent.began = time.time_ns(), monotonic()
            with suppress(OSError):
                self._socket.send(echo_request(sent.asked))
            return
        self._refuse(sent, self._refused(refusal))

    def _refuse(self, sent: Sent, why: NetError) -> None:
        if sent.asked.sequence in self._waiting:
            sent.refusal = why
            self._end(sent)

    def _end(self, sent: Sent) -> None:
        del self._waiting[sent.asked.sequence]
        if not self._waiting:
            self._wake()

    def _refused(self, refusal: Refusal) -> NetError:
        if refusal.code == errno.EMSGSIZE:
            return self._too_large()
        if refusal.hop_limit_spent:
            detail = f"ping {self._address}: the hop limit was used up at {refusal.reporter}"
            return NetError(FailureKind.CONNECT_UNREACHABLE, detail)
        error = OSError(refusal.code, os.strerror(refusal.code))
        told = refused_by_them(error, f"ping {self._address}, {refusal.reporter} answers")
        return NetError(
            told.failure.kind,
            told.failure.detail,
            answered=refusal.reporter == self._address,
        )

    def _too_large(self) -> NetError:
        size = len(self._first.payload)
        detail = f"ping {self._address}: {size} bytes of payload are too many for the way"
        return NetError(FailureKind.CONNECT_UNREACHABLE, detail)


def _seconds(sent: Sent, ancillary: list[tuple[int, int, bytes]]) -> float:
    elapsed = monotonic() - sent.began
    at = kernel_time_of(ancillary)
    by_kernel = -1.0 if at is None else (at - sent.at) / 1e9
    # The wall clock may have been set meanwhile; then our own reading is good enough.
    return by_kernel if 0 <= by_kernel <= elapsed else elapsed


def too_little_time(pace: Pace, seconds: float) -> NetError | None:
    """Return why the requests can't all be sent within so many seconds, None if they can."""
    needed = (pace.count - 1) * pace.gap_seconds
    if needed < seconds:
        return None
    detail = (
        f"{pace.count} packets, one every {pace.gap_seconds:g} s, take {needed:g} s to send, "
        f"but only {seconds:.1f} s are left: raise timeout, or lower count or gap"
    )
    return NetError(FailureKind.TIMEOUT, detail, cause=UnknownCause.LOCAL)
