"""`send` and the values of labels may repeat what a line said."""

import pytest

from monitor.conditions.expansion import expand
from monitor.fields.patterns import Pattern

GROUPS = Pattern(r"^220 (?P<host>\S+) (\S+)(x)?").groups(b"220 mail.test ESMTP")


# What Go's Regexp.Expand makes of each.
@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("", b""),
        ("EHLO prober\r", b"EHLO prober\r"),
        ("${1}", b"mail.test"),
        ("$1", b"mail.test"),
        ("$0!", b"220 mail.test ESMTP!"),
        ("$host and ${host}", b"mail.test and mail.test"),
        ("$2x", b""),
        ("${2}x", b"ESMTPx"),
        ("$2_", b""),
        ("$2-", b"ESMTP-"),
        ("$3|${3}|$9|${9}", b"|||"),
        ("$01", b""),
        ("$99999999999999999999", b""),
        ("$$1 $$", b"$1 $"),
        ("$ 1", b"$ 1"),
        ("1$", b"1$"),
        ("${1", b"${1"),
        ("${}", b"${}"),
        ("${1 }", b"${1 }"),
        ("$é", b""),
        ("é${2}é", "éESMTPé".encode()),
    ],
)
def test_templates_are_filled_in_as_go_does(template, text):
    """A name is as long as it can be; what is no name stays as it is written."""
    assert expand(template, GROUPS) == text
