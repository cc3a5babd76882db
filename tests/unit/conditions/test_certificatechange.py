"""A certificate that was not seen before: for how long it is told, and when it is not."""

import json
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.conditions.certificatechange import changed
from monitor.domain.observation import FailureKind as Kind
from monitor.net.certificates import read_chain
from tests.certificates import issue, leaf, root

HOUR = 3600.0


def certificate(**changes):
    return read_chain((leaf(**changes).der(),)).leaf


OLD, NEW = (certificate(label=label) for label in ("old", "new"))
OTHER_CA = issue(subject="Other CA", names=(), issuer=root(), authority=True)
STRANGE = certificate(issuer=OTHER_CA)
SMALL, LARGE = certificate(kind="rsa", label="small"), certificate(kind="rsa3072")


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


MANY = [replace(OLD, fingerprint=f"{number:064x}") for number in range(20)]


@given(st.lists(st.sampled_from(MANY), max_size=60))
@example(MANY)
def test_memory_stays_small(visits):
    """However many certificates take turns, a few are remembered."""
    memory = {}
    for number, seen in enumerate(visits):
        _, memory = changed(memory, [seen], number, HOUR)

    assert len(json.dumps(memory)) < 8192
    assert len(memory.get("known", ())) <= 8
