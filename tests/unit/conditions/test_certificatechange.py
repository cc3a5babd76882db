"""A certificate that was not seen before: for how long it is told, and when it is not."""

import json
from dataclasses import asdict, replace

import pytest

from monitor.conditions.certificatechange import changed
from monitor.domain.observation import FailureKind as Kind
from monitor.net.certificates import read_chain
from monitor.net.ocsp import OcspStatus, Standing
from tests.certificates import issue, leaf, root

HOUR = 3600.0


def certificate(**changes):
    return read_chain((leaf(**changes).der(),)).leaf


OLD, NEW = (certificate(label=label) for label in ("old", "new"))
OTHER_CA = issue(subject="Other CA", names=(), issuer=root(), authority=True)
STRANGE = certificate(issuer=OTHER_CA)
SMALL, OTHER_SMALL, LARGE = (
    certificate(kind=kind, label=kind + str(number))
    for number, kind in enumerate(("rsa", "rsa", "rsa3072"))
)


def steps(*visits, expected=None, window=HOUR):
    """Return the failure of each visit (time, certificates), with memory going through JSON."""
    memory, failures = {}, []
    for now, *seen in visits:
        failure, kept = changed(memory, seen, now, window, expected)
        memory = json.loads(json.dumps(kept))
        failures.append(failure and failure.kind)
    return failures


def test_the_first_certificate_is_no_change():
    """What is seen for the first time of all has nothing to differ from."""
    assert steps((0, OLD), (60, OLD)) == [None, None]


def test_a_change_is_told_for_its_window():
    """A change degrades from when it is first seen until the window is over, and not again."""
    found = steps((0, OLD), (60, NEW), (60 + HOUR - 1, NEW), (60 + HOUR, NEW), (9 * HOUR, NEW))

    assert found == [None, Kind.CHANGED, Kind.CHANGED, None, None]


def test_the_detail_names_old_and_new():
    """Fingerprint, issuer and expiry of both certificates are told, the same for the whole window."""
    _, memory = changed({}, [OLD], 0, HOUR)
    first, memory = changed(memory, [STRANGE], 60, HOUR)
    later, _ = changed(memory, [STRANGE], 120, HOUR)

    assert later == first
    assert first.detail.startswith(f"certificate changed from {OLD.fingerprint[:16]}… by ")
    assert f"to {STRANGE.fingerprint[:16]}… by CN=Other CA,O=Kota Makassar,C=ID" in first.detail
    assert "valid until 20" in first.detail


def test_several_servers_show_several_certificates():
    """Certificates that take turns are a change only when each is first seen."""
    found = steps((0, OLD), (60, NEW), (2 * HOUR, OLD), (2 * HOUR + 60, NEW), (2 * HOUR, OLD, NEW))

    assert found == [None, Kind.CHANGED, None, None, None]


@pytest.mark.parametrize(
    ("old", "new", "expected", "told"),
    [
        (OLD, NEW, "Test Intermediate", None),
        (OLD, NEW, "Let's Encrypt", Kind.CHANGED),
        (OLD, STRANGE, "Test Intermediate", Kind.CHANGED),
        (LARGE, SMALL, "Test Intermediate", Kind.CHANGED),
        (SMALL, LARGE, "Test Intermediate", None),
    ],
)
def test_a_renewal_by_the_expected_issuer_is_no_news(old, new, expected, told):
    """The expected issuer may renew, but not with a weaker key."""
    assert steps((0, old), (60, new), expected=expected)[1] == told


def test_a_failed_visit_forgets_nothing():
    """A visit that saw no certificate leaves what is remembered as it is."""
    assert steps((0, OLD), (60,), (120, NEW), (180,)) == [None, None, Kind.CHANGED, Kind.CHANGED]


def test_a_clock_that_was_set_back_ends_the_window():
    """A change that lies in the future is told no more, rather than for years."""
    assert steps((9e9, OLD), (9e9 + 1, NEW), (1000, NEW)) == [None, Kind.CHANGED, None]


FARM = tuple(replace(OLD, fingerprint=f"{number:064x}") for number in range(32))


def test_every_address_of_a_large_name_is_remembered():
    """As many certificates as one visit can show are known at the next, in any order."""
    found = steps((0, *FARM), (60, *FARM[::-1]), (120, *FARM))

    assert found == [None, None, None]


def test_the_same_certificates_leave_the_same_memory():
    """Certificates that come in another order change nothing that would have to be stored."""
    _, first = changed({}, FARM, 0, HOUR)
    _, second = changed(first, FARM[::-1], 60, HOUR)

    assert first == second


def test_being_seen_keeps_a_certificate_in_memory():
    """What was not seen for longest is forgotten first, however long it has been known."""
    _, memory = changed({}, [OLD], 0, HOUR)
    for one in (replace(OLD, fingerprint=f"{number:064x}") for number in range(60)):
        failure, memory = changed(memory, [OLD, one], 60, HOUR)

        assert f"to {one.fingerprint[:16]}" in failure.detail


@pytest.mark.parametrize(
    ("visits", "told"),
    [
        ((SMALL, LARGE, OTHER_SMALL), Kind.CHANGED),
        ((LARGE, SMALL, OTHER_SMALL), None),
    ],
    ids=["weaker than the last", "as strong as the last"],
)
def test_a_renewal_is_measured_by_what_it_replaces(visits, told):
    """A weak certificate of long ago excuses no weak one now, and a strong one condemns none."""
    found = steps(
        *((number * 2 * HOUR, one) for number, one in enumerate(visits)),
        expected="Test Intermediate",
    )

    assert found[-1] is told


def test_one_server_of_a_farm_may_not_renew_with_a_weaker_key():
    """A server that renews is measured by its own old key, not by the weakest of the others."""
    found = steps((0, SMALL, LARGE), (60, SMALL, OTHER_SMALL), expected="Test Intermediate")

    assert found == [None, Kind.CHANGED]


STRANGE_NAMES = ["\u00e9" * 400, "\x00" * 400, '"' * 400, "\U0001f512" * 400, "x" * 400]


@pytest.mark.parametrize("issuer", STRANGE_NAMES, ids=["accents", "nul", "quotes", "emoji", "long"])
def test_memory_stays_small(issuer):
    """Whatever many certificates say, they and as many answers about them fit into the bound."""
    memory = {}
    for number in range(100):
        farm = [
            replace(OLD, fingerprint=f"{number * 32 + one:064x}", issuer=issuer)
            for one in range(32)
        ]
        _, memory = changed(memory, farm, 1_700_000_000.0 + number, HOUR)
    status = asdict(OcspStatus(standing=Standing.GOOD, since=1.7e9 + 0.5, until=1.7e9 + 0.5))
    answers = {one.fingerprint: {**status, "asked_at": 1_700_000_000.123456} for one in farm}

    assert len(json.dumps({"certificates": memory, "ocsp": answers})) <= 16_384
