"""What a check of type tls makes of a certificate that is trusted."""

import pytest
from pydantic import ValidationError

from monitor.domain.observation import FailureKind as Kind
from monitor.net.certificates import read_chain
from monitor.probes.tls import TlsSpec, judge
from tests.certificates import NAME, leaf

LEAF = read_chain((leaf().der(),)).leaf


def a_spec(**keys):
    return TlsSpec.model_validate({"host": NAME, **keys})


@pytest.mark.parametrize(
    ("keys", "days", "kind"),
    [
        ({}, 14.0, None),
        ({}, 13.9, Kind.EXPIRES_SOON),
        ({"min_days": 0}, 0.1, None),
        ({"min_days": 30}, 29.0, Kind.EXPIRES_SOON),
        ({"expect": {"name": "localhost"}}, 90.0, None),
        ({"expect": {"name": "127.0.0.1"}}, 90.0, None),
        ({"expect": {"name": "other.test"}}, 90.0, Kind.TLS_HOSTNAME),
        ({"expect": {"issuer_matches": "^CN=Test Intermediate,"}}, 90.0, None),
        ({"expect": {"issuer_matches": "Let's Encrypt"}}, 90.0, Kind.TLS_UNTRUSTED),
        ({"expect": {"name": "other.test"}}, 1.0, Kind.TLS_HOSTNAME),
    ],
)
def test_conditions(keys, days, kind):
    """Name, then issuer, then the days that are left; only the last merely degrades."""
    failure = judge(a_spec(**keys), LEAF, days)

    assert (failure and failure.kind) == kind


def test_failing_texts_carry_the_actual_value():
    """What was found stands beside what was expected."""
    soon = judge(a_spec(), LEAF, 3.25)
    issuer = judge(a_spec(expect={"issuer_matches": "R11"}), LEAF, 90)

    assert soon.detail == "certificate expires in 3.2 days, expected at least 14"
    assert issuer.detail.startswith("issuer: CN=Test Intermediate,O=Kota Makassar,C=ID, expected")


def test_a_certificate_that_nobody_can_read_is_a_failure():
    """Trusted by OpenSSL but unreadable to us is told, not passed over."""
    assert judge(a_spec(), None, None).kind is Kind.TLS_OTHER


def test_another_name_replaces_the_one_that_is_asked_for():
    """With `name` the name of the handshake need not be in the certificate."""
    assert a_spec().tls_settings.check_name
    assert not a_spec(expect={"name": "a.test"}).tls_settings.check_name


@pytest.mark.parametrize(
    "keys",
    [
        {"port": 0},
        {"host": "a b"},
        {"min_days": -1},
        {"min_tls": "TLS1.4"},
        {"client_key_file": __file__},
        {"ca_file": "/nonexistent.pem"},
        {"insecure": True},
    ],
)
def test_mistakes_are_refused(keys):
    """What cannot be meant is an error when the configuration is read."""
    with pytest.raises(ValidationError):
        a_spec(**keys)


def test_target():
    """The target is host and port, an IPv6 address in brackets."""
    assert a_spec().target() == f"{NAME}:443"
    assert a_spec(host="2001:db8::1", port=8443).target() == "[2001:db8::1]:8443"
