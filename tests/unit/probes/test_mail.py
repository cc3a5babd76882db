"""Checks of type smtp, imap and pop3: which keys go together, and what they lead to."""

import pytest
from pydantic import ValidationError

from monitor.conditions.mailattempt import visit_of
from monitor.net.mail import Security
from monitor.probes import check_types
from monitor.probes.smtp import SmtpSpec, plan_of

TYPES = ("smtp", "imap", "pop3")
NOWHERE = {"username": "a", "password": {"file": "/nonexistent"}}


def a_spec(kind, **keys):
    return check_types()[kind].spec.model_validate({"host": "mail.test", **keys})


@pytest.fixture
def login(tmp_path):
    path = tmp_path / "key"
    path.touch(mode=0o600)
    path.write_text("hunter22")
    return {"username": "pantau", "password": {"file": str(path)}}


@pytest.mark.parametrize(
    ("kind", "keys", "target", "security"),
    [
        ("smtp", {}, "mail.test:25", Security.STARTTLS),
        ("smtp", {"port": 587}, "mail.test:587", Security.STARTTLS),
        ("smtp", {"port": 465}, "mail.test:465", Security.IMPLICIT),
        ("smtp", {"tls": "implicit"}, "mail.test:465", Security.IMPLICIT),
        ("smtp", {"tls": "none"}, "mail.test:25", Security.NONE),
        ("imap", {}, "mail.test:993", Security.IMPLICIT),
        ("imap", {"port": 143}, "mail.test:143", Security.STARTTLS),
        ("imap", {"tls": "starttls"}, "mail.test:143", Security.STARTTLS),
        ("imap", {"host": "2001:db8::7"}, "[2001:db8::7]:993", Security.IMPLICIT),
        ("pop3", {}, "mail.test:995", Security.IMPLICIT),
        ("pop3", {"port": 110}, "mail.test:110", Security.STARTTLS),
        ("pop3", {"port": 995, "tls": "starttls"}, "mail.test:995", Security.STARTTLS),
    ],
)
def test_what_the_port_says_about_tls(kind, keys, target, security):
    """Port and TLS follow from each other as the protocols have it, and each can be set."""
    spec = a_spec(kind, **keys)
    visit = visit_of(spec)

    assert spec.target() == target
    assert spec.dialled_host() == spec.host
    assert (visit.security, visit.tls is None) == (security, security is Security.NONE)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(
    "keys",
    [
        {"port": 0},
        {"tls": True},
        {"tls": "required"},
        {"min_tls": "SSL3"},
        {"critical_days": 15},
        {"login": NOWHERE},
        {"login": {"username": "a\r\nb", "password": {"env": "X"}}},
        {"expect": {"banner_matches": "("}},
        {"expect": {"offers": ["A\r\nB"]}},
        {"expect": {"offers": [""]}},
        {"tls": "implicit", "expect": {"no_clear_login": True}},
        {"expect": {"starttls": True}},
    ],
    ids=str,
)
def test_mistakes_are_refused(kind, keys):
    """What cannot be meant is an error when the configuration is read."""
    with pytest.raises(ValidationError):
        a_spec(kind, **keys)


@pytest.mark.parametrize(
    "keys",
    [
        {"rcpt_to": "no-address"},
        {"rcpt_to": "a@b.test> SIZE=1"},
        {"rcpt_to": "a@b.test\r\nDATA"},
        {"mail_from": "<a@b.test>"},
        {"hello": "a b"},
        {"expect": {"refuses_relay": {"from": "a@b.test"}}},
        {"expect": {"refuses_relay": {"sender": "a@b.test", "recipient": "a@b.test"}}},
        {"port": 465, "expect": {"requires_tls": True}},
    ],
    ids=str,
)
def test_mistakes_about_sending_are_refused(keys):
    """An address that could say more than an address is refused."""
    with pytest.raises(ValidationError):
        a_spec("smtp", **keys)


@pytest.mark.parametrize("kind", TYPES)
def test_a_password_is_not_sent_in_the_clear(kind, login):
    """Sending a password to whoever listens or answers has to be allowed in so many words."""
    for keys in ({"tls": "none"}, {"insecure": True}):
        with pytest.raises(ValidationError, match="login: with"):
            a_spec(kind, login=login, **keys)
        assert a_spec(kind, login=login, insecure_login=True, **keys)
    assert a_spec(kind, login=login, tls="none", insecure_login=True).warnings() == (
        "login: the password is sent in the clear",
    )
    assert a_spec(kind, insecure=True).warnings() == ("insecure: the certificate is not verified",)
    assert a_spec(kind, login=login).warnings() == ()


def test_a_new_password_is_used_at_once(tmp_path, login):
    """A password whose file was replaced is the new one at the next check."""
    spec = a_spec("smtp", login=login)
    before = plan_of(spec).secrets
    (tmp_path / "key").write_text("hunter33")

    assert isinstance(spec, SmtpSpec)
    assert "hunter22" in before
    assert "hunter33" in plan_of(spec).secrets
