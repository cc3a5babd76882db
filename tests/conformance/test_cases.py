"""The same modules and the same targets give the same answers as Debian's blackbox_exporter."""

import pytest

from tests.conformance.case import Case
from tests.conformance.comparison import APART, disagreements
from tests.conformance.differences import BY_CASE, EVERYWHERE
from tests.conformance.exposition import read
from tests.conformance.tables import CASES
from tests.conformance.world import World

pytestmark = [pytest.mark.peers, pytest.mark.slow, pytest.mark.xdist_group("conformance")]
LEAST = 120
ATTEMPTS = 3


def test_enough_is_compared():
    """Every case has a name of its own, and there are many."""
    assert len({case.name for case in CASES}) == len(CASES) >= LEAST


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_probe_answers_alike(world: World, case: Case):
    """A probe has the same metrics, labels, values and help as blackbox_exporter's.

    But for what the table of differences allows, and what a case names of it must show. Times that
    are far apart are taken again: a busy machine may stop one of both for a while.
    """
    allowed = _allowed(case)
    for _ in range(ATTEMPTS):
        found = _found(world, case)
        faults = {name: told for name, told in found.items() if name not in allowed}
        if faults.keys() != {APART}:
            break

    for name in case.differs:
        assert found.keys() & {*BY_CASE[name].metrics}, f"the difference {name} shows"
    assert faults == {}


def _found(world: World, case: Case) -> dict[str, list[str]]:
    """Return how two answers differ."""
    said = world.probe(case)
    theirs, ours = (said[side] for side in ("theirs", "ours"))
    assert (theirs["status"], ours["status"]) == (200, 200), (theirs["body"], ours["body"])
    assert f"\nprobe_success {case.success:d}\n" in theirs["body"], "the case is what it says"

    print(f"lag {said['lag'] * 1000:.1f} ms")
    return disagreements(
        read(theirs["body"]), read(ours["body"]), delay=case.delay, lag=said["lag"]
    )


def _allowed(case: Case) -> set[str]:
    """Return the metrics in which a case may differ."""
    prober = case.module["prober"]
    known = [known for known in EVERYWHERE.values() if prober in known.probers]
    known += [BY_CASE[name] for name in case.differs]
    return {name for difference in known for name in difference.metrics}
