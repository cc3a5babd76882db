"""What is expected of an LDAP server, and what is told when it is not so."""

import pytest

from monitor.conditions.ldap import LdapConditions, judge
from monitor.domain.observation import FailureKind as Kind
from monitor.net.ldap import LdapHeard

ROOT = {"namingcontexts": ("dc=makassar,dc=test", "cn=config")}


@pytest.mark.parametrize(
    ("expected", "heard", "kind", "told"),
    [
        ({}, {"root": ROOT}, None, ""),
        ({}, {"silence": "insufficientAccessRights (50)"}, None, ""),
        ({"naming_contexts": ("DC=Makassar, dc = test",)}, {"root": ROOT}, None, ""),
        (
            {"naming_contexts": ("cn=config", "dc=gowa")},
            {"root": ROOT},
            Kind.ANSWER,
            "naming contexts: dc=makassar,dc=test; cn=config, expected dc=gowa",
        ),
        (
            {"naming_contexts": ("dc=gowa",)},
            {"root": {}},
            Kind.ANSWER,
            "naming contexts: none, expected dc=gowa",
        ),
        (
            {"naming_contexts": ("dc=gowa",)},
            {"silence": "busy (51)"},
            Kind.STATUS,
            "naming contexts: expected dc=gowa, but the server does not tell: busy (51)",
        ),
        ({"max_seconds": 0.4}, {}, Kind.SLOW, "took 0.500 s, expected at most 0.4 s"),
    ],
)
def test_what_is_expected(*, expected, heard, kind, told):
    """Each condition that does not hold fails the check with the actual value."""
    finding = judge(LdapConditions(**expected), LdapHeard(**heard), 0.5)

    assert (finding and finding.failure.kind) == kind
    assert ((finding and finding.failure.detail) or "") == told


@pytest.mark.parametrize(
    ("bounds", "found", "cut", "told"),
    [
        ((1, None), 1, True, ""),
        ((1, None), 0, False, "entries: 0, expected at least 1"),
        (
            (3, None),
            2,
            True,
            "the server stops after 2 entries (sizeLimitExceeded), expected at least 3",
        ),
        ((0, None), 0, True, ""),
        ((None, 2), 2, False, ""),
        ((None, 2), 3, True, "entries: over 2, expected at most 2"),
        (
            (None, 2),
            2,
            True,
            "the server stops after 2 entries (sizeLimitExceeded), expected at most 2",
        ),
        ((2, 2), 2, False, ""),
        ((2, 2), 1, False, "entries: 1, expected 2"),
        ((2, 2), 3, False, "entries: over 2, expected 2"),
        ((0, 0), 1, True, "entries: over 0, expected 0"),
        ((1, 2), 0, False, "entries: 0, expected at least 1 and at most 2"),
    ],
)
def test_how_many_entries(*, bounds, found, cut, told):
    """A number is judged where it is known; where the server stopped, it is a least number."""
    conditions = LdapConditions(fewest=bounds[0], most=bounds[1])

    finding = judge(conditions, LdapHeard(entries=found, cut=cut), 0.1)

    assert ((finding and finding.failure.detail) or "") == told


@pytest.mark.parametrize(
    ("bounds", "limit"), [((None, None), 1), ((0, None), 1), ((7, None), 7), ((2, 2), 3)]
)
def test_no_more_is_asked_for_than_needed(bounds, limit):
    """A server is asked for as many entries as decide the question."""
    assert LdapConditions(fewest=bounds[0], most=bounds[1]).limit == limit
