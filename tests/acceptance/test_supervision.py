"""What the running daemon tells systemd, read at the datagram socket that systemd would listen at."""

import signal
import subprocess
import sys
import time

from tests.acceptance.conftest import Hire
from tests.daemon import ROOT, Daemon, eventually, http_check, services
from tests.flippable import Flippable

_WATCHING = "READY=1\nSTATUS=watching 1 checks of 1 services"


def test_start_ends_with_ready(hire: Hire, targets: Flippable) -> None:
    """The first word is what the start waits for, the next that the daemon is ready, and what it watches."""
    daemon = _watching(hire, targets)

    assert _told(daemon)[:2] == ["STATUS=opening the database", _WATCHING]


def test_signs_of_life_come_in_time(hire: Hire, targets: Flippable) -> None:
    """The watchdog is fed at least every second, so that WatchdogSec=30 leaves room for a busy machine."""
    daemon = _watching(hire, targets)
    eventually(lambda: len(daemon.notices("WATCHDOG=1")) > 8, 20, "signs of life")

    signs = daemon.notices("WATCHDOG=1")

    assert (signs[-1] - signs[0]) / (len(signs) - 1) <= 1.0


def test_no_sign_of_life_while_it_stands_still(hire: Hire, targets: Flippable) -> None:
    """A daemon that does not go on feeds no watchdog, and feeds it again once it does."""
    daemon = _watching(hire, targets)
    eventually(lambda: daemon.notices("WATCHDOG=1"), 10, "a sign of life")
    daemon.signal(signal.SIGSTOP)
    time.sleep(0.5)
    until_then = len(daemon.notices("WATCHDOG=1"))
    time.sleep(1.0)

    assert len(daemon.notices("WATCHDOG=1")) == until_then

    daemon.signal(signal.SIGCONT)
    eventually(lambda: len(daemon.notices("WATCHDOG=1")) > until_then, 10, "it goes on")


def test_reload_is_told_with_its_time(hire: Hire, targets: Flippable) -> None:
    """A reload begins with RELOADING=1 and the instant on the monotonic clock, by which systemd tells
    this reload from one before, and ends with READY=1.
    """
    daemon = _watching(hire, targets)
    asked_at = time.monotonic()
    daemon.signal(signal.SIGHUP)
    eventually(lambda: len(daemon.notices("READY=1")) == 2, 20, "the reload is over")

    began, over = _told(daemon)[2:]
    word, at = began.split("\nMONOTONIC_USEC=")

    assert (word, over) == ("RELOADING=1", _WATCHING)
    assert asked_at <= int(at) / 1_000_000 <= time.monotonic()


def test_refused_reload_is_told(hire: Hire, targets: Flippable) -> None:
    """After a configuration that is wrong, `systemctl status` says that it was refused."""
    daemon = _watching(hire, targets)
    daemon.site.config.write_text("version: 2\n")
    daemon.signal(signal.SIGHUP)
    eventually(lambda: len(daemon.notices("READY=1")) == 2, 20, "the reload is over")

    refused = "; the new configuration was refused, the log says why"

    assert _told(daemon)[-1] == _WATCHING + refused


def test_last_word_is_stopping(hire: Hire, targets: Flippable) -> None:
    """At SIGTERM the daemon says that it stops, and that ends what it says of itself."""
    daemon = _watching(hire, targets)
    code, _ = daemon.terminate()

    assert (code, _told(daemon)[-1]) == (0, "STOPPING=1")


def _watching(hire: Hire, targets: Flippable) -> Daemon:
    daemon = hire()
    daemon.site.write(services(["portal"]), [http_check("portal", targets.url("portal"))])
    return daemon.start()


def _told(daemon: Daemon) -> list[str]:
    """Return the states without the signs of life between them."""
    return [text for _, text in daemon.told() if text != "WATCHDOG=1"]


def test_alive_says_that_work_is_done(hire: Hire, targets: Flippable) -> None:
    """`pantau status --alive` exits with 0 while checks run, and with 1 once no daemon does."""
    daemon = _watching(hire, targets)
    while_it_runs = _alive(daemon)
    daemon.terminate()

    assert [while_it_runs.returncode, _alive(daemon).returncode] == [0, 1]


def test_alive_notices_a_daemon_that_stands_still(hire: Hire, targets: Flippable) -> None:
    """`pantau status --alive` exits with 1 for a process that is there and does nothing."""
    daemon = _watching(hire, targets)
    daemon.signal(signal.SIGSTOP)
    told = _alive(daemon)
    daemon.signal(signal.SIGCONT)

    assert told.returncode == 1, told.stdout


def _alive(daemon: Daemon) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "monitor", "status", "--alive", "--config", daemon.site.config],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=ROOT,
    )
