"""What is said to a witness, and what it answers (c2sp.org/tlog-witness, add-checkpoint)."""

import base64
import re
from collections.abc import Sequence

from monitor.ledger.note import NoteError, parse
from monitor.ledger.tree import Frontier, consistency_proof, root_of
from monitor.ledger.witness import Witness

_SIZE = re.compile(rb"(0|[1-9][0-9]{0,15})\n\Z")


def growth_proof(begun: Frontier, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the proof that a log with `leaves` behind the entries of `begun` only grew.

    What it needs of the entries before are the roots of their full subtrees alone.
    """
    if not begun.size or not leaves:
        return []
    starts = {}
    start = 0
    for root in begun.roots:
        starts[start] = root
        start += 1 << (begun.size - start).bit_length() - 1

    def subtree(start: int, end: int) -> bytes:
        if end <= begun.size:
            return starts[start]
        return root_of(leaves[start - begun.size : end - begun.size])

    return consistency_proof(begun.size, begun.size + len(leaves), subtree)


def request_body(old: int, proof: Sequence[bytes], note: str) -> bytes:
    """Return what is posted: from which size on the log grew to what `note` says."""
    hashes = "".join(f"{base64.b64encode(each).decode()}\n" for each in proof)
    return f"old {old}\n{hashes}\n{note}".encode()


def size_known(answer: bytes) -> int | None:
    """Return the size of the log that a witness knows, by its answer to another one; or None."""
    found = _SIZE.match(answer)
    return None if found is None else int(found[1])


def cosigned(note: str, answer: bytes, witness: Witness) -> str:
    """Return a note with the cosignatures of `witness` that it answered; others are left out.

    Raises NoteError where there is none.
    """
    try:
        lines = answer.decode().splitlines(keepends=True)
    except UnicodeDecodeError:
        raise NoteError("not UTF-8") from None
    ours = "".join(line for line in lines if _is_of(line, note, witness))
    if not ours:
        raise NoteError(f"no cosignature of {witness.name}")
    return note + ours


def _is_of(line: str, note: str, witness: Witness) -> bool:
    return (
        witness.cosigned_at(parse((note.partition("\n\n")[0] + "\n\n" + line).encode())) is not None
    )
