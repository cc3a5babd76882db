"""The words about open data: what is wrong with a question, and the page that explains columns."""

from collections.abc import Mapping

from monitor.locales import Language

_ID, _EN = Language.ID, Language.EN

REFUSALS: Mapping[Language, Mapping[str, str]] = {
    _ID: {
        "unknown": "{key}: parameter ini tidak dikenal; yang ada: month, year, from, to, lang",
        "twice": "{key}: parameter ini ditulis lebih dari sekali",
        "lang": "lang: tulis id atau en",
        "month": "{key}: {value} bukan bulan; tulis seperti 2026-10",
        "year": "year: {value} bukan tahun; tulis seperti 2026",
        "mixed": "tulis salah satu saja: month, year, atau from bersama to",
        "half": "{key}: parameter ini belum ada; from dan to adalah bulan pertama dan terakhir",
        "order": "to: bulan terakhir tidak boleh sebelum bulan pertama (from)",
        "early": "data dimulai pada {month}",
        "late": "belum ada hari yang selesai dalam periode ini; data ada sampai {day}",
        "long": "periode ini terlalu panjang: paling banyak {months} bulan sekali minta",
        "empty": "belum ada data terbuka: sehari ada datanya sesudah hari itu selesai",
        "making": "data sedang disiapkan; coba lagi setengah menit lagi",
        "broken": "data sedang tidak dapat disiapkan; coba lagi nanti",
    },
    _EN: {
        "unknown": "{key}: there is no such parameter; there are: month, year, from, to, lang",
        "twice": "{key}: this parameter stands there more than once",
        "lang": "lang: write id or en",
        "month": "{key}: {value} is no month; write it as 2026-10",
        "year": "year: {value} is no year; write it as 2026",
        "mixed": "write only one of these: month, year, or from with to",
        "half": "{key}: this parameter is missing; from and to are the first and the last month",
        "order": "to: the last month must not be before the first (from)",
        "early": "the data begins in {month}",
        "late": "no day of this period is over yet; there is data up to {day}",
        "long": "this period is too long: at most {months} months at once",
        "empty": "there is no open data yet: a day has data once it is over",
        "making": "the data is being made; try again in half a minute",
        "broken": "the data can't be made at the moment; try again later",
    },
}

PAGE: Mapping[Language, Mapping[str, str]] = {
    _ID: {
        "title": "Data terbuka",
        "lead": "Data ketersediaan layanan digital untuk umum. Siapa pun boleh mengunduhnya dan "
        "menghitung ulang.",
        "covered": "Tersedia dari {first} sampai {last}. Data sehari ada sesudah hari itu selesai.",
        "empty": "Belum ada data",
        "empty_why": "Data sehari ada sesudah hari itu selesai. Silakan kembali besok.",
        "broken": "Data sedang tidak dapat dibaca",
        "broken_why": "Silakan coba lagi nanti.",
        "download": "Unduh",
        "download_lead": "CSV dapat dibuka dengan aplikasi lembar kerja, JSON untuk program "
        "komputer.",
        "so_far": "{month}, sampai tanggal {day}",
        "earlier": "Bulan sebelumnya",
        "other": "Periode lain: tambahkan ?month=2026-10, ?year=2026, atau "
        "?from=2026-07&to=2026-09 pada alamat berkas.",
        "columns": "Arti kolom",
        "unit": "dalam {unit}",
        "about": "Tentang data ini",
        "producer": "Produsen data",
        "contact": "Kontak",
        "licence": "Lisensi",
        "frequency": "Frekuensi",
        "daily": "harian",
        "method": "Metode",
        "catalogue": "Katalog (JSON)",
        "dictionary": "Kamus data",
        "status_page": "Halaman status",
        "switch": "English",
        "footer": "Layanan yang tidak ditandai untuk umum tidak ada dalam data ini.",
    },
    _EN: {
        "title": "Open data",
        "lead": "Data on the availability of digital services, for everybody to download and to "
        "compute anew.",
        "covered": "There is data from {first} to {last}. A day has data once it is over.",
        "empty": "There is no data yet",
        "empty_why": "A day has data once it is over. Please come back tomorrow.",
        "broken": "The data can't be read at the moment",
        "broken_why": "Please try again later.",
        "download": "Download",
        "download_lead": "CSV opens in a spreadsheet, JSON is for programs. Column names are "
        "Indonesian.",
        "so_far": "{month}, up to day {day}",
        "earlier": "Earlier months",
        "other": "Other periods: add ?month=2026-10, ?year=2026 or ?from=2026-07&to=2026-09 to the "
        "address of a file.",
        "columns": "What the columns mean",
        "unit": "in {unit}",
        "about": "About this data",
        "producer": "Producer",
        "contact": "Contact",
        "licence": "Licence",
        "frequency": "Frequency",
        "daily": "daily",
        "method": "Method",
        "catalogue": "Catalogue (JSON)",
        "dictionary": "Data dictionary",
        "status_page": "Status page",
        "switch": "Bahasa Indonesia",
        "footer": "Services that are not marked for the public are not in this data.",
    },
}

KINDS: Mapping[str, str] = {
    "teks": "text",
    "tanggal": "date",
    "waktu": "time",
    "angka": "number",
    "pecahan": "fraction",
    "bilangan bulat": "whole number",
    "ya/tidak": "ya (yes) or tidak (no)",
}
UNITS: Mapping[str, str] = {"mikrodetik": "microseconds", "%": "%", "UTC": "UTC"}
