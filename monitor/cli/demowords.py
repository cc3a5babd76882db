"""The words of `pantau demo`, in Indonesian and in English."""

from collections.abc import Mapping

from monitor.demo.story import Trouble
from monitor.locales import Language

_ID, _EN = Language.ID, Language.EN

TURNS: Mapping[Language, Mapping[tuple[Trouble, bool], str]] = {
    _ID: {
        (Trouble.SLOW, True): "Aplikasi Perizinan Usaha menjadi lambat.",
        (Trouble.EXPIRED, True): "Sertifikat situs Pajak Daerah kedaluwarsa.",
        (Trouble.EXPIRED, False): "Sertifikat situs Pajak Daerah diperbarui.",
        (Trouble.WRONG_ANSWER, True): "Server DNS memberi alamat yang salah untuk situs JDIH.",
        (Trouble.DEAD_PORT, True): "Server Absensi Pegawai mati.",
        (Trouble.DEAD_PORT, False): "Server Absensi Pegawai dinyalakan lagi.",
        (Trouble.FLAPPING, True): "Antrean Puskesmas menjawab dengan kesalahan 503.",
        (Trouble.FLAPPING, False): "Antrean Puskesmas menjawab dengan benar lagi.",
        (Trouble.FORGOTTEN_NAME, True): "Nama domain Surel hilang dari DNS: gangguan layanan.",
        (Trouble.FORGOTTEN_NAME, False): "Nama domain Surel kembali ada di DNS.",
        (Trouble.SILENT_RESOLVER, True): "Resolver milik pemantau sendiri mati: keadaan Surel "
        "tidak dapat diketahui, dan itu bukan gangguan.",
        (Trouble.SILENT_RESOLVER, False): "Resolver milik pemantau hidup lagi.",
    },
    _EN: {
        (Trouble.SLOW, True): "The application Perizinan Usaha becomes slow.",
        (Trouble.EXPIRED, True): "The certificate of Pajak Daerah expires.",
        (Trouble.EXPIRED, False): "The certificate of Pajak Daerah is renewed.",
        (Trouble.WRONG_ANSWER, True): "A name server gives a wrong address for the JDIH site.",
        (Trouble.DEAD_PORT, True): "The server of Absensi Pegawai dies.",
        (Trouble.DEAD_PORT, False): "The server of Absensi Pegawai is started again.",
        (Trouble.FLAPPING, True): "Antrean Puskesmas answers with error 503.",
        (Trouble.FLAPPING, False): "Antrean Puskesmas answers rightly again.",
        (Trouble.FORGOTTEN_NAME, True): "The domain of Surel is gone from the DNS: an outage.",
        (Trouble.FORGOTTEN_NAME, False): "The domain of Surel is in the DNS again.",
        (Trouble.SILENT_RESOLVER, True): "The monitor's own resolver dies: how Surel fares "
        "cannot be known, and that is no outage.",
        (Trouble.SILENT_RESOLVER, False): "The monitor's own resolver is back.",
    },
}

WORDS: Mapping[Language, Mapping[str, str]] = {
    _ID: {
        "title": "Pantau: kota simulasi, dipantau oleh daemon yang sebenarnya.",
        "where": "Semua sasaran ada di komputer ini (127.0.0.1), juga DNS dan sertifikatnya. "
        "Satu per satu akan rusak; lihat apa yang terjadi.",
        "page": "Halaman status",
        "metrics": "Metrik",
        "config": "Konfigurasi",
        "log": "Catatan daemon",
        "stop": "Ctrl-C mengakhiri demo; tidak ada yang tertinggal.",
        "genuine": "tanda tangan sah",
        "running": "berjalan {length}; Ctrl-C mengakhiri",
        "ended": "Demo selesai sesudah {length}.",
        "messages": "Pesan yang tiba, semuanya bertanda tangan sah: {counts}.",
        "no_messages": "Belum ada pesan yang tiba.",
        "forged": "Pesan yang ditolak karena tanda tangannya tidak sah: {count}.",
        "figures": "Ketersediaan selama demo (per hari atau bulan: pantau availability):",
        "next": "Berikutnya: make run memantau checks.yaml milik Anda.",
        "service": "Layanan",
        "availability": "Ketersediaan",
        "down": "Gangguan",
        "unknown": "Tak diketahui",
        "seconds": "{count} dtk",
    },
    _EN: {
        "title": "Pantau: a simulated city, watched by the real daemon.",
        "where": "Every target is on this machine (127.0.0.1), its DNS and certificates too. "
        "One after the other they break; see what happens.",
        "page": "Status page",
        "metrics": "Metrics",
        "config": "Configuration",
        "log": "Daemon's log",
        "stop": "Ctrl-C ends it; nothing is left behind.",
        "genuine": "signature verified",
        "running": "running {length}; Ctrl-C ends it",
        "ended": "The demonstration ended after {length}.",
        "messages": "Messages that arrived, every signature verified: {counts}.",
        "no_messages": "No message has arrived yet.",
        "forged": "Messages turned away for a wrong signature: {count}.",
        "figures": "Availability during the demo (by day or month: pantau availability):",
        "next": "Next: make run watches your own checks.yaml.",
        "service": "Service",
        "availability": "Availability",
        "down": "Down",
        "unknown": "Unknown",
        "seconds": "{count} s",
    },
}

MESSAGES: Mapping[Language, Mapping[str, str]] = {
    _ID: {
        "alert.firing": "gangguan",
        "incident.updated": "perkembangan",
        "alert.resolved": "pulih",
        "self.offline": "pemantau terputus",
        "self.recovered": "pemantau tersambung lagi",
        "test": "uji coba",
    },
    _EN: {
        "alert.firing": "down",
        "incident.updated": "update",
        "alert.resolved": "recovered",
        "self.offline": "monitor offline",
        "self.recovered": "monitor back online",
        "test": "test",
    },
}
