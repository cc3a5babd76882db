"""The frames of WebSocket (RFC 6455, 5): ours as they go out, a server's read strictly.

Nothing is taken on trust: a length is refused when it is announced, before a byte of it came.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from monitor.domain.observation import FailureKind
from monitor.net.errors import NetError

LARGEST_MESSAGE = 65_536  # bytes, all fragments together
MOST_FRAMES = 10_000
_LARGEST_CONTROL = 125
_FINAL, _RESERVED, _MASKED = 0x80, 0x70, 0x80
_RESERVED_CODES = frozenset({1004, 1005, 1006})  # of those from 1000 to 1014


class Opcode(IntEnum):
    """What a frame is; from CLOSE on it is one that steers."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A whole message, or a frame that steers: never a CONTINUATION.

    `code` is that of a CLOSE, None where it gives none; `payload` then is its reason.
    """

    opcode: Opcode
    payload: bytes = b""
    code: int | None = None


def encode(opcode: Opcode, payload: bytes, mask: bytes) -> bytes:
    """Return a frame as a client sends it: final, and masked with four random bytes."""
    size = len(payload)
    if size <= _LARGEST_CONTROL:
        length = bytes((_MASKED | size,))
    elif size < 1 << 16:
        length = struct.pack("!BH", _MASKED | 126, size)
    else:
        length = struct.pack("!BQ", _MASKED | 127, size)
    key = (mask * (size // 4 + 1))[:size]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")
    return bytes((_FINAL | opcode,)) + length + mask + masked.to_bytes(size, "big")


class FrameReader:
    """Reads what a server sends, piece by piece."""

    __slots__ = ("_begun", "_buffered", "_frames", "_pieces")

    def __init__(self) -> None:
        self._buffered = bytearray()
        self._pieces = bytearray()
        self._begun: Opcode | None = None  # what a fragmented message is
        self._frames = 0

    def feed(self, octets: bytes) -> Iterator[Message]:
        """Yield the messages that end within these bytes. Raises NetError on what is invalid."""
        self._buffered += octets
        while (frame := self._next_frame()) is not None:
            final, opcode, payload = frame
            if opcode >= Opcode.CLOSE:
                yield _control(opcode, payload)
            elif (message := self._joined(opcode, payload, final=final)) is not None:
                yield message

    def _next_frame(self) -> tuple[bool, Opcode, bytes] | None:
        header = self._header()
        if header is None:
            return None
        opcode, start, size = header
        if len(self._buffered) < start + size:
            return None
        final = bool(self._buffered[0] & _FINAL)
        payload = bytes(self._buffered[start : start + size])
        del self._buffered[: start + size]
        self._frames += 1
        if self._frames > MOST_FRAMES:
            raise invalid(f"over {MOST_FRAMES} frames")
        return final, opcode, payload

    def _header(self) -> tuple[Opcode, int, int] | None:
        """Return what the next frame is, where its payload starts and how long that is."""
        buffered = self._buffered
        if len(buffered) < 2:
            return None
        first, second = buffered[0], buffered[1]
        if first & _RESERVED:
            raise invalid("a frame with reserved bits, which no extension asked for")
        if second & _MASKED:
            raise invalid("a masked frame, which only a client may send")
        opcode = _opcode(first & 0x0F)
        self._check_order(opcode, first, second)
        if second < 126:
            start, size = 2, second
        else:
            form, start, least = ("!H", 4, 126) if second == 126 else ("!Q", 10, 1 << 16)
            if len(buffered) < start:
                return None
            (size,) = struct.unpack(form, buffered[2:start])
            if size < least:
                raise invalid(f"a length of {size} written in too many bytes")
        if opcode < Opcode.CLOSE and len(self._pieces) + size > LARGEST_MESSAGE:
            detail = f"WebSocket: a message of {len(self._pieces) + size} bytes and more,"
            detail += f" at most {LARGEST_MESSAGE} are read"
            raise NetError(FailureKind.TOO_LARGE, detail, answered=True)
        return opcode, start, size

    def _check_order(self, opcode: Opcode, first: int, second: int) -> None:
        if opcode >= Opcode.CLOSE:
            if not first & _FINAL:
                raise invalid(f"a {opcode.name} frame in fragments")
            if second > _LARGEST_CONTROL:
                raise invalid(f"a {opcode.name} frame of over {_LARGEST_CONTROL} bytes")
        elif opcode is Opcode.CONTINUATION and self._begun is None:
            raise invalid("a continuation of nothing")
        elif opcode is not Opcode.CONTINUATION and self._begun is not None:
            raise invalid("a new message within a fragmented one")

    def _joined(self, opcode: Opcode, payload: bytes, *, final: bool) -> Message | None:
        """Return the message that ends with this frame, None when it goes on."""
        kind = self._begun or opcode
        self._pieces += payload
        if not final:
            self._begun = kind
            return None
        whole = bytes(self._pieces)
        self._begun = None
        self._pieces.clear()
        if kind is Opcode.TEXT and not _is_utf8(whole):
            raise invalid("a text message that is no UTF-8")
        return Message(opcode=kind, payload=whole)


def _opcode(number: int) -> Opcode:
    try:
        return Opcode(number)
    except ValueError:
        raise invalid(f"a frame of the unknown kind {number}") from None


def _control(opcode: Opcode, payload: bytes) -> Message:
    if opcode is not Opcode.CLOSE or not payload:
        return Message(opcode=opcode, payload=payload)
    if len(payload) < 2:
        raise invalid("a CLOSE frame with half a code")
    code, reason = int.from_bytes(payload[:2], "big"), payload[2:]
    if not _may_be_sent(code):
        raise invalid(f"a CLOSE frame with the code {code}, which nobody may send")
    if not _is_utf8(reason):
        raise invalid("a CLOSE frame whose reason is no UTF-8")
    return Message(opcode=opcode, payload=reason, code=code)


def _may_be_sent(code: int) -> bool:
    """Say whether a close code may stand in a frame (RFC 6455, 7.4, and its registry)."""
    return 3000 <= code <= 4999 or (1000 <= code <= 1014 and code not in _RESERVED_CODES)


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def invalid(detail: str) -> NetError:
    """Return the failure of a server that does not speak WebSocket as it should."""
    return NetError(FailureKind.PROTOCOL, f"not valid WebSocket: {detail}", answered=True)
