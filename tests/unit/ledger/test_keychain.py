"""How a log goes on under another key, and what a key that was replaced can't do any more."""

import pytest

from monitor.ledger.canonical import canonical
from monitor.ledger.checkpoint import Checkpoint
from monitor.ledger.keychain import Keychain, followed, rotation_note
from monitor.ledger.note import NoteError, Signer, signed_by
from tests.unit.ledger.keys import FIRST, NEXT, SECOND, THIEF, handed_over, named, noted


def chain_of(known: Signer = FIRST, *entries: tuple[int, bytes]) -> Keychain:
    return followed(known.verifier, entries or ROTATED)


# The first key signs from entry 0 on, the second from entry 10 on, the third from entry 20 on.
ROTATED = (
    (0, named(FIRST)),
    (10, handed_over(FIRST, SECOND, 10)),
    (20, handed_over(SECOND, NEXT, 20)),
)
ENDS = (noted(11, FIRST, SECOND), noted(21, SECOND, NEXT))


@pytest.mark.parametrize("told", [FIRST, SECOND, NEXT], ids=["first", "second", "third"])
def test_followed_from_any(told):
    """Who was told any of the keys follows to all of them, each in its turn."""
    notes = [noted(5, FIRST), *ENDS, noted(12, SECOND), noted(30, NEXT)]
    chain = chain_of(told)

    assert chain.last == NEXT.verifier
    assert [point.size for point in chain.checkpoints(notes)] == [5, 11, 21, 12, 30]


@pytest.mark.parametrize(
    ("size", "signer", "says"),
    [
        (12, FIRST, "does not sign 12 entries: it was the turn of pantau/utama"),
        (500, FIRST, "does not sign 500 entries"),
        (11, SECOND, "does not sign 11 entries"),
        (3, SECOND, "does not sign 3 entries"),
        (22, SECOND, "does not sign 22 entries"),
        (22, THIEF, "did not sign it"),
    ],
)
def test_out_of_turn(size, signer, says):
    """A key that was replaced signs nothing beyond its end, and the next one nothing before."""
    with pytest.raises(NoteError, match=says):
        chain_of().checkpoints([*ENDS, noted(size, signer)])


@pytest.mark.parametrize("missing", [0, 1])
def test_end_that_was_not_signed(missing):
    """Nothing of a new key counts until the key before signed the checkpoint that ends its turn."""
    ends = [each for number, each in enumerate(ENDS) if number != missing]
    with pytest.raises(NoteError, match="hands over to another key, and no checkpoint of"):
        chain_of().checkpoints([*ends, noted(40, NEXT)])


def test_end_signed_by_the_new_key_alone():
    """The end of a turn is signed by the key whose turn it was."""
    with pytest.raises(NoteError, match="does not sign 11 entries"):
        chain_of().checkpoints([noted(11, SECOND), noted(12, SECOND)])


def test_false_line_beside_a_true_one():
    """A false signature of any key of the chain is refused, whoever else signed."""
    where, note = noted(11, FIRST)
    forged = THIEF.line(Checkpoint("pantau/utama", 11, bytes(32)).text)
    text = note + forged.replace(forged.split()[-1], noted(12, SECOND)[1].split()[-1])
    with pytest.raises(NoteError, match="is false"):
        chain_of().checkpoints([(where, text)])


def test_stolen_key_hands_over_to_nobody():
    """Who steals a key that was replaced can't hand over with it any more."""
    stolen = (25, handed_over(FIRST, THIEF, 25))
    with pytest.raises(NoteError, match="entry 25: it hands over from another key"):
        chain_of(FIRST, *ROTATED, stolen)


@pytest.mark.parametrize(
    "note",
    [
        rotation_note(FIRST, SECOND, 11),
        rotation_note(FIRST, NEXT, 10),
        rotation_note(THIEF, SECOND, 10),
        FIRST.signed(rotation_note(FIRST, SECOND, 10).partition("\n\n")[0] + "\n"),
        SECOND.signed(rotation_note(FIRST, SECOND, 10).partition("\n\n")[0] + "\n"),
        rotation_note(FIRST, SECOND, 10)[:-40],
        noted(10, FIRST, SECOND)[1],
        "",
    ],
    ids=["elsewhere", "to another", "from another", "old alone", "new alone", "cut", "no", "none"],
)
def test_false_hand_over(note):
    """A key is handed over by a note that both keys signed, for that entry and for no other."""
    entry = canonical({"type": "key", "key": str(SECOND.verifier), "note": note})
    with pytest.raises(NoteError, match="entry 10: "):
        chain_of(FIRST, (0, named(FIRST)), (10, entry))


def test_other_log():
    """A key of another log is no next one."""
    other = Signer("pantau/lain", bytes(31) + b"\5")
    with pytest.raises(NoteError, match="hands over from another key, or elsewhere"):
        chain_of(FIRST, (0, named(FIRST)), (10, handed_over(FIRST, other, 10)))


def test_a_key_named_without_being_handed_over():
    """A key that a log just names is followed from by nobody who was told another one."""
    entries = ((0, named(FIRST)), (10, named(THIEF)))

    assert [link.key for link in chain_of(FIRST, *entries).links] == [FIRST.verifier]
    with pytest.raises(NoteError, match="did not sign it"):
        chain_of(FIRST, *entries).checkpoints([noted(12, THIEF)])


def test_texts_are_no_keys():
    """What people write can't be taken for an entry that names a key."""
    comment = canonical({"type": "comment", "text": '"type":"key","key":"x"', "key": "x"})
    labels = canonical({"type": "silence", "labels": {"type": "key"}, "key": str(THIEF.verifier)})
    entries = ((0, named(FIRST)), (1, comment), (2, labels), (3, b'{"type":"key"'))

    assert [link.key for link in chain_of(FIRST, *entries).links] == [FIRST.verifier]


def test_hand_over_is_no_checkpoint():
    """What both keys sign of a hand-over can't be taken for a checkpoint, nor the other way."""
    text = rotation_note(FIRST, SECOND, 10).partition("\n\n")[0] + "\n"
    with pytest.raises(NoteError, match="no size"):
        Checkpoint.parse(text)
    assert rotation_note(FIRST, SECOND, 10) == signed_by(text, [FIRST, SECOND])
