"""The servers of the demonstration, asked over loopback."""

import asyncio

import pytest

from monitor.demo.sites import Answer, Request, greeting, http, opened

_REQUEST = b"POST / HTTP/1.1\r\nHost: kota.test\r\nContent-Length: 4\r\n\r\nisi!"


async def said(port, request=b""):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_request_is_read_whole():
    """A web site gets the fields and the body of a request, and its answer comes back."""
    seen = []

    async def respond(request: Request) -> Answer:
        seen.append(request)
        return Answer(503, "tutup")

    async with opened(http(respond)) as site:
        answer = await said(site.port, _REQUEST)

    assert answer.startswith(b"HTTP/1.1 503 ")
    assert answer.endswith(b"\r\n\r\ntutup")
    assert (seen[0].fields["host"], seen[0].body) == ("kota.test", b"isi!")


async def test_port_dies_and_comes_back():
    """A port that is shut refuses connections, stays its owner's, and can be opened again."""
    async with opened(greeting("siap")) as site:
        site.shut()
        with pytest.raises(ConnectionRefusedError):
            await said(site.port)
        with pytest.raises(OSError, match="already in use"):
            await asyncio.start_server(lambda *_: None, "127.0.0.1", site.port)
        await site.open()

        assert await said(site.port) == b"siap"


async def test_conversation_is_left_in_silence():
    """A site that closes in the middle of an answer leaves no task and no complaint behind."""
    complaints, asked = [], asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(lambda _, what: complaints.append(what))

    async def respond(_: Request) -> Answer:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with opened(http(respond)) as site:
        asking = asyncio.create_task(said(site.port, _REQUEST))
        await asked.wait()

    async with asyncio.timeout(5):  # half of what a conversation may take
        assert await asking == b""
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert complaints == []
