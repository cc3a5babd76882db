"""What blackbox_exporter learned after 0.23 works as later versions are documented to."""

import pytest

from tests.conformance.case import Newer
from tests.conformance.exposition import read
from tests.conformance.tables import CASES, NEWER
from tests.conformance.world import World

pytestmark = [pytest.mark.peers, pytest.mark.slow, pytest.mark.xdist_group("conformance")]


def test_names_are_their_own():
    """Every case is a module of its own."""
    names = [case.name for case in (*CASES, *NEWER)]

    assert len({*names}) == len(names)


@pytest.mark.parametrize("case", NEWER, ids=[case.name for case in NEWER])
def test_probe_answers_as_documented(world: World, case: Newer):
    """A probe gives the samples that are written for it, and a bounded reason when it fails."""
    said = world.probe(case, "ours")["ours"]

    assert said["status"] == 200, said["body"]
    lines = said["body"].splitlines()
    assert [sample for sample in case.samples if sample not in lines] == [], said["body"]
    metrics = read(said["body"])
    assert metrics.keys() & {*case.absent} == set()
    failed = "probe_success 0" in lines
    assert ("probe_failure_info" in metrics) == failed
