"""What the first line says of what is less than an outage: of one service, and of several."""

from monitor.domain.alert import AlertType
from monitor.domain.incident import Concern
from monitor.locales import Language

HEADLINES = {
    Concern.DEGRADATION: {
        Language.ID: {
            AlertType.FIRING: "MENURUN: mutu {service} menurun sejak {since}.",
            AlertType.UPDATED: "PERKEMBANGAN: mutu {service} masih menurun, sejak {since}.",
            AlertType.REMINDER: "MASIH MENURUN: mutu {service} belum normal, sudah {length}, "
            "sejak {since}.",
            AlertType.ACKNOWLEDGED: "DITERIMA: penurunan mutu {service} sejak {since} "
            "sudah ada yang menangani.",
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
}
