"""Addresses where nothing is."""

import json

import pytest

from monitor.web.app import create_public_app
from tests.unit.web.asking import a_context, ask


async def asked(path, query=""):
    return await ask(create_public_app(a_context()), "GET", path, query=query)


@pytest.mark.parametrize(
    ("query", "heading", "link", "way_on"),
    [
        ("", "Tidak ada halaman di alamat ini", "/?lang=id", "Ke halaman status"),
        ("lang=en", "There is no page at this address", "/?lang=en", "To the status page"),
    ],
)
async def test_a_page_says_where_to_go_on(query, heading, link, way_on):
    """Where there is no page, one says so in the language of who asks, and leads to the status."""
    answer = await asked("/servis/pajak", query)

    assert answer.status == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f"<h2>{heading}</h2>" in answer.text
    assert f'<a href="{link}">{way_on}</a>' in answer.text


@pytest.mark.parametrize(
    ("query", "beginning"),
    [("", "Tidak ada apa pun di alamat ini."), ("lang=en", "There is nothing at this address.")],
)
async def test_a_program_is_told_so_in_json(query, beginning):
    """Below /api/ the answer is JSON, and names what there is for everybody."""
    answer = await asked("/api/v1/services", query)
    detail = json.loads(answer.text)["detail"]

    assert (answer.status, answer.headers["content-type"]) == (404, "application/json")
    assert detail.startswith(beginning)
    assert detail.endswith("/api/v1/public/katalog.json")


async def test_nothing_of_the_address_is_repeated():
    """Whoever makes up an address does not write on our page."""
    answer = await asked("/<script>alert(1)</script>Pemeliharaan", "lang=<script>")

    assert "script" not in answer.text
    assert "Pemeliharaan" not in answer.text


async def test_a_list_of_everything_is_not_there_for_the_public():
    """Where nobody may see everything, asking for it is as if it were not there."""
    answer = await asked("/incidents", "full=1")

    assert answer.status == 404
    assert "Tidak ada halaman di alamat ini" in answer.text
