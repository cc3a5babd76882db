"""What Prometheus's own tool says of our body."""

import subprocess

import pytest

from monitor.domain.observation import Outcome, series
from monitor.metrics.catalogue import measured
from monitor.metrics.exposition import Exposition
from monitor.metrics.telemetry import PrometheusTelemetry
from monitor.probes import check_types
from tests.peers import peer
from tests.unit.metrics.board import (
    HTTP_MEASUREMENTS,
    NOON,
    FakeBoard,
    a_check,
    a_city,
    a_service,
    watch,
)

pytestmark = pytest.mark.peers


@pytest.mark.parametrize("board", [a_city(), FakeBoard()], ids=["city", "empty"])
async def test_promtool_has_nothing_to_say(board):
    """`promtool check metrics` accepts the body, and has no advice on names or help texts."""
    telemetry = PrometheusTelemetry("1.2.3", receivers=("oncall",))
    telemetry.notification_failed("oncall", "status")
    telemetry.clock_offset(0.5)
    exposition = Exposition(
        board, telemetry, HTTP_MEASUREMENTS, vantage="balaikota", now=lambda: NOON
    )
    body = b"".join([part async for part in exposition.text(openmetrics=False)])

    assert said_of(body) == (0, b"", b"")


async def test_promtool_accepts_every_number_of_every_check_type():
    """Whatever a check type declares has a name and a help text that promtool has no advice on."""
    declared = measured(one for kind in check_types().values() for one in kind.measurements)
    outcome = Outcome(
        measurements={series(one.name, **dict.fromkeys(one.labels, "x")): 1.0 for one in declared}
    )
    board = FakeBoard(watched=[watch(a_check(), outcome=outcome)], listed=[a_service()])
    exposition = Exposition(
        board, PrometheusTelemetry("1.2.3"), declared, vantage="balaikota", now=lambda: NOON
    )
    body = b"".join([part async for part in exposition.text(openmetrics=False)])

    assert all(f"\n{one.name}{{".encode() in body for one in declared)
    assert said_of(body) == (0, b"", b"")


def said_of(body):
    command = [peer("promtool"), "check", "metrics"]
    found = subprocess.run(command, input=body, capture_output=True, check=False)
    return found.returncode, found.stdout, found.stderr


def test_promtool_sees_what_is_wrong():
    """The same question about a bad body is answered with a complaint."""
    assert said_of(b"# TYPE x counter\nx 1\n")[0] != 0
