import asyncio
import gzip
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain

from monitor.checktype import MeasurementInfo
from monitor.domain.counting import Counted
from monitor.domain.observation import Outcome, OutcomeStatus, Status, UnknownCause, series
from monitor.domain.state import CheckState
from monitor.metrics.exposition import Exposition, compressed, sliced
from tests.unit.metrics.board import (
    HTTP_MEASUREMENTS,
    MINUTE,
    NOON,
    FakeBoard,
    a_check,
    a_city,
    a_service,
    an_outcome,
    watch,
)

GOLDEN = Path(__file__).parents[2] / "golden"


class NoTelemetry:
    """Stands for the daemon's own figures, which differ from run to run."""

    def render(self, *, openmetrics):
        return b"# HELP own Own figure.\n# TYPE own gauge\nown 1\n"


def exposition(board, now=NOON, measurements=HTTP_MEASUREMENTS):
    return Exposition(board, NoTelemetry(), measurements, vantage="balaikota", now=lambda: now)


async def body(board, *, openmetrics=False, **options):
    parts = exposition(board, **options).text(openmetrics=openmetrics)
    return b"".join([part async for part in parts]).decode()


async def samples(board, **options):
    return {
        (sample.name, sample.labels.get("check", "")): sample.value
        for family in plain(await body(board, **options))
        for sample in family.samples
    }


def one_check(watched):
    return FakeBoard(watched=[watched], listed=[a_service()])


@pytest.mark.parametrize("form", ["text", "openmetrics"])
async def test_golden(form):
    """A small city looks like this."""
    path = GOLDEN / f"exposition.{form}.txt"

    assert await body(a_city(), openmetrics=form == "openmetrics") == path.read_text()


async def test_what_time_counts_as():
    """Time outside promised hours, and planned maintenance, is told apart from what counts."""
    watched = watch(a_check())
    watched.tally.microseconds[Status.UP] = 10_000_000
    watched.tally.apart = {Counted.MAINTENANCE: {Status.UP: 3_000_000}}
    board = one_check(watched)
    board.tallies["portal"] = {Status.DOWN: 9_000_000}
    board.aparts["portal"] = {Counted.OFF_HOURS: {Status.DOWN: 9_000_000}}

    found = {
        (sample.name, sample.labels["status"], sample.labels["counted"]): sample.value
        for family in plain(await body(board))
        for sample in family.samples
        if "counted" in sample.labels
    }

    check, service = "pantau_check_status_seconds_total", "pantau_service_status_seconds_total"
    assert (found[check, "up", "sla"], found[check, "up", "maintenance"]) == (7.0, 3.0)
    assert (found[service, "down", "sla"], found[service, "down", "off_hours"]) == (0.0, 9.0)
    assert (check, "up", "off_hours") not in found


@pytest.mark.parametrize("form", ["text", "openmetrics"])
async def test_both_formats_say_the_same(form):
    """Prometheus reads the same numbers from both formats."""
    parse = openmetrics if form == "openmetrics" else plain
    text = await body(a_city(), openmetrics=form == "openmetrics")
    found = [s for family in parse(text) for s in family.samples]

    expected = [s for family in plain(await body(a_city())) for s in family.samples]
    assert {(s.name, str(s.labels), s.value) for s in found} == {
        (s.name, str(s.labels), s.value) for s in expected
    }
    assert len(found) == text.count("\n") - text.count("\n#") - text.startswith("#")


async def test_a_family_is_announced_once():
    """HELP and TYPE come once, and the lines of a family stand together."""
    board = a_city()
    board.watched += [watch(a_check(id=f"more-{i:04d}")) for i in range(700)]
    seen = []
    for line in (await body(board)).splitlines():
        if line.startswith("# TYPE"):
            seen.append(line.split()[2])
        elif not line.startswith("#"):
            assert line.split("{")[0].split()[0] == seen[-1]

    assert len(seen) == len(set(seen))


async def test_a_board_of_nothing_is_a_valid_scrape():
    """A daemon without checks is scraped as well."""
    text = await body(FakeBoard(), openmetrics=True)

    assert text.endswith("# EOF\n")
    assert [family.name for family in openmetrics(text)] == ["own"]


@pytest.mark.parametrize(
    ("status", "success"),
    [(OutcomeStatus.OK, 1), (OutcomeStatus.DEGRADED, 1), (OutcomeStatus.FAILED, 0)],
)
async def test_probe_success_follows_the_last_probe(status, success):
    """probe_success is 1 for a degraded probe as well: the target answered as it should."""
    watched = watch(a_check(), outcome=an_outcome(status=status))

    assert (await samples(one_check(watched)))["probe_success", "portal-http"] == success


async def test_a_first_failure_is_seen_before_the_verdict():
    """While the first verdict is still open, what the probe saw is shown."""
    failed = Outcome(status=OutcomeStatus.FAILED)
    watched = watch(a_check(), Status.UNKNOWN, failed, since=None, cause=UnknownCause.NO_DATA)
    shown = await samples(one_check(watched))

    assert shown["probe_success", "portal-http"] == 0
    assert shown["pantau_check_status", "portal-http"] == 3


def unknown_sample():
    return watch(a_check(), outcome=Outcome(status=OutcomeStatus.UNKNOWN, cause=UnknownCause.LOCAL))


def sight_lost():
    watched = watch(a_check())
    lost = CheckState(status=Status.UNKNOWN, since=NOON, cause=UnknownCause.SELF_OFFLINE)
    return replace(watched, state=lost)


def long_ago():
    return watch(a_check(), at=NOON - timedelta(seconds=151))


def never():
    return replace(watch(a_check(), Status.UNKNOWN, cause=UnknownCause.NO_DATA), last=None)


@pytest.mark.parametrize("blind", [unknown_sample, sight_lost, long_ago, never])
async def test_nothing_stale_is_shown(blind):
    """Without sight of the target there are no probe series, only the status of the check."""
    text = await body(one_check(blind()))

    assert "\nprobe_" not in text
    assert not text.startswith("probe_")
    assert "pantau_check_status{" in text


async def test_a_sample_is_shown_as_long_as_it_holds():
    """The last probe is shown for two and a half intervals."""
    watched = watch(a_check(), at=NOON - 2.5 * MINUTE)

    assert ("probe_success", "portal-http") in await samples(one_check(watched))


async def test_only_declared_numbers_are_shown():
    """A number that the check type does not declare is no series, nor is one with other labels."""
    outcome = Outcome(
        measurements={
            series("probe_http_status_code"): 200,
            series("probe_rogue"): 1,
            series("probe_rogue", path="/1"): 1,
            series("probe_tls_version_info", path="/1"): 1,
        }
    )
    text = await body(one_check(watch(a_check(), outcome=outcome)))

    assert "probe_http_status_code{" in text
    assert "rogue" not in text
    assert "/1" not in text


async def test_the_number_of_series_is_not_the_targets_to_choose():
    """Certificates, redirects and texts change values of series, never how many there are."""

    def count(n):
        info = series("probe_ssl_last_chain_info", issuer="x" * n, subject=f'CN={n}\n"\\')
        measured = {**an_outcome().measurements, info: 1.0}
        return one_check(watch(a_check(), outcome=an_outcome(measurements=measured)))

    bodies = [(await body(count(n))) for n in range(1, 2000, 97)]

    assert len({text.count("\n") for text in bodies}) == 1
    assert max(len(line.encode()) for text in bodies for line in text.splitlines()) < 1000


async def test_no_number_is_no_series():
    """NaN and infinity say nothing of a target, and are left out; true counts as 1."""
    names = {"nan": float("nan"), "inf": float("-inf"), "true": True, "int": 3}
    outcome = Outcome(measurements={series(f"probe_{k}"): v for k, v in names.items()})
    infos = [MeasurementInfo(f"probe_{name}", "Help.") for name in names]
    text = await body(one_check(watch(a_check(), outcome=outcome)), measurements=infos)

    shown = {
        line.split("{")[0]: line.split()[-1] for line in text.splitlines() if "instance" in line
    }
    assert shown["probe_true"] == "1"
    assert shown["probe_int"] == "3"
    assert not {"probe_nan", "probe_inf"} & set(shown)


async def test_labels_follow_the_configuration():
    """After a reload the labels are those of the new configuration, old checks are gone."""
    board = a_city()
    exposing = exposition(board)
    [part async for part in exposing.text(openmetrics=False)]
    board.watched = [watch(a_check(target="https://new.example/"))]
    board.listed = [a_service(owner="bapenda")]
    text = b"".join([part async for part in exposing.text(openmetrics=False)]).decode()

    assert 'owner="bapenda",vantage="balaikota",instance="https://new.example/"' in text
    assert "diskominfo" not in text
    assert "sigap" not in text
    assert len(exposing._labels._known) == 1


async def test_labels_follow_a_new_owner():
    """When only the owner of a service changes, the labels of its checks do as well."""
    board = one_check(watch(a_check()))
    exposing = exposition(board)
    [part async for part in exposing.text(openmetrics=False)]
    board.listed = [a_service(owner="bapenda")]
    text = b"".join([part async for part in exposing.text(openmetrics=False)]).decode()

    assert "diskominfo" not in text


async def test_a_service_removed_during_a_scrape_is_left_out():
    """A reload in the middle of a scrape does no harm: what is gone is no longer asked for."""

    class Shrinking(FakeBoard):
        def service_status(self, service):
            self.listed = [each for each in self.listed if each.id < "s-300"]
            assert service < "s-300"
            return Status.UP

    text = await body(Shrinking(listed=[a_service(id=f"s-{i:03d}") for i in range(500)]))

    assert text.count("\npantau_service_status{") == 300


async def test_gzip_is_the_same_text():
    """The compressed body is the same text."""
    squeezed = b"".join(
        [part async for part in compressed(exposition(a_city()).text(openmetrics=False))]
    )

    assert gzip.decompress(squeezed).decode() == await body(a_city())


async def test_others_have_their_turn_during_a_scrape():
    """A scrape of many checks is handed out in slices, and lets other tasks run in between."""
    board = FakeBoard(watched=[watch(a_check(id=f"c-{i:05d}")) for i in range(3000)])
    turns = 0

    async def others():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    sizes = [len(part) async for part in exposition(board).text(openmetrics=False)]
    task.cancel()

    # The rows alone take many milliseconds: they must be interrupted as well.
    assert turns > 5
    assert max(sizes) < 256 * 1024


def test_slices_leave_nothing_out():
    """Slices, joined, are the whole."""
    items = list(range(1001))

    assert [i for some in sliced(items) for i in some] == items
