"""What an expression matched, and bytes that are no UTF-8."""

import pytest

from monitor.fields.patterns import Pattern


def test_groups_by_number_and_by_name():
    """Groups are there by their number and by their name; those that took no part are not."""
    groups = Pattern(r"(?P<first>a)(b)?(c)").groups(b"xxacx")

    assert groups == {0: b"ac", 1: b"a", 3: b"c", "first": b"a"}


def test_no_match_has_no_groups():
    """Without a match there is nothing, not even an empty mapping."""
    assert Pattern("a").groups(b"b") is None


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("^caf.$", b"caf\xe9", True),
        ("^caf..$", b"caf\xe9", False),
        ("^caf.$", "café".encode(), True),
        ("^...ok$", b"\xff\xe2\x82ok", True),
        ("ok$", b"\x00\xff\x80ok", True),
        ("^caf\N{REPLACEMENT CHARACTER}$", b"caf\xe9", True),
        (r"^[^\n]+$", b"caf\xe9", True),
    ],
)
def test_a_byte_that_is_no_utf8_is_one_character(pattern, text, matches):
    """Binary banners and old pages can be matched: each stray byte counts as one character."""
    assert Pattern(pattern).search(text) is matches
    assert (Pattern(pattern).groups(text) is not None) is matches
