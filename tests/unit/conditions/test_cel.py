"""Conditions in CEL: what they come to, and what a hostile document can't do to us."""

import builtins
import json
import sys
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.conditions.cel import Cel, _program

DOCUMENT = {
    "status": "UP",
    "n": 1,
    "half": 0.5,
    "yes": True,
    "none": None,
    "text": "Kota Makassar é",
    "at": "2026-01-01T00:00:00Z",
    "items": [{"v": 0}, {"v": 1}, {"v": 2}],
    "mixed": [1, "a", None, {"v": 7}],
    "nested": {"a": {"b": [1, 2]}},
}


def result(text, document=DOCUMENT):
    try:
        return Cel(text).evaluate(json.dumps(document).encode())
    except ValueError as error:
        return str(error)


@pytest.mark.parametrize(
    "text",
    [
        'body.status == "UP"',
        "body[\"status\"] == 'UP'",
        "body.status != 'DOWN' && body.n == 1",
        "body.n == 1.0 && body.n < 2 && body.n <= 1 && body.half > 0 && body.half >= 0.5",
        "body.yes && !(body.n > 1)",
        "body.none == null",
        "body.n != '1'",
        "body.status in ['UP', 'OK'] && 'status' in body && !('x' in body)",
        "has(body.n) && !has(body.x) && has(body.nested.a.b)",
        "size(body.items) == 3 && body.text.size() == 15 && size(body) == 10",
        "body.items.all(i, i.v >= 0)",
        "body.items.exists(i, i.v == 2)",
        "body.items.exists_one(i, i.v > 1)",
        "body.items.filter(i, i.v > 0).map(i, i.v * 2) == [2, 4]",
        "body.items.map(i, i.v > 0, i.v + 1) == [2, 3]",
        "body.nested.all(k, k == 'a')",
        "body.items[body.n].v == 1 && body.nested.a.b[1] == 2",
        "body.text.startsWith('Kota') && body.text.endsWith('é') && body.text.contains('Maka')",
        "body.text.matches('^K.t[a-z]') && matches(body.text, r'\\s')",
        "body.n > 0 ? body.yes : body.missing",
        "7 / 2 == 3 && -7 / 2 == -3 && 7 % 3 == 1 && -7 % 3 == -1 && body.n / 2 == 0.5",
        "2 + 3 * 4 - 1 == 13 && -body.n == -1 && 'a' + 'b' == 'ab' && [1] + [2] == [1, 2]",
        "int('12') == 12 && int(2.9) == 2 && double('1.5') == 1.5 && string(body.n) == '1'",
        "bool('true') && string(true) == 'true' && 0x10 == 16 && 1e2 == 100",
        "type(body.n) == double && type(1) == int && type(body.items) == list",
        "timestamp(body.at) < timestamp('2027-01-01T08:00:00+08:00')",
        "timestamp(body.at) + duration('1h30m') == timestamp('2026-01-01T01:30:00Z')",
        "duration('90m') == duration('1h30m') && duration('-1s') < duration('0s')",
        "'\\u00e9\\x41\\n\\101' == 'éA\\nA' && r'\\n' == '\\\\n' && '''a'b''' == \"a'b\"",
        "{'a': body.n}.a == 1 && {body.status: 1}.UP == 1 && {'a' + 'b': 1}.ab == 1",
        # What decides stands, though the other side comes to an error.
        "body.missing || true",
        "true || body.missing",
        "!(body.missing && false)",
        "body.mixed.exists(i, i.v == 7)",
        "!body.mixed.all(i, i.v == 8)",
        # The inner name covers the outer one, and is gone behind the macro.
        "[1].all(body, body == 1) && body.n == 1",
    ],
)
def test_true(text):
    """Expressions come to what the language says."""
    assert result(text) is True


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("body.missing", "no such key: missing"),
        ("body.missing || false", "no such key: missing"),
        ("body.mixed.all(i, i.v == 7)", "no such key: v, in a value of type double"),
        ("body.items[3].v == 1", "index out of bounds: 3 of 3"),
        ("body.items['a'] == 1", "no such overload: [] of list, string"),
        ("body.n == 1 && body.status", "no such overload: && of string"),
        ("body.status > 1", "no such overload: < of int, string"),
        ("body.status + 1 == 'UP1'", "no such overload: + of string, int"),
        ("1 / 0 == 1", "divide by zero"),
        ("9223372036854775807 + 1 > 0", "integer overflow"),
        ("int('99999999999999999999') > 0", "integer overflow"),
        ("int('1' + 'x') > 0", "no int: a value of type string"),
        ("timestamp('2026-01-01T00:00:00') == timestamp(body.at)", "or without a zone"),
        ("body.n", "it comes to a value of type double, not to a boolean"),
        ("body", "it comes to a value of type map, not to a boolean"),
        ("body.items.filter(i, i.v) == []", "no such overload: filter of double"),
        ("body.n.all(i, true)", "no such overload: all of double"),
        ("{body.n: 1} == {}", "the keys of a map are texts"),
        ("{body.items: 1} == {}", "the keys of a map are texts"),
        ("{body.nested: 1} == {}", "the keys of a map are texts"),
    ],
)
def test_errors(text, said):
    """What comes to no boolean is an error that says why."""
    assert said in result(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("body.status =", "the syntax is broken at line 1, column 13"),
        ("status == 'UP'", "there is no status: the document is called body"),
        ("body.x.y(1)", "there is no y() with 2 arguments"),
        ("body.all(1, true)", "all() takes a name first"),
        ("body.all(x)", "all() takes a name and an expression"),
        ("has(body)", "has() takes a field"),
        ("body.x.matches(body.y)", "matches() takes its pattern as a text in quotes"),
        ("body.x.matches('(?=x)')", "is no RE2 expression"),
        ("b'x' == b'x'", "bytes are not offered"),
        ("body.X{}", "messages are not offered"),
        ("'\\q' == 'q'", "there is no escape \\q"),
        ("[1].all(x, true) && x == 1", "there is no x"),
        ("[" * 1000 + "]" * 1000, "nested too deeply"),
        ("true" + " " * 4096, "at most 4096 characters"),
        ("99999999999999999999 > 0", "integer overflow"),
        ("{1: 2} == {}", "the keys of a map are texts"),
        ("{[1]: 2} == {}", "the keys of a map are texts"),
        ("{{'a': 1}: 2} == {}", "the keys of a map are texts"),
    ],
)
def test_mistakes_are_told_when_the_configuration_is_read(text, said):
    """What is no expression, or uses what is not offered, never gets as far as a document."""
    with pytest.raises(ValueError) as caught:
        Cel(text)

    assert said in str(caught.value)


LONG = 52_000  # entries that fit into the largest document
HOSTILE = {
    "texts": {"l": ["x"] * LONG},
    "objects": {"l": [{"v": 1}] * (LONG // 2)},
    "ill-typed": {"l": [1, "a", None, {}] * (LONG // 4)},
    "one long text": {"l": ["x" * 250_000]},
    "deep": {"l": [json.loads("[" * 60 + "]" * 60)] * 2000},
}
COSTLY = [
    "body.l.all(x, x == x)",
    "body.l.all(x, body.l.all(y, x == y))",
    "body.l.all(x, x.v > 0.5)",
    "body.l.exists(x, x.v > 0.5)",
    "body.l.all(x, body.l == body.l)",
    "body.l.all(x, x in body.l)",
    "body.l.map(x, body.l + body.l).size() > 1",
    "body.l.map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).size() > 1",
    "body.l.all(x, (x + x).matches('(x+x+)+y'))",
    "body.l.all(x, x.contains('xxxxxxxxxy'))",
    "body.l.all(x, body.l[0] <= body.l[0])",
]


@pytest.mark.parametrize("document", HOSTILE)
@pytest.mark.parametrize("text", COSTLY)
def test_no_document_takes_long(document, text):
    """Whatever a target sends, an expression is given up after a bounded number of steps."""
    body = json.dumps(HOSTILE[document]).encode()
    cel = Cel(text)
    began = time.process_time()

    with suppress(ValueError):
        cel.evaluate(body)

    taken = time.process_time() - began
    print(f"{text} on {len(body)} bytes: {taken:.3f} s of CPU")
    assert taken < 1


def test_too_many_steps_are_not_forgiven():
    """Running out of steps is no error that || or && may pass over."""
    assert result("body.l.all(x, body.l.all(y, x == y)) || true", HOSTILE["texts"]) == (
        "it takes too many steps on this document"
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[" * 200_000,
        b'"\xff"',
        b"[" * 65 + b"]" * 65,
    ],
)
def test_what_is_no_document_is_an_error(body):
    """A body that is no JSON, is too deep or too large, makes the expression fail."""
    with pytest.raises(ValueError):
        Cel("body == 1").evaluate(body)


def test_texts_do_not_grow_without_bound():
    """What an expression joins counts by its length: ten doublings of a long text are too many."""
    doubling = "[body.s]" + ".map(x, x + x)" * 10 + ".size() == 1"

    assert result(doubling, {"s": "x"}) is True
    assert result(doubling, {"s": "x" * 250_000}) == "it takes too many steps on this document"


def test_a_document_has_at_most_256_kb():
    """A larger one is not even read."""
    assert Cel("body.a == 1").evaluate(b'{"a": 1' + b" " * 262_136 + b"}") is True
    with pytest.raises(ValueError, match="262145 bytes is too large"):
        Cel("body.a == 1").evaluate(b'{"a": 1' + b" " * 262_137 + b"}")


def test_numbers_of_the_document_are_doubles():
    """As in blackbox_exporter; so a number of any length is read."""
    assert result("type(body.n) == double") is True
    assert Cel("body.n > 1e300").evaluate(b'{"n": ' + b"9" * 400 + b"}") is True


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values)
def test_any_document_comes_to_a_boolean_or_an_error(document):
    """No document makes anything else of an expression than true, false or a ValueError."""
    for text in (
        "body.a.b == body[0] || body.c > 1 || body in [1]",
        "body.all(x, x.y.z) || body.exists(x, x + 1 > 2) ? size(body) > 1 : has(body.a)",
        "body.map(x, int(x)) == [] || timestamp(body.a) < timestamp(body.b)",
        "duration(body.a) / 2 == string(body.b) || body == body",
    ):
        assert isinstance(result(text, document), bool | str)


def test_without_the_extra(monkeypatch):
    """Where cel-python is not installed, the message says how to get it."""
    real = builtins.__import__

    def without_celpy(name, *rest, **options):
        if name.startswith("celpy"):
            raise ImportError(name)
        return real(name, *rest, **options)

    for name in [one for one in sys.modules if one.startswith("celpy")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without_celpy)
    _program.cache_clear()

    with pytest.raises(ValueError, match=r"pip install 'pantau\[cel\]'"):
        Cel("body.a == 1")
