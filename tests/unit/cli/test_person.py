"""Who a command says did something, where --by does not say it."""

import click
import pytest

from monitor.cli.person import named

ACCOUNTS = ("SUDO_USER", "LOGNAME", "USER", "LNAME", "USERNAME")


@pytest.mark.parametrize(
    ("by", "environment", "name"),
    [
        ("Rina", {"SUDO_USER": "andi", "USER": "root"}, "Rina"),
        (None, {"SUDO_USER": "andi", "LOGNAME": "root", "USER": "root"}, "andi"),
        (None, {"USER": "budi"}, "budi"),
        ("", {"SUDO_USER": "", "USER": "budi"}, "budi"),
    ],
)
def test_who_does_it(monkeypatch, by, environment, name):
    """Who is named by --by does it, else who asked sudo for it, else who runs the command."""
    for each in ACCOUNTS:
        monkeypatch.delenv(each, raising=False)
    for each, value in environment.items():
        monkeypatch.setenv(each, value)

    assert named(by) == name


@pytest.mark.parametrize("error", [KeyError("uid not found: 4711"), OSError("No username set")])
def test_an_account_without_a_name(monkeypatch, error):
    """An account that has no name must say who it is."""

    def nobody():
        raise error

    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setattr("getpass.getuser", nobody)

    with pytest.raises(click.UsageError, match="--by: say who you are"):
        named(None)


@pytest.mark.parametrize("by", [" ", "\t"])
def test_an_empty_name(by):
    """A name of spaces names nobody."""
    with pytest.raises(click.UsageError, match="--by"):
        named(by)
