"""The wall screen: what is not well, and since when."""

from tests.dashboards.codes import STATUS_WORDS
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

_SERVICES = f"pantau_service_status{{{OF_SERVICE}}}"
_CHECKS = f"pantau_check_status{{{OF_SERVICE}}}"


def _count(title: Text, series: str, code: int, colour: str, where: Place, *, of: Text) -> Panel:
    """Return a tile that counts. It is empty, never 0, while Prometheus knows nothing."""
    about = Text(
        f"Jumlah {of.id} yang berstatus “{title.id}” sekarang.",
        f"How many {of.en} are “{title.en}” now.",
    )
    whose = Text(f"{of.id.capitalize()}: {title.id}", f"{of.en.capitalize()}: {title.en}")
    return Panel(
        title=whose,
        about=about,
        kind=Kind.TILES,
        place=where,
        queries=(Query(expr=f"sum({series} == bool {code})", legend=whose, now=True),),
        unit="none",
        decimals=0,
        steps=(Step(None, "text"), Step(1, colour)),
    )


_OF_SERVICES, _OF_CHECKS = Text("layanan", "services"), Text("pemeriksaan", "checks")
(_DOWN, _RED), (_UP, _GREEN), (_DEGRADED, _YELLOW), (_UNKNOWN, _GREY) = STATUS_WORDS.values()

_COUNTS = (
    _count(_DOWN, _SERVICES, 0, _RED, place(0, 0, 4, 4), of=_OF_SERVICES),
    _count(_DEGRADED, _SERVICES, 2, _YELLOW, place(4, 0, 4, 4), of=_OF_SERVICES),
    _count(_UNKNOWN, _SERVICES, 3, _GREY, place(8, 0, 4, 4), of=_OF_SERVICES),
    _count(_UP, _SERVICES, 1, _GREEN, place(12, 0, 4, 4), of=_OF_SERVICES),
    _count(_DOWN, _CHECKS, 0, _RED, place(16, 0, 4, 4), of=_OF_CHECKS),
)

_SELF = Panel(
    title=Text("Pemantau kehilangan jaringan", "Monitor has lost its network"),
    about=Text(
        "“Ya” berarti pemantau sendiri yang terputus: status layanan lalu tidak diketahui, bukan gangguan. "
        "Tanpa data, Prometheus tidak dapat membaca Pantau.",
        "“Yes” means that the monitor itself is cut off: services are then unknown, and not down. "
        "Without data Prometheus can't read Pantau.",
    ),
    kind=Kind.TILES,
    place=place(20, 0, 4, 4),
    queries=(Query(expr="max(pantau_self_offline)", legend=Text("Terputus", "Cut off"), now=True),),
    unit="none",
    codes=Codes.YES_IS_BAD,
)

_TILES = Panel(
    title=Text("Layanan sekarang", "Services now"),
    about=Text(
        "Status setiap layanan sesuai aturannya. Klik untuk melihat pemeriksaannya.",
        "The status of each service by its rule. A click leads to its checks.",
    ),
    kind=Kind.TILES,
    place=place(0, 4, 24, 5),
    queries=(Query(expr=_SERVICES, legend="{{service}}", now=True),),
    unit="none",
    codes=Codes.STATUS,
    leads_to="check",
)

_TIMELINE = Panel(
    title=Text("Riwayat status layanan", "History of services"),
    about=Text(
        "Status setiap layanan dari waktu ke waktu. Bagian kosong: Pantau tidak terbaca, jadi tidak ada yang diketahui. "
        "Untuk rentang hingga tujuh hari.",
        "The status of each service over time. A hole: Pantau could not be read, so nothing is known. "
        "For ranges of up to seven days.",
    ),
    kind=Kind.TIMELINE,
    place=place(0, 9, 14, 10),
    queries=(Query(expr=_SERVICES, legend="{{service}}"),),
    unit="none",
    codes=Codes.STATUS,
    leads_to="check",
)

_NOT_UP = Panel(
    title=Text("Pemeriksaan yang tidak normal", "Checks that are not up"),
    about=Text(
        "Pemeriksaan yang sekarang terganggu, menurun, atau tidak diketahui, dan sejak kapan. Kosong bila semua normal.",
        "Checks that are now down, degraded or unknown, and since when. Empty when all is well.",
    ),
    kind=Kind.TABLE,
    place=place(14, 9, 10, 10),
    queries=(
        Query(expr=f"{_CHECKS} != 1", legend="{{check}}", now=True),
        Query(
            expr=f"pantau_check_status_since_timestamp_seconds{{{OF_SERVICE}}} * 1000 "
            f"and on (check, vantage) {_CHECKS} != 1",
            legend="{{check}}",
            now=True,
        ),
    ),
    unit="none",
    columns=(
        Column(field="check", name=Text("Pemeriksaan", "Check")),
        Column(field="service", name=Text("Layanan", "Service")),
        Column(field="Value #A", name=Text("Status", "Status"), codes=Codes.STATUS),
        Column(field="Value #B", name=Text("Sejak", "Since"), unit="dateTimeFromNow"),
    ),
    leads_to="check",
)

_SLOWEST = Panel(
    title=Text("Sepuluh pemeriksaan terlama", "The ten slowest checks"),
    about=Text(
        "Lama pemeriksaan terakhir, yang terlama lebih dulu.",
        "How long the last probe took, the slowest first.",
    ),
    kind=Kind.BARS,
    place=place(0, 19, 12, 8),
    queries=(
        Query(
            expr=f"topk(10, probe_duration_seconds{{{OF_SERVICE}}})", legend="{{check}}", now=True
        ),
    ),
    unit="s",
    least=0,
    steps=below("blue"),
    leads_to="check",
)

_PLANNED = Panel(
    title=Text("Pemeliharaan yang sedang berlangsung", "Maintenance that goes on"),
    about=Text(
        "Pemeriksaan yang berada dalam jendela pemeliharaan sekarang. Kosong bila tidak ada.",
        "Checks that are in a maintenance window now. Empty when there are none.",
    ),
    kind=Kind.TABLE,
    place=place(12, 19, 12, 8),
    queries=(
        Query(expr=f"pantau_check_maintenance{{{OF_SERVICE}}} == 1", legend="{{check}}", now=True),
    ),
    unit="none",
    columns=(
        Column(field="check", name=Text("Pemeriksaan", "Check")),
        Column(field="service", name=Text("Layanan", "Service")),
        Column(field="owner", name=Text("Perangkat daerah", "Agency")),
    ),
    leads_to="check",
)

OVERVIEW = Board(
    name="overview",
    title=Text("Pantau: Ringkasan", "Pantau: Overview"),
    about=Text(
        "Layar dinding: layanan mana yang tidak normal sekarang, dan bagaimana sehari terakhir.",
        "The wall screen: which services are not well now, and how the last day went.",
    ),
    choices=(OWNER, SERVICE),
    panels=(*_COUNTS, _SELF, _TILES, _TIMELINE, _NOT_UP, _SLOWEST, _PLANNED),
    marks=(OUTAGES, planned_work(OF_SERVICE)),
    refresh="30s",
)
