"""A server of HTTP/3 on loopback, in a thread with a loop of its own, and a small site for it."""

import asyncio
import contextlib
import gzip
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from aioquic.asyncio import QuicConnectionProtocol, serve
from aioquic.h3.connection import H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection

Fields = list[tuple[bytes, bytes]]


class Exchange:
    """One request as it came in, and the ways to answer it."""

    def __init__(self, protocol: "_Protocol", stream: int, fields: Fields) -> None:
        self.protocol, self.stream, self.fields, self.body = protocol, stream, fields, b""
        self.http = protocol.http

    def field(self, name: str) -> str:
        return dict(self.fields).get(name.encode(), b"").decode()

    def head(self, status: int, *fields: tuple[str, str], end: bool = False) -> None:
        encoded = [(name.encode(), value.encode()) for name, value in fields]
        self.http.send_headers(self.stream, [(b":status", str(status).encode()), *encoded], end)

    def body_piece(self, octets: bytes, *, end: bool = False) -> None:
        self.http.send_data(self.stream, octets, end)

    def answer(
        self, body: bytes = b"Makassar", status: int = 200, *fields: tuple[str, str]
    ) -> None:
        self.head(status, ("content-length", str(len(body))), *fields)
        self.body_piece(body, end=True)

    def later(self, act: Callable[[QuicConnection], None]) -> None:
        """Do something when what was said so far has surely arrived."""

        def run() -> None:
            act(self.protocol._quic)
            self.protocol.transmit()

        self.protocol._loop.call_later(0.2, run)


Answer = Callable[[Exchange], None]


class _Protocol(QuicConnectionProtocol):
    answer: Answer

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.http: H3Connection | None = None
        self.under_way: dict[int, Exchange] = {}

    def quic_event_received(self, event) -> None:
        if self.http is None:
            self.http = H3Connection(self._quic)
        for happened in self.http.handle_event(event):
            if isinstance(happened, HeadersReceived):
                self.under_way[happened.stream_id] = Exchange(
                    self, happened.stream_id, happened.headers
                )
            elif isinstance(happened, DataReceived):
                self.under_way[happened.stream_id].body += happened.data
            if getattr(happened, "stream_ended", False):
                self.answer(self.under_way[happened.stream_id])
        self.transmit()


@contextlib.contextmanager
def h3_serving(answer: Answer, chain: Path, key: Path, *, alpn: str = "h3") -> Iterator[int]:
    """Answer every request with `answer` until the block ends; yield the UDP port."""
    configuration = QuicConfiguration(is_client=False, alpn_protocols=[alpn])
    configuration.load_cert_chain(chain, key)
    protocol = type("Protocol", (_Protocol,), {"answer": staticmethod(answer)})
    loop = asyncio.new_event_loop()
    started = threading.Event()
    ports: list[int] = []

    async def run() -> None:
        server = await serve("127.0.0.1", 0, configuration=configuration, create_protocol=protocol)
        ports.append(server._transport.get_extra_info("sockname")[1])
        started.set()
        await stopping.wait()
        server.close()

    stopping = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    assert started.wait(10), "the server did not start"
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(10)
        loop.close()


def early(exchange) -> None:
    exchange.head(103, ("link", "</a>"))
    exchange.answer()


def half(exchange) -> None:
    exchange.head(200, ("content-length", "9"))
    exchange.body_piece(b"Maka")


def announced(status: int) -> Answer:
    """Return what announces a body and ends with the headers."""
    return lambda it: it.head(status, ("content-length", "9"), end=True)


def apart(exchange) -> None:
    """End the stream by itself, as many servers do."""
    exchange.head(200)
    exchange.body_piece(b"Makassar")
    exchange.later(lambda quic: quic.send_stream_data(exchange.stream, b"", end_stream=True))


def too_long(exchange) -> None:
    exchange.head(200, ("content-length", "3"))
    exchange.body_piece(b"Makassar", end=True)


def broken_coding(exchange) -> None:
    exchange.answer(b"Makassar is no archive", 200, ("content-encoding", "gzip"))


def no_head(exchange) -> None:
    exchange.protocol._quic.send_stream_data(exchange.stream, b"", end_stream=True)


def on_another_stream(exchange) -> None:
    """Answer on a stream that nobody opened, and then on the one that was."""
    other = exchange.protocol._quic.get_next_available_stream_id()
    exchange.http.send_headers(other, [(b":status", b"500")], True)
    exchange.later(lambda _: exchange.answer())


def half_then_reset(exchange) -> None:
    half(exchange)
    exchange.later(lambda quic: quic.reset_stream(exchange.stream, 0x102))


def half_then_goodbye(exchange) -> None:
    half(exchange)
    exchange.later(lambda quic: quic.close(0x107, reason_phrase="too busy"))


def half_then_end(exchange) -> None:
    half(exchange)
    exchange.later(lambda _: exchange.body_piece(b"", end=True))


def says(exchange) -> None:
    said = [exchange.field(name) for name in (":authority", "user-agent", "x-own", ":method")]
    exchange.answer("|".join([*said, str(len(exchange.body))]).encode())


PAGES = {
    "/": lambda it: it.answer(b"" if it.field(":method") == "HEAD" else b"Makassar"),
    "/big": lambda it: it.answer(b"Makassar " * 60_000),
    "/gzip": lambda it: it.answer(gzip.compress(b"Makassar"), 200, ("content-encoding", "gzip")),
    "/moved": lambda it: it.answer(b"", 302, ("location", "/")),
    "/early": early,
    **{f"/announced-{status}": announced(status) for status in (200, 204, 304)},
    "/apart": apart,
    "/too-long": too_long,
    "/broken-coding": broken_coding,
    "/no-head": no_head,
    "/other-stream": on_another_stream,
    "/says": says,
    "/silent": lambda it: None,
    "/half": half,
    "/half-reset": half_then_reset,
    "/half-goodbye": half_then_goodbye,
    "/half-end": half_then_end,
    "/reset": lambda it: it.protocol._quic.reset_stream(it.stream, 0x102),
    "/goodbye": lambda it: it.protocol._quic.close(0x107, reason_phrase="too busy"),
    "/headers": lambda it: it.head(200, *[(f"a{n}", "b") for n in range(200)], end=True),
}


def answer(exchange) -> None:
    """Answer by path, as a small site does."""
    PAGES[exchange.field(":path")](exchange)
