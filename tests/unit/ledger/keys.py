"""Keys of one log, and what they signed, for the tests of how one is replaced."""

from monitor.ledger.canonical import canonical
from monitor.ledger.checkpoint import Checkpoint
from monitor.ledger.keychain import rotation_note
from monitor.ledger.note import Signer, signed_by

FIRST, SECOND, NEXT, THIEF = (Signer("pantau/utama", bytes(31) + bytes([n])) for n in range(4))


def named(signer: Signer) -> bytes:
    """Return the entry that names the first key."""
    return canonical({"type": "key", "at": 0, "key": str(signer.verifier)})


def handed_over(old: Signer, new: Signer, number: int) -> bytes:
    """Return entry `number`, which hands over."""
    note = rotation_note(old, new, number)
    return canonical({"type": "key", "at": 0, "key": str(new.verifier), "note": note})


def noted(size: int, *signers: Signer, root: bytes = bytes(32)) -> tuple[str, str]:
    """Return a checkpoint, and where it is kept."""
    return f"kept-{size}", signed_by(Checkpoint("pantau/utama", size, root).text, signers)
