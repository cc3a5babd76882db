"""Checks of type tls: which keys go together, and what a check remembers."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from monitor.domain.observation import Failure, FailureKind, Outcome, OutcomeStatus
from monitor.net.certificates import read_chain
from monitor.net.ocsp import Standing
from monitor.net.starttls import PORTS, StartTls
from monitor.probes.tls.attempt import Seen, remembering, telling_apart
from monitor.probes.tls.inquiries import still_good
from monitor.probes.tls.spec import TlsSpec
from tests.certificates import NAME, leaf

OLD, NEW = (read_chain((leaf(label=label).der(),)).leaf for label in ("one", "two"))
PRINT = "ab" * 32


def a_spec(**keys):
    return TlsSpec.model_validate({"host": NAME, **keys})


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
        {"starttls": "telnet"},
        {"starttls": True},
        {"min_tls": "TLS1.3", "max_tls": "TLS1.2"},
        {"critical_days": 15},
        {"ip": "both", "addresses": "all"},
        {"ocsp": True},
        {"ocsp": "stapled"},
        {"ocsp_required": True},
        {"caa_domains": ["ca.test"]},
        {"caa": True, "host": "192.0.2.7"},
        {"on_change": "down"},
        {"change_window": "0s"},
        {"expect": {"fingerprints": ["abc"]}},
        {"expect": {"fingerprints": [PRINT + "00"]}},
        {"expect": {"minimum": "SSL3"}},
        {"expect": {"min_key_bits": 512}},
        {"expect": {"chain": "short"}},
        {"expect": {"issuer": ""}},
    ],
    ids=str,
)
def test_mistakes_are_refused(keys):
    """What cannot be meant is an error when the configuration is read."""
    with pytest.raises(ValidationError):
        a_spec(**keys)


@pytest.mark.parametrize(
    "keys",
    [
        {"caa": True, "host": "192.0.2.7", "server_name": "a.test"},
        {"critical_days": 14},
        {"ocsp": "responder", "ocsp_required": True},
        {"ip": "ip4", "addresses": "all"},
        {"min_tls": "TLS1.2", "max_tls": "TLS1.2"},
    ],
    ids=str,
)
def test_what_goes_together_is_taken(keys):
    """Keys that have a meaning together are no mistake."""
    assert a_spec(**keys)


def test_a_missing_extra_is_named(monkeypatch):
    """Stapling needs an extra package, and the message says which."""
    monkeypatch.setattr("monitor.probes.tls.spec.find_spec", lambda _: None)

    with pytest.raises(ValidationError, match=r"pip install 'pantau\[stapling\]'"):
        a_spec(ocsp="staple")


@pytest.mark.parametrize(
    "written", [PRINT, PRINT.upper(), "sha256:" + PRINT, ":".join(["AB"] * 32)]
)
def test_fingerprints_are_read_as_they_are_printed(written):
    """Browsers and openssl print colons and capitals; both are fine."""
    assert a_spec(expect={"fingerprints": [written]}).conditions.fingerprints == (PRINT,)


def test_target():
    """The target is host and port, an IPv6 address in brackets; each protocol has its port."""
    assert a_spec().target() == f"{NAME}:443"
    assert a_spec(host="2001:db8::1", port=8443).target() == "[2001:db8::1]:8443"
    assert a_spec(starttls="imap", port=1143).target() == f"{NAME}:1143"
    for protocol in StartTls:
        assert a_spec(starttls=protocol.value).target() == f"{NAME}:{PORTS[protocol]}"


def outcome(status=OutcomeStatus.OK, failure=None):
    return Outcome(status=status, failure=failure, answered=True)


def remembered(spec, found, *seen, memory=None, now=0.0, revocation=None):
    certificates = {f"192.0.2.{number}": one for number, one in enumerate(seen)}
    return remembering(spec, found, Seen(certificates, revocation or {}), memory or {}, now)


def test_certificates_that_differ_are_told_by_address():
    """Where addresses of a name show different certificates, each is told; else none."""
    different = telling_apart(outcome(), Seen({"192.0.2.7": OLD, "192.0.2.8": NEW}))
    same = telling_apart(outcome(), Seen({"192.0.2.7": OLD, "192.0.2.8": OLD}))

    assert [one["address"] for one in different.facts["certificates"]] == ["192.0.2.7", "192.0.2.8"]
    assert same.facts == {}


def test_nothing_is_remembered_unless_it_is_of_use():
    """A check that asks for no change and no revocation writes nothing down."""
    assert remembered(a_spec(), outcome(), OLD).remember is None


def test_a_change_degrades_a_check_that_is_well():
    """A new certificate degrades the check; a graver failure speaks for itself."""
    spec = a_spec(on_change="degraded", change_window="1h")
    first = remembered(spec, outcome(), OLD)
    bad = outcome(OutcomeStatus.FAILED, Failure(FailureKind.TLS_EXPIRED, "expired"))

    second = remembered(spec, outcome(), NEW, memory=first.remember, now=60.0)
    third = remembered(spec, bad, NEW, memory=first.remember, now=60.0)

    assert (first.status, second.status) == (OutcomeStatus.OK, OutcomeStatus.DEGRADED)
    assert second.failure.kind is FailureKind.CHANGED
    assert third.failure.kind is FailureKind.TLS_EXPIRED
    assert third.remember == second.remember


def test_what_is_no_longer_asked_for_is_forgotten():
    """Memory of a key that was taken out of the configuration goes."""
    assert remembered(a_spec(), outcome(), OLD, memory={"certificates": {}}).remember == {}


ANSWER = {"standing": "good", "since": 0.0, "until": 10_000.0, "asked_at": 1000.0}


@pytest.mark.parametrize(
    ("answer", "now", "holds"),
    [
        (None, 0.0, False),
        (ANSWER, 1000.0, True),
        (ANSWER, 4599.0, True),
        (ANSWER, 4600.0, False),
        (ANSWER, 999.0, False),
        (ANSWER | {"until": 2000.0}, 2000.0, False),
        (ANSWER | {"until": None}, 2000.0, True),
    ],
)
def test_a_good_answer_holds_for_an_hour(answer, now, holds):
    """An authority is not asked again at every check, but never longer than it answered for."""
    found = still_good(answer, now)

    assert (found is not None) is holds
    assert found is None or found.standing is Standing.GOOD


def test_windows_are_durations():
    """The window is written as every duration is."""
    assert a_spec().change_window == timedelta(hours=1)
    assert a_spec(change_window="7d").change_window == timedelta(days=7)
