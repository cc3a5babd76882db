"""Bundles as an auditor gets them, honest and other ones, and what two verifiers say of them."""

import random
from collections.abc import Callable, Sequence
from itertools import pairwise

from monitor.ledger.audit import audited
from monitor.ledger.canonical import canonical
from monitor.ledger.checkpoint import Checkpoint, checkpoint_of
from monitor.ledger.keychain import followed
from monitor.ledger.note import NoteError, Signer, Verifier, signed_by, split
from monitor.ledger.pantau_verify import Refused, verified
from monitor.ledger.tree import leaf_hash, root_of
from tests.unit.ledger.keys import FIRST, NEXT, SECOND, THIEF, handed_over, named

OURS = FIRST
KEY = str(OURS.verifier)
_KEYS = (FIRST, SECOND, NEXT)

Log = list[bytes]


def a_log(count: int) -> Log:
    """Return some entries."""
    return [canonical({"type": "start", "at": number}) for number in range(count)]


def lines(log: Sequence[bytes]) -> bytes:
    """Return the file of entries."""
    return b"".join(entry + b"\n" for entry in log)


def signed(log: Sequence[bytes], *sizes: int) -> str:
    """Return what our key signs at these sizes."""
    return checkpoints(log, *((size, [OURS]) for size in sizes))


def checkpoints(log: Sequence[bytes], *signatures: tuple[int, Sequence[Signer]]) -> str:
    """Return checkpoints of these sizes, each with who signs it."""
    return "".join(
        signed_by(Checkpoint(OURS.name, size, root_of(map(leaf_hash, log[:size]))).text, signers)
        for size, signers in signatures
    )


def disagreements(chance: random.Random, rounds: int) -> int:
    """Have both verifiers look at honest and changed logs; return how many both refuse.

    Raises AssertionError where they don't agree.
    """
    refused = 0
    for _ in range(rounds):
        log, ends = _rotated(chance)
        notes = _signed_in_turn(log, ends, chance)
        for change in (_leave, *chance.choices(_CHANGES, k=3)):
            given, held = list(log), notes
            held = change(given, held, chance) or held
            told = chance.choice(_KEYS[: len(ends) + 1]).verifier
            ours, theirs = _pantau_says(given, held, told), _program_says(given, held, told)
            assert (ours is None) == (theirs is None), (change, ours, theirs, given, held)
            assert ours is None or ours == theirs
            assert change is not _leave or ours is not None
            refused += ours is None
    return refused


def _pantau_says(log: Log, notes: str, told: Verifier) -> tuple[int, int] | None:
    try:
        chain = followed(told, enumerate(log))
        held = chain.checkpoints(("", note) for note in split(notes))
    except NoteError:
        return None
    finding = audited(enumerate(log), held)
    return None if finding.fault else (finding.size, finding.signed)


def _program_says(log: Log, notes: str, told: Verifier) -> tuple[int, int] | None:
    try:
        return verified(lines(log), [notes], str(told))
    except Refused:
        return None


def _rotated(chance: random.Random) -> tuple[Log, list[int]]:
    """Return a log, and how many entries it had when each of its keys but the last ended."""
    log, ends = [named(FIRST), *a_log(chance.randint(1, 15))], []
    for old, new in pairwise(_KEYS):
        if chance.random() < 1 / 2:
            break
        log.append(handed_over(old, new, len(log)))
        ends.append(len(log))
        log += a_log(chance.randint(0, 15))
    return log, ends


def _turn(size: int, ends: Sequence[int]) -> int:
    return sum(end < size for end in ends)


def _signed_in_turn(log: Log, ends: Sequence[int], chance: random.Random) -> str:
    sizes = {chance.randint(1, len(log)) for _ in range(chance.randint(1, 3))} - set(ends)
    turns = [(size, [_KEYS[_turn(size, ends)]]) for size in sizes]
    both = [(end, list(_KEYS[number : number + 2])) for number, end in enumerate(ends)]
    return checkpoints(log, *turns, *both)


def _leave(log: Log, notes: str, chance: random.Random) -> None:
    pass


def _alter(log: Log, notes: str, chance: random.Random) -> None:
    log[chance.randrange(len(log))] = canonical({"type": "stop"})


def _drop(log: Log, notes: str, chance: random.Random) -> None:
    del log[chance.randrange(len(log))]


def _double(log: Log, notes: str, chance: random.Random) -> None:
    log.insert(0, chance.choice(log))


def _cut(log: Log, notes: str, chance: random.Random) -> None:
    del log[chance.randrange(len(log)) :]


def _add(log: Log, notes: str, chance: random.Random) -> None:
    log.append(canonical({"type": "added", "at": chance.randrange(9)}))


def _sign_again(log: Log, notes: str, chance: random.Random) -> str:
    """Rewrite history, and sign it with a key of the log, beside what was signed."""
    at = chance.randrange(len(log))
    log[at] = canonical({"type": "stop"})
    signer = chance.choice(_KEYS)
    return notes + checkpoints(log, (chance.randint(1, len(log)), [signer]))


def _sign_out_of_turn(log: Log, notes: str, chance: random.Random) -> str:
    """Sign what is there with some key."""
    signer = chance.choice([*_KEYS, THIEF])
    return notes + checkpoints(log, (chance.randint(1, len(log)), [signer]))


def _lose_a_checkpoint(log: Log, notes: str, chance: random.Random) -> str:
    found = list(split(notes))
    if len(found) > 1:
        del found[chance.randrange(len(found))]
    return "".join(found)


def _hand_over_falsely(log: Log, notes: str, chance: random.Random) -> None:
    log.append(handed_over(chance.choice([*_KEYS, THIEF]), THIEF, len(log) - chance.randrange(2)))


def _name_another(log: Log, notes: str, chance: random.Random) -> None:
    log.insert(chance.randint(0, len(log)), named(THIEF))


_CHANGES: list[Callable[[Log, str, random.Random], str | None]] = [
    *(_alter, _drop, _double, _cut, _add, _sign_again, _sign_out_of_turn),
    *(_lose_a_checkpoint, _hand_over_falsely, _name_another),
]


def passed_though_damaged(chance: random.Random, rounds: int) -> list[object]:
    """Damage one of the three things that are verified; return what passed all the same.

    Fewer checkpoints than there were say less, and more entries behind the last: neither is a lie.
    """
    log = a_log(9)
    entries, notes = lines(log), signed(log, 4, 9)
    passed: list[object] = []
    for _ in range(rounds):
        whole = [entries, notes.encode(), KEY.encode()]
        which = chance.randrange(3)
        whole[which] = _damaged(whole[which], chance)
        raw, note, key = whole
        try:
            text, vkey = note.decode(), key.decode()
        except UnicodeDecodeError:
            continue  # the program ends with 2
        if (raw, text, vkey.strip()) == (entries, notes, KEY):
            continue
        try:
            verified(raw, [text], vkey)
        except Refused:
            continue
        if not raw.startswith(entries) and not _is_whole(text, notes):
            passed.append((raw, text, vkey))
    return passed


def _damaged(whole: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(whole))
    match chance.randrange(4):
        case 0:
            return whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :]
        case 1:
            return whole[:at]
        case 2:
            return whole[:at] + chance.randbytes(3) + whole[at:]
        case _:
            return whole[at:]


def _is_whole(text: str, notes: str) -> bool:
    try:
        points = [checkpoint_of(note, OURS.verifier) for note in split(text)]
    except NoteError:
        return False
    return bool(points) and all(point.text in notes for point in points)
