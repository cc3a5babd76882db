"""Trust anchors as they are written."""

import pytest

from monitor.net.anchors import ROOT_ANCHORS, parse_anchor
from monitor.net.dnssecwire import parse_name


def test_root_anchors():
    """The root's anchors are the two keys that IANA publishes."""
    assert [one.tag for one in ROOT_ANCHORS[()]] == [20326, 38696]


@pytest.mark.parametrize(
    "text",
    [
        f"Example.ID. 3600 IN DS 1 13 2 {'ab' * 32}",
        f"example.id DS 1 13 2 {'AB' * 16} {'ab' * 16}",
    ],
)
def test_anchor_in_zone_file_form(text: str):
    """An anchor is written as a zone file has a DS, with TTL, class and spaces or without."""
    zone, digest = parse_anchor(text)

    assert zone == parse_name("example.id")
    assert (digest.tag, digest.algorithm, digest.digest) == (1, 13, b"\xab" * 32)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("example.id", "is no DS record"),
        (f"example.id. DS 1 13 1 {'ab' * 20}", "digest type 1"),
        (f"example.id. DS 1 5 2 {'ab' * 32}", "algorithm 5, expected one of 8, 10, 13"),
        (f"example.id. DS 1 13 2 {'ab' * 31}", "31 bytes"),
        (f"exa mple. DS 1 13 2 {'ab' * 32}", "is no DS record"),
        ("example.id. DS 1 13 2 abc", "is no DS record"),
    ],
)
def test_text_that_is_no_anchor(text: str, wrong: str):
    """What is no DS is refused with what is wrong."""
    with pytest.raises(ValueError, match=wrong):
        parse_anchor(text)
