"""Targets that never answer, probed for as long as their checks allow."""

import socket
from contextlib import closing

from tests.acceptance.conftest import Hire
from tests.daemon import eventually, http_check, services

_CHECKS = 8


def test_hanging_target_misses_no_slot(hire: Hire) -> None:
    """A check whose timeout is its interval fails in each slot when its target hangs: none is
    missed because the probe before it still runs.
    """
    with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        checks = [
            http_check(f"c{number}", url, "kota", interval="1s", timeout="1s")
            for number in range(_CHECKS)
        ]
        daemon = hire()
        daemon.site.write(services(["kota"]), checks)
        daemon.start()
        eventually(
            lambda: sum(daemon.metrics("pantau_check_runs_total").values()) >= 6 * _CHECKS,
            seconds=30.0,
            what="each check has run six times",
        )
        missed = daemon.metrics("pantau_slots_missed_total")

    assert missed['{reason="overrun"}'] == 0, missed
