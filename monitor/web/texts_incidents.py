"""The words of the pages about incidents, and of those behind links in messages."""

from collections.abc import Mapping

from monitor.locales import Language

_ID, _EN = Language.ID, Language.EN

ACK: Mapping[Language, Mapping[str, str]] = {
    _ID: {
        "title": "Penanganan gangguan",
        "switch": "English",
        "down": "{service} terganggu",
        "over": "{service} sudah pulih",
        "owner": "Penanggung jawab",
        "since": "Sejak",
        "ended": "Pulih pada",
        "length": "Lama gangguan",
        "why": "Sebab",
        "told": "Pesan dikirim ke",
        "taken": "Ditangani oleh {by}, sejak {at}",
        "nobody": "Belum ada yang menangani gangguan ini.",
        "take": "Saya tangani",
        "take_over": "Ambil alih",
        "say": "Simpan catatan saja",
        "name": "Nama Anda",
        "comment": "Catatan (boleh kosong)",
        "remark": "Catatan",
        "comment_hint": "Misalnya: server sedang dinyalakan ulang.",
        "hint": "Semua yang menerima pesan tentang gangguan ini akan diberi tahu siapa yang "
        "menangani. Pengingat berhenti sampai gangguan pulih.",
        "hint_over": "Gangguan ini sudah selesai, jadi tidak perlu lagi ada yang menangani. "
        "Catatan masih dapat disimpan.",
        "notes": "Catatan",
        "did_acknowledged": "{by} menangani",
        "did_comment": "{by} mencatat",
        "no_name": "Tulis nama Anda, agar rekan lain tahu siapa yang menangani.",
        "no_comment": "Tulis catatannya, lalu simpan.",
        "no_longer": "Gangguan ini sudah pulih, jadi tidak dicatat siapa yang menangani.",
        "enough": "Terlalu banyak yang ditulis lewat tautan untuk gangguan ini. Gunakan perintah "
        "pantau ack atau pantau comment.",
        "footer": "Halaman ini hanya untuk satu gangguan, dan berlaku sampai {until}. Jangan "
        "teruskan tautannya kepada orang lain.",
        "refused": "Tautan ini tidak sah",
        "refused_why": "Tautannya terpotong, berubah, atau bukan dari Pantau ini. Buka tautan "
        "langsung dari pesan aslinya, jangan disalin sebagian.",
        "expired": "Tautan ini sudah kedaluwarsa",
        "expired_why": "Tautan dari pesan berlaku tujuh hari. Pakai tautan dari pesan yang lebih "
        "baru, atau perintah pantau ack.",
        "gone": "Gangguan ini tidak tercatat lagi",
        "gone_why": "Tautannya sah, tetapi basis data Pantau tidak mengenal gangguannya. "
        "Hubungi pengelola Pantau.",
        "broken": "Catatan gangguan sedang tidak dapat dibaca",
        "broken_why": "Tidak ada yang berubah. Coba lagi sebentar lagi, atau pakai perintah "
        "pantau ack.",
        "unchanged": "Tidak ada yang tersimpan.",
    },
    _EN: {
        "title": "Taking care of an outage",
        "switch": "Bahasa Indonesia",
        "down": "{service} is down",
        "over": "{service} is well again",
        "owner": "Owner",
        "since": "Since",
        "ended": "Well again since",
        "length": "Lasted",
        "why": "Why",
        "told": "The message went to",
        "taken": "{by} takes care of it, since {at}",
        "nobody": "Nobody takes care of this outage yet.",
        "take": "I take care of it",
        "take_over": "Take it over",
        "say": "Only keep the note",
        "name": "Your name",
        "comment": "Note (may be left empty)",
        "remark": "Note",
        "comment_hint": "Such as: the server is being restarted.",
        "hint": "Everybody who was told of this outage is told who takes care of it. Reminders "
        "stop until it is over.",
        "hint_over": "This outage is over, so nobody has to take care of it any more. Notes can "
        "still be kept.",
        "notes": "Notes",
        "did_acknowledged": "{by} takes care",
        "did_comment": "{by} noted",
        "no_name": "Write your name, so that the others know who takes care.",
        "no_comment": "Write the note, then keep it.",
        "no_longer": "This outage is over by now, so it was not kept who takes care of it.",
        "enough": "Too much was written by links about this outage. Use the command pantau ack "
        "or pantau comment.",
        "footer": "This page is for one outage alone, and holds until {until}. Do not pass its "
        "link on to others.",
        "refused": "This link is not valid",
        "refused_why": "It was cut or changed, or it is not of this Pantau. Open the link from "
        "the message itself, not from a copy of a part of it.",
        "expired": "This link has expired",
        "expired_why": "Links in messages hold for seven days. Use the one of a later message, "
        "or the command pantau ack.",
        "gone": "This outage is not on record any more",
        "gone_why": "The link is valid, but the database of Pantau knows no such outage. Ask "
        "whoever runs Pantau.",
        "broken": "The record of outages can't be read right now",
        "broken_why": "Nothing was changed. Try again in a moment, or use the command pantau ack.",
        "unchanged": "Nothing was kept.",
    },
}
