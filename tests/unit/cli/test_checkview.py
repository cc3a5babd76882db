"""One observation as a person reads it."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from monitor.cli.checkview import validity, view
from monitor.cli.waterfall import bar, waterfall
from monitor.cli.words import CAUSES, GLYPHS, KINDS
from monitor.domain.observation import Failure, FailureKind, Outcome, OutcomeStatus, UnknownCause
from monitor.domain.status import Status
from tests.fakes import NOON, a_check, observed

WITA = ZoneInfo("Asia/Makassar")
DAY = 86_400
CERTIFICATE = {
    "subject": "CN=portal.example",
    "issuer": "CN=Test CA",
    "names": ["portal.example", "www.portal.example"],
    "addresses": ["192.0.2.7"],
    "serial": "0a1b",
    "fingerprint": "ab" * 32,
    "not_before": NOON.timestamp() - 30 * DAY,
    "not_after": NOON.timestamp() + 60 * DAY,
    "key_type": "ECDSA",
    "key_bits": 256,
    "signature": "ecdsa-with-SHA256",
}
FACTS = {
    "address": "192.0.2.7",
    "phases": {
        "resolve": 0.001,
        "connect": 0.01,
        "tls": 0.03,
        "processing": 0.058,
        "transfer": 0.001,
    },
    "tls": {"version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384"},
    "certificate": CERTIFICATE,
    "chain": [
        {"subject": "CN=portal.example", "not_after": NOON.timestamp() + 60 * DAY},
        {"subject": "CN=Test CA", "not_after": NOON.timestamp() + 900 * DAY},
    ],
}


def seen(monkeypatch, *, width=80, **changes):
    monkeypatch.setenv("NO_COLOR", "1")
    [observation] = observed(Outcome(**{"facts": FACTS, **changes}))
    return view(a_check(name="Portal"), observation, WITA, width)


def test_whole_view(monkeypatch):
    """The view tells status, time, phases, address, TLS, certificate and chain, in 80 columns."""
    text = seen(monkeypatch)

    assert text.startswith(
        "✓ UP  Portal\n  https://makassarkota.go.id/\n  20.0 ms, at 2026-06-01 12:00:00 WITA"
    )
    for fact in (
        *("192.0.2.7", "TLSv1.3", "TLS_AES_256_GCM_SHA384", "CN=portal.example", "CN=Test CA"),
        *("www.portal.example", "2026-05-02 to 2026-07-31 (60 days left)", "ECDSA 256 bits"),
        *("ecdsa-with-SHA256", "0a1b", "ab" * 32, "2. CN=Test CA, until 2028-11-17"),
    ):
        assert fact in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_failure_in_words_and_value(monkeypatch):
    """A failure is told in plain words, by its kind, and with the actual value."""
    failure = Failure(FailureKind.STATUS, "status: 503, expected 200-299")

    text = seen(monkeypatch, status=OutcomeStatus.FAILED, failure=failure)

    assert "✗ DOWN" in text
    assert "It answered with another status than expected (status)." in text
    assert "status: 503, expected 200-299" in text
    assert "First step: Read the service's log; check `expect`, and the login if any." in text


def test_unknown_says_that_nothing_is_known(monkeypatch):
    """When the fault may be ours, nothing is said of the target."""
    text = seen(monkeypatch, status=OutcomeStatus.UNKNOWN, cause=UnknownCause.SELF_OFFLINE)

    assert "Nothing is known of the target: our own network is down." in text
    assert "First step: Check the monitor's own network" in text


def test_undecided_tells_no_kind_of_failure(monkeypatch):
    """What could not be judged is told by what is missing, and never as a wrong answer."""
    failure = Failure(FailureKind.ANSWER, "cannot decide: the registry has told nothing yet")

    text = seen(
        monkeypatch,
        status=OutcomeStatus.UNKNOWN,
        cause=UnknownCause.NO_DATA,
        failure=failure,
    )

    assert "cannot decide: the registry has told nothing yet" in text
    assert KINDS[FailureKind.ANSWER] not in text.lower()
    assert "First step" not in text


def test_check_that_waits_to_be_told(monkeypatch):
    """A check that asks nobody says so, and where to see what it was told."""
    text = seen(
        monkeypatch,
        status=OutcomeStatus.UNKNOWN,
        cause=UnknownCause.NO_DATA,
        facts={"passive": True},
    )

    assert "This check waits to be told, and asks nobody." in text
    assert "See what it was told last with `pantau status`." in text
    assert "Nothing is known" not in text


def test_names_are_told_whole(monkeypatch):
    """A name that is longer than its column is not cut; what follows still fits the line."""
    facts = {
        "offers_in_the_clear": ["SIZE", "STARTTLS"],
        "offset_milliseconds": 0.5,
        "root_distance_milliseconds": 1.5,
        "somewhat_longer_than_that": ["word"] * 30,
    }

    text = seen(monkeypatch, facts=facts)

    assert "\n  before TLS   SIZE, STARTTLS\n" in text
    assert "\n  offset in ms 0.5\n" in text
    assert "\n  root distance milliseconds 1.5\n" in text
    assert "…" not in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_target_cannot_steer_the_terminal(monkeypatch):
    """What a target wrote reaches the terminal without control characters."""
    facts = {
        "received": "\x1b]0;owned\x07",
        "answers": [{"value": "\x1b[2J", "ttl_seconds": 60}],
        "certificate": None,
    }
    failure = Failure(FailureKind.BANNER, "got \x1b[31m")

    text = seen(monkeypatch, status=OutcomeStatus.FAILED, failure=failure, facts=facts)

    assert not set(text) & set("\x1b\x07")


def test_dns_answers_with_their_ttl(monkeypatch):
    """DNS answers stand one a line with their TTL; of several servers each is told."""
    answers = [
        {"value": "192.0.2.7", "ttl_seconds": 300},
        {"value": "192.0.2.8", "ttl_seconds": 60},
    ]
    good = {"server": "ns1:53", "rcode": "NOERROR", "answers": answers, "failure": None}
    bad = {"server": "ns2:53", "failure": "no answer within 2 s"}

    text = seen(monkeypatch, facts={"answers": answers, "servers": [good, bad]})

    assert "  answers      192.0.2.7  (TTL 300 s)\n               192.0.2.8  (TTL 60 s)" in text
    assert "✓ ns1:53  NOERROR: 192.0.2.7, 192.0.2.8" in text
    assert "✗ ns2:53  no answer within 2 s" in text


def test_addresses_and_age(monkeypatch):
    """Each address of a name has a row of its own; the time of the last change is a date."""
    addresses = [
        {"address": "192.0.2.7", "status": "ok"},
        {"address": "192.0.2.8", "status": "failed", "kind": "status", "detail": "status: 503"},
    ]
    text = seen(
        monkeypatch, facts={"addresses": addresses, "last_modified": NOON.timestamp() - DAY}
    )

    assert f"{GLYPHS[Status.UP]} 192.0.2.7\n" in text
    assert f"{GLYPHS[Status.DOWN]} 192.0.2.8  status: 503" in text
    assert "\n  modified " in text
    assert "2026-05-31 12:00:00 WITA" in text


def test_what_was_asked_beside_the_handshake(monkeypatch):
    """Revocation, old versions, CAA, the chain and different certificates are told in words."""
    text = seen(
        monkeypatch,
        facts={
            "certificate": {**CERTIFICATE, "must_staple": True, "more_names": 7},
            "chain_oddities": ["sent, but not needed: CN=X"],
            "also_accepts": ["TLS1.0", "RC4"],
            "caa": "CAA allows every authority",
            "banner": "ESMTP Postfix",
            "ocsp": {
                "status": "revoked",
                "detail": "keyCompromise",
                "since": NOON.timestamp(),
                "until": None,
                "revoked_at": NOON.timestamp() - DAY,
            },
            "certificates": [
                {"address": "192.0.2.7", "fingerprint": "ab" * 32, "not_after": NOON.timestamp()},
                {"address": "192.0.2.8", "fingerprint": "cd" * 32, "not_after": NOON.timestamp()},
            ],
        },
    )

    for fact in (
        "chain faults sent, but not needed: CN=X",
        "accepts too  TLS1.0, RC4",
        "CAA          CAA allows every authority",
        "greeting     ESMTP Postfix",
        "demands    a stapled OCSP response",
        "192.0.2.7, and 7 more",
        "they differ  192.0.2.7  abababababababab…, until 2026-06-01",
        "revocation   revoked, keyCompromise, on 2026-05-31 12:00:00 WITA, as of",
    ):
        assert fact in text


def test_unverified_certificate_is_said(monkeypatch):
    """A check that verifies nothing says so."""
    assert "verified     NO, by configuration" in seen(monkeypatch, facts={"insecure": True})


def test_phases_follow_each_other():
    """Each phase's bar begins where the one before it ended."""
    lines = list(waterfall({"connect": 1.0, "tls": 1.0}, 49))

    assert lines[0] == f"  connect      {'█' * 10}{' ' * 10}   1000.0 ms"
    assert lines[1] == f"  tls          {' ' * 10}{'█' * 10}   1000.0 ms"


@pytest.mark.parametrize(
    ("start", "end", "drawn"), [(0, 2, "██"), (1, 2.5, " █▌"), (2, 2, "  ▏"), (0, 0.5, "▌")]
)
def test_bars_end_to_the_eighth(start, end, drawn):
    """A bar ends to the eighth of a cell; however short, something is seen."""
    assert bar(start, end) == drawn


@pytest.mark.parametrize(
    ("begins", "ends", "said"),
    [
        (-1, 90, "(90 days left)"),
        (-90, 1.5, "(36 hours left)"),
        (-90, -3, "(expired 3 days ago)"),
        (5, 90, "(not valid for another 5 days)"),
    ],
)
def test_validity_counts_the_days(begins, ends, said):
    """Validity tells how long is left, or how long it has been over."""
    now: datetime = NOON

    assert validity(
        now.timestamp() + begins * DAY, now.timestamp() + ends * DAY, now, WITA
    ).endswith(said)


def test_dates_beyond_the_calendar_are_survived():
    """A certificate may be valid to the last second of the year 9999, in UTC."""
    assert "the end of time" in validity(0.0, 253_402_300_799, NOON, WITA)


def test_every_word_is_there():
    """Each status, kind of failure and cause of unknown has its words."""
    assert KINDS.keys() == set(FailureKind)
    assert CAUSES.keys() == set(UnknownCause)
    assert GLYPHS.keys() == set(Status)
