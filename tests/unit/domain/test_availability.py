"""The figures of one day, to the last digit, and the rules that made them."""

import ast
import inspect
from fractions import Fraction
from types import ModuleType

import pytest

from monitor.domain import (
    availability,
    budget,
    carving,
    combination,
    correction,
    epochs,
    periods,
    timeline,
    windows,
)
from monitor.domain.availability import (
    Figures,
    Parts,
    Verdict,
    allowed_downtime,
    expected_samples,
    figures,
    lowest,
    pooled,
    verdict,
    whole_seconds,
)
from monitor.domain.observation import Status, UnknownCause
from monitor.domain.timeline import Sample, Span, spans
from monitor.domain.windows import Window

SECOND = 1_000_000
MINUTE = 60 * SECOND
MIDNIGHT = 1_780_243_200 * SECOND  # Monday, 1 June 2026, 00.00 WITA
DAY = Window(MIDNIGHT, MIDNIGHT + 86_400 * SECOND)
MAINTENANCE = [Window(MIDNIGHT + 79_200 * SECOND, MIDNIGHT + 82_800 * SECOND)]
FAILING = [*range(36_000, 37_141, 60), *range(54_000, 54_121, 60), *range(79_200, 80_941, 60)]


def samples_of_the_day():
    """One sample a minute, 59 missing, 53 failing, 30 of these inside maintenance."""
    slots = (t for t in range(0, 86_400, 60) if not 10_860 <= t <= 14_340)
    return [
        Sample(MIDNIGHT + t * SECOND, Status.DOWN if t in FAILING else Status.UP) for t in slots
    ]


def figures_of_the_day():
    samples = samples_of_the_day()
    return figures(
        spans(samples, MINUTE, DAY),
        [DAY],
        interval=MINUTE,
        maintenance=MAINTENANCE,
        expected=expected_samples([DAY], MINUTE, 0),
        received=len(samples),
    )


def some(*, up=0, down=0, unknown=0, outages=0, **parts):
    return Figures(
        parts=Parts(up=up, down=down, unknown=unknown, **parts), outages=outages, interval=60
    )


def test_intervals_of_the_day():
    """A failing sample is down until the next good one; a gap is bridged for 2.5 intervals."""
    known = [
        ((span.start - MIDNIGHT) // SECOND, span.status, span.bridged)
        for span in spans(samples_of_the_day(), MINUTE, DAY)
    ]

    assert known == [
        (0, Status.UP, False),
        (10_860, Status.UP, True),
        (10_950, Status.UNKNOWN, False),
        (14_400, Status.UP, False),
        (36_000, Status.DOWN, False),
        (37_200, Status.UP, False),
        (54_000, Status.DOWN, False),
        (54_180, Status.UP, False),
        (79_200, Status.DOWN, False),
        (81_000, Status.UP, False),
    ]


def test_parts_of_the_day():
    """Up, down, unknown and maintenance sum to the day; what maintenance hid is kept apart."""
    parts = figures_of_the_day().parts

    assert parts == Parts(
        up=77_970 * SECOND,
        down=1_380 * SECOND,
        unknown=3_450 * SECOND,
        bridged=90 * SECOND,
        up_in_maintenance=1_800 * SECOND,
        down_in_maintenance=1_800 * SECOND,
    )
    assert parts.maintenance == 3_600 * SECOND
    assert parts.total == DAY.length


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("availability", Fraction(113, 115)),
        ("lower", Fraction(113, 120)),
        ("upper", Fraction(59, 60)),
        ("gross", Fraction(2659, 2765)),
        ("coverage", Fraction(23, 24)),
        ("outages", 2),
        ("mtbf", 38_985 * SECOND),
        ("mttr", 690 * SECOND),
        ("resolution", (Fraction(519, 529), Fraction(2603, 2645))),
        ("down_deviation", 34_641_017),  # 60 s · √(2/6) = 34.64101615… s
        ("expected", 1_440),
        ("received", 1_381),
        ("unknown_by_cause", {UnknownCause.NO_DATA: 3_450 * SECOND}),
    ],
)
def test_figures_of_the_day(name, value):
    """Every figure is the exact fraction of the sums."""
    assert getattr(figures_of_the_day(), name) == value


def test_the_ratio_of_samples_is_another_figure():
    """A ratio of samples weighs a gap as nothing, so it is not the availability."""
    samples = samples_of_the_day()
    successful = [sample for sample in samples if sample.status is Status.UP]

    assert (len(successful), len(samples)) == (1_328, 1_381)
    assert Fraction(1_328, 1_381) != figures_of_the_day().availability


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (Fraction(990, 1000), Verdict.MISSED),
        (Fraction(980, 1000), Verdict.INCONCLUSIVE),
        (Fraction(940, 1000), Verdict.MET),
        (Fraction(113, 120), Verdict.MET),
        (Fraction(59, 60), Verdict.INCONCLUSIVE),
    ],
)
def test_verdict(target, expected):
    """A target is met if even the lower bound reaches it, missed if even the upper bound fails."""
    assert verdict(figures_of_the_day(), target) is expected


@pytest.mark.parametrize(("unknown", "expected"), [(50, Verdict.MET), (51, Verdict.INCONCLUSIVE)])
def test_too_little_coverage_concludes_nothing(unknown, expected):
    """Below a coverage of 95 % no target is met or missed, however low it is."""
    assert verdict(some(up=1_000 - unknown, unknown=unknown), Fraction(1, 2)) is expected


def test_the_verdict_compares_exact_fractions():
    """99.9999 % misses a target of 100 %, whatever it reads after rounding."""
    assert verdict(some(up=999_999, down=1), Fraction(1)) is Verdict.MISSED


def test_nothing_known_is_no_figure():
    """Where nothing was seen there is no availability, and no verdict."""
    blind = figures([], [DAY], interval=MINUTE)

    assert blind.parts == Parts(unknown=DAY.length)
    assert (blind.availability, blind.mtbf, blind.resolution) == (None, None, None)
    assert (blind.lower, blind.upper, blind.coverage) == (0, 1, 0)
    assert verdict(blind, Fraction(0)) is Verdict.INCONCLUSIVE


def test_a_period_of_maintenance_only():
    """With everything carved out nothing is left to divide by."""
    results = figures([Span(*DAY, Status.UP)], [DAY], interval=MINUTE, maintenance=[DAY])

    assert (results.availability, results.coverage, results.gross) == (None, None, 1)
    assert verdict(results, Fraction(0)) is Verdict.INCONCLUSIVE


def test_degraded_is_available():
    """Degraded time counts as up and is reported apart."""
    results = figures(
        [Span(0, 60, Status.UP), Span(60, 100, Status.DEGRADED)], [Window(0, 100)], interval=60
    )

    assert results.parts == Parts(up=100, degraded=40)
    assert results.availability == 1


@pytest.mark.parametrize(
    ("between", "outages"),
    [
        pytest.param(Span(10, 20, Status.DOWN, bridged=True), 1, id="bridged time"),
        pytest.param(Span(10, 20, Status.UNKNOWN), 2, id="unknown time"),
        pytest.param(Span(10, 20, Status.UP), 2, id="up"),
    ],
)
def test_what_ends_an_outage(between, outages):
    """An outage is a maximal run of down; unknown time ends it, bridged down time doesn't."""
    history = [Span(0, 10, Status.DOWN), between, Span(20, 30, Status.DOWN)]

    assert figures(history, [Window(0, 30)], interval=10).outages == outages


def test_maintenance_ends_an_outage():
    """Down before and after a maintenance window are two outages."""
    history = [Span(0, 30, Status.DOWN)]
    results = figures(history, [Window(0, 30)], interval=10, maintenance=[Window(10, 20)])

    assert (results.outages, results.parts.down) == (2, 20)


def test_overlapping_maintenance_counts_once():
    """Two windows that overlap carve out the time they cover, once."""
    planned = [Window(10, 25), Window(20, 30), Window(90, 200)]
    results = figures([Span(0, 100, Status.UP)], [Window(0, 100)], interval=10, maintenance=planned)

    assert (results.parts.up, results.parts.maintenance) == (70, 30)


def test_service_hours():
    """Figures over service hours are the same sums over these hours; their edges end a run."""
    hours = [Window(10, 20), Window(30, 40)]
    results = figures(
        [Span(0, 15, Status.UP), Span(15, 35, Status.DOWN), Span(35, 50, Status.UP)],
        hours,
        interval=10,
    )

    assert results.parts == Parts(up=10, down=10)
    assert results.outages == 2


def test_a_run_without_edges_is_one():
    """Hours that touch are one stretch: nothing ends a run between them."""
    results = figures([Span(0, 40, Status.DOWN)], [Window(0, 20), Window(20, 40)], interval=10)

    assert results.outages == 1


def test_resolution_stays_a_share():
    """The worst case of sampling is never below 0 and never above 1."""
    assert some(up=100, down=10, outages=2).resolution == (0, 1)


@pytest.mark.parametrize("interval", [1, 7, 59_999_999, 60_000_000])
@pytest.mark.parametrize("outages", [0, 1, 2, 6, 24, 97])
def test_the_deviation_is_rounded_up(interval, outages):
    """The standard deviation is the least whole microsecond not below P·√(n/6)."""
    deviation = Figures(parts=Parts(), outages=outages, interval=interval).down_deviation

    assert 6 * deviation**2 >= interval**2 * outages
    assert deviation == 0 or 6 * (deviation - 1) ** 2 < interval**2 * outages


@pytest.mark.parametrize(
    ("start", "end", "phase", "count"),
    [
        (0, 600, 0, 10),
        (0, 601, 0, 11),
        (0, 600, 59, 10),
        (1, 60, 0, 0),
        (60, 61, 0, 1),
        (0, 0, 0, 0),
    ],
)
def test_expected_samples(start, end, phase, count):
    """The slots of a period are counted from its first instant up to, without, its last."""
    slots = [t for t in range(phase, 10_000, 60) if start <= t < end]

    assert expected_samples([Window(start, end)], 60, phase) == count == len(slots)


def test_a_group_has_a_minimum_and_a_mean_by_time():
    """A group's mean is ΣU / Σ(U + D): a service seen for longer weighs more."""
    group = [some(up=900, down=100), some(up=10), some(unknown=5)]

    assert lowest(group) is group[0]
    assert pooled(group).availability == Fraction(910, 1010)
    assert (lowest([]), pooled([]).availability) == (None, None)


@pytest.mark.parametrize(
    ("parts", "seconds"),
    [
        (Parts(up=1_500_000, down=500_000), Parts(up=1, down=1)),
        (Parts(up=1_700_000, down=300_000), Parts(up=2)),
        (Parts(up=999_999, unknown=2), Parts(up=1)),
        (
            Parts(up=600_000, down=600_000, up_in_maintenance=800_000),
            Parts(down=1, up_in_maintenance=1),
        ),
        (Parts(up=2_000_000, degraded=1_999_999), Parts(up=2, degraded=1)),
    ],
)
def test_whole_seconds(parts, seconds):
    """Parts in whole seconds sum to the whole seconds of the period; a tie goes to downtime."""
    assert whole_seconds(parts) == seconds
    assert seconds.total == parts.total // SECOND


@pytest.mark.parametrize(
    ("target", "minutes"), [("99.0", "432"), ("99.5", "216"), ("99.9", "43.2")]
)
def test_the_budget_of_30_days(target, minutes):
    """A target allows its complement of the period as downtime, exactly."""
    assert allowed_downtime(Fraction(target) / 100, 30 * 1_440) == Fraction(minutes)


@pytest.mark.parametrize(
    "module",
    [availability, budget, carving, combination, correction, epochs, periods, timeline, windows],
)
def test_no_float_touches_a_figure(module: ModuleType):
    """Nothing here divides with a slash or writes a float: sums stay exact."""
    nodes = list(ast.walk(ast.parse(inspect.getsource(module))))

    assert not [node for node in nodes if isinstance(node, ast.Div)]
    assert not [n for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, float)]
    assert not [n for n in nodes if isinstance(n, ast.Name) and n.id == "float"]
