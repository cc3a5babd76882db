"""What is secret, and in which forms it is found in what a target sends back."""

import json
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.secrecy import forms, hidden, is_telling
from monitor.domain.text import veiled, visible_text


@pytest.mark.parametrize(
    "name", ["Authorization", "Cookie", "X-Api-Key", "x-auth", "password", "client_secret"]
)
def test_telling_names(name):
    """The value of a header or parameter whose name says so is taken for a secret."""
    assert is_telling(name)
    assert not is_telling("Accept-Language")


@settings(deadline=None)
@given(st.text(min_size=4, max_size=40), st.binary(max_size=5), st.binary(max_size=5))
def test_base64_of_what_holds_a_secret_is_veiled(secret, before, behind):
    """Wherever a secret stands in what was encoded, the part of the text that it alone makes goes."""
    encoded = b64encode(before + secret.encode() + behind).decode()

    told = veiled(f"got {encoded}!", forms([secret]))

    assert "***" in told
    assert len(told) <= len(f"got {encoded}!") - len(b64encode(secret.encode())) + 11


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=4, max_size=60))
def test_a_secret_in_json_in_a_message_is_veiled(secret):
    """A document that holds a secret, told in quotes, is told without it."""
    for written in (json.dumps({"a": secret}), json.dumps({"a": secret}, ensure_ascii=False)):
        assert "***" in veiled(f"begins {visible_text(written)!r}", forms([secret]))


BASIC = b64encode(b"pantau:s3cr3t&co").decode()


@pytest.mark.parametrize(
    ("secret", "sent_back"),
    [
        ("Bearer t0ken-abc", "t0ken-abc"),
        ("Bearer t0ken-abc", "Bearer t0ken-abc"),
        (f"Basic {BASIC}", BASIC),
        (f"basic {BASIC}", "pantau:s3cr3t&co"),
        (f"Basic {BASIC}", "s3cr3t&co"),
        (f"Basic {BASIC}", "s3cr3t&amp;co"),
        (f"Basic {BASIC.rstrip('=')}==", "s3cr3t%26co"),
    ],
)
def test_the_parts_of_a_credential_are_secrets(secret, sent_back):
    """What stands behind a scheme is hidden by itself, and so is what Basic packs, in every form."""
    assert veiled(f"<{sent_back}>", hidden([secret])) == "<***>"


def test_what_is_packed_by_nothing():
    """A secret that only looks like a credential hides what it is, and breaks nothing."""
    assert "Basic hö" in hidden(["Basic hö"])
    assert hidden(["Basic ="]) == forms(["Basic ="])
