"""A receiver that is down for a while, with the daemon being killed meanwhile."""

import time
from collections.abc import Sequence
from contextlib import suppress

from tests.acceptance.messages import distinct, faults_in_order, stories
from tests.collector import Collector, answers
from tests.daemon import Daemon, Launcher, Site, eventually, http_check, services
from tests.flippable import Flippable
from tests.record import SUPERSEDED, Record

PROMPT_SECONDS = 5.0
CATCH_UP_SECONDS = 60.0
_ROUNDS = 3


def faults_of_outage(launch: Launcher, *, incidents: int, patience: float) -> list[str]:
    """Let incidents come and go while one of two receivers is down, then bring it back.

    Return everything that was lost, told in disorder, or late. `patience` is how long (seconds)
    the first message may take after the return.
    """
    names = [f"layanan-{number:02}" for number in range(incidents)]
    with Flippable() as targets, Collector() as well, Collector() as ill:
        ill.otherwise = answers(503)
        daemon = Daemon(Site(), launch)
        try:
            _write(daemon.site, names, targets, {"well": well.url, "ill": ill.url})
            for share in range(_ROUNDS):
                daemon.start()
                _come_and_go(daemon, targets, names[share::_ROUNDS])
                daemon.kill()
            daemon.start()
            heard_in_vain = len(ill.received)
            ill.otherwise = answers(204)
            return _judged(
                daemon,
                well=well,
                ill=ill,
                heard_in_vain=heard_in_vain,
                incidents=incidents,
                patience=patience,
            )
        finally:
            daemon.close()


def _write(site: Site, names: Sequence[str], targets: Flippable, receivers: dict[str, str]) -> None:
    site.write_settings()
    site.write_alerts(receivers)
    site.write(
        services(names),
        [http_check(name, targets.url(name)) for name in names],
        interval="500ms",
        failure_threshold=1,
        success_threshold=1,
    )


def _come_and_go(daemon: Daemon, targets: Flippable, names: Sequence[str]) -> None:
    record, known = Record(daemon.site.data), 0
    with suppress(IndexError):
        known = len(record.incidents())
    targets.take_down(*names)
    eventually(
        lambda: len(record.incidents()) == known + len(names), 20, "every incident is open", 0.1
    )
    targets.bring_up(*names)
    eventually(
        lambda: all(i.ended_at is not None for i in record.incidents()),
        20,
        "every incident is over",
        0.1,
    )


def _judged(
    daemon: Daemon,
    *,
    well: Collector,
    ill: Collector,
    heard_in_vain: int,
    incidents: int,
    patience: float,
) -> list[str]:
    record = Record(daemon.site.data)
    with suppress(AssertionError):
        eventually(lambda: len(ill.received) > heard_in_vain, patience, "it is tried again")
        eventually(lambda: not record.pending(), CATCH_UP_SECONDS, "all is told")
    told = ill.received[heard_in_vain:]
    faults = [] if not record.pending() else [f"{record.pending()} messages still wait"]
    faults += faults_in_order(told) + faults_in_order(well.received)
    for name, heard in (("ill", told), ("well", well.received)):
        ended = [s for s in stories(heard).values() if s[-1]["type"] == "alert.resolved"]
        if len(ended) != incidents:
            faults.append(f"{name} heard of the end of {len(ended)} incidents, not {incidents}")
    in_order = [m.id for m in record.messages() if m.receiver == "ill" and m.state != SUPERSEDED]
    if [received.headers["webhook-id"] for received in distinct(told)] != in_order:
        faults.append("the messages did not come in their order")
    due = {message.id: message.created_at / 1e6 for message in record.messages()}
    delays = [r.at - due[r.headers["webhook-id"]] for r in distinct(well.received)]
    if (slowest := max(delays, default=0.0)) > PROMPT_SECONDS:
        faults.append(f"the healthy receiver waited {slowest:.1f} s")
    span = told[-1].at - told[0].at if told else 0.0
    lag = daemon.metrics("pantau_loop_lag_seconds").get("", 0.0)
    print(
        f"{len(told)} messages in {span:.1f} s from the first on; {heard_in_vain} attempts in vain; "
        f"the healthy receiver waited {slowest:.2f} s at most; loop lag {lag:.3f} s; "
        f"{time.monotonic() - daemon.started_at:.0f} s after the last start"
    )
    return faults
