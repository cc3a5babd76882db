"""What others wrote is shown without what is ours."""

import re

import pytest

from monitor.domain.text import cut_at, inert, veiled


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("you sent hunter2, hunter2", "you sent ***, ***"),
        ("'you sent hunt…'", "'you sent ***…'"),
        ("'you sent hunter2…'", "'you sent ***…'"),
        ("'you sent hun…'", "'you sent hun…'"),
        ("hunte… and hunt…, hunhunter…", "***… and ***…, hun***…"),
        ("hunt… of hunt-…", "***… of hunt-…"),
        ("hunt and hunter", "hunt and hunter"),
        ("nothing", "nothing"),
        ("", ""),
    ],
)
def test_secrets_that_come_back_are_veiled(text, expected):
    """A secret in a target's answer is not repeated, nor its beginning where the text was cut."""
    assert veiled(text, ["hunter2"]) == expected


def test_what_is_no_secret_stays():
    """An empty secret, or one so short that any text holds it, veils nothing."""
    assert veiled("abc…", ["", "a", "abc"]) == "abc…"


def test_a_long_secret_costs_no_more_than_the_text():
    """Of a secret of 64 KB only beginnings that fit in the text are looked for."""
    assert veiled("x…", ["y" * 65_536]) == "x…"


@pytest.mark.parametrize(
    ("text", "units", "expected"),
    [
        ("kota", 4, "kota"),
        ("kotak", 4, "kot…"),
        ("😀😀", 4, "😀😀"),
        ("😀😀😀", 4, "😀…"),
        ("", 4, ""),
        ("kota", 0, ""),
    ],
)
def test_cut_as_chats_count(text, units, expected):
    """A text is cut by the code units of UTF-16, between characters."""
    assert cut_at(text, units) == expected


def test_inert_text():
    """What a chat would act on is replaced, and in links percent-encoded."""
    text = "*a* see http://x.example/*b*?c=* or *"

    assert inert(text, re.compile(r"\*"), {"*": "+"}) == (
        "+a+ see http://x.example/%2Ab%2A?c=%2A or +"
    )
