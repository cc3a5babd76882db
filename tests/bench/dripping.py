"""Targets that never finish: they send a byte a second for ever.

`python -m tests.bench.dripping` prints the port that it serves, and ends with its input.
"""

import asyncio
import os
import sys
from contextlib import suppress


async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Begin a response, and never end it."""
    with suppress(OSError):
        writer.write(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(1)


async def main() -> None:
    server = await asyncio.start_server(drip, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)  # a thousand handlers would each say that they were cancelled


if __name__ == "__main__":
    asyncio.run(main())
