import importlib
import sys

import pytest

from monitor.plugins import plugins


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a package of two modules, one of which can't be imported."""
    folder = tmp_path / "kinds_of_test"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "sound.py").write_text("KIND = 7\n")
    (folder / "broken.py").write_text("raise RuntimeError('imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("kinds_of_test")
    for name in [name for name in sys.modules if name.startswith("kinds_of_test")]:
        del sys.modules[name]


def test_only_what_is_asked_for_is_imported(package):
    """Every name is known at once, in order; a module is imported when it is asked for."""
    found = plugins(package, "KIND", "pantau.tests.nothing")

    assert list(found) == ["broken", "sound"]
    assert "broken" in found
    assert found["sound"] == 7
    assert "kinds_of_test.broken" not in sys.modules
    with pytest.raises(RuntimeError, match="imported"):
        found["broken"]


def test_unknown_name(package):
    """A name that nobody offers is none."""
    found = plugins(package, "KIND", "pantau.tests.nothing")

    assert "strange" not in found
    assert found.get("strange") is None
