"""Whether a sealed PDF is as it was, byte by byte."""

import random

import pytest

from monitor.reports.sealcheck import BrokenSeal, signatures
from monitor.reports.signature import APPROVAL_FIELD, SEAL_FIELD, seal_key
from tests.certificates import issue, root
from tests.unit.reports.seals import PASSPHRASE, packed_key
from tests.unit.reports.test_signature import made, signed_later, unsealed


def test_seal_that_is_right():
    """A seal that is right is shown with its field, who sealed, and whether that one is trusted."""
    [seal] = signatures(made(), [root().der()])
    assert (seal.field, seal.trusted, seal.stamped) == (SEAL_FIELD, True, False)
    assert "Segel Pantau" in seal.subject
    [unknown] = signatures(made())
    assert unknown.trusted is None
    stranger = issue(subject="Orang lain", names=(), authority=True)
    [other] = signatures(made(), [stranger.der()])
    assert other.trusted is False


def test_official_afterwards():
    """What an official signs later is shown beside the seal."""
    assert [each.field for each in signatures(signed_later(made()))] == [SEAL_FIELD, APPROVAL_FIELD]


def test_no_seal():
    """A PDF that nobody sealed has no seal, and what is no PDF is said to be none."""
    with pytest.raises(BrokenSeal, match="no signature"):
        signatures(unsealed())
    with pytest.raises(BrokenSeal, match="can't be read"):
        signatures(b"%PDF-1.7\n")


def test_every_region_counts():
    """A byte that is another is noticed: in what was sealed, and in the place of the seal."""
    whole = made()
    chance = random.Random(7)
    places = [*range(0, len(whole), len(whole) // 60), *chance.sample(range(len(whole)), 40)]
    hexadecimal = whole.index(b"/Contents <") + 11
    places += range(hexadecimal, hexadecimal + 4_600, 101)
    places += [hexadecimal - 1, hexadecimal, hexadecimal + 3, whole.index(b">", hexadecimal) - 1]
    for at in places:
        other = bytearray(whole)
        other[at] ^= 0x20 if chr(other[at]).isalpha() and at % 2 else 1
        with pytest.raises(BrokenSeal):
            signatures(bytes(other))


@pytest.mark.parametrize("added", [b"\n", b"%\n", b"x" * 300])
def test_nothing_follows(added):
    """Whatever is added behind the last signature is noticed."""
    with pytest.raises(BrokenSeal):
        signatures(made() + added)


def test_only_certificates_that_are_covered():
    """Certificates that don't lead to a root are left out, since nothing would cover them."""
    whole = seal_key(packed_key(), PASSPHRASE).signer.cert_registry
    part = seal_key(packed_key(to_root=False), PASSPHRASE).signer.cert_registry
    assert (len(list(whole)), len(list(part))) == (2, 0)
