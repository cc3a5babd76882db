"""What is expected of a mail server, and what is told when it is not so."""

import pytest

from monitor.conditions.certificate import CertificateConditions
from monitor.conditions.mail import MailConditions, clear_logins, judge
from monitor.domain.observation import FailureKind as Kind
from monitor.fields import Pattern
from monitor.net.mail import Heard, offers


def expecting(protocol="imap", **expected):
    return MailConditions(
        protocol=protocol, certificate=CertificateConditions(min_days=14), **expected
    )


def heard(**said):
    return Heard(**{"banner": "mail.test ready", "offers": ("IMAP4rev1", "IDLE"), **said})


@pytest.mark.parametrize(
    ("expected", "kind", "told"),
    [
        ({}, None, ""),
        ({"banner_matches": Pattern("^mail")}, None, ""),
        (
            {"banner_matches": Pattern("^other")},
            Kind.BANNER,
            "banner: 'mail.test ready', expected to match '^other'",
        ),
        ({"offers": ("idle", "IMAP4rev1")}, None, ""),
        (
            {"offers": ("IDLE", "MOVE", "ID")},
            Kind.BANNER,
            "the server offers IMAP4rev1, IDLE, expected MOVE, ID",
        ),
        ({"max_seconds": 1.0}, None, ""),
        ({"max_seconds": 0.4}, Kind.SLOW, "took 0.500 s, expected at most 0.4 s"),
    ],
)
def test_what_is_expected(expected, kind, told):
    """Each condition that does not hold is told with the actual value."""
    failure = judge(expecting(**expected), heard(), 0.5)

    assert (failure and failure.kind) == kind
    assert ((failure and failure.detail) or "") == told


@pytest.mark.parametrize(
    ("offered", "wanted", "there"),
    [
        (("AUTH LOGIN PLAIN",), "AUTH PLAIN", True),
        (("AUTH LOGIN PLAIN",), "auth", True),
        (("AUTH LOGIN",), "AUTH PLAIN", False),
        (("SIZE 100", "X AUTH PLAIN"), "AUTH PLAIN", False),
        (("AUTH=PLAIN",), "AUTH=PLAIN", True),
        (("AUTHX",), "AUTH", False),
        ((), "SIZE", False),
    ],
)
def test_a_word_with_its_parameters(offered, wanted, there):
    """A word is offered by the line that begins with it and holds its parameters."""
    assert offers(offered, wanted) is there


@pytest.mark.parametrize(
    ("protocol", "offered", "ways"),
    [
        ("smtp", ("STARTTLS", "SIZE"), ()),
        ("smtp", ("AUTH CRAM-MD5",), ()),
        ("smtp", ("AUTH CRAM-MD5 PLAIN LOGIN",), ("AUTH PLAIN", "AUTH LOGIN")),
        ("imap", ("IMAP4rev1", "STARTTLS", "LOGINDISABLED"), ()),
        ("imap", ("IMAP4rev1", "STARTTLS"), ("LOGIN",)),
        ("imap", ("LOGINDISABLED", "AUTH=PLAIN"), ("AUTH=PLAIN",)),
        ("pop3", ("STLS", "UIDL"), ()),
        ("pop3", ("STLS", "USER", "SASL PLAIN LOGIN"), ("USER", "SASL PLAIN", "SASL LOGIN")),
        ("pop3", (), ("USER",)),
    ],
)
def test_readable_passwords(protocol, offered, ways):
    """What invites a readable password differs from protocol to protocol."""
    assert clear_logins(protocol, offered) == ways


@pytest.mark.parametrize(
    ("in_the_clear", "fails"), [(None, False), (("LOGINDISABLED",), False), (("STARTTLS",), True)]
)
def test_readable_passwords_before_tls(in_the_clear, fails):
    """Only what is offered before TLS counts, and only if somebody minds."""
    said = heard(in_the_clear=in_the_clear, offers=("AUTH=PLAIN",))

    assert judge(expecting(), said, 0.1) is None
    assert (judge(expecting(no_clear_login=True), said, 0.1) is not None) is fails
