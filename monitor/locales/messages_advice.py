"""What to do about each kind of failure, and about each cause of not knowing.

For whoever is on call: where to look first. A runbook of one's own says it better, and then takes
the place of this.
"""

from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import UnknownCause as Cause
from monitor.locales import Language

FAILURES = {
    Language.ID: {
        Kind.RESOLVE_NXDOMAIN: "Periksa ejaan nama dan masa berlaku domain; tanyakan pengelola "
        "DNS.",
        Kind.RESOLVE_SERVFAIL: "Periksa server DNS domain itu dan DNSSEC-nya.",
        Kind.RESOLVE_TIMEOUT: "Periksa apakah server DNS hidup dan UDP/TCP 53 terbuka.",
        Kind.RESOLVE_REFUSED: "Server itu tidak melayani nama ini atau menolak kita; periksa "
        "delegasi dan ACL.",
        Kind.RESOLVE_NODATA: "Tambahkan rekaman yang diminta, atau perbaiki `record`.",
        Kind.CONNECT_REFUSED: "Nyalakan layanannya; periksa port dan firewall.",
        Kind.CONNECT_TIMEOUT: "Periksa apakah server hidup dan firewall tidak membuang paket.",
        Kind.CONNECT_UNREACHABLE: "Periksa rute dan perangkat jaringan di antaranya.",
        Kind.CONNECT_RESET: "Baca log server dan perangkat (WAF, load balancer) di depannya.",
        Kind.TLS_EXPIRED: "Perbarui sertifikat, lalu muat ulang servernya.",
        Kind.TLS_NOT_YET_VALID: "Periksa jam server dan sertifikatnya.",
        Kind.TLS_HOSTNAME: "Pasang sertifikat yang memuat nama ini, atau perbaiki `server_name`.",
        Kind.TLS_UNTRUSTED: "Kirim rantai sertifikat lengkap; untuk CA sendiri, tulis `ca_file`.",
        Kind.TLS_SELF_SIGNED: "Pakai sertifikat dari CA, atau tulis `ca_file`.",
        Kind.TLS_REVOKED: "Ganti sertifikat sekarang juga.",
        Kind.TLS_PROTOCOL: "Aktifkan TLS 1.2 atau lebih baru; periksa apakah port ini memang TLS.",
        Kind.TLS_OTHER: "Lihat rinciannya dengan `pantau check ID`.",
        Kind.PROXY: "Periksa apakah proxy hidup, mengizinkan tujuan ini, dan nama serta kata "
        "sandinya benar.",
        Kind.TIMEOUT: "Cari yang lambat dengan `pantau check ID`; kalau wajar, naikkan `timeout`.",
        Kind.PROTOCOL: "Periksa apakah port ini memang memakai protokol itu; baca log server.",
        Kind.TRUNCATED: "Baca log server: prosesnya mungkin mati di tengah jawaban.",
        Kind.TOO_LARGE: "Pilih halaman yang lebih kecil, atau naikkan `max_body`.",
        Kind.REDIRECT_LOOP: "Perbaiki aturan pengalihan di server.",
        Kind.REDIRECT_REFUSED: "Perbaiki tujuan pengalihan; https ke http perlu `allow_downgrade`.",
        Kind.STATUS: "Baca log layanan itu; periksa `expect`, dan akunnya bila ada.",
        Kind.HEADER: "Bandingkan jawaban dengan `expect.headers`.",
        Kind.BODY: "Buka halamannya: mungkin halaman galat, atau teksnya sudah berubah.",
        Kind.JSON: "Bandingkan jawaban dengan `expect.json` atau `expect.cel`.",
        Kind.ANSWER: "Bandingkan jawaban dengan `expect`; bila rekaman DNS berubah bukan oleh "
        "Anda, curigai pembajakan.",
        Kind.DNSSEC: "Tandatangani ulang zonanya; periksa rekaman DS di domain induk dan jam "
        "server DNS.",
        Kind.STARTTLS: "Aktifkan STARTTLS dan periksa sertifikat di server itu; bila di antaranya "
        "ada perangkat yang mengubah isi, curigai penyadapan.",
        Kind.BANNER: "Periksa apakah layanan yang benar ada di port ini.",
        Kind.SLOW: "Cari penyebabnya; layanan masih dapat dipakai.",
        Kind.EXPIRES_SOON: "Perbarui sebelum habis masa berlakunya.",
        Kind.CHANGED: "Pastikan perubahan ini memang Anda kehendaki; bila bukan, curigai "
        "pembajakan. Lalu perbarui `expect`.",
        Kind.LATE: "Periksa tugas terjadwal yang seharusnya melapor.",
        Kind.LOST: "Periksa jaringan di antaranya.",
        Kind.STEP: "Lihat langkah mana yang gagal.",
        Kind.REFUSED_BY_POLICY: "Sasaran mengarah ke alamat yang lebih dalam daripada "
        "konfigurasinya; pastikan bukan serangan, lalu tulis alamatnya sendiri.",
        Kind.INTERNAL: "Laporkan kepada pengembang beserta log (`probe.crashed`).",
    },
    Language.EN: {
        Kind.RESOLVE_NXDOMAIN: "Check the spelling and whether the domain has lapsed; ask who "
        "runs its DNS.",
        Kind.RESOLVE_SERVFAIL: "Check the domain's name servers, and its DNSSEC.",
        Kind.RESOLVE_TIMEOUT: "See whether the name server runs, and whether UDP/TCP 53 is open.",
        Kind.RESOLVE_REFUSED: "That server does not serve the name, or not to us; check "
        "delegation and access lists.",
        Kind.RESOLVE_NODATA: "Add the record, or correct `record`.",
        Kind.CONNECT_REFUSED: "Start the service; check port and firewall.",
        Kind.CONNECT_TIMEOUT: "See whether the host is up and no firewall drops packets.",
        Kind.CONNECT_UNREACHABLE: "Check routes and the network in between.",
        Kind.CONNECT_RESET: "Read the log of the server and of what stands before it (WAF, load "
        "balancer).",
        Kind.TLS_EXPIRED: "Renew the certificate, and reload the server.",
        Kind.TLS_NOT_YET_VALID: "Check the server's clock and its certificate.",
        Kind.TLS_HOSTNAME: "Install a certificate that has this name, or correct `server_name`.",
        Kind.TLS_UNTRUSTED: "Send the whole chain; for an authority of your own, write `ca_file`.",
        Kind.TLS_SELF_SIGNED: "Use a certificate of an authority, or write `ca_file`.",
        Kind.TLS_REVOKED: "Replace the certificate now.",
        Kind.TLS_PROTOCOL: "Enable TLS 1.2 or newer; see whether this port speaks TLS at all.",
        Kind.TLS_OTHER: "Look at it with `pantau check ID`.",
        Kind.PROXY: "See whether the proxy runs, lets us go there, and knows our name and "
        "password.",
        Kind.TIMEOUT: "See what is slow with `pantau check ID`; if that is usual, raise `timeout`.",
        Kind.PROTOCOL: "See whether the port speaks that protocol; read the server's log.",
        Kind.TRUNCATED: "Read the server's log: it may have died while answering.",
        Kind.TOO_LARGE: "Choose a smaller page, or raise `max_body`.",
        Kind.REDIRECT_LOOP: "Correct the server's redirects.",
        Kind.REDIRECT_REFUSED: "Correct where it redirects to; https to http needs "
        "`allow_downgrade`.",
        Kind.STATUS: "Read the service's log; check `expect`, and the login if any.",
        Kind.HEADER: "Compare the answer with `expect.headers`.",
        Kind.BODY: "Open the page: it may be an error page, or its text has changed.",
        Kind.JSON: "Compare the answer with `expect.json` or `expect.cel`.",
        Kind.ANSWER: "Compare the answer with `expect`; if a DNS record changed, and not by you, "
        "suspect a hijack.",
        Kind.DNSSEC: "Sign the zone again; check the DS record at the parent, and the name "
        "servers' clocks.",
        Kind.STARTTLS: "Enable STARTTLS on that server and check its certificate; if it is on, "
        "suspect a device in between that strips it.",
        Kind.BANNER: "See whether the right service is on this port.",
        Kind.SLOW: "Look for the cause; the service still works.",
        Kind.EXPIRES_SOON: "Renew it in time.",
        Kind.CHANGED: "Make sure that the change is yours; if it is not, suspect a hijack. Then "
        "bring `expect` up to date.",
        Kind.LATE: "Look at the job that should have reported.",
        Kind.LOST: "Check the network in between.",
        Kind.STEP: "See which step failed.",
        Kind.REFUSED_BY_POLICY: "The target leads further inward than its configuration says; "
        "rule out an attack, then write the address itself.",
        Kind.INTERNAL: "Report it to the project, with the log.",
    },
}

CAUSES = {
    Language.ID: {
        Cause.MONITOR_STOPPED: "Periksa mengapa daemon berhenti: `systemctl status pantau`.",
        Cause.SELF_OFFLINE: "Periksa jaringan mesin pemantau; pastikan `self_check.targets` benar.",
        Cause.RESOLVER: "Periksa resolver di `resolver.nameservers` atau `/etc/resolv.conf`.",
        Cause.OVERLOADED: "Mesin terlalu sibuk: beri CPU, atau perpanjang `interval`.",
        Cause.CLOCK_STEP: "Pasang chrony atau systemd-timesyncd.",
        Cause.TOO_FEW_VANTAGES: "Belum dipakai di versi ini.",
        Cause.LOCAL: "Jalankan `pantau doctor`: deskriptor berkas, memori, rute.",
        Cause.INTERNAL: "Laporkan kepada pengembang beserta log (`probe.crashed`).",
        Cause.NO_DATA: "Tunggu satu interval; periksa apakah pemeriksaannya diaktifkan. "
        "`pantau check` memberi tahu apa yang kurang.",
    },
    Language.EN: {
        Cause.MONITOR_STOPPED: "See why the daemon stopped: `systemctl status pantau`.",
        Cause.SELF_OFFLINE: "Check the monitor's own network; make sure `self_check.targets` are "
        "right.",
        Cause.RESOLVER: "Check the resolver in `resolver.nameservers` or `/etc/resolv.conf`.",
        Cause.OVERLOADED: "The machine is too busy: give it CPU, or lengthen `interval`.",
        Cause.CLOCK_STEP: "Run chrony or systemd-timesyncd.",
        Cause.TOO_FEW_VANTAGES: "Not used in this version.",
        Cause.LOCAL: "Run `pantau doctor`: descriptors, memory, routes.",
        Cause.INTERNAL: "Report it to the project, with the log.",
        Cause.NO_DATA: "Wait for an interval; see whether the check is enabled. `pantau check` "
        "says what is missing.",
    },
}


# Of check types that are told, and ask nobody: there is no answer to compare with `expect`.
REPORTED = {
    Language.ID: {
        "heartbeat": "Baca log tugas itu, perbaiki, lalu jalankan lagi.",
        "external": "Tindak lanjuti laporan itu; rinciannya menyebut apa yang terjadi.",
    },
    Language.EN: {
        "heartbeat": "Read the job's log, mend it, and run it again.",
        "external": "See to what was reported; its detail says what is wrong.",
    },
}


def failure_advice(kind: str | None, language: Language, check_type: str = "") -> str | None:
    """Return what to do about a failure kind; None for an unknown one, of another release."""
    if kind == Kind.STATUS and check_type in REPORTED[language]:
        return REPORTED[language][check_type]
    try:
        return FAILURES[language][Kind(kind)] if kind else None
    except ValueError:
        return None
