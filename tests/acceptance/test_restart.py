"""A restart decides nothing anew, and what nobody watched is unknown."""

import signal
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby

import pytest

from monitor.configuration import load
from monitor.domain.timeline import Span
from monitor.domain.windows import Window
from monitor.notifiers import receiver_types
from monitor.probes import check_types
from monitor.reports.reckoning import track
from monitor.store.reader import open_reader
from tests.acceptance.conftest import Hire
from tests.acceptance.messages import body, kinds, of_service
from tests.collector import Collector
from tests.daemon import Daemon, eventually, http_check, services
from tests.flippable import Flippable
from tests.record import UP, Record, Sample

# In microseconds: two and a half intervals.
_HOLD = 1_250_000
_AWAY_SECONDS = 2.5
_BEFORE = {"sakit": "down", "pulih": "down", "sehat": "up"}
_AFTER = {"sakit": "down", "pulih": "up", "sehat": "up"}
_NAMES = tuple(_BEFORE)


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_restart_resumes_exactly(
    hire: Hire, targets: Flippable, collector: Collector, end: signal.Signals
) -> None:
    """After a stop or a crash an open incident is neither told again nor closed in error; one
    whose target came back meanwhile ends once, at the first success; the gap is unknown.
    """
    daemon, record = _down_twice(hire, targets, collector)

    _go_away(daemon, end)
    targets.bring_up("pulih")
    before = record.samples()
    time.sleep(_AWAY_SECONDS)
    daemon.start()
    eventually(lambda: len(_after(record, "sehat", before)) >= 3, 10, "it watches again")
    eventually(lambda: len(collector.received) >= 3, 10, "the recovery is told")
    time.sleep(0.5)
    daemon.terminate()

    assert kinds(of_service(collector.received, "sakit")) == ["alert.firing"]
    assert kinds(of_service(collector.received, "pulih")) == ["alert.firing", "alert.resolved"]
    assert len(collector.received) == 3
    resolved = body(of_service(collector.received, "pulih")[1])
    ended_at = resolved["incident"]["ended_at"]
    first_success = _after(record, "pulih", before)[0]
    assert first_success.status == UP
    assert _microseconds(ended_at) == first_success.at == _microseconds(resolved["occurred_at"])
    _assert_gap_is_unknown(daemon, record, end)


def _down_twice(hire: Hire, targets: Flippable, collector: Collector) -> tuple[Daemon, Record]:
    daemon = hire()
    daemon.site.write_alerts({"oncall": collector.url})
    daemon.site.write(
        services(_NAMES),
        [http_check(name, targets.url(name)) for name in _NAMES],
        interval="500ms",
        failure_threshold=2,
        success_threshold=1,
        retry_interval="500ms",
    )
    targets.take_down("sakit", "pulih")
    daemon.start()
    collector.wait_for(2, 10)
    eventually(lambda: not Record(daemon.site.data).pending(), 5, "both alerts are settled")
    return daemon, Record(daemon.site.data)


def _go_away(daemon: Daemon, end: signal.Signals) -> None:
    if end is signal.SIGKILL:
        daemon.kill()
    else:
        assert daemon.terminate()[0] == 0


def _assert_gap_is_unknown(daemon: Daemon, record: Record, end: signal.Signals) -> None:
    """Compare what reports compute with what the raw rows say."""
    checks = load(daemon.site.config, check_types(), receiver_types()).checks
    stops = [at for kind, _, at in record.marks() if kind == "stop"]
    for configured in checks:
        name = configured.check.id
        samples = record.samples(name)
        epochs = sorted({sample.epoch for sample in samples})
        last = max(s.at for s in samples if s.epoch == epochs[0])
        back = min(s.at for s in samples if s.epoch == epochs[-1])
        gone = last + _HOLD if end is signal.SIGKILL else stops[0]
        with open_reader(daemon.site.data) as reader:
            timeline = track(configured.check, reader, Window(last, back + 1)).timeline
        assert [
            (str(status), begin, end)
            for status, run in groupby(timeline, lambda span: span.status)
            for begin, end in [_ends(list(run))]
        ] == [
            (_BEFORE[name], last, gone),
            ("unknown", gone, back),
            (_AFTER[name], back, back + 1),
        ]


def _ends(run: Sequence[Span]) -> tuple[int, int]:
    return run[0].start, run[-1].end


def _after(record: Record, name: str, before: Sequence[Sample]) -> list[Sample]:
    seen = {sample.key for sample in before}
    return [sample for sample in record.samples(name) if sample.key not in seen]


def _microseconds(text: str) -> int:
    since = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)
    return round(since.total_seconds() * 1e6)
