"""Content encodings, undone in a stream: what comes out is bounded, whatever went in."""

import zlib
from typing import Protocol

from monitor.domain.observation import FailureKind
from monitor.domain.text import visible_text
from monitor.net.errors import NetError

_GZIP = 16 + zlib.MAX_WBITS
_GZIP_MEMBERS = 64  # honest bodies have one; each costs CPU, so their number is bounded


class Decoder(Protocol):
    """Undoes one encoding. A call gives back about `limit` bytes at most; the rest is kept.

    After as many as that there may be more, which a call without octets gives back.
    """

    def decode(self, octets: bytes, limit: int) -> bytes: ...

    def begun(self) -> bool:
        """Say whether there was anything to undo; where no encoding is, that is always so."""
        ...

    def finished(self) -> bool:
        """Say whether the encoded data were whole; none at all are."""
        ...


class Identity:
    """No encoding."""

    def decode(self, octets: bytes, limit: int) -> bytes:
        return octets[:limit]

    def begun(self) -> bool:
        return True

    def finished(self) -> bool:
        return True


class Zlib:
    """`gzip`, in up to 64 members, and `deflate`, with its header or, as some send it, without."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._engine = zlib.decompressobj(window)
        self._members = 1
        self._begun = False
        self._rest = b""

    def decode(self, octets: bytes, limit: int) -> bytes:
        """Raise NetError of kind PROTOCOL on data of another form."""
        try:
            return self._decode(octets, limit)
        except zlib.error as error:
            raise NetError(
                FailureKind.PROTOCOL, f"broken content encoding: {error}", answered=True
            ) from None

    def _decode(self, octets: bytes, limit: int) -> bytes:
        if not self._begun and octets:
            self._begun = True
            if self._window == zlib.MAX_WBITS and octets[0] & 0x0F != 8:
                self._engine = zlib.decompressobj(-zlib.MAX_WBITS)
        text = self._decompressed(self._rest + octets, limit)
        while self._engine.eof and len(text) < limit and self._has_next_member():
            self._next_member()
            text += self._decompressed(self._rest, limit - len(text))
        return text

    def _behind(self, octets: bytes) -> bytes:
        """Return what counts of the bytes behind an end: of gzip a next member, past its padding.

        An engine would keep all of them, and copy them anew with every piece.
        """
        return octets.lstrip(b"\0") if self._window == _GZIP else b""

    def _decompressed(self, octets: bytes, limit: int) -> bytes:
        """Return what octets of one member stand for, and remember those that were too many."""
        if self._engine.eof:
            self._rest = octets
            return b""
        text = self._engine.decompress(octets, limit)
        self._rest = self._engine.unused_data or self._engine.unconsumed_tail
        return text

    def _has_next_member(self) -> bool:
        self._rest = self._behind(self._rest)
        return bool(self._rest)

    def _next_member(self) -> None:
        self._members += 1
        if self._members > _GZIP_MEMBERS:
            raise NetError(
                FailureKind.PROTOCOL, f"over {_GZIP_MEMBERS} gzip members", answered=True
            )
        self._engine = zlib.decompressobj(_GZIP)

    def begun(self) -> bool:
        return self._begun

    def finished(self) -> bool:
        return self._engine.eof or not self._begun


class Brotli:
    """`br`."""

    def __init__(self, engine: "BrotliEngine") -> None:
        self._engine = engine
        self._begun = False

    def decode(self, octets: bytes, limit: int) -> bytes:
        """Raise NetError of kind PROTOCOL on data of another form."""
        self._begun = self._begun or bool(octets)
        try:
            return self._engine.process(octets, output_buffer_limit=limit)
        except Exception as error:
            raise NetError(
                FailureKind.PROTOCOL, f"broken content encoding: br: {error}", answered=True
            ) from None

    def begun(self) -> bool:
        return self._begun

    def finished(self) -> bool:
        return self._engine.is_finished() or not self._begun


class BrotliEngine(Protocol):
    """The part of brotli.Decompressor that is used."""

    def process(self, octets: bytes, output_buffer_limit: int) -> bytes: ...

    def is_finished(self) -> bool: ...


def decoder(encoding: str) -> Decoder:
    """Return what undoes a Content-Encoding. Raise NetError on several, and on unknown ones.

    Nested encodings multiply what a small body unpacks to, and no browser needs them.
    """
    names = [name for part in encoding.lower().split(",") if (name := part.strip())]
    names = [name for name in names if name != "identity"] or ["identity"]
    if len(names) > 1:
        raise _refused(f"{len(names)} content encodings upon each other, at most one is read")
    return decoder_of(names[0])


def decoder_of(coding: str) -> Decoder:
    """Return what undoes one coding. Raise NetError on an unknown one."""
    match coding:
        case "identity":
            return Identity()
        case "gzip" | "x-gzip":
            return Zlib(_GZIP)
        case "deflate":
            return Zlib(zlib.MAX_WBITS)
        case "br":
            return _brotli()
        case _:
            raise _refused(f"content encoding {visible_text(coding, 40)!r} is not supported")


def _brotli() -> Decoder:
    import brotli  # type: ignore[import-untyped]  # only who meets it pays for it

    return Brotli(brotli.Decompressor())


def _refused(detail: str) -> NetError:
    return NetError(FailureKind.PROTOCOL, detail, answered=True)
