"""Checks of type ldap: which keys go together, and what is made of them."""

import pytest
from pydantic import ValidationError

from monitor.probes.ldap import LdapSpec, conditions_of, question_of


@pytest.fixture
def login(tmp_path):
    path = tmp_path / "ldap.key"
    path.touch(mode=0o600)
    path.write_text("rahasia")
    return {"dn": "cn=pantau", "password": {"file": str(path)}}


def a_spec(**keys):
    return LdapSpec.model_validate({"host": "ldap.test", **keys})


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"search": {"base": "", "filter": "cn=x"}}, "'cn=x': a filter begins with a bracket"),
        ({"search": {"base": "", "scope": "tree"}}, "search.scope"),
        ({"search": {"base": "a\nb"}}, "search.base"),
        ({"expect": {"entries": {"min": 1}}}, "expect.entries: give search, too"),
        (
            {"search": {"base": ""}, "expect": {"entries": {}}},
            "expect.entries: give exactly, min or max",
        ),
        (
            {"search": {"base": ""}, "expect": {"entries": {"exactly": 1, "min": 1}}},
            "expect.entries: exactly leaves no room",
        ),
        (
            {"search": {"base": ""}, "expect": {"entries": {"min": 3, "max": 2}}},
            "expect.entries: min 3 is more than max 2",
        ),
        ({"search": {"base": ""}, "expect": {"entries": {"max": 1000}}}, "expect.entries.max"),
        ({"insecure": True}, "insecure: there is no certificate to verify without TLS"),
    ],
    ids=str,
)
def test_mistakes_are_refused(keys, told):
    """What cannot be meant is an error when the configuration is read."""
    with pytest.raises(ValidationError, match=told):
        a_spec(**keys)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({}, "login: in the clear the password could be read by others"),
        ({"tls": "starttls", "insecure": True}, "login: with insecure: true anybody could ask"),
    ],
)
def test_a_password_is_not_for_everybody(login, keys, told):
    """A password travels over TLS that was verified, unless somebody writes that it need not."""
    with pytest.raises(ValidationError, match=told):
        a_spec(login=login, **keys)
    assert a_spec(login=login, insecure_login=True, **keys).logs_in


@pytest.mark.parametrize(
    ("keys", "security", "port"),
    [
        ({}, "none", 389),
        ({"tls": "starttls"}, "starttls", 389),
        ({"tls": "implicit"}, "implicit", 636),
        ({"port": 636}, "implicit", 636),
        ({"port": 636, "tls": "none"}, "none", 636),
        ({"port": 3269, "tls": "implicit"}, "implicit", 3269),
    ],
)
def test_ports(keys, security, port):
    """Port 636 is for TLS; TLS from the first byte goes to port 636."""
    spec = a_spec(**keys)

    assert (spec.security, spec.target()) == (security, f"ldap.test:{port}")


def test_a_search_must_find_something():
    """A search without a number must find one entry, and asks for no more."""
    spec = a_spec(search={"base": "dc=test"})
    conditions = conditions_of(spec)

    assert (conditions.fewest, conditions.most) == (1, None)
    assert question_of(spec, conditions).limit == 1
    assert question_of(a_spec(), conditions) is None
