"""Signs of life stop when the daemon stops, and come back with it."""

import json
import signal
import time

import pytest

from tests.acceptance.conftest import Hire
from tests.acceptance.messages import kinds
from tests.collector import Collector
from tests.daemon import http_check, services
from tests.flippable import Flippable

_PERIOD = 10.0


@pytest.mark.slow
def test_silence_is_noticed(hire: Hire, targets: Flippable, collector: Collector) -> None:
    """A receiver gets a sign of life each period; none comes while the daemon is held, and they come
    again once it goes on.
    """
    daemon = hire()
    daemon.site.write(services(["kota"]), [http_check("kota", targets.url("kota"), "kota")])
    alerts = {
        "receivers": [{"name": "oncall", "type": "webhook", "url": collector.url}],
        "heartbeat": {"every": "10s", "receivers": "oncall"},
    }
    (daemon.site.folder / "config" / "alerts.yaml").write_text(json.dumps(alerts))
    daemon.start()
    collector.wait_for(2, 2.5 * _PERIOD)

    daemon.signal(signal.SIGSTOP)
    time.sleep(1)
    before = len(collector.received)
    time.sleep(2 * _PERIOD)
    silent = len(collector.received) - before
    daemon.signal(signal.SIGCONT)
    collector.wait_for(before + 1, 2 * _PERIOD)

    assert silent == 0
    assert set(kinds(collector.received)) == {"heartbeat"}
