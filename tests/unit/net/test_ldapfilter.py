"""Filters of LDAP: what is sent for a text, and which texts are none."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.net import ber
from monitor.net.ldapfilter import DEEPEST, LONGEST, encode


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (
            "(o=Parens R Us \\28for all)",
            "a319 04016f 0414506172656e73205220557320 28666f7220616c6c",
        ),
        ("(cn=*)", "8702636e"),
        ("(cn=)", "a306 0402636e 0400"),
        ("(a>=1)", "a506 040161 040131"),
        ("(a<=1)", "a606 040161 040131"),
        ("(a~=1)", "a806 040161 040131"),
        ("(a=*b*)", "a408 040161 3003 810162"),
        ("(a=b*c*d)", "a40e 040161 3009 800162 810163 820164"),
        ("(!(a=*))", "a203 870161"),
        ("(&(a=*)(|(b=*)(c=*)))", "a00b 870161 a106 870162 870163"),
        ("(&)", "a000"),
        ("(cn;lang-id=x)", "a30f 040a636e3b6c616e672d6964 040178"),
        ("(1.3.6=x)", "a30a 0405312e332e36 040178"),
        ("(a=\\C3\\a9)", "a307 040161 0402c3a9"),
        ("(a=é)", "a307 040161 0402c3a9"),
    ],
)
def test_filters(text, written):
    """Each kind of filter is sent as RFC 4511 (4.5.1.7) has it; escapes stand for octets."""
    assert encode(text) == bytes.fromhex(written)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "begins with a bracket, at character 1"),
        ("cn=x", "begins with a bracket, at character 1"),
        ("(cn=x", "a bracket of the filter is not closed"),
        ("(&(cn=x)", "is not closed at character 9"),
        ("(&x)", "is not closed at character 3"),
        ("(cn=x)y", "the filter ends at character 6"),
        ("(cn=x)(cn=y)", "the filter ends at character 6"),
        ("(!)", "begins with a bracket, at character 3"),
        ("()", "compares an attribute"),
        ("(cn)", "compares an attribute"),
        ("(cn=a(b)", "compares an attribute"),
        ("(=x)", "no name of an attribute"),
        ("(c n=x)", "no name of an attribute"),
        ("(cn:=x)", "extensible matches"),
        ("(cn:caseExactMatch:=x)", "extensible matches"),
        ("(cn>=a*)", "takes no [*]: write"),
        ("(cn=a**b)", "two [*] of a filter"),
        ("(cn=\\zz)", "two hexadecimal digits"),
        ("(cn=\\2)", "two hexadecimal digits"),
        ("(cn=\0)", "the character NUL"),
        ("(!" * DEEPEST + "(a=*)" + ")" * DEEPEST, "over 10 filters within one another"),
        (f"(a={'x' * LONGEST})", "over 1000 characters"),
    ],
)
def test_what_is_no_filter(text, told):
    """What is no filter says where it is wrong, and what to write."""
    with pytest.raises(ValueError, match=told):
        encode(text)


@given(st.text(max_size=50))
def test_any_value_can_be_written(value):
    """Any text is compared as it is, once what is special in it is escaped."""
    special = {"\\": "\\5c", "*": "\\2a", "(": "\\28", ")": "\\29", "\0": "\\00"}
    escaped = "".join(special.get(character, character) for character in value)
    fields = ber.Fields(encode(f"(cn={escaped})")).fields(ber.context(3, constructed=True))

    assert (fields.octet_string(), fields.octet_string()) == (b"cn", value.encode())
    fields.end()


@given(st.text(alphabet="()&|!=<>~*:\\2aé ", max_size=60))
def test_any_text_is_a_filter_or_told_why_not(text):
    """Any text is written down in full, or refused by a ValueError."""
    with suppress(ValueError):
        written = encode(text)

        assert ber.whole_size(written) == len(written)
