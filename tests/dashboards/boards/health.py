"""The monitor itself: whether it runs, keeps time, stores, and gets its messages through."""

from tests.dashboards.parts import (
    JOB,
    OF_DAEMON,
    Board,
    Codes,
    Column,
    Kind,
    Mark,
    Panel,
    Place,
    Query,
    Step,
    Text,
    below,
    place,
)


def _of(name: str) -> str:
    return f"{name}{{{OF_DAEMON}}}"


def _rate(name: str) -> str:
    return f"rate({_of(name)}[$__rate_interval])"


def _answer(title: Text, about: Text, expr: str, codes: Codes, x: int) -> Panel:
    return Panel(
        title=title,
        about=about,
        kind=Kind.TILES,
        place=place(x, 0, 4, 4),
        queries=(Query(expr=expr, legend="{{instance}}", now=True),),
        unit="none",
        codes=codes,
    )


def _number(title: Text, about: Text, expr: str, where: Place, unit: str, *steps: Step) -> Panel:
    return Panel(
        title=title,
        about=about,
        kind=Kind.TILES,
        place=where,
        queries=(Query(expr=expr, legend="{{instance}}", now=True),),
        unit=unit,
        steps=steps,
        decimals=0 if unit == "none" else None,
    )


def _graph(title: Text, about: Text, where: Place, unit: str, *queries: Query) -> Panel:
    return Panel(title=title, about=about, kind=Kind.GRAPH, place=where, queries=queries, unit=unit)


_FIRST = (
    _answer(
        Text("Terbaca oleh Prometheus", "Read by Prometheus"),
        Text("Apakah pembacaan terakhir berhasil.", "Whether the last scrape succeeded."),
        _of("up"),
        Codes.YES_IS_GOOD,
        0,
    ),
    _answer(
        Text("Kehilangan jaringan", "Network lost"),
        Text(
            "Apakah pemantau sendiri terputus dari jaringan.",
            "Whether the monitor itself is cut off.",
        ),
        _of("pantau_self_offline"),
        Codes.YES_IS_BAD,
        4,
    ),
    _answer(
        Text("Konfigurasi diterima", "Configuration accepted"),
        Text(
            "Apakah konfigurasi yang terakhir dimuat berlaku.",
            "Whether the configuration that was loaded last is in use.",
        ),
        _of("pantau_config_last_reload_successful"),
        Codes.YES_IS_GOOD,
        8,
    ),
    _number(
        Text("Pesan menunggu", "Messages waiting"),
        Text("Pemberitahuan yang belum terkirim.", "Notifications that are not delivered yet."),
        _of("pantau_outbox_pending"),
        place(12, 0, 4, 4),
        "none",
        *below("green", (10, "yellow"), (100, "red")),
    ),
    _number(
        Text("Pesan tertua yang menunggu", "Oldest message waiting"),
        Text(
            "Umur pemberitahuan tertua yang belum terkirim.",
            "Age of the oldest notification that waits.",
        ),
        _of("pantau_outbox_oldest_age_seconds"),
        place(16, 0, 4, 4),
        "s",
        *below("green", (60, "yellow"), (600, "red")),
    ),
    _number(
        Text("Entri buku catatan", "Ledger entries"),
        Text(
            "Entri buku catatan (ledger) yang sudah ditandatangani.",
            "Entries that the newest checkpoint stands for.",
        ),
        _of("pantau_ledger_size"),
        place(20, 0, 4, 4),
        "none",
    ),
)

_GRAPHS = (
    _graph(
        Text("Keterlambatan percobaan", "Lateness of probes"),
        Text(
            "Seberapa lambat percobaan dimulai dari jadwalnya: 99 dan 50 dari 100 tidak lebih lambat dari ini.",
            "How late probes begin: 99 and 50 of 100 are no later than this.",
        ),
        place(0, 4, 8, 8),
        "s",
        *(
            Query(
                expr=f"histogram_quantile({share}, sum by (le, instance) "
                f"({_rate('pantau_scheduler_lateness_seconds_bucket')}))",
                legend=f"{{{{instance}}}} {share}",
            )
            for share in (0.99, 0.5)
        ),
    ),
    _graph(
        Text("Percobaan per detik", "Probes per second"),
        Text("Semua percobaan yang selesai.", "All probes that ended."),
        place(8, 4, 8, 8),
        "cps",
        Query(
            expr=f"sum by (instance) ({_rate('pantau_check_runs_total')})", legend="{{instance}}"
        ),
    ),
    _graph(
        Text("Jadwal yang terlewat", "Missed slots"),
        Text(
            "Jadwal per detik tanpa percobaan, menurut sebabnya. Selalu 0 bila semua baik.",
            "Slots per second in which no probe ran, by reason. Always 0 while all is well.",
        ),
        place(16, 4, 8, 8),
        "cps",
        Query(expr=f"sum by (reason) ({_rate('pantau_slots_missed_total')})", legend="{{reason}}"),
    ),
    _graph(
        Text("Percobaan yang sedang berjalan", "Probes under way"),
        Text("Berapa percobaan berjalan bersamaan.", "How many probes run at the same time."),
        place(0, 12, 8, 8),
        "none",
        Query(expr=_of("pantau_checks_in_flight"), legend="{{instance}}"),
    ),
    _graph(
        Text("Kelambatan program", "Lag of the event loop"),
        Text(
            "Seberapa lambat program menanggapi; di atas setengah detik, mesin ini kewalahan.",
            "How late the event loop was; over half a second this machine has too much to do.",
        ),
        place(8, 12, 8, 8),
        "s",
        Query(expr=_of("pantau_loop_lag_seconds"), legend="{{instance}}"),
    ),
    _graph(
        Text("Selisih jam", "Clock offset"),
        Text(
            "Seberapa jauh jam mesin ini mendahului jam lain; negatif bila tertinggal.",
            "How far this machine's clock is ahead of others; negative when it is behind.",
        ),
        place(16, 12, 8, 8),
        "s",
        Query(expr=_of("pantau_clock_offset_seconds"), legend="{{instance}}"),
    ),
    _graph(
        Text("Pesan terkirim", "Messages delivered"),
        Text("Pemberitahuan yang diterima, per penerima.", "Notifications accepted, by receiver."),
        place(0, 20, 8, 8),
        "cps",
        Query(
            expr=f"sum by (receiver) ({_rate('pantau_notifications_total')})",
            legend="{{receiver}}",
        ),
    ),
    _graph(
        Text("Pengiriman yang gagal", "Failed deliveries"),
        Text(
            "Upaya kirim yang gagal, dan pesan yang tidak jadi dikirim (pantau notify dead-letters).",
            "Attempts that failed, and messages that were given up (pantau notify dead-letters).",
        ),
        place(8, 20, 8, 8),
        "none",
        Query(
            expr=f"sum by (receiver, reason) ({_rate('pantau_notification_failures_total')})",
            legend=Text(
                "{{receiver}}: {{reason}} per detik", "{{receiver}}: {{reason}} per second"
            ),
        ),
        Query(
            expr=_of("pantau_dead_letters"),
            legend=Text("{{receiver}}: tidak jadi dikirim", "{{receiver}}: given up"),
        ),
    ),
    _graph(
        Text("Penyimpanan dan laporan yang gagal", "Storage and reports that failed"),
        Text(
            "Kegagalan menyimpan, menyegel jam, dan menyusun laporan terjadwal. Selalu 0 bila semua baik.",
            "Failures to store, to seal hours, and to file scheduled reports. Always 0 while all is well.",
        ),
        place(16, 20, 8, 8),
        "none",
        Query(
            expr=f"increase({_of('pantau_store_failures_total')}[$__rate_interval])",
            legend=Text("Menyimpan", "Storing"),
        ),
        Query(
            expr=f"increase({_of('pantau_store_sealing_failures_total')}[$__rate_interval])",
            legend=Text("Menyegel", "Sealing"),
        ),
        Query(
            expr=f"increase({_of('pantau_report_failures_total')}[$__rate_interval])",
            legend=Text("Laporan", "Reports"),
        ),
    ),
    _graph(
        Text("Pembacaan oleh Prometheus", "Scrapes"),
        Text("Lama setiap pembacaan.", "How long each scrape takes."),
        place(0, 28, 8, 8),
        "s",
        Query(expr=_of("scrape_duration_seconds"), legend="{{instance}}"),
    ),
    _graph(
        Text("Deret dalam satu pembacaan", "Series in a scrape"),
        Text(
            "Jumlah nilai yang dibaca Prometheus dari Pantau.",
            "How many values Prometheus reads from Pantau.",
        ),
        place(8, 28, 8, 8),
        "none",
        Query(expr=_of("scrape_samples_scraped"), legend="{{instance}}"),
    ),
    _graph(
        Text("Jam yang belum disegel", "Hours not sealed yet"),
        Text(
            "Umur jam tertua yang belum disegel: paling lama 80 menit bila semua baik. Kosong pada jam pertama.",
            "Age of the oldest hour that is not sealed: at most 80 minutes while all is well. Empty in the first hour.",
        ),
        place(16, 28, 8, 8),
        "s",
        Query(
            expr=f"time() - {_of('pantau_store_sealed_until_timestamp_seconds')}",
            legend="{{instance}}",
        ),
    ),
)

_VERSION = Panel(
    title=Text("Versi", "Version"),
    about=Text("Apa yang sedang berjalan.", "What is running."),
    kind=Kind.TABLE,
    place=place(0, 36, 12, 5),
    queries=(Query(expr=_of("pantau_build_info"), legend="{{instance}}", now=True),),
    unit="none",
    columns=(
        Column(field="instance", name=Text("Pemantau", "Monitor")),
        Column(field="version", name=Text("Versi", "Version")),
        Column(field="python", name=Text("Python", "Python")),
    ),
)
_ROOT = Panel(
    title=Text("Akar buku catatan", "Root of the ledger"),
    about=Text(
        "Akar saat ini. Prometheus yang menyimpannya menjadi saksi: catatan lama lalu tidak dapat diubah diam-diam.",
        "The present root. A Prometheus that keeps it is a witness: the past can't be changed unseen.",
    ),
    kind=Kind.TABLE,
    place=place(12, 36, 12, 5),
    queries=(Query(expr=_of("pantau_ledger_root_info"), legend="{{root}}", now=True),),
    unit="none",
    columns=(
        Column(field="instance", name=Text("Pemantau", "Monitor")),
        Column(field="root", name=Text("Akar", "Root")),
    ),
)

_ALERTS = Panel(
    title=Text("Peringatan dari Prometheus", "Alerts of Prometheus"),
    about=Text(
        "Peringatan tentang Pantau yang menyala di Prometheus, dari aturan di deploy/prometheus/rules. PantauWatchdog selalu ada: "
        "tanpa itu, aturan tidak dijalankan.",
        "Alerts of Pantau that fire in Prometheus, by the rules in deploy/prometheus/rules. PantauWatchdog is always there: "
        "without it no rules are evaluated.",
    ),
    kind=Kind.TABLE,
    place=place(0, 41, 24, 7),
    # By no job: an alert that nobody is there to be scraped has none.
    queries=(
        Query(
            expr='ALERTS{alertstate="firing",alertname=~"Pantau.+"}',
            legend="{{alertname}}",
            now=True,
        ),
    ),
    unit="none",
    columns=(
        Column(field="alertname", name=Text("Peringatan", "Alert")),
        Column(field="severity", name=Text("Tingkat", "Severity")),
        Column(field="service", name=Text("Layanan", "Service")),
        Column(field="instance", name=Text("Sasaran", "Instance")),
    ),
)

_RESTARTS = Mark(
    name=Text("Konfigurasi dimuat", "Configuration loaded"),
    expr=f"changes({_of('pantau_config_last_reload_success_timestamp_seconds')}[2m]) > 0",
    told=Text("Konfigurasi dimuat: {{instance}}", "Configuration loaded: {{instance}}"),
    tags=("instance",),
    colour="purple",
)
_CUT_OFF = Mark(
    name=Text("Pemantau terputus", "Monitor cut off"),
    expr=f"{_of('pantau_self_offline')} == 1",
    told=Text("Pemantau terputus: {{instance}}", "Monitor cut off: {{instance}}"),
    tags=("instance",),
    colour="orange",
)

HEALTH = Board(
    name="health",
    title=Text("Pantau: Kesehatan pemantau", "Pantau: Health of the monitor"),
    about=Text(
        "Apakah Pantau sendiri berjalan baik: jadwal, pesan, penyimpanan, buku catatan (ledger).",
        "Whether Pantau itself is well: schedule, messages, storage, ledger.",
    ),
    choices=(JOB,),
    panels=(*_FIRST, *_GRAPHS, _VERSION, _ROOT, _ALERTS),
    marks=(_RESTARTS, _CUT_OFF),
    since="now-6h",
    refresh="30s",
)
