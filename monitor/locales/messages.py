"""What messages say, in plain words: what, since when, why, who answers for it, how long it was.

A person who was asleep a minute ago reads them, so the first line says it all.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from monitor.domain.alert import Alert, AlertType, CheckNotice, ServiceNotice
from monitor.domain.incident import Concern
from monitor.domain.observation import UnknownCause
from monitor.domain.status import Status
from monitor.domain.text import visible_text
from monitor.locales import Language
from monitor.locales.dates import duration_text, moment_text, time_text, zone_text
from monitor.locales.messages_advice import failure_advice
from monitor.locales.messages_concerns import GONE, GROUP_HEADLINES, HEADLINES, expiry_values
from monitor.locales.messages_reasons import failure_text
from monitor.locales.messages_undelivered import receiver_text, undelivered_lines
from monitor.locales.messages_unstable import unstable_headline, unstable_values
from monitor.locales.numbers import decimal

LARGEST_BYTES = 1024

_NAME_BYTES = 160
_DETAIL_BYTES = 240
_OWN_DETAIL_BYTES = 640
_LISTED_BYTES = 60
_MOST_LISTED = 5
_MOST_CHECKS = 4
_MOST_RUNBOOKS = 2
_MOST_ADVICE = 2

_HEADLINES = {
    Language.ID: {
        AlertType.FIRING: "GANGGUAN: {service} terganggu sejak {since}.",
        AlertType.UPDATED: "PERKEMBANGAN: {service} masih terganggu, sejak {since}.",
        AlertType.REMINDER: "MASIH GANGGUAN: {service} belum pulih, sudah {length}, sejak {since}.",
        AlertType.ACKNOWLEDGED: "DITANGANI: gangguan {service} sejak {since} sedang ditangani.",
        AlertType.ESCALATED: "ESKALASI: gangguan {service} sejak {since} "
        "belum ditangani siapa pun.",
        AlertType.RESOLVED: "PULIH: {service} sudah pulih sejak {ended}. "
        "Gangguan berlangsung {length}, sejak {since}.",
        AlertType.MAINTENANCE_STARTED: "PEMELIHARAAN TERJADWAL: {service}, mulai {at}, "
        "sampai {until}.",
        AlertType.MAINTENANCE_ENDED: "PEMELIHARAAN SELESAI: {service}, pada {at}.",
        AlertType.SELF_OFFLINE: "PANTAU TERPUTUS: jaringan pemantau sendiri mati sejak {at}. "
        "Keadaan semua layanan tidak diketahui; ini belum tentu gangguan layanan.",
        AlertType.SELF_RECOVERED: "PANTAU TERSAMBUNG LAGI: jaringan pemantau pulih pada {at}. "
        "Pemeriksaan layanan berjalan kembali.",
        AlertType.SELF_UNDELIVERED: "PESAN TIDAK SAMPAI: {receiver} tidak menerima pesan "
        "dari Pantau ({at}). Periksa penerima ini, dan sampaikan pesannya lewat jalan lain.",
        AlertType.SELF_DAMAGED: "BASIS DATA RUSAK: basis data Pantau rusak dan disisihkan pada "
        "{at}. Pemantauan berjalan terus dengan basis data baru. Periksa disk, lalu pulihkan "
        "cadangan terakhir (pantau db restore): tanpa itu angka sebelumnya tidak ada.",
        AlertType.SELF_UNREPORTED: "LAPORAN BELUM JADI: laporan ketersediaan yang dijadwalkan "
        "gagal dibuat ({at}), dan dicoba lagi setiap jam. Pemantauan berjalan terus.",
        AlertType.REPORT_FILED: "LAPORAN TERBIT: laporan ketersediaan layanan tersimpan pada {at}.",
        AlertType.HEARTBEAT: "PANTAU BERJALAN: pemeriksaan berjalan baik pada {at}.",
        AlertType.TEST: "UJI COBA: pesan percobaan dari Pantau, {at}. "
        "Tidak ada gangguan dan tidak perlu tindakan.",
    },
    Language.EN: {
        AlertType.FIRING: "DOWN: {service} has been failing since {since}.",
        AlertType.UPDATED: "UPDATE: {service} is still failing, since {since}.",
        AlertType.REMINDER: "STILL DOWN: {service} has not recovered for {length}, since {since}.",
        AlertType.ACKNOWLEDGED: "ACKNOWLEDGED: somebody takes care of {service}, "
        "down since {since}.",
        AlertType.ESCALATED: "ESCALATED: nobody takes care of {service} yet, down since {since}.",
        AlertType.RESOLVED: "RECOVERED: {service} has been well again since {ended}. "
        "The outage lasted {length}, since {since}.",
        AlertType.MAINTENANCE_STARTED: "PLANNED MAINTENANCE: {service}, from {at} until {until}.",
        AlertType.MAINTENANCE_ENDED: "MAINTENANCE OVER: {service}, at {at}.",
        AlertType.SELF_OFFLINE: "PANTAU IS OFFLINE: the monitor's own network has been down since "
        "{at}. How services fare is unknown; they may well be up.",
        AlertType.SELF_RECOVERED: "PANTAU IS BACK ONLINE: the monitor's network recovered on {at}. "
        "Checks are running again.",
        AlertType.SELF_UNDELIVERED: "MESSAGES NOT DELIVERED: {receiver} does not get Pantau's "
        "messages ({at}). Look after it, and pass the messages on another way.",
        AlertType.SELF_DAMAGED: "DATABASE DAMAGED: Pantau's database was damaged, and set aside on "
        "{at}. Monitoring goes on with a new one. Look at the disk, and put back the last backup "
        "(pantau db restore): without it there are no figures of before.",
        AlertType.SELF_UNREPORTED: "REPORT NOT FILED: a scheduled report on availability could "
        "not be made ({at}), and is tried again each hour. Monitoring goes on.",
        AlertType.REPORT_FILED: "REPORT FILED: a report on availability was filed on {at}.",
        AlertType.HEARTBEAT: "PANTAU IS RUNNING: checks were going well at {at}.",
        AlertType.TEST: "TEST: a trial message from Pantau, {at}. "
        "Nothing is down and nothing needs to be done.",
    },
}

_RESOLVER_HEADLINES = {
    Language.ID: {
        AlertType.SELF_OFFLINE: "PANTAU TANPA DNS: server nama (DNS) pemantau tidak menjawab sejak "
        "{at}. Layanan yang dicari lewat nama tidak dapat diperiksa; ini belum tentu gangguan "
        "layanan.",
        AlertType.SELF_RECOVERED: "DNS PANTAU PULIH: server nama (DNS) pemantau menjawab lagi pada "
        "{at}.",
    },
    Language.EN: {
        AlertType.SELF_OFFLINE: "PANTAU HAS NO DNS: the monitor's own name server has not answered "
        "since {at}. Services that are found by name can't be checked; they may well be up.",
        AlertType.SELF_RECOVERED: "PANTAU'S DNS IS BACK: the monitor's name server answered again "
        "on {at}.",
    },
}

_WORDS = {
    Language.ID: {
        "owner": "Penanggung jawab",
        "why": "Sebab",
        "left": "Tetapi mutunya masih menurun",
        "up": "pulih",
        "also": "Juga",
        "victims": "Ikut terganggu karena bergantung padanya",
        "still": "Belum pulih",
        "others": "dan {count} layanan lain",
        "more": "dan {count} pemeriksaan lain",
        "undelivered": "Pesan gangguannya tidak sempat terkirim; "
        "ini pesan pertama tentang gangguan itu.",
        "after_the_fact": "Pemeliharaan ini baru dicatat setelah dimulai.",
        "note": "Keterangan",
        "by": "Ditangani oleh",
        "runbook": "Panduan",
        "advice": "Langkah pertama",
        "unnamed": "layanan",
    },
    Language.EN: {
        "owner": "Owner",
        "why": "Why",
        "left": "But it is still degraded",
        "up": "well again",
        "also": "Also",
        "victims": "Down with it, since they depend on it",
        "still": "Not yet well again",
        "others": "and {count} other services",
        "more": "and {count} other checks",
        "undelivered": "The message that it was down could not be sent; "
        "this is the first about it.",
        "after_the_fact": "This work was put down only after it had begun.",
        "note": "Note",
        "by": "By",
        "runbook": "Runbook",
        "advice": "First step",
        "unnamed": "a service",
    },
}

# Of several incidents at once: the service named is the gravest of them.
_GROUP_HEADLINES = {
    Language.ID: {
        AlertType.FIRING: "GANGGUAN: {count} layanan terganggu; {service} sejak {since}.",
        AlertType.UPDATED: "PERKEMBANGAN: {count} layanan masih terganggu; {service} sejak "
        "{since}.",
        AlertType.REMINDER: "MASIH GANGGUAN: {count} layanan belum pulih; {service} sudah "
        "{length}, sejak {since}.",
        AlertType.RESOLVED: "PULIH: {count} layanan sudah pulih; {service} sejak {ended}, "
        "setelah {length}.",
    },
    Language.EN: {
        AlertType.FIRING: "DOWN: {count} services are failing; {service} since {since}.",
        AlertType.UPDATED: "UPDATE: {count} services are still failing; {service} since {since}.",
        AlertType.REMINDER: "STILL DOWN: {count} services have not recovered; {service} for "
        "{length}, since {since}.",
        AlertType.RESOLVED: "RECOVERED: {count} services are well again; {service} since {ended}, "
        "after {length}.",
    },
}

# The headline says these in words.
_CAUSES = frozenset(UnknownCause)
_OTHERS = {
    AlertType.RESOLVED: "still",
    AlertType.MAINTENANCE_STARTED: "also",
    AlertType.MAINTENANCE_ENDED: "also",
}
_WITH_CHECKS = {
    AlertType.FIRING,
    AlertType.UPDATED,
    AlertType.REMINDER,
    AlertType.ESCALATED,
}


def summary(alert: Alert, language: Language, zone: tzinfo) -> str:
    """Return what `alert` says, in a few lines of at most 1 KB together, times in `zone`."""
    lines = [
        _headline(alert, language).format_map(_values(alert, language, zone)),
        *_owner(alert, language),
        *_companions(alert, language),
        *_victims(alert, language),
        *_undelivered(alert, language),
        *_after_the_fact(alert, language),
        *_note(alert, language),
        *_lost(alert, language, zone),
        *_checks(alert, language, zone),
        *_runbooks(alert, language),
        *_advice(alert, language),
    ]
    return _cut("\n".join(lines))


def title(alert: Alert, language: Language) -> str:
    """Return in a few words what `alert` is about, on one line, at most 200 characters."""
    word = _headline(alert, language).partition(":")[0]
    if alert.service is None:
        return word
    count = len(_other_services(alert))
    return f"{word}: {_name(alert, language)}" + (f" (+{count})" if count else "")


def _headline(alert: Alert, language: Language) -> str:
    if alert.detail == UnknownCause.RESOLVER and alert.type in _RESOLVER_HEADLINES[language]:
        return _RESOLVER_HEADLINES[language][alert.type]
    expiry = alert.incident.expiry if alert.incident else None
    if expiry is not None and alert.type is AlertType.RESOLVED and expiry.until is None:
        return GONE[language]
    several = bool(_other_services(alert))
    if unstable := unstable_headline(alert, language, several=several):
        return unstable
    single, groups = _HEADLINES[language], _GROUP_HEADLINES[language]
    if alert.concern is not Concern.OUTAGE:
        single = {**single, **HEADLINES[alert.concern][language]}
        groups = {**groups, **GROUP_HEADLINES[alert.concern][language]}
    return groups[alert.type] if several and alert.type in groups else single[alert.type]


def _values(alert: Alert, language: Language, zone: tzinfo) -> Mapping[str, str]:
    until = alert.until or alert.occurred_at
    values = {
        "until": moment_text(until, zone, language),
        "at": moment_text(alert.occurred_at, zone, language),
        "service": _name(alert, language),
        "count": decimal(1 + len(_other_services(alert)), language),
        "others": decimal(len(_other_services(alert)), language),
        "receiver": receiver_text(alert.undelivered, language),
    }
    if alert.unstable is not None:
        values |= unstable_values(alert.unstable, language, zone)
    incident = alert.incident
    if incident is None:
        return {**values, "since": values["at"], "ended": values["at"], "length": "–"}
    ended_at = incident.ended_at or alert.occurred_at
    if incident.expiry is not None:
        values |= expiry_values(
            incident.expiry, values["service"], alert.occurred_at, language, zone
        )
    return {
        **values,
        "since": moment_text(incident.started_at, zone, language),
        "ended": moment_text(ended_at, zone, language),
        "length": duration_text(ended_at - incident.started_at, language, units=2),
    }


def _name(alert: Alert, language: Language) -> str:
    if alert.service is None:
        return _WORDS[language]["unnamed"]
    return visible_text(alert.service.name or alert.service.id, _NAME_BYTES)


def _owner(alert: Alert, language: Language) -> list[str]:
    if alert.service is None:
        return []
    return [f"{_WORDS[language]['owner']}: {visible_text(alert.service.owner, _NAME_BYTES)}"]


def _companions(alert: Alert, language: Language) -> list[str]:
    named = _other_services(alert)
    if not named:
        return []
    owner = alert.service.owner if alert.service else None
    return [f"{_WORDS[language]['also']}: {_listed(named, len(named), language, owner)}"]


def _other_services(alert: Alert) -> Sequence[ServiceNotice]:
    """Return the companions' services, each once: one may have had several outages by now."""
    own = alert.service.id if alert.service else None
    found = {each.service.id: each.service for each in alert.companions}
    return [service for service_id, service in found.items() if service_id != own]


def _victims(alert: Alert, language: Language) -> list[str]:
    """Return the line of services that are down because of this one, or still are at its end."""
    if not alert.victims:
        return []
    named = _listed(alert.victims, alert.victims_total, language)
    return [f"{victims_label(alert, language)}: {named}"]


def victims_label(alert: Alert, language: Language) -> str:
    """Return what the victims of `alert` are to it."""
    return _WORDS[language][_OTHERS.get(alert.type, "victims")]


def _listed(
    services: Sequence[ServiceNotice], total: int, language: Language, owner: str | None = None
) -> str:
    """Return the first names of `total`.

    Where `owner` is named already, those of others stand beside.
    """
    shown = [_named(each, owner) for each in services[:_MOST_LISTED]]
    text = ", ".join(shown)
    if total <= len(shown):
        return text
    count = decimal(total - len(shown), language)
    return f"{text} {_WORDS[language]['others'].format(count=count)}"


def _named(service: ServiceNotice, owner: str | None) -> str:
    name = visible_text(service.name or service.id, _LISTED_BYTES)
    if owner is None or service.owner == owner:
        return name
    return f"{name} ({visible_text(service.owner, _LISTED_BYTES)})"


def _undelivered(alert: Alert, language: Language) -> list[str]:
    return [_WORDS[language]["undelivered"]] if alert.firing_undelivered else []


def _after_the_fact(alert: Alert, language: Language) -> list[str]:
    return [_WORDS[language]["after_the_fact"]] if alert.after_the_fact else []


def _note(alert: Alert, language: Language) -> list[str]:
    if not alert.detail or alert.detail in _CAUSES or alert.undelivered is not None:
        return []
    label = "by" if alert.type is AlertType.ACKNOWLEDGED else "note"
    return [f"{_WORDS[language][label]}: {visible_text(alert.detail, _OWN_DETAIL_BYTES)}"]


def _lost(alert: Alert, language: Language, zone: tzinfo) -> list[str]:
    if alert.undelivered is None:
        return []
    return undelivered_lines(alert.undelivered, _word, language, zone)


def _word(kind: AlertType, concern: Concern, language: Language) -> str:
    """Return what a message of a kind is called: the word that it begins with."""
    lines = {**_HEADLINES[language], **HEADLINES.get(concern, {}).get(language, {})}
    return lines[kind].partition(":")[0]


def _checks(alert: Alert, language: Language, zone: tzinfo) -> list[str]:
    """Return a line for each of the first checks that still fail, then for those that are back."""
    if alert.type is AlertType.RESOLVED:
        left = (check for check in alert.checks if check.status is Status.DEGRADED)
        return [_check(check, language, zone, "left") for check in left][:_MOST_CHECKS]
    if alert.type not in _WITH_CHECKS:
        return []
    checks = sorted(alert.checks, key=lambda check: check.status is Status.UP)
    lines = [_check(check, language, zone) for check in checks[:_MOST_CHECKS]]
    if len(checks) > _MOST_CHECKS:
        count = decimal(len(checks) - _MOST_CHECKS, language)
        lines.append(_WORDS[language]["more"].format(count=count))
    return lines


def _check(check: CheckNotice, language: Language, zone: tzinfo, label: str = "why") -> str:
    words, check_id = _WORDS[language], visible_text(check.id, _NAME_BYTES)
    if check.status is Status.UP:
        return f"{check_id}: {words['up']} {_clock(check.since, zone, language)}"
    detail = visible_text(check.failure_detail or "", _DETAIL_BYTES)
    reason = failure_text(check.failure_kind, language, check.type)
    return f"{words[label]}: {reason} ({check_id}{': ' if detail else ''}{detail})"


def _runbooks(alert: Alert, language: Language) -> list[str]:
    if alert.type not in _WITH_CHECKS:
        return []
    failing = (check for check in alert.checks if check.status is not Status.UP)
    links = dict.fromkeys(check.runbook for check in failing if check.runbook)
    word = _WORDS[language]["runbook"]
    return [f"{word}: {visible_text(link, _NAME_BYTES)}" for link in list(links)[:_MOST_RUNBOOKS]]


def _advice(alert: Alert, language: Language) -> list[str]:
    """Return what to do about the checks that fail and have no runbook of their own.

    Where several fail, each step names the first check that it is for.
    """
    if alert.type not in _WITH_CHECKS:
        return []
    failing = [check for check in alert.checks if check.status is not Status.UP]
    first: dict[str, CheckNotice] = {}
    for check in failing:
        text = failure_advice(check.failure_kind, language, check.type)
        if text and not check.runbook:
            first.setdefault(text, check)
    word = _WORDS[language]["advice"]
    return [
        f"{word} ({visible_text(check.id, _NAME_BYTES)}): {text}"
        if len(failing) > 1
        else f"{word}: {text}"
        for text, check in list(first.items())[:_MOST_ADVICE]
    ]


def _clock(at: datetime, zone: tzinfo, language: Language) -> str:
    return f"{time_text(at, zone, language)} {zone_text(at, zone)}"


def _cut(text: str) -> str:
    octets = text.encode()
    if len(octets) <= LARGEST_BYTES:
        return text
    return octets[: LARGEST_BYTES - 3].decode(errors="ignore") + "…"
