"""What a server should send, and what it sends."""

import pytest

from monitor.net.certificates import read_chain
from monitor.net.chainorder import chain_order
from tests.certificates import intermediate, issue, leaf, root

LEAF, MIDDLE, ROOT = leaf(label="order"), intermediate(), root()
STRANGER = issue(subject="Stranger", names=(), authority=True)
UPPER = issue(subject="Upper", names=(), issuer=ROOT, authority=True)
LOWER = issue(subject="Lower", names=(), issuer=UPPER, authority=True)
LOW_LEAF = leaf(issuer=LOWER, label="low")


def chain(*issued):
    return read_chain(tuple(one.der() for one in issued))


VERIFIED = chain(LEAF, MIDDLE, ROOT)


@pytest.mark.parametrize(
    ("sent", "texts", "complete"),
    [
        ((LEAF, MIDDLE), (), True),
        ((LEAF, MIDDLE, ROOT), (), True),
        ((LEAF,), ("not sent, but needed: CN=Test Intermediate,O=Kota Makassar,C=ID",), False),
        ((LEAF, ROOT, MIDDLE), ("the certificates are in the wrong order",), False),
        (
            (LEAF, MIDDLE, STRANGER),
            ("sent, but not needed: CN=Stranger,O=Kota Makassar,C=ID",),
            True,
        ),
        (
            (LEAF, LEAF, MIDDLE),
            ("sent, but not needed: CN=makassarkota.test,O=Kota Makassar,C=ID",),
            True,
        ),
    ],
)
def test_what_is_odd_about_a_chain(sent, texts, complete):
    """Missing and misplaced certificates keep some visitors out; needless ones only cost time."""
    order = chain_order(chain(*sent), VERIFIED)

    assert (order.texts(), order.complete) == (texts, complete)


def test_a_root_is_never_needed():
    """Whoever trusts a root has it; a server may send it or not."""
    alone = issue(names=("a.test",), issuer=ROOT)

    assert chain_order(chain(alone), chain(alone, ROOT)).complete


def test_an_intermediate_that_only_we_trust_is_missing():
    """A chain that ends at an anchor below the root works for us alone."""
    order = chain_order(chain(LEAF), chain(LEAF, MIDDLE))

    assert order.missing == ("CN=Test Intermediate,O=Kota Makassar,C=ID",)


def test_intermediates_the_wrong_way_round():
    """Each certificate must certify the one before it (RFC 5246, 7.4.2)."""
    verified = chain(LOW_LEAF, LOWER, UPPER, ROOT)

    assert chain_order(chain(LOW_LEAF, UPPER, LOWER), verified).misplaced
    assert not chain_order(chain(LOW_LEAF, LOWER, UPPER), verified).misplaced


def test_without_verification_nothing_is_known_to_be_missing():
    """Where nothing was verified nobody knows what would have been needed."""
    assert chain_order(chain(LEAF), None).missing == ()
    assert chain_order(chain(), None).complete


@pytest.mark.parametrize(("label", "complete"), [("Test Intermediate", True), ("before", False)])
def test_an_intermediate_is_known_by_its_key(label, complete):
    """Another certificate of the same name and key will do; with another key it helps nobody."""
    other = issue(subject="Test Intermediate", names=(), issuer=UPPER, authority=True, label=label)

    assert chain_order(chain(LEAF, other), VERIFIED).complete is complete
