"""Checks made of a URL."""

from datetime import timedelta

import click
import pytest

from monitor.cli.adhoc import adhoc_check, is_url
from monitor.probes import check_types


@pytest.mark.parametrize(
    ("url", "kind", "target", "local"),
    [
        ("https://portal.example/x?token=1", "http", "https://portal.example/x", False),
        ("http://127.0.0.1:8080/", "http", "http://127.0.0.1:8080/", True),
        ("tls://portal.example", "tls", "portal.example:443", False),
        ("tls://portal.example:8443", "tls", "portal.example:8443", False),
        ("tcp://[::1]:25", "tcp", "[::1]:25", True),
        ("icmp://10.20.0.1", "icmp", "10.20.0.1", False),
        ("icmp://[::1]/", "icmp", "::1", True),
        ("ntp://ntp.example", "ntp", "ntp.example:123", False),
        ("ssh://bastion.example:2222", "ssh", "bastion.example:2222", False),
        ("redis://cache.example", "redis", "cache.example:6379", False),
        ("rediss://[::1]:6380", "redis", "[::1]:6380", True),
        ("ldap://ldap.example/", "ldap", "ldap.example:389", False),
        ("ldaps://ldap.example", "ldap", "ldap.example:636", False),
        ("dns:portal.example/mx", "dns", "portal.example/MX", False),
        ("dns://127.0.0.1:5353/portal.example", "dns", "portal.example/A@127.0.0.1:5353", True),
    ],
)
def test_url_becomes_a_check(url, kind, target, local):
    """A URL names the type of check, what is probed, and whether that is this machine."""
    check = adhoc_check(url, check_types()).check

    assert (check.type, check.target, check.local) == (kind, target, local)


def test_timeout_of_the_command_line_holds():
    """--timeout sets the timeout, and the interval of --watch is no shorter."""
    check = adhoc_check("tcp://127.0.0.1:25", check_types(), timedelta(seconds=90)).check

    assert (check.timeout, check.interval) == (timedelta(seconds=90), timedelta(seconds=90))


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://portal.example/", "https://", "https://user:pw@portal.example/", "tcp://host"),
        *(
            "tcp://host:99999",
            "tcp://host:22/path",
            "tls://[::1",
            "icmp://",
            "icmp://10.20.0.1:7",
            "icmp://10.20.0.1/path",
            "dns:",
            "dns:a/b/c",
            "tcp://a b:1",
            "redis://:pw@host",
            "redis://host/3",
            "ldaps://host/dc=x",
        ),
    ],
)
def test_what_cannot_be_checked_is_a_usage_error(url):
    """What is no URL of a known form is refused in a sentence."""
    with pytest.raises(click.UsageError):
        adhoc_check(url, check_types())


@pytest.mark.parametrize(
    "url",
    [
        "https://ops:hunter2@portal.example/",
        "https://portal.example:x/?token=hunter2",
        "ftp://portal.example/?token=hunter2",
        "tcp://ops:hunter2@portal.example:22",
        "tls://portal.example/?hunter2",
    ],
)
def test_what_is_refused_is_told_without_its_secrets(url):
    """A message about a URL shows neither its password nor its query."""
    with pytest.raises(click.UsageError) as refused:
        adhoc_check(url, check_types())

    assert "hunter2" not in refused.value.message


def test_a_token_in_a_url_is_no_name():
    """What the check is called has no query, where a token may stand."""
    assert adhoc_check("https://a.example/x?token=hunter2", check_types()).check.id == (
        "https://a.example/x"
    )


def test_ids_are_no_urls():
    """An id of a check has no scheme."""
    assert is_url("dns:portal.example/MX")
    assert not is_url("portal-http")
    assert not is_url("portal.example")
