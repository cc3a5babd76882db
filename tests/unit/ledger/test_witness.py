"""Witnesses: whose cosignature counts, for what, and how many are asked."""

import base64
from hashlib import sha256

import pytest

from monitor.ledger.checkpoint import Checkpoint
from monitor.ledger.note import NoteError, Signer, parse
from monitor.ledger.witness import Witness, witnessed
from tests.unit.ledger.keys import FIRST
from tests.unit.ledger.witnesses import FakeWitness

ONE, TWO, THREE = (FakeWitness(f"witness.example/w{n}", bytes([n]) * 32) for n in range(1, 4))
NOTE = FIRST.signed(Checkpoint("pantau/utama", 40, bytes(32)).text)
YOUNGER = FIRST.signed(Checkpoint("pantau/utama", 50, bytes(32)).text)


def test_form():
    """A cosignature is a line of its own under the checkpoint: the key's hash, when, and over what
    (c2sp.org/tlog-cosignature, put together here by hand).
    """
    line = ONE.cosigned(NOTE, at=1679315147).removeprefix(NOTE)
    raw = base64.b64decode(line.split()[2])
    public = Signer("x", bytes([1]) * 32).verifier
    text = NOTE.partition("\n\n")[0]

    assert line.startswith("\N{EM DASH} witness.example/w1 ")
    assert raw[:4] == sha256(b"witness.example/w1\n\x04" + public.key).digest()[:4]
    assert raw[4:12] == (1679315147).to_bytes(8, "big")
    assert public.has_signed(f"cosignature/v1\ntime 1679315147\n{text}\n", raw[12:])


def test_read():
    """A key reads as it is written, and says when it cosigned; of others it says nothing."""
    witness = Witness.parse(ONE.vkey)
    both = TWO.cosigned(ONE.cosigned(NOTE, at=7), at=9)

    assert (witness.name, witness.key) == (ONE.name, ONE.public)
    assert witness.cosigned_at(parse(both.encode())) == 7
    assert Witness.parse(THREE.vkey).cosigned_at(parse(both.encode())) is None


@pytest.mark.parametrize(
    ("asked", "size"), [(1, 50), (2, 40), (3, 0)], ids=["one", "two", "all three"]
)
def test_how_many(asked, size):
    """The largest checkpoint counts that as many cosigned as are asked."""
    notes = [TWO.cosigned(ONE.cosigned(NOTE)), TWO.cosigned(YOUNGER)]
    witnesses = [Witness.parse(each.vkey) for each in (ONE, TWO, THREE)]

    assert witnessed(notes, witnesses, asked) == size


def test_named_twice():
    """A witness that is named twice, or under two names, is one."""
    alias = FakeWitness("witness.example/other", bytes([1]) * 32)
    witnesses = [Witness.parse(each) for each in (ONE.vkey, ONE.vkey, alias.vkey)]
    note = alias.cosigned(ONE.cosigned(NOTE))

    assert witnessed([note], witnesses, 2) == 0


def test_every_bit():
    """A cosignature of which any bit was changed is refused, or no one's."""
    line = ONE.cosigned(NOTE, at=1679315147).removeprefix(NOTE)
    raw = base64.b64decode(line.split()[2])
    witness = Witness.parse(ONE.vkey)
    for bit in range(8 * len(raw)):
        bent = bytearray(raw)
        bent[bit // 8] ^= 1 << bit % 8
        note = NOTE + line.replace(line.split()[2], base64.b64encode(bent).decode())
        try:
            assert witness.cosigned_at(parse(note.encode())) is None
        except NoteError:
            continue
        assert bit < 32


def test_of_another_checkpoint():
    """A cosignature says nothing of another checkpoint."""
    moved = YOUNGER + ONE.cosigned(NOTE).removeprefix(NOTE)
    with pytest.raises(NoteError, match=r"cosignature of witness\.example/w1 is false"):
        witnessed([moved], [Witness.parse(ONE.vkey)], 1)


def test_log_is_no_witness():
    """The log's own signature is no cosignature, also with the same secret."""
    own = FakeWitness(FIRST.name, FIRST.secret)

    assert Witness.parse(own.vkey).cosigned_at(parse(NOTE.encode())) is None
    with pytest.raises(NoteError, match="not the key of a witness"):
        Witness.parse(str(FIRST.verifier))


@pytest.mark.parametrize(
    ("vkey", "says"),
    [
        ("w+00000000+Bg==", "not the key of a witness"),
        (ONE.vkey.replace(ONE.vkey.split("+")[1], "00000000"), "not the one of hash"),
        ("witness", "is no key: write NAME"),
        ("w+00000000+BAQE", "32 bytes"),
    ],
)
def test_what_is_no_witness(vkey, says):
    """A key that is none of a witness is refused, and why."""
    with pytest.raises(NoteError, match=says):
        Witness.parse(vkey)
