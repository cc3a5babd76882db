"""The form of entries, against the examples of RFC 8785."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ledger.canonical import canonical

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
)


def test_order_of_keys():
    """Keys are in the order of their UTF-16 code units (RFC 8785, 3.2.3)."""
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    written = canonical(dict.fromkeys(keys, 0)).decode()

    assert list(json.loads(written)) == ["\r", "1", "\x80", "ö", "€", "\U0001f600", "\ufb33"]


def test_form_of_text():
    """Text is escaped only where it must be, and then in the one way (RFC 8785, 3.2.2.2)."""
    assert canonical({"a": '€$\u000f\nA\'B"\\\\"/\x7f'}) == (
        '{"a":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/\x7f"}'.encode()
    )


def test_literals():
    """There is no space, and each literal has one form."""
    value = {"b": [None, True, False, 0, -1, 2**53 - 1], "a": {}}
    assert canonical(value) == b'{"a":{},"b":[null,true,false,0,-1,9007199254740991]}'


@given(st.dictionaries(texts, values, max_size=5))
def test_round_trip(value):
    """What is read back is what was written, and is written the same again."""
    written = canonical(value)
    assert json.loads(written) == value
    assert canonical(json.loads(written)) == written


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (1.0, TypeError),
        (b"x", TypeError),
        (object(), TypeError),
        (2**53, ValueError),
        (-(2**53), ValueError),
        ("\ud800", ValueError),
        ({1: 2}, TypeError),
    ],
)
def test_what_has_no_place(value, error):
    """What has more than one form, or none, is refused."""
    with pytest.raises(error):
        canonical({"a": value})
