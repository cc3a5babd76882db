"""What was promised, what was kept, and how fast the error budget goes.

The figures come from counters of seconds, as Prometheus extrapolates them: close, and never the
last word. That is what `pantau report` says.
"""

from tests.dashboards.parts import (
    OF_SERVICE,
    OUTAGES,
    OWNER,
    SERVICE,
    Board,
    Codes,
    Column,
    Kind,
    Panel,
    Place,
    Query,
    Step,
    Text,
    below,
    place,
    planned_work,
)

_WHOSE = "service, owner"
# Each value of a graph reads up to three days of every service: more of them would say no more.
_POINTS = 200
_UNOFFICIAL = Text(
    "Perkiraan Prometheus; angka resmi ada di pantau report.",
    "Prometheus' estimate; the official figures are those of pantau report.",
)


def _seconds(window: str, more: str) -> str:
    """Return the seconds in a window that count for the target, by service.

    A crash may take the last second back, which `increase` would take for a new beginning.
    """
    counter = f'pantau_service_status_seconds_total{{{OF_SERVICE},counted="sla"{more}}}'
    return f"sum by ({_WHOSE}) (delta({counter}[{window}]))"


def _down(window: str) -> str:
    return _seconds(window, ',status="down"')


def _known(window: str) -> str:
    return _seconds(window, ',status!="unknown"')


_PROMISED = f"max by ({_WHOSE}) (pantau_service_sla_target_ratio{{{OF_SERVICE}}})"


def _error_ratio(window: str) -> str:
    """Return the share of known time that was down; nothing where nothing was known."""
    return f"{_down(window)} / ({_known(window)} > 0)"


def _burn(window: str) -> str:
    """Return how many times faster than is allowed the budget goes."""
    return f"({_error_ratio(window)}) / on ({_WHOSE}) (1 - {_PROMISED} > 0)"


_AVAILABILITY = f"1 - {_error_ratio('$__range')}"
_BUDGET = f"1 - {_burn('$__range')}"
_COVERAGE = f"{_known('$__range')} / ({_seconds('$__range', '')} > 0)"


_LENGTHS = {
    "5m": Text("5 menit", "5 minutes"),
    "1h": Text("1 jam", "1 hour"),
    "6h": Text("6 jam", "6 hours"),
    "3d": Text("3 hari", "3 days"),
}


def _also(text: Text) -> Text:
    return Text(f"{text.id} {_UNOFFICIAL.id}", f"{text.en} {_UNOFFICIAL.en}")


_TABLE = Panel(
    title=Text("Target dan pencapaian", "Targets, and what was kept"),
    about=_also(
        Text(
            "Ketersediaan dalam rentang waktu ini, sisa anggaran gangguan, dan bagian waktu yang diketahui.",
            "Availability in this range, what is left of the error budget, and the share of time that is known.",
        )
    ),
    kind=Kind.TABLE,
    place=place(0, 0, 24, 9),
    queries=(
        Query(expr=_AVAILABILITY, legend="{{service}}", now=True),
        Query(expr=_PROMISED, legend="{{service}}", now=True),
        Query(expr=_BUDGET, legend="{{service}}", now=True),
        Query(expr=_COVERAGE, legend="{{service}}", now=True),
        Query(expr=_down("$__range"), legend="{{service}}", now=True),
    ),
    unit="percentunit",
    columns=(
        Column(field="service", name=Text("Layanan", "Service")),
        Column(field="owner", name=Text("Perangkat daerah", "Agency")),
        Column(field="Value #B", name=Text("Target", "Target"), unit="percentunit"),
        Column(field="Value #A", name=Text("Ketersediaan", "Availability"), unit="percentunit"),
        Column(field="Value #C", name=Text("Sisa anggaran", "Budget left"), unit="percentunit"),
        Column(field="Value #D", name=Text("Waktu yang diketahui", "Coverage"), unit="percentunit"),
        Column(field="Value #E", name=Text("Waktu gangguan", "Downtime"), unit="s"),
    ),
    leads_to="check",
    decimals=3,
)

_BARS = Panel(
    title=Text("Ketersediaan", "Availability"),
    about=_also(
        Text(
            "Waktu tidak terganggu, sebagai bagian dari waktu yang diketahui; pemeliharaan dan waktu di luar jam layanan tidak ikut.",
            "Time that was not down as a share of the known time, without maintenance and what is outside service hours.",
        )
    ),
    kind=Kind.BARS,
    place=place(0, 9, 12, 8),
    queries=(Query(expr=_AVAILABILITY, legend="{{service}}", now=True),),
    unit="percentunit",
    decimals=3,
    least=0,
    most=1,
    steps=below("red", (0.99, "yellow"), (0.999, "green")),
    leads_to="check",
)

_LEFT = Panel(
    title=Text("Sisa anggaran gangguan", "Error budget left"),
    about=_also(
        Text(
            "1 berarti belum terpakai, 0 habis, negatif melewati target. Hanya layanan yang punya target.",
            "1 is all of it, 0 none, less than 0 more than was promised. Only services with a target.",
        )
    ),
    kind=Kind.BARS,
    place=place(12, 9, 12, 8),
    queries=(Query(expr=_BUDGET, legend="{{service}}", now=True),),
    unit="percentunit",
    decimals=1,
    most=1,
    steps=below("red", (0.0001, "yellow"), (0.25, "green")),
    leads_to="check",
)


def _length(series: str, window: Text) -> Text:
    return Text(f"{series} {window.id}", f"{series} {window.en}")


def _burning(title: Text, first: str, second: str, threshold: float, where: Place) -> Panel:
    """Return the rates of a pair of windows that an alert would go by."""
    long, short = _LENGTHS[first], _LENGTHS[second]
    about = Text(
        f"Berapa kali lebih cepat dari yang diizinkan anggaran terpakai, dalam {long.id} dan {short.id}. "
        f"Bila keduanya mencapai {str(threshold).replace('.', ',')}, sudah waktunya bertindak.",
        f"How many times faster than is allowed the budget goes, over {long.en} and {short.en}. "
        f"Where both reach {threshold}, it is time to act.",
    )
    return Panel(
        title=title,
        about=about,
        kind=Kind.GRAPH,
        place=where,
        queries=(
            Query(expr=_burn(first), legend=_length("{{service}}", long)),
            Query(expr=_burn(second), legend=_length("{{service}}", short)),
        ),
        unit="none",
        least=0,
        steps=(Step(None, "green"), Step(threshold, "red")),
        points=_POINTS,
    )


_FAST = _burning(
    Text("Laju pemakaian anggaran, cepat", "Burn rate, fast"), "1h", "5m", 14.4, place(0, 17, 12, 8)
)
_SLOW = _burning(
    Text("Laju pemakaian anggaran, lambat", "Burn rate, slow"), "3d", "6h", 1, place(12, 17, 12, 8)
)

_DAY = Panel(
    title=Text("Ketersediaan per hari", "Availability by day"),
    about=_also(
        Text("Setiap titik: 24 jam sebelumnya.", "Each point stands for the 24 hours before it.")
    ),
    kind=Kind.GRAPH,
    place=place(0, 25, 12, 8),
    queries=(Query(expr=f"1 - {_error_ratio('1d')}", legend="{{service}}"),),
    unit="percentunit",
    most=1,
    points=_POINTS,
)

_COUNTED = Panel(
    title=Text("Waktu menurut perhitungan", "Time by what it counts as"),
    about=Text(
        "Waktu dalam rentang ini yang dihitung untuk target, di luar jam layanan, atau pemeliharaan.",
        "Time in this range that counts for the target, lies outside service hours, or was maintenance.",
    ),
    kind=Kind.TABLE,
    place=place(12, 25, 12, 8),
    queries=(
        Query(
            expr=f"sum by ({_WHOSE}, counted, status) "
            f"(delta(pantau_service_status_seconds_total{{{OF_SERVICE}}}[$__range])) > 0",
            legend="{{service}}: {{counted}}",
            now=True,
        ),
    ),
    unit="s",
    columns=(
        Column(field="service", name=Text("Layanan", "Service")),
        Column(field="counted", name=Text("Dihitung sebagai", "Counts as"), codes=Codes.COUNTED),
        Column(field="status", name=Text("Status", "Status"), codes=Codes.STATUS_NAME),
        Column(field="Value", name=Text("Lamanya", "Time"), unit="s"),
    ),
)


def _recorded(title: Text, about: Text, series: str, where: Place, unit: str) -> Panel:
    """Return the course of what the rules of `pantau export rules` record."""
    whence = Text(
        "Dari aturan yang dibuat `pantau export rules`; kosong tanpa aturan itu.",
        "From the rules that `pantau export rules` makes; empty without them.",
    )
    return Panel(
        title=title,
        about=Text(f"{about.id} {whence.id}", f"{about.en} {whence.en}"),
        kind=Kind.GRAPH,
        place=where,
        queries=(Query(expr=f"{series}{{{OF_SERVICE}}}", legend="{{service}}"),),
        unit=unit,
    )


_RECORDED_LEFT = _recorded(
    Text("Sisa anggaran 30 hari", "Budget left of 30 days"),
    Text(
        "1 berarti belum terpakai, 0 habis, negatif melewati target.",
        "1 is all of it, 0 none, less than 0 more than was promised.",
    ),
    "slo:period_error_budget_remaining:ratio",
    place(0, 33, 12, 8),
    "percentunit",
)
_RECORDED_RATE = _recorded(
    Text("Laju pemakaian sekarang", "Burn rate now"),
    Text(
        "Berapa kali lebih cepat dari yang diizinkan anggaran terpakai dalam 5 menit terakhir.",
        "How many times faster than is allowed the budget goes, over the last 5 minutes.",
    ),
    "slo:current_burn_rate:ratio",
    place(12, 33, 12, 8),
    "none",
)

SLA = Board(
    name="sla",
    title=Text("Pantau: SLA dan anggaran gangguan", "Pantau: SLA and error budget"),
    about=Text(
        "Apa yang dijanjikan, apa yang dicapai, dan seberapa cepat anggaran gangguan terpakai. "
        "Angka resmi ada di pantau report.",
        "What was promised, what was kept, and how fast the error budget goes. The official figures "
        "are those of pantau report.",
    ),
    choices=(OWNER, SERVICE),
    panels=(
        _TABLE,
        _BARS,
        _LEFT,
        _FAST,
        _SLOW,
        _DAY,
        _COUNTED,
        _RECORDED_LEFT,
        _RECORDED_RATE,
    ),
    marks=(OUTAGES, planned_work(OF_SERVICE)),
    since="now-30d",
    refresh="5m",
)
