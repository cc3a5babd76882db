"""What an auditor finds out by holding a log against checkpoints that were kept elsewhere."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ledger.audit import Finding, audited
from monitor.ledger.checkpoint import Checkpoint
from monitor.ledger.tree import Frontier, leaf_hash, root_of

COUNT = 40
HELD = (7, 8, 20, 31)
Log = list[tuple[int, bytes]]


def honest(count: int = COUNT) -> Log:
    return [(number, f"entry {number}".encode()) for number in range(count)]


def point(log: Log, size: int) -> Checkpoint:
    return Checkpoint("pantau/utama", size, root_of(leaf_hash(body) for _, body in log[:size]))


KEPT = [point(honest(), size) for size in HELD]


def found(log: Log, held: list[Checkpoint] | None = None) -> Finding:
    return audited(log, KEPT if held is None else held)


def renumbered(log: Log) -> Log:
    return [(number, body) for number, (_, body) in enumerate(log)]


def test_honest_log():
    """A log that only grew agrees with everything that was ever signed of it, in any order."""
    finding = found(honest(), KEPT[::-1])

    assert finding.fault is None
    assert (finding.size, finding.signed) == (COUNT, HELD[-1])
    assert finding.root == point(honest(), COUNT).root


@pytest.mark.parametrize("number", range(HELD[-1]))
def test_every_bit(number):
    """Any bit changed in a signed entry is noticed, between the two checkpoints around it."""
    log = honest()
    body = log[number][1]
    around = (
        max((0, *(size for size in HELD if size <= number))),
        min(s for s in HELD if s > number),
    )
    for bit in range(8 * len(body)):
        bent = bytearray(body)
        bent[bit // 8] ^= 1 << bit % 8
        log[number] = (number, bytes(bent))
        fault = found(log).fault
        assert fault is not None
        assert (fault.first, fault.end) == around


@pytest.mark.parametrize("number", range(HELD[-1] - 1))
@pytest.mark.parametrize("rewritten", [False, True], ids=["numbers left", "numbers rewritten"])
@pytest.mark.parametrize("act", ["drop", "double", "swap", "insert"])
def test_rows(act, number, rewritten):
    """A signed entry that is dropped, doubled, moved or put in is noticed, numbers rewritten or not."""
    log = honest()
    if act == "drop":
        del log[number]
    elif act == "double":
        log.insert(number, log[number])
    elif act == "swap":
        log[number], log[number + 1] = log[number + 1], log[number]
    else:
        log.insert(number, (number, b"never was"))

    assert found(renumbered(log) if rewritten else log).fault is not None


def test_first_missing_entry_is_named():
    """Where numbers tell which entry is missing, it is named itself."""
    log = honest()
    del log[12]
    fault = found(log).fault

    assert fault is not None
    assert (fault.first, fault.end, fault.detail) == (12, 13, "entries are missing")


@pytest.mark.parametrize("left", range(HELD[-1]))
def test_cut_tail(left):
    """A log cut to less than was signed is noticed, and what is missing is named."""
    fault = found(honest(left)).fault

    assert fault is not None
    assert fault.first == left
    assert fault.end > left


def test_cut_behind_the_last_checkpoint():
    """What nobody signed nobody can miss: so long is the time between two checkpoints."""
    assert found(honest(HELD[-1])).fault is None


def test_two_histories():
    """Two checkpoints of one size that differ are two histories, whichever the log agrees with."""
    other = Checkpoint("pantau/utama", 8, bytes(32))
    fault = found(honest(), [*KEPT, other]).fault

    assert fault is not None
    assert "say different things" in fault.detail


def test_rewritten_with_the_key():
    """Who holds the key can sign another history, but not undo a checkpoint that is kept elsewhere."""
    log = honest()
    log[10] = (10, b"it was up all the time")
    forged = [point(log, size) for size in HELD]

    assert found(log, forged).fault is None
    fault = found(log, [KEPT[2]]).fault
    assert fault is not None
    assert (fault.first, fault.end) == (0, 20)


def test_forged_checkpoints_narrow_nothing():
    """Checkpoints beside the log may have been signed anew: that they agree moves no blame."""
    log = honest()
    log[10] = (10, b"it was up all the time")
    forged = [point(log, size) for size in (9, 15, 19, 33)]
    fault = audited(log, [KEPT[1], KEPT[2]], own=forged).fault

    assert fault is not None
    assert (fault.first, fault.end) == (8, 20)


def test_own_checkpoints_narrow_where_they_disagree():
    """While what was signed beside the log still disagrees with it, it says most."""
    log = honest()
    log[10] = (10, b"it was up all the time")
    own = [point(honest(), size) for size in (9, 12, 33)]
    fault = audited(log, [KEPT[2]], own=own).fault

    assert fault is not None
    assert (fault.first, fault.end) == (9, 12)


def test_going_on_from_a_beginning():
    """Who has read a beginning of a log finds in the rest what reading all of it finds."""
    log = honest()
    log[25] = (25, b"it was up all the time")
    begun = Frontier().grown(leaf_hash(body) for _, body in log[:20])

    assert audited(log[20:], KEPT[2:], begun=begun) == audited(log, KEPT)


@given(st.integers(0, 60), st.randoms(use_true_random=False))
def test_no_false_alarm(count: int, chance: random.Random):
    """An honest log agrees with every choice of its own checkpoints."""
    log = honest(count)
    sizes = [chance.randint(0, count) for _ in range(chance.randint(0, 6))]
    finding = found(log, [point(log, size) for size in sizes])

    assert finding.fault is None
    assert finding.signed == max(sizes, default=0)
