"""The sabotages that the long suite tries still fit the code that they sabotage."""

from pathlib import Path

import pytest

from tests.chaos.mutants.mutants import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_mutant_fits(mutant: Mutant):
    """Each line that a mutant changes is there, once, and the test that must notice it exists."""
    counts = [(ROOT / "monitor" / name).read_text().count(old) for name, old, _ in mutant.changes]
    file, _, test = mutant.test.partition("::")

    assert counts == [1] * len(counts)
    assert f"def {test}" in (ROOT / "tests" / "acceptance" / file).read_text()
