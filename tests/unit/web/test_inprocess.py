"""An application that is asked without a socket hears and says the same."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from monitor.web.inprocess import exchange


async def said(request: Request) -> JSONResponse:
    body = (await request.body()).decode()
    return JSONResponse([request.path_params["name"], dict(request.query_params), body], 201)


async def pieces(_: Request) -> StreamingResponse:
    return StreamingResponse(iter(["a", "b"]))


async def broken(_: Request) -> JSONResponse:
    raise OSError("no space")


APP = Starlette(
    routes=[
        Route("/said/{name:path}", said, methods=["POST"]),
        Route("/pieces", pieces),
        Route("/broken", broken),
    ]
)


async def test_all_arrives():
    """Path, query and body arrive as they would through a socket."""
    answer = await exchange(APP, "POST", "/said/ruang%20jaga%2F1?since=1%202", b"halo")

    assert answer == (201, b'["ruang jaga/1",{"since":"1 2"},"halo"]')


async def test_pieces_are_one_body():
    """What is sent in pieces is one body."""
    assert await exchange(APP, "GET", "/pieces", None) == (200, b"ab")


async def test_what_is_not_there():
    """A path that nobody answers is 404."""
    assert (await exchange(APP, "GET", "/nothing", None))[0] == 404


async def test_what_breaks_is_raised():
    """An error of a handler reaches who asked, with its reason."""
    with pytest.raises(OSError, match="no space"):
        await exchange(APP, "GET", "/broken", None)
