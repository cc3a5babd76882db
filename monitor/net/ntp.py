"""One question to one time server (RFC 5905, client mode), within a deadline.

A forged or broken packet costs the answer nothing: it counts only if it comes from the server's
address and port (the socket is connected) and repeats the random nonce of a question. Anything
else is passed over. A question that gets no answer is asked again.
"""

import asyncio
import secrets
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from monitor.domain.observation import FailureKind
from monitor.net.datagram import connected
from monitor.net.errors import NetError
from monitor.net.faults import refused_by_them, refused_by_us
from monitor.net.icmpwire import kernel_time_of
from monitor.net.ntpwire import Malformed, NtpAnswer, answer, nonce_of, question

_MOST_QUESTIONS = 3
_SO_TIMESTAMPNS = 35
_LARGEST_PACKET = 65_535
_ANCILLARY_BYTES = 256
_NANOSECONDS = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A server's answer and what the four times of the exchange make of it, in seconds.

    `offset` is how far the server's clock is ahead of ours; the way there and back took `delay`,
    so that the true offset lies within half of that.
    """

    answer: NtpAnswer
    offset: float
    delay: float


@dataclass(frozen=True, slots=True)
class _Asked:
    at: float  # Unix time
    began: float  # monotonic


async def ask_time(address: str, port: int, *, deadline: float) -> Measured:
    """Return what the server at an IP literal says of the time.

    `deadline` is a reading of `time.monotonic`. Raises NetError: TIMEOUT, a CONNECT kind, or
    PROTOCOL for an answer that can't be.
    """
    sock = connected(address, port, f"ask {address} for the time")
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        return await _Exchange(sock, f"{address} port {port}").run(deadline)
    finally:
        sock.close()


class _Exchange:
    """Questions under way on one socket."""

    def __init__(self, sock: socket.socket, server: str) -> None:
        self._socket = sock
        self._server = server
        self._asked: dict[int, _Asked] = {}
        self._found: asyncio.Future[Measured] = asyncio.get_running_loop().create_future()

    async def run(self, deadline: float) -> Measured:
        began = monotonic()
        loop, descriptor = asyncio.get_running_loop(), self._socket.fileno()
        loop.add_reader(descriptor, self._read)
        try:
            for left in range(_MOST_QUESTIONS, 0, -1):
                self._ask()
                share = (deadline - monotonic()) / left
                done, _ = await asyncio.wait([self._found], timeout=max(0.0, share))
                if done:
                    return self._found.result()
        finally:
            loop.remove_reader(descriptor)
            self._found.cancel()
        detail = f"no answer from {self._server} within {monotonic() - began:.2f} s"
        raise NetError(FailureKind.TIMEOUT, detail)

    def _ask(self) -> None:
        nonce = secrets.randbits(64) | 1  # 0 is what a server repeats that does not look
        self._asked[nonce] = _Asked(time.time(), monotonic())
        try:
            self._socket.send(question(nonce))
        except BlockingIOError:
            return  # the socket's buffer is full: as good as lost on the way
        except OSError as error:
            raise refused_by_us(error, f"ask {self._server} for the time") from None

    def _read(self) -> None:
        """Take one packet: one a turn of the loop, so that a flood holds nothing else up."""
        if self._found.done():
            return
        try:
            packet, ancillary, _, _ = self._socket.recvmsg(_LARGEST_PACKET, _ANCILLARY_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._found.set_exception(refused_by_them(error, f"ask {self._server} for the time"))
            return
        asked = self._asked.get(nonce_of(packet) or 0)
        if asked is None:
            return
        try:
            self._found.set_result(self._measured(asked, packet, ancillary))
        except Malformed as error:
            detail = f"malformed answer from {self._server}: {error}"
            self._found.set_exception(NetError(FailureKind.PROTOCOL, detail, answered=True))

    def _measured(
        self, asked: _Asked, packet: bytes, ancillary: Sequence[tuple[int, int, bytes]]
    ) -> Measured:
        back = _back_at(asked, ancillary)
        found = answer(packet, back)
        there, here = found.received_at - asked.at, found.sent_at - back
        delay = (back - asked.at) - (found.sent_at - found.received_at)
        if found.stratum and found.sent_at < found.received_at:
            raise Malformed("it was sent before our question came")
        return Measured(answer=found, offset=(there + here) / 2, delay=max(delay, 0.0))


def _back_at(asked: _Asked, ancillary: Sequence[tuple[int, int, bytes]]) -> float:
    """Return when an answer came in (Unix time): by the kernel, however busy the loop was."""
    elapsed = monotonic() - asked.began
    at = kernel_time_of(ancillary)
    by_kernel = -1.0 if at is None else at / _NANOSECONDS - asked.at
    # The wall clock may have been set meanwhile; then our own reading is good enough.
    return asked.at + (by_kernel if 0 <= by_kernel <= elapsed else elapsed)
