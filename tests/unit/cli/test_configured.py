"""The configuration as commands load it."""

import pytest

from monitor.cli.configured import Refused, configuration


def test_missing_file_is_asked_for(tmp_path):
    """Where there is no configuration, the message says which option names it."""
    path = tmp_path / "checks.yaml"

    with pytest.raises(Refused) as caught:
        configuration(path)

    assert str(caught.value) == (
        f"{path}:1:1: cannot be read: No such file or directory; say where it is with --config"
    )


def test_other_mistakes_ask_for_no_option(tmp_path):
    """A file that is there and wrong has its mistakes told, and nothing else."""
    path = tmp_path / "checks.yaml"
    path.write_text("version: 2\n")

    with pytest.raises(Refused) as caught:
        configuration(path)

    assert "--config" not in str(caught.value)
