import re

import pytest

from monitor.configuration import ConfigError, load
from monitor.notifiers import receiver_types
from monitor.probes import check_types
from tests.unit.configuration.places import DATA, loaded

CASES = sorted(path.with_suffix("") for path in (DATA / "invalid").glob("*.expected"))
LINE = re.compile(r"[^:]+:[1-9][0-9]*:[1-9][0-9]*: \S.*")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_mistake_is_told(case):
    """Each mistake is told at its place, with its value and what would be right."""
    path = case / "checks.yaml" if case.is_dir() else case.with_suffix(".yaml")

    with pytest.raises(ConfigError) as caught:
        _loaded(path)

    assert f"{caught.value}\n" == case.with_suffix(".expected").read_text()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_message_is_one_line_without_secrets(case):
    """A message is one line that editors understand, and never repeats a password."""
    text = case.with_suffix(".expected").read_text()

    assert all(LINE.fullmatch(line) for line in text.splitlines())
    assert "hunter2" not in text


def test_corpus_is_whole():
    """Every file of the corpus has its expected messages."""
    kept = {path.name for path in (DATA / "invalid").iterdir()}

    assert len(CASES) >= 80
    assert kept == {
        name for case in CASES for name in (f"{case.name}.expected", _entry(case, kept))
    }


def _loaded(path):
    """Load with the real check types what begins with the name of one, anything else without."""
    if path.stem.partition("-")[0] not in check_types():
        return loaded(path)
    return load(path, check_types(), receiver_types(), {"TOKEN": "hunter2"})


def _entry(case, kept):
    return case.name if case.name in kept else f"{case.name}.yaml"
