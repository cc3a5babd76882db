"""Certificates and names: what expires, and whether the DNS answers."""

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
    Place,
    Query,
    Step,
    Text,
    place,
    planned_work,
)

_DAY = 86_400
_CERTIFICATES = f"probe_ssl_earliest_cert_expiry{{{OF_CHECK}}}"
_REMAINING = f"{_CERTIFICATES} - time()"
_SOON = (Step(None, "red"), Step(7 * _DAY, "orange"), Step(21 * _DAY, "green"))
_TYPES = f'pantau_check_info{{{OF_CHECK},type=~"dns|tls|domain"}}'


def _tile(title: Text, about: Text, expr: str, where: Place, unit: str, *steps: Step) -> Panel:
    return Panel(
        title=title,
        about=about,
        kind=Kind.TILES,
        place=where,
        queries=(Query(expr=expr, legend=title, now=True),),
        unit=unit,
        steps=steps,
        decimals=0 if unit == "none" else None,
    )


def _graph(
    title: Text, about: Text, expr: str, where: Place, unit: str, *, legend: str = "{{check}}"
) -> Panel:
    return Panel(
        title=title,
        about=about,
        kind=Kind.GRAPH,
        place=where,
        queries=(Query(expr=expr, legend=legend),),
        unit=unit,
    )


_SOONEST = _tile(
    Text("Sertifikat berakhir paling cepat", "Next certificate to expire"),
    Text(
        "Sisa waktu sertifikat yang paling cepat berakhir; negatif bila sudah lewat.",
        "What is left of the certificate that expires first; negative when it has expired.",
    ),
    f"min({_REMAINING})",
    place(0, 0, 6, 4),
    "s",
    *_SOON,
)
_EXPIRING = _tile(
    Text("Sertifikat berakhir dalam 30 hari", "Certificates with 30 days or less"),
    Text(
        "Jumlah pemeriksaan yang sertifikatnya berakhir dalam 30 hari, termasuk yang sudah berakhir.",
        "How many checks see a certificate that expires within 30 days, or has expired.",
    ),
    f"sum({_REMAINING} < bool {30 * _DAY})",
    place(6, 0, 6, 4),
    "none",
    Step(None, "green"),
    Step(1, "orange"),
)
_SILENT = _tile(
    Text("DNS tanpa jawaban", "DNS without an answer"),
    Text(
        "Jumlah pemeriksaan DNS yang tidak mendapat jawaban apa pun.",
        "How many DNS checks got no answer at all.",
    ),
    f"sum(probe_dns_query_succeeded{{{OF_CHECK}}} == bool 0)",
    place(12, 0, 6, 4),
    "none",
    Step(None, "green"),
    Step(1, "red"),
)
_DOMAIN = _tile(
    Text("Domain berakhir paling cepat", "Next domain to expire"),
    Text(
        "Sisa waktu pendaftaran domain yang paling cepat berakhir. Kosong tanpa pemeriksaan jenis domain.",
        "What is left of the registration that expires first. Empty without checks of type domain.",
    ),
    f"min(pantau_domain_expiry_timestamp_seconds{{{OF_CHECK}}} - time())",
    place(18, 0, 6, 4),
    "s",
    *_SOON,
)

_TABLE = Panel(
    title=Text("Sertifikat", "Certificates"),
    about=Text(
        "Kapan sertifikat yang ditunjukkan setiap sasaran berakhir: yang paling cepat dari rantainya.",
        "When the certificates that each target shows expire: the first of its chain to do so.",
    ),
    kind=Kind.TABLE,
    place=place(0, 4, 14, 9),
    queries=(
        Query(expr=f"{_CERTIFICATES} * 1000", legend="{{check}}", now=True),
        Query(expr=_REMAINING, legend="{{check}}", now=True),
    ),
    unit="none",
    columns=(
        Column(field="check", name=Text("Pemeriksaan", "Check")),
        Column(field="service", name=Text("Layanan", "Service")),
        Column(field="instance", name=Text("Sasaran", "Target")),
        Column(field="Value #A", name=Text("Berakhir", "Expires"), unit="dateTimeAsIso"),
        Column(field="Value #B", name=Text("Sisa waktu", "Left"), unit="s"),
    ),
    leads_to="check",
)

_VERSIONS = Panel(
    title=Text("Versi TLS", "TLS versions"),
    about=Text(
        "Jumlah pemeriksaan menurut versi TLS yang dipakai terakhir.",
        "How many checks by the version of TLS that was used last.",
    ),
    kind=Kind.BARS,
    place=place(14, 4, 10, 9),
    queries=(
        Query(
            expr=f"count by (version) (probe_tls_version_info{{{OF_CHECK}}})",
            legend="{{version}}",
            now=True,
        ),
    ),
    unit="none",
    least=0,
    decimals=0,
    steps=(Step(None, "blue"),),
)

_ISSUERS = Panel(
    title=Text("Penerbit sertifikat", "Issuers of certificates"),
    about=Text(
        "Untuk siapa sertifikat diterbitkan, dan oleh siapa.",
        "Whom certificates are for, and who issued them.",
    ),
    kind=Kind.TABLE,
    place=place(0, 13, 24, 7),
    queries=(Query(expr=f"probe_ssl_last_chain_info{{{OF_CHECK}}}", legend="{{check}}", now=True),),
    unit="none",
    columns=(
        Column(field="check", name=Text("Pemeriksaan", "Check")),
        Column(field="subject", name=Text("Untuk", "Subject")),
        Column(field="issuer", name=Text("Penerbit", "Issuer")),
        Column(field="subjectalternative", name=Text("Nama lain", "Names")),
    ),
)

_COURSE = _graph(
    Text("Sisa waktu sertifikat", "What is left of certificates"),
    Text("Sertifikat yang diperbarui naik kembali.", "A certificate that is renewed goes up."),
    _REMAINING,
    place(0, 20, 12, 8),
    "s",
)
_HANDSHAKES = _graph(
    Text("Lama jabat tangan TLS", "Duration of TLS handshakes"),
    Text("Hanya pemeriksaan HTTP.", "Of HTTP checks only."),
    f'probe_http_duration_seconds{{{OF_CHECK},phase="tls"}} > 0',
    place(12, 20, 12, 8),
    "s",
)
_DNS_PHASES = _graph(
    Text("Tahap pemeriksaan DNS", "Phases of DNS checks"),
    Text(
        "Mencari server nama, menyambung, dan menunggu jawaban.",
        "Finding the name server, connecting, and waiting for the answer.",
    ),
    f"avg by (check, phase) (probe_dns_duration_seconds{{{OF_CHECK}}})",
    place(0, 28, 12, 8),
    "s",
    legend="{{check}}: {{phase}}",
)
_LOOKUPS = _graph(
    Text("Lama mencari alamat", "Duration of lookups"),
    Text(
        "Waktu untuk mencari alamat sasaran sebelum menyambung, pada setiap jenis pemeriksaan.",
        "Time to find a target's address before connecting, for checks of every type.",
    ),
    f"probe_dns_lookup_time_seconds{{{OF_CHECK}}}",
    place(12, 28, 12, 8),
    "s",
)
_ANSWERS = _graph(
    Text("Jumlah jawaban DNS", "Records in DNS answers"),
    Text(
        "Berapa catatan yang ada dalam jawaban; perubahan mendadak patut dilihat.",
        "How many records an answer held; a sudden change is worth a look.",
    ),
    f"probe_dns_answer_rrs{{{OF_CHECK}}}",
    place(0, 36, 8, 8),
    "none",
)
_SIGNATURES = _graph(
    Text("Sisa waktu tanda tangan DNSSEC", "What is left of DNSSEC signatures"),
    Text(
        "Kosong tanpa pemeriksaan yang meminta DNSSEC (expect.dnssec).",
        "Empty without checks that expect DNSSEC (expect.dnssec).",
    ),
    f"pantau_dns_signature_expiry_timestamp_seconds{{{OF_CHECK}}} - time()",
    place(8, 36, 8, 8),
    "s",
)
_TIMELINE = Panel(
    title=Text("Riwayat DNS, TLS, dan domain", "History of DNS, TLS and domains"),
    about=Text(
        "Status pemeriksaan jenis ini. Bagian kosong: Pantau tidak terbaca. Untuk rentang hingga tujuh hari.",
        "The status of checks of these types. A hole: Pantau could not be read. For ranges of up to seven days.",
    ),
    kind=Kind.TIMELINE,
    place=place(16, 36, 8, 8),
    queries=(
        Query(
            expr=f"pantau_check_status{{{OF_CHECK}}} and on (check, vantage) {_TYPES}",
            legend="{{check}}",
        ),
    ),
    unit="none",
    codes=Codes.STATUS,
    leads_to="check",
)

NAMES = Board(
    name="names",
    title=Text("Pantau: TLS dan DNS", "Pantau: TLS and DNS"),
    about=Text(
        "Sertifikat dan domain yang akan berakhir, serta jawaban DNS.",
        "Certificates and domains that will expire, and how the DNS answers.",
    ),
    choices=(OWNER, SERVICE, CHECK),
    panels=(
        _SOONEST,
        _EXPIRING,
        _SILENT,
        _DOMAIN,
        _TABLE,
        _VERSIONS,
        _ISSUERS,
        _COURSE,
        _HANDSHAKES,
        _DNS_PHASES,
        _LOOKUPS,
        _ANSWERS,
        _SIGNATURES,
        _TIMELINE,
    ),
    marks=(OUTAGES, planned_work(OF_CHECK)),
)
