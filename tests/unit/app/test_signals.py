import signal
from pathlib import Path

import pytest

from monitor.app import daemon
from monitor.app.daemon import RunOptions, run


class Unreadable(Exception):
    """Ends a start that has gone far enough."""


@pytest.fixture
def hangups():
    """Return the hang-ups that this process would have died of."""
    fatal: list[int] = []
    before = signal.signal(signal.SIGHUP, lambda number, _: fatal.append(number))
    yield fatal
    signal.signal(signal.SIGHUP, before)


def test_reload_during_the_start_ends_nothing(hangups, monkeypatch):
    """A daemon that is asked to reload while it still reads its configuration goes on to start."""

    def read(*_: object) -> None:
        signal.raise_signal(signal.SIGHUP)
        raise Unreadable

    monkeypatch.setattr(daemon, "read_configuration", read)
    with pytest.raises(Unreadable):
        run(Path("checks.yaml"), RunOptions())

    assert hangups == []
