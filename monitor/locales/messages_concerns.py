"""What the first line says of what is less than an outage: of one service, and of several."""

from collections.abc import Mapping
from datetime import datetime, tzinfo

from monitor.domain.alert import AlertType
from monitor.domain.expiry import Ending, Expiry
from monitor.domain.incident import Concern
from monitor.domain.text import visible_text
from monitor.locales import Language
from monitor.locales.dates import short_date_text
from monitor.locales.numbers import decimal

HEADLINES = {
    Concern.DEGRADATION: {
        Language.ID: {
            AlertType.FIRING: "MENURUN: mutu {service} menurun sejak {since}.",
            AlertType.UPDATED: "PERKEMBANGAN: mutu {service} masih menurun, sejak {since}.",
            AlertType.REMINDER: "MASIH MENURUN: mutu {service} belum normal, sudah {length}, "
            "sejak {since}.",
            AlertType.ACKNOWLEDGED: "DITANGANI: penurunan mutu {service} sejak {since} "
            "sedang ditangani.",
            AlertType.RESOLVED: "NORMAL LAGI: mutu {service} sudah normal sejak {ended}. "
            "Penurunan berlangsung {length}, sejak {since}.",
        },
        Language.EN: {
            AlertType.FIRING: "DEGRADED: {service} has been degraded since {since}.",
            AlertType.UPDATED: "UPDATE: {service} is still degraded, since {since}.",
            AlertType.REMINDER: "STILL DEGRADED: {service} has not been normal for {length}, "
            "since {since}.",
            AlertType.ACKNOWLEDGED: "ACKNOWLEDGED: somebody takes care of {service}, "
            "degraded since {since}.",
            AlertType.RESOLVED: "BACK TO NORMAL: {service} has been normal again since {ended}. "
            "It was degraded for {length}, since {since}.",
        },
    },
    Concern.EXPIRY: {
        Language.ID: {
            AlertType.FIRING: "MASA BERLAKU: {Thing} habis masa berlaku {soon} ({end}).",
            AlertType.REMINDER: "MASA BERLAKU: {Thing} habis masa berlaku {soon} ({end}).",
            AlertType.ACKNOWLEDGED: "DITANGANI: {thing}, yang habis masa berlaku pada {end}, "
            "sedang ditangani.",
            AlertType.RESOLVED: "DIPERBARUI: {Thing} sudah diperbarui, berlaku sampai {until}.",
        },
        Language.EN: {
            AlertType.FIRING: "EXPIRES SOON: {Thing} expires {soon} ({end}).",
            AlertType.REMINDER: "EXPIRES SOON: {Thing} expires {soon} ({end}).",
            AlertType.ACKNOWLEDGED: "ACKNOWLEDGED: somebody takes care of {thing}, "
            "which expires on {end}.",
            AlertType.RESOLVED: "RENEWED: {Thing} was renewed, and is good until {until}.",
        },
    },
}

# What ended because no check looks at it any more.
GONE = {
    Language.ID: "TIDAK DIPANTAU LAGI: {Thing}, yang habis masa berlaku pada {end}.",
    Language.EN: "NO LONGER WATCHED: {thing}, which expires on {end}.",
}

GROUP_HEADLINES = {
    Concern.DEGRADATION: {
        Language.ID: {
            AlertType.FIRING: "MENURUN: mutu {count} layanan menurun; {service} sejak {since}.",
            AlertType.UPDATED: "PERKEMBANGAN: mutu {count} layanan masih menurun; {service} sejak "
            "{since}.",
            AlertType.REMINDER: "MASIH MENURUN: mutu {count} layanan belum normal; {service} sudah "
            "{length}, sejak {since}.",
            AlertType.RESOLVED: "NORMAL LAGI: {count} layanan sudah normal; {service} sejak "
            "{ended}, setelah {length}.",
        },
        Language.EN: {
            AlertType.FIRING: "DEGRADED: {count} services are degraded; {service} since {since}.",
            AlertType.UPDATED: "UPDATE: {count} services are still degraded; {service} since "
            "{since}.",
            AlertType.REMINDER: "STILL DEGRADED: {count} services are not back to normal; "
            "{service} for {length}, since {since}.",
            AlertType.RESOLVED: "BACK TO NORMAL: {count} services are normal again; {service} "
            "since {ended}, after {length}.",
        },
    },
    Concern.EXPIRY: {
        Language.ID: {
            AlertType.FIRING: "MASA BERLAKU: {Thing} dan {others} layanan lain habis masa berlaku "
            "{soon} ({end}).",
            AlertType.REMINDER: "MASA BERLAKU: {Thing} dan {others} layanan lain habis masa "
            "berlaku {soon} ({end}).",
            AlertType.RESOLVED: "DIPERBARUI: {Thing} dan {others} layanan lain sudah diperbarui, "
            "berlaku sampai {until}.",
        },
        Language.EN: {
            AlertType.FIRING: "EXPIRES SOON: {Thing} and {others} other services expires {soon} "
            "({end}).",
            AlertType.REMINDER: "EXPIRES SOON: {Thing} and {others} other services expires {soon} "
            "({end}).",
            AlertType.RESOLVED: "RENEWED: {Thing} and {others} other services was renewed, and is "
            "good until {until}.",
        },
    },
}

_THINGS = {
    Language.ID: {
        Ending.CERTIFICATE: "sertifikat {service}",
        Ending.DOMAIN: "domain {name} ({service})",
    },
    Language.EN: {
        Ending.CERTIFICATE: "the certificate of {service}",
        Ending.DOMAIN: "the domain {name} of {service}",
    },
}
_SOON = {
    Language.ID: ("hari ini", "dalam 1 hari", "dalam {days} hari"),
    Language.EN: ("today", "in 1 day", "in {days} days"),
}
_NAME_BYTES = 160


def expiry_values(
    expiry: Expiry, service: str, at: datetime, language: Language, zone: tzinfo
) -> Mapping[str, str]:
    """Return what a headline says of something that expires, as seen at `at`: what, and when.

    Days are those of the calendar, so that they agree with the date beside them.
    """
    thing = _THINGS[language][expiry.of].format(
        service=service, name=visible_text(expiry.name, _NAME_BYTES)
    )
    until = expiry.until or expiry.expires_at
    days = (expiry.expires_at.astimezone(zone).date() - at.astimezone(zone).date()).days
    soon = _SOON[language][max(0, min(days, 2))]
    return {
        "thing": thing,
        "Thing": thing[:1].upper() + thing[1:],
        "soon": soon.format(days=decimal(days, language)),
        "end": short_date_text(expiry.expires_at.astimezone(zone).date(), language),
        "until": short_date_text(until.astimezone(zone).date(), language),
    }
