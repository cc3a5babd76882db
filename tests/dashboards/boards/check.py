"""The checks of a service in detail: phases, answers, statuses, failures."""

from tests.dashboards.parts import (
    CHECK,
    OF_CHECK,
    OUTAGES,
    OWNER,
    SERVICE,
    Board,
    Codes,
    Column,
    Kind,
    Panel,
    Query,
    Text,
    below,
    place,
    planned_work,
)

_STATUS = f"pantau_check_status{{{OF_CHECK}}}"

_NOW = Panel(
    title=Text("Status sekarang", "Status now"),
    about=Text(
        "Status setiap pemeriksaan setelah dipastikan oleh beberapa kali percobaan.",
        "The status of each check, confirmed by several probes.",
    ),
    kind=Kind.TILES,
    place=place(0, 0, 12, 5),
    queries=(Query(expr=_STATUS, legend="{{check}}", now=True),),
    unit="none",
    codes=Codes.STATUS,
)

_SHARE = Panel(
    title=Text("Percobaan yang berhasil", "Probes that succeeded"),
    about=Text(
        "Bagian waktu dalam rentang ini saat percobaan terakhir berhasil, dihitung dari yang dibaca Prometheus. "
        "Waktu saat tidak ada yang diketahui tidak ikut dihitung.",
        "Share of this range in which the last probe had succeeded, from what Prometheus read. Time of which "
        "nothing is known does not count.",
    ),
    kind=Kind.BARS,
    place=place(12, 0, 6, 5),
    queries=(
        Query(
            expr=f"avg_over_time(probe_success{{{OF_CHECK}}}[$__range])",
            legend="{{check}}",
            now=True,
        ),
    ),
    unit="percentunit",
    least=0,
    most=1,
    steps=below("red", (0.95, "yellow"), (0.99, "green")),
)

_LAST = Panel(
    title=Text("Percobaan terakhir", "Last probe"),
    about=Text("Kapan percobaan terakhir dimulai.", "When the last probe began."),
    kind=Kind.TABLE,
    place=place(18, 0, 6, 5),
    queries=(
        Query(
            expr=f"pantau_check_last_run_timestamp_seconds{{{OF_CHECK}}} * 1000",
            legend="{{check}}",
            now=True,
        ),
    ),
    unit="none",
    columns=(
        Column(field="check", name=Text("Pemeriksaan", "Check")),
        Column(field="Value", name=Text("Dimulai", "Began"), unit="dateTimeFromNow"),
    ),
)

_TIMELINE = Panel(
    title=Text("Riwayat status", "History of statuses"),
    about=Text(
        "Status setiap pemeriksaan dari waktu ke waktu. Bagian kosong: Pantau tidak terbaca, jadi tidak ada yang diketahui. "
        "Untuk rentang hingga tujuh hari.",
        "The status of each check over time. A hole: Pantau could not be read, so nothing is known. "
        "For ranges of up to seven days.",
    ),
    kind=Kind.TIMELINE,
    place=place(0, 5, 24, 8),
    queries=(Query(expr=_STATUS, legend="{{check}}"),),
    unit="none",
    codes=Codes.STATUS,
)

_DURATION = Panel(
    title=Text("Lama percobaan", "Duration of probes"),
    about=Text(
        "Lama setiap percobaan, berhasil maupun tidak.",
        "How long each probe took, whether it succeeded or not.",
    ),
    kind=Kind.GRAPH,
    place=place(0, 13, 12, 8),
    queries=(Query(expr=f"probe_duration_seconds{{{OF_CHECK}}}", legend="{{check}}"),),
    unit="s",
    least=0,
)

_PHASES = Panel(
    title=Text("Tahap HTTP", "Phases of HTTP"),
    about=Text(
        "Ke mana waktunya: mencari nama, menyambung, TLS, menunggu jawaban, menerima. Rata-rata dari pemeriksaan HTTP yang dipilih.",
        "Where the time goes: name, connection, TLS, waiting, transfer. The mean of the HTTP checks that are chosen.",
    ),
    kind=Kind.GRAPH,
    place=place(12, 13, 12, 8),
    queries=(
        Query(
            expr=f"avg by (phase) (probe_http_duration_seconds{{{OF_CHECK}}})", legend="{{phase}}"
        ),
    ),
    unit="s",
    least=0,
    stacked=True,
)

_HTTP_CODES = Panel(
    title=Text("Kode jawaban HTTP", "HTTP status codes"),
    about=Text(
        "Kode dari jawaban terakhir; 0 bila tidak ada jawaban.",
        "The code of the last answer; 0 without one.",
    ),
    kind=Kind.GRAPH,
    place=place(0, 21, 8, 8),
    queries=(Query(expr=f"probe_http_status_code{{{OF_CHECK}}}", legend="{{check}}"),),
    unit="none",
    least=0,
    decimals=0,
)

_FAILURES = Panel(
    title=Text("Kegagalan menurut sebab", "Failures by kind"),
    about=Text(
        "Percobaan per detik yang tidak berakhir baik, menurut sebabnya. Arti setiap sebab: docs/failures.md.",
        "Probes per second that did not end well, by kind. What each kind means: docs/failures.md.",
    ),
    kind=Kind.GRAPH,
    place=place(8, 21, 8, 8),
    queries=(
        Query(
            expr=f"sum by (check, kind) (rate(pantau_check_failures_total{{{OF_CHECK}}}[$__rate_interval]))",
            legend="{{check}}: {{kind}}",
        ),
    ),
    unit="cps",
    least=0,
    stacked=True,
)

_RUNS = Panel(
    title=Text("Percobaan per detik", "Probes per second"),
    about=Text(
        "Seberapa sering pemeriksaan benar-benar dijalankan.",
        "How often checks really run.",
    ),
    kind=Kind.GRAPH,
    place=place(16, 21, 8, 8),
    queries=(
        Query(
            expr=f"sum by (check) (rate(pantau_check_runs_total{{{OF_CHECK}}}[$__rate_interval]))",
            legend="{{check}}",
        ),
    ),
    unit="cps",
    least=0,
)

_TIMES = Panel(
    title=Text("Waktu dalam setiap status", "Time in each status"),
    about=Text(
        "Lamanya setiap pemeriksaan berada dalam setiap status pada rentang ini, dihitung dari setiap percobaan.",
        "How long each check was in each status in this range, from every single probe.",
    ),
    kind=Kind.TABLE,
    place=place(0, 29, 12, 9),
    queries=(
        Query(
            expr="sum by (check, service, status) "
            f"(delta(pantau_check_status_seconds_total{{{OF_CHECK}}}[$__range])) > 0",
            legend="{{check}}: {{status}}",
            now=True,
        ),
    ),
    unit="s",
    columns=(
        Column(field="check", name=Text("Pemeriksaan", "Check")),
        Column(field="service", name=Text("Layanan", "Service")),
        Column(field="status", name=Text("Status", "Status"), codes=Codes.STATUS_NAME),
        Column(field="Value", name=Text("Lamanya", "Time"), unit="s"),
    ),
)

_ABOUT = Panel(
    title=Text("Apa yang diperiksa", "What is checked"),
    about=Text(
        "Sasaran, jenis, dan tingkat kepentingan setiap pemeriksaan.",
        "Target, type and criticality of each check.",
    ),
    kind=Kind.TABLE,
    place=place(12, 29, 12, 9),
    queries=(Query(expr=f"pantau_check_info{{{OF_CHECK}}}", legend="{{check}}", now=True),),
    unit="none",
    columns=(
        Column(field="check", name=Text("Pemeriksaan", "Check")),
        Column(field="type", name=Text("Jenis", "Type")),
        Column(field="instance", name=Text("Sasaran", "Target")),
        Column(field="criticality", name=Text("Kepentingan", "Criticality")),
        Column(field="affects", name=Text("Memengaruhi", "Affects")),
    ),
)

CHECK_BOARD = Board(
    name="check",
    title=Text("Pantau: Rincian pemeriksaan", "Pantau: Checks in detail"),
    about=Text(
        "Satu layanan atau pemeriksaan secara rinci: tahap, kode jawaban, riwayat, sebab kegagalan.",
        "One service or check in detail: phases, status codes, history, kinds of failure.",
    ),
    choices=(OWNER, SERVICE, CHECK),
    panels=(
        _NOW,
        _SHARE,
        _LAST,
        _TIMELINE,
        _DURATION,
        _PHASES,
        _HTTP_CODES,
        _FAILURES,
        _RUNS,
        _TIMES,
        _ABOUT,
    ),
    marks=(OUTAGES, planned_work(OF_CHECK)),
    since="now-6h",
)
