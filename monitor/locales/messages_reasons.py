"""Why a check failed, and why nothing is known, in words for those who don't run servers.

Each stands after "Sebab:" or "Why:", before the actual value.
"""

from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import UnknownCause as Cause
from monitor.locales import Language

FAILURES = {
    Language.ID: {
        Kind.RESOLVE_NXDOMAIN: "nama situs tidak ditemukan di DNS",
        Kind.RESOLVE_SERVFAIL: "server DNS gagal mencari nama situs",
        Kind.RESOLVE_TIMEOUT: "server DNS tidak menjawab",
        Kind.RESOLVE_REFUSED: "server DNS menolak menjawab",
        Kind.RESOLVE_NODATA: "nama situs ada di DNS, tetapi tanpa alamat",
        Kind.CONNECT_REFUSED: "server menolak sambungan; layanannya mungkin mati",
        Kind.CONNECT_TIMEOUT: "server tidak menjawab saat dihubungi",
        Kind.CONNECT_UNREACHABLE: "server tidak dapat dijangkau lewat jaringan",
        Kind.CONNECT_RESET: "server memutus sambungan",
        Kind.TLS_EXPIRED: "masa berlaku sertifikat sudah berakhir",
        Kind.TLS_NOT_YET_VALID: "sertifikat belum berlaku",
        Kind.TLS_HOSTNAME: "sertifikat bukan untuk nama situs ini",
        Kind.TLS_UNTRUSTED: "penerbit sertifikat tidak dipercaya",
        Kind.TLS_SELF_SIGNED: "sertifikat dibuat sendiri, tanpa penerbit tepercaya",
        Kind.TLS_REVOKED: "sertifikat sudah dicabut penerbitnya",
        Kind.TLS_PROTOCOL: "versi TLS server tidak cocok atau sudah usang",
        Kind.TLS_OTHER: "sambungan aman (TLS) gagal dibuat",
        Kind.PROXY: "server perantara (proxy) gagal",
        Kind.TIMEOUT: "jawaban tidak selesai dalam batas waktu",
        Kind.PROTOCOL: "jawaban server tidak sesuai aturan protokol",
        Kind.TRUNCATED: "jawaban server terputus sebelum selesai",
        Kind.TOO_LARGE: "jawaban server terlalu besar",
        Kind.REDIRECT_LOOP: "situs dialihkan berputar-putar",
        Kind.REDIRECT_REFUSED: "situs dialihkan ke alamat yang tidak diizinkan",
        Kind.STATUS: "status jawaban server tidak sesuai",
        Kind.HEADER: "keterangan (header) jawaban tidak sesuai",
        Kind.BODY: "isi halaman tidak sesuai",
        Kind.JSON: "isi data JSON tidak sesuai",
        Kind.ANSWER: "jawaban server tidak sesuai",
        Kind.DNSSEC: "tanda tangan DNS (DNSSEC) tidak sah",
        Kind.STARTTLS: "server gagal beralih ke sambungan aman (STARTTLS)",
        Kind.BANNER: "sapaan pembuka server tidak sesuai",
        Kind.SLOW: "layanan lambat",
        Kind.EXPIRES_SOON: "masa berlaku segera berakhir",
        Kind.CHANGED: "isi berubah dari yang tercatat",
        Kind.LATE: "kabar berkala tidak datang pada waktunya",
        Kind.LOST: "paket data hilang di jaringan",
        Kind.STEP: "salah satu langkah pemeriksaan gagal",
        Kind.REFUSED_BY_POLICY: "alamatnya tidak diizinkan oleh aturan pemantau",
        Kind.INTERNAL: "kesalahan pada pemantau sendiri",
    },
    Language.EN: {
        Kind.RESOLVE_NXDOMAIN: "the site's name was not found in the DNS",
        Kind.RESOLVE_SERVFAIL: "the DNS server failed to look up the site's name",
        Kind.RESOLVE_TIMEOUT: "the DNS server did not answer",
        Kind.RESOLVE_REFUSED: "the DNS server refused to answer",
        Kind.RESOLVE_NODATA: "the site's name is in the DNS, but has no address",
        Kind.CONNECT_REFUSED: "the server refused the connection; the service may be stopped",
        Kind.CONNECT_TIMEOUT: "the server did not answer the call",
        Kind.CONNECT_UNREACHABLE: "the server could not be reached over the network",
        Kind.CONNECT_RESET: "the server cut the connection",
        Kind.TLS_EXPIRED: "the certificate has expired",
        Kind.TLS_NOT_YET_VALID: "the certificate is not valid yet",
        Kind.TLS_HOSTNAME: "the certificate is not for this site's name",
        Kind.TLS_UNTRUSTED: "the certificate's issuer is not trusted",
        Kind.TLS_SELF_SIGNED: "the certificate is signed by itself, by no trusted issuer",
        Kind.TLS_REVOKED: "the certificate was revoked by its issuer",
        Kind.TLS_PROTOCOL: "the server's TLS version does not fit or is outdated",
        Kind.TLS_OTHER: "no secure connection (TLS) could be made",
        Kind.PROXY: "the proxy server failed",
        Kind.TIMEOUT: "the answer was not complete in time",
        Kind.PROTOCOL: "the server's answer broke the rules of the protocol",
        Kind.TRUNCATED: "the server's answer broke off",
        Kind.TOO_LARGE: "the server's answer was too large",
        Kind.REDIRECT_LOOP: "the site redirects in circles",
        Kind.REDIRECT_REFUSED: "the site redirects to an address that is not allowed",
        Kind.STATUS: "the status of the server's answer is not the expected one",
        Kind.HEADER: "a header of the answer is not the expected one",
        Kind.BODY: "the page's content is not the expected one",
        Kind.JSON: "the JSON content is not the expected one",
        Kind.ANSWER: "the server's answer is not the expected one",
        Kind.DNSSEC: "the DNS signature (DNSSEC) is not valid",
        Kind.STARTTLS: "the server failed to change to a secure connection (STARTTLS)",
        Kind.BANNER: "the server's greeting is not the expected one",
        Kind.SLOW: "the service is slow",
        Kind.EXPIRES_SOON: "it expires soon",
        Kind.CHANGED: "the content is no longer what was recorded",
        Kind.LATE: "the regular sign of life did not come in time",
        Kind.LOST: "packets were lost on the network",
        Kind.STEP: "a step of the check failed",
        Kind.REFUSED_BY_POLICY: "the monitor's own rules do not allow its address",
        Kind.INTERNAL: "a fault of the monitor itself",
    },
}

CAUSES = {
    Language.ID: {
        Cause.MONITOR_STOPPED: "pemantau sedang berhenti",
        Cause.SELF_OFFLINE: "jaringan pemantau sendiri terputus",
        Cause.RESOLVER: "server DNS milik pemantau tidak menjawab",
        Cause.OVERLOADED: "pemantau kelebihan beban",
        Cause.CLOCK_STEP: "jam pemantau baru saja diubah",
        Cause.TOO_FEW_VANTAGES: "titik pantau yang melapor terlalu sedikit",
        Cause.LOCAL: "komputer pemantau bermasalah",
        Cause.INTERNAL: "kesalahan pada program pemantau",
        Cause.NO_DATA: "belum ada data untuk menilainya",
    },
    Language.EN: {
        Cause.MONITOR_STOPPED: "the monitor was stopped",
        Cause.SELF_OFFLINE: "the monitor's own network was down",
        Cause.RESOLVER: "the monitor's own DNS server did not answer",
        Cause.OVERLOADED: "the monitor was overloaded",
        Cause.CLOCK_STEP: "the monitor's clock had just been changed",
        Cause.TOO_FEW_VANTAGES: "too few vantage points reported",
        Cause.LOCAL: "the monitor's computer had a problem",
        Cause.INTERNAL: "a fault of the monitor's program",
        Cause.NO_DATA: "there is nothing yet to judge it by",
    },
}

UNNAMED = {Language.ID: "sebab belum diketahui", Language.EN: "reason not known yet"}


# Of check types that are told, and ask nobody: no server answered.
REPORTED = {
    Language.ID: {
        "heartbeat": "tugas terjadwal melapor gagal",
        "external": "program pelapor melaporkan gangguan",
    },
    Language.EN: {
        "heartbeat": "the job reported a failure",
        "external": "the program that reports on it says that it is down",
    },
}


def failure_text(kind: str | None, language: Language, check_type: str = "") -> str:
    """Return a failure kind in plain words; an unknown one, of another release, as it is."""
    if kind is None:
        return UNNAMED[language]
    if kind == Kind.STATUS and check_type in REPORTED[language]:
        return REPORTED[language][check_type]
    try:
        return FAILURES[language][Kind(kind)]
    except ValueError:
        return kind


def cause_text(cause: Cause, language: Language) -> str:
    """Return in plain words why nothing is known."""
    return CAUSES[language][cause]
