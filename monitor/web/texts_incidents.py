"""The words of the pages about incidents, and of those behind links in messages."""

from collections.abc import Mapping

from monitor.domain.alert import AlertType
from monitor.domain.incident import HoldReason
from monitor.domain.note import Via
from monitor.locales import Language
from monitor.ports import DeliveryState

_ID, _EN = Language.ID, Language.EN

ACK: Mapping[Language, Mapping[str, str]] = {
    _ID: {
        "title": "Penanganan gangguan",
        "switch": "English",
        "outage": "{service} terganggu",
        "outage_over": "{service} sudah pulih",
        "degradation": "Mutu {service} menurun",
        "degradation_over": "Mutu {service} sudah normal",
        "owner": "Penanggung jawab",
        "since": "Sejak",
        "ended": "Pulih pada",
        "length": "Lama gangguan",
        "why": "Sebab",
        "told": "Pesan dikirim ke",
        "taken": "Ditangani oleh {by}, sejak {at}",
        "nobody": "Belum ada yang menangani.",
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
        "title": "Who takes care",
        "switch": "Bahasa Indonesia",
        "outage": "{service} is down",
        "outage_over": "{service} is well again",
        "degradation": "{service} is degraded",
        "degradation_over": "{service} is back to normal",
        "owner": "Owner",
        "since": "Since",
        "ended": "Well again since",
        "length": "Lasted",
        "why": "Why",
        "told": "The message went to",
        "taken": "{by} takes care of it, since {at}",
        "nobody": "Nobody takes care of it yet.",
        "take": "I take care of it",
        "take_over": "Take it over",
        "say": "Only keep the note",
        "name": "Your name",
        "comment": "Note (may be left empty)",
        "remark": "Note",
        "comment_hint": "Such as: the server is being restarted.",
        "hint": "Everybody who was told of it is told who takes care. Reminders stop until it is "
        "over.",
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

INCIDENTS: Mapping[Language, Mapping[str, str]] = {
    _ID: {
        "title": "Riwayat gangguan",
        "one": "Gangguan layanan",
        "switch": "English",
        "status_page": "Status layanan",
        "all": "Semua gangguan",
        "open": "Sedang berlangsung",
        "over": "Sudah pulih",
        "none": "Tidak ada gangguan yang tercatat",
        "none_why": "Gangguan layanan untuk umum tampil di sini sejak terjadi, dan tetap ada "
        "setelah pulih.",
        "older": "Gangguan sebelumnya",
        "outage": "{service} terganggu",
        "outage_over": "{service} sudah pulih",
        "degradation": "Mutu {service} menurun",
        "degradation_over": "Mutu {service} sudah normal",
        "state_outage": "Gangguan",
        "state_degradation": "Menurun",
        "state_over": "Pulih",
        "owner": "Penanggung jawab",
        "since": "Sejak",
        "since_inline": "sejak {at}",
        "ended": "Pulih pada",
        "length": "Lama gangguan",
        "lasted": "selama {length}",
        "so_far": "sudah {length}",
        "cared_for": "Gangguan ini sedang ditangani.",
        "was_cared_for": "Gangguan ini telah ditangani.",
        "planned": "Terjadi saat pemeliharaan terjadwal.",
        "sign_in": "Petugas: masuk untuk melihat rinciannya",
        "gone": "Halaman ini tidak ada",
        "gone_why": "Tidak ada gangguan untuk umum dengan alamat ini.",
        "broken": "Catatan gangguan sedang tidak dapat dibaca",
        "broken_why": "Coba lagi sebentar lagi.",
        "taken": "Ditangani oleh {by}, sejak {at}",
        "taken_over": "Ditangani oleh {by}",
        "nobody": "Belum ada yang menangani.",
        "told": "Diberi tahu",
        "nobody_told": "Belum ada yang diberi tahu",
        "checks": "Pemeriksaan",
        "check": "Pemeriksaan",
        "why": "Sebab",
        "until": "Sampai",
        "goes_on": "masih gagal",
        "notes": "Catatan",
        "messages": "Pesan",
        "at": "Waktu",
        "receiver": "Penerima",
        "message": "Pesan",
        "state": "Keadaan",
        "attempts": "{count} kali dicoba",
        "did_acknowledged": "{by} menangani",
        "did_comment": "{by} mencatat",
        "security": "Gangguan keamanan, bukan gangguan ketersediaan.",
        "footer": "Dicatat otomatis oleh Pantau.",
    },
    _EN: {
        "title": "Past outages",
        "one": "Incident",
        "switch": "Bahasa Indonesia",
        "status_page": "Service status",
        "all": "All outages",
        "open": "Going on",
        "over": "Over",
        "none": "No outage is on record",
        "none_why": "Outages of public services stand here from their beginning, and stay when "
        "they are over.",
        "older": "Earlier outages",
        "outage": "{service} is down",
        "outage_over": "{service} is well again",
        "degradation": "{service} is degraded",
        "degradation_over": "{service} is back to normal",
        "state_outage": "Outage",
        "state_degradation": "Degraded",
        "state_over": "Over",
        "owner": "Owner",
        "since": "Since",
        "since_inline": "since {at}",
        "ended": "Well again since",
        "length": "Lasted",
        "lasted": "for {length}",
        "so_far": "for {length} so far",
        "cared_for": "This outage is being taken care of.",
        "was_cared_for": "This outage was taken care of.",
        "planned": "It happened during planned maintenance.",
        "sign_in": "Staff: sign in for the details",
        "gone": "There is no such page",
        "gone_why": "There is no public outage at this address.",
        "broken": "The record of outages can't be read right now",
        "broken_why": "Try again in a moment.",
        "taken": "{by} takes care of it, since {at}",
        "taken_over": "{by} took care of it",
        "nobody": "Nobody takes care of it yet.",
        "told": "Told",
        "nobody_told": "Nobody was told",
        "checks": "Checks",
        "check": "Check",
        "why": "Why",
        "until": "Until",
        "goes_on": "still failing",
        "notes": "Notes",
        "messages": "Messages",
        "at": "Time",
        "receiver": "Receiver",
        "message": "Message",
        "state": "State",
        "attempts": "{count} attempts",
        "did_acknowledged": "{by} takes care",
        "did_comment": "{by} noted",
        "security": "An outage of security, not of availability.",
        "footer": "Recorded automatically by Pantau.",
    },
}

HOLDS: Mapping[Language, Mapping[HoldReason, str]] = {
    _ID: {
        HoldReason.DEPENDENCY: "karena gangguan lain yang menjadi penyebabnya",
        HoldReason.MAINTENANCE: "karena pemeliharaan terjadwal {by}",
        HoldReason.SILENCE: "karena dibisukan ({by})",
        HoldReason.OUTAGE: "karena layanannya terganggu",
    },
    _EN: {
        HoldReason.DEPENDENCY: "because of another outage that explains it",
        HoldReason.MAINTENANCE: "because of planned work {by}",
        HoldReason.SILENCE: "because of the silence {by}",
        HoldReason.OUTAGE: "because the service is down",
    },
}

VIAS: Mapping[Language, Mapping[Via, str]] = {
    _ID: {Via.COMMAND: "lewat perintah", Via.API: "lewat API", Via.LINK: "lewat tautan"},
    _EN: {Via.COMMAND: "by command", Via.API: "by the API", Via.LINK: "by link"},
}

MESSAGES: Mapping[Language, Mapping[AlertType, str]] = {
    _ID: {
        AlertType.FIRING: "gangguan",
        AlertType.UPDATED: "perkembangan",
        AlertType.REMINDER: "pengingat",
        AlertType.ACKNOWLEDGED: "ditangani",
        AlertType.ESCALATED: "eskalasi",
        AlertType.RESOLVED: "pulih",
    },
    _EN: {
        AlertType.FIRING: "down",
        AlertType.UPDATED: "update",
        AlertType.REMINDER: "reminder",
        AlertType.ACKNOWLEDGED: "acknowledged",
        AlertType.ESCALATED: "escalated",
        AlertType.RESOLVED: "recovered",
    },
}

STATES: Mapping[Language, Mapping[DeliveryState, str]] = {
    _ID: {
        DeliveryState.PENDING: "menunggu",
        DeliveryState.DELIVERED: "sampai",
        DeliveryState.SUPERSEDED: "diganti pesan yang lebih baru",
        DeliveryState.DEAD: "gagal",
    },
    _EN: {
        DeliveryState.PENDING: "waiting",
        DeliveryState.DELIVERED: "delivered",
        DeliveryState.SUPERSEDED: "replaced by a later message",
        DeliveryState.DEAD: "failed",
    },
}
