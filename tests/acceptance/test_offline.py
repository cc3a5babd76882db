"""When we are the ones who are offline, nobody else is down."""

import shutil
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.acceptance.conftest import Hire
from tests.acceptance.island import Island
from tests.daemon import ROOT, Daemon, Installed, eventually, http_check, services
from tests.peers import peer
from tests.record import DOWN, OFFLINE_CAUSE, UNKNOWN, UP, Record, Sample

_CHECKS = 60
_INTERVAL_SECONDS = 2.0
_ANSWER_SECONDS = 0.6
_CUT_SECONDS = 20.0
_LATE_SECONDS = 1.5
_STEADY = [f"kantor-{number:02}" for number in range(_CHECKS // 2)]
_FRAGILE = [f"pasar-{number:02}" for number in range(_CHECKS // 2)]
_DEAD = _STEADY[0]


@pytest.fixture
def island() -> Iterator[Island]:
    with Island() as made:
        yield made


@pytest.mark.slow
def test_cut_cable_takes_nobody_down(hire: Hire, island: Island) -> None:
    """While our own cable is out, all samples are unknown: self_offline and none is down, not even of
    targets that had taken our request when it was cut, or to whom the way is found last; after it is
    back one message tells of the beginning and one of the end; a target that died meanwhile is reported.
    """
    daemon, record = _watching(hire, island)
    island.slow_down(_ANSWER_SECONDS, *_STEADY)
    time.sleep(_INTERVAL_SECONDS)
    cut_at = _now()
    island.cut()
    eventually(lambda: len(_unknown(record, cut_at)) >= _CHECKS, 10, "it is noticed", 0.1)
    noticed = max(first.at for first in _firsts(_unknown(record, cut_at)).values())
    island.take_down(_DEAD)
    time.sleep(max(0.0, _CUT_SECONDS - (_now() - cut_at) / 1e6))
    mended_at = _now()
    island.mend(_LATE_SECONDS)
    eventually(lambda: _kinds(island)["alert.firing"] >= 1, 15, "the dead target is told", 0.1)
    eventually(lambda: _kinds(island)["self.recovered"] >= 1, 15, "the return is told", 0.1)
    told_after = (_now() - mended_at) / 1e6
    eventually(lambda: _all_seen(record, mended_at), 15, "all are seen again", 0.1)
    assert daemon.terminate()[0] == 0

    during = [s for s in record.samples() if cut_at + 2_000_000 <= s.at < mended_at - 2_000_000]
    down = [s for s in record.samples() if s.status == DOWN]
    print(
        f"{len(during)} samples during the cut; the last check noticed after "
        f"{(noticed - cut_at) / 1e6:.1f} s; all told {told_after:.1f} s after the return"
    )
    print(f"down: {[(s.check, s.attempt, (s.at - cut_at) / 1e6) for s in down]}")
    assert {(s.status, s.cause) for s in during} == {(UNKNOWN, OFFLINE_CAUSE)}
    assert len({s.check for s in during}) == _CHECKS
    assert {s.check for s in down} == {_DEAD}
    assert min(s.at for s in down) >= mended_at - 2_000_000
    assert _kinds(island) == {"self.offline": 1, "self.recovered": 1, "alert.firing": 1}
    assert {m["service"]["id"] for m in island.messages if m["service"]} == {_DEAD}


@pytest.mark.slow
def test_targets_that_vanish_are_down(hire: Hire, island: Island) -> None:
    """When half of the targets vanish while the canary answers, all of them are down, and no other."""
    daemon, record = _watching(hire, island)
    began = _now()
    island.vanish()
    eventually(lambda: len(record.incidents()) == len(_FRAGILE), 20, "all are down", 0.1)
    eventually(lambda: _kinds(island)["alert.firing"] == len(_FRAGILE), 20, "all are told", 0.1)
    assert daemon.terminate()[0] == 0

    after = [s for s in record.samples() if s.at > began]
    assert {i.service for i in record.incidents()} == set(_FRAGILE)
    assert {s.check for s in after if s.status == DOWN} == set(_FRAGILE)
    assert [s for s in after if s.status == UNKNOWN] == []
    assert set(_kinds(island)) == {"alert.firing"}


@pytest.mark.slow
def test_shipped_configuration_without_any_network(hire: Hire) -> None:
    """On a machine that has no network at all, everything in the shipped checks.yaml is unknown:
    self_offline within one interval, and nobody is told that a service is down.
    """
    alone = [peer("unshare"), "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    daemon = hire(Installed(*alone))
    shipped = (ROOT / "checks.yaml").read_text()
    for long in ("interval: 60s", "interval: 30s"):
        assert long in shipped
        shipped = shipped.replace(long, "interval: 3s")
    shutil.copytree(ROOT / "config", daemon.site.folder / "config", dirs_exist_ok=True)
    daemon.site.config.write_text(shipped)
    settings = f'listen: 127.0.0.1:{daemon.site.port}\ndata_dir: "{daemon.site.data}"\n'
    (daemon.site.folder / "config" / "monitor.yaml").write_text(settings)
    (daemon.site.folder / "config" / "alerts.yaml").unlink(missing_ok=True)
    daemon.start()
    record = Record(daemon.site.data)
    eventually(lambda: len(_firsts(record.samples())) == 3, 15, "every check was run", 0.1)
    time.sleep(2 * 3.0)
    assert daemon.terminate()[0] == 0

    seen = {(s.check, s.status, s.cause) for s in record.samples()}
    assert seen == {
        (check, UNKNOWN, OFFLINE_CAUSE) for check in ("portal-http", "portal-dns", "portal-tls")
    }
    assert record.incidents() == []
    assert [m for m in record.messages() if m.alert["incident"]] == []
    assert "self_offline" in [kind for kind, _, _ in record.marks()]


def _watching(hire: Hire, island: Island) -> tuple[Daemon, Record]:
    daemon = hire(island.launcher)
    daemon.site.write_settings(canary=island.canary)
    daemon.site.write_alerts({"oncall": island.hook})
    daemon.site.write(
        services([*_STEADY, *_FRAGILE]),
        [
            *(http_check(name, island.url(name)) for name in _STEADY),
            *(http_check(name, island.url(name, fragile=True)) for name in _FRAGILE),
        ],
        interval=f"{_INTERVAL_SECONDS:g}s",
        timeout="1s",
        retry_interval="1s",
        failure_threshold=2,
        success_threshold=1,
    )
    daemon.start()
    record = Record(daemon.site.data)
    eventually(lambda: _all_seen(record, 0), 15, "all are up", 0.1)
    return daemon, record


def _all_seen(record: Record, since: int) -> bool:
    known = {s.check for s in record.samples() if s.at > since and s.status in (UP, DOWN)}
    return len(known) == _CHECKS


def _unknown(record: Record, since: int) -> list[Sample]:
    return [s for s in record.samples() if s.at > since and s.status == UNKNOWN]


def _firsts(samples: list[Sample]) -> dict[str, Sample]:
    return {sample.check: sample for sample in reversed(samples)}


def _kinds(island: Island) -> Counter[str]:
    return Counter(message["type"] for message in island.messages)


def _now() -> int:
    return time.time_ns() // 1000
