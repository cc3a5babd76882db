"""Values of a journey: read out of answers, put into requests, and told to nobody."""

import json

import pytest

from monitor.net.fetch import Reply
from monitor.net.http1 import Http1Response
from monitor.net.redirects import Cookies
from monitor.net.urls import parse_target
from monitor.probes.journey.carried import Carried
from monitor.probes.journey.extraction import extracted
from monitor.probes.journey.html import elements
from monitor.probes.journey.keys import Extract
from monitor.probes.journey.template import filled, filled_json, references

VALUES = {"token": "a b&c", "secret.password": "hunter2&co"}
PAGE = b"""<!DOCTYPE html><!-- <input name=t value=comment> --><script>"<input name=t value=script>"
</script><textarea><input name=t value=text></textarea><style><input name=t value=style></style>
<meta name="csrf" content='a&amp;b"c'><form id=f action="/do?a=1&amp;b=2"><INPUT TYPE=hidden
 NAME = "t"  VALUE='x>y' value=second /><input name=empty><form name="g"><input value=v name=u>"""


def reply(head=b"HTTP/1.1 200 OK", body=PAGE):
    response = Http1Response()
    length = b"\r\nContent-Length: %d\r\n\r\n" % len(body)
    response.feed(head + length + body)
    return Reply(response, parse_target("https://portal.test/app/form?x"), 0)


def value(extract, answer=None, cookies=None):
    wanted = {"v": Extract.model_validate(extract)}
    found, told = extracted(wanted, answer or reply(), cookies or Cookies())
    return found.get("v", told)


@pytest.mark.parametrize(
    ("extract", "expected"),
    [
        ({"input": "t"}, "x>y"),
        ({"input": "u"}, "v"),
        ({"input": "empty"}, "${v}: it is empty"),
        ({"input": "csrf"}, "${v}: no <input> named 'csrf' in a body of"),
        ({"meta": "csrf"}, 'a&b"c'),
        ({"action": "f"}, "https://portal.test/do?a=1&b=2"),
        ({"action": "g"}, "https://portal.test/app/form?x"),
        ({"action": "h"}, "${v}: no <form> with the id or name 'h' in"),
        ({"regex": "value=(sc\\w+)"}, "script"),
        ({"regex": "<!DOC\\w+"}, "<!DOCTYPE"),
        ({"regex": "nowhere"}, "${v}: a body of"),
        ({"json": "$.a"}, "${v}: not valid JSON"),
        ({"header": "X-Token"}, "${v}: there is no header X-Token"),
        ({"cookie": "sid"}, "${v}: https://portal.test/app/form has no cookie sid"),
    ],
)
def test_values_out_of_pages(extract, expected):
    """Elements are read as browsers read them: not in comments and scripts, entities undone."""
    assert value(extract).startswith(expected)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.text", "a"),
        ("$.number", "4711"),
        ("$.fraction", "0.5"),
        ("$.truth", "true"),
        ("$.list[1]", "2"),
        ("$.null", "${v}: nothing at $.null"),
        ("$.gone", "${v}: nothing at $.gone"),
        ("$.list", "${v}: $.list is no text and no number: [1, 2]"),
        ("$.long", "${v}: it has 4097 bytes, at most 4096 are taken"),
        ("$.lines", "${v}: it holds a line break or a control character"),
        ("$.blank", "${v}: it is empty"),
    ],
)
def test_values_out_of_json(path, expected):
    """Texts, numbers and booleans are taken; nothing long, and nothing that breaks a line."""
    document = {
        "text": "a",
        "number": 4711,
        "fraction": 0.5,
        "truth": True,
        "null": None,
        "list": [1, 2],
        "long": "x" * 4097,
        "lines": "a\r\nb",
        "blank": "",
    }

    assert value({"json": path}, reply(body=json.dumps(document).encode())) == expected


def test_values_out_of_headers_and_cookies():
    """A header's first value is taken, and a cookie as scripts of a page read it."""
    answer, cookies = reply(b"HTTP/1.1 200 OK\r\nX-Token: a\r\nx-token: b"), Cookies()
    cookies.take(answer.target, [b"XSRF-TOKEN=a%3D%3D; Path=/"], now=0)

    assert value({"header": "x-token"}, answer) == "a"
    assert value({"cookie": "XSRF-TOKEN"}, answer, cookies) == "a=="


@pytest.mark.parametrize(
    "page",
    [
        *("<" * 100_000, "<input " * 20_000, '<input a="' * 20_000, "<!--" * 50_000),
        *("<!-- <input>" * 20_000, "<script>" * 20_000, "<input" + " " * 100_000),
        *(("<input a" + " " * 8000) * 20, "<input a=b " * 20_000, "</script" * 20_000),
    ],
    ids=lambda page: page[:12],
)
def test_hostile_pages_are_read(page):
    """Pages that make parsers slow give at most 1000 elements, each of at most 50 attributes."""
    found = list(elements(page))

    assert len(found) <= 1000
    assert all(len(attributes) <= 50 for _, attributes in found)


def test_only_the_beginning_of_a_page_is_read():
    """Behind 512 K characters no form is looked for."""
    assert list(elements(" " * 524_288 + "<input>")) == []
    assert len(list(elements(" " * 524_000 + "<input>"))) == 1


def test_short_values_are_told():
    """What was extracted and has under eight characters is told: messages need their numbers."""
    carried = Carried(secrets={"pin": "4711"}, values={"id": "1234567", "token": "12345678"})

    assert carried.veiled("4711, 1234567, 12345678") == "***, 1234567, ***"


def test_places_are_filled():
    """`${…}` is replaced once, `$${` becomes `${`, and JSON keeps its shape and its keys."""
    assert (
        filled("<${token}|$${token}|${secret.password}>", VALUES) == "<a b&c|${token}|hunter2&co>"
    )
    assert filled("${token}", {"token": "${secret.password}"}) == "${secret.password}"
    assert references("$${a} ${b}${secret.c}") == ("b", "secret.c")
    assert filled_json({"${token}": ["${token}", 1, None, True]}, VALUES) == {
        "${token}": ["a b&c", 1, None, True]
    }
