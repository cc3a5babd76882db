"""One message of every type, as it may look on a bad night in Makassar."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from monitor.domain.alert import (
    Alert,
    AlertType,
    CheckNotice,
    Companion,
    InstabilityNotice,
    LostNotice,
    ServiceNotice,
    UndeliveredNotice,
)
from monitor.domain.expiry import Ending, Expiry
from monitor.domain.incident import Concern
from monitor.domain.observation import UnknownCause
from monitor.domain.service import Criticality
from monitor.domain.status import Status
from tests.fakes import NOON, an_alert, an_own_alert

DNS = CheckNotice(
    id="portal-dns",
    type="dns",
    target="makassarkota.go.id A",
    status=Status.DOWN,
    since=NOON + timedelta(minutes=3),
    failure_kind="resolve_servfail",
    failure_detail="rcode: SERVFAIL, expected NOERROR",
    vantages=(("balaikota", Status.DOWN),),
)
TLS_BACK = CheckNotice(
    id="portal-tls",
    type="tls",
    target="makassarkota.go.id:443",
    status=Status.UP,
    since=NOON + timedelta(minutes=20),
    vantages=(("balaikota", Status.UP),),
)


def service_notice(id_: str, name: str) -> ServiceNotice:
    """Return what a message says of a service of Bapenda."""
    return ServiceNotice(id=id_, name=name, owner="bapenda", criticality=Criticality.PENTING)


def companion(id_: str, name: str, alert: Alert) -> Companion:
    """Return another incident, which went as that of `alert` did."""
    assert alert.incident is not None
    return Companion(
        incident=replace(alert.incident, id=f"INC-{id_}"),
        service=service_notice(id_, name),
        checks=tuple(replace(check, id=f"{id_}-http") for check in alert.checks),
    )


NAMES = {"pajak": "Pajak Daerah", "pbb": "PBB Daring"}
COMPANIONS = tuple(companion(*named, an_alert()) for named in NAMES.items())
BACK = tuple(companion(*named, an_alert(AlertType.RESOLVED)) for named in NAMES.items())


def later(kind: AlertType, **changes: object) -> Alert:
    """Return an alert about the same outage, two hours after its start."""
    return an_alert(kind, occurred_at=NOON + timedelta(hours=2), sequence=1, **changes)


SLOW = CheckNotice(
    id="portal-http",
    type="http",
    target="https://makassarkota.go.id/",
    status=Status.DEGRADED,
    since=NOON,
    failure_kind="slow",
    failure_detail="took 4.213 s, expected at most 3 s",
    vantages=(("balaikota", Status.DEGRADED),),
)
HTTP_BACK = replace(
    SLOW,
    status=Status.UP,
    since=NOON + timedelta(hours=1),
    failure_kind=None,
    failure_detail=None,
    vantages=(("balaikota", Status.UP),),
)


def degraded(kind: AlertType, **changes: Any) -> Alert:
    """Return an alert about a service that is slow."""
    alert = an_alert(kind, checks=changes.pop("checks", (SLOW,)), **changes)
    assert alert.incident is not None
    return replace(alert, incident=replace(alert.incident, concern=Concern.DEGRADATION))


CERTIFICATE = Expiry(
    of=Ending.CERTIFICATE,
    name="makassarkota.go.id:443",
    mark="ab12",
    expires_at=NOON + timedelta(days=6),
    told_days=7,
)
DOMAIN = Expiry(
    of=Ending.DOMAIN,
    name="makassarkota.go.id",
    mark="makassarkota.go.id:1780000000",
    expires_at=NOON + timedelta(days=1),
    told_days=1,
)
TLS_SOON = replace(
    TLS_BACK,
    status=Status.DEGRADED,
    failure_kind="expires_soon",
    failure_detail="expires 2026-06-07 04:00 UTC",
    vantages=(("balaikota", Status.DEGRADED),),
)


def expiring(kind: AlertType, expiry: Expiry = CERTIFICATE, **changes: Any) -> Alert:
    """Return an alert about something that expires."""
    alert = an_alert(kind, checks=changes.pop("checks", (TLS_SOON,)), **changes)
    assert alert.incident is not None
    return replace(alert, incident=replace(alert.incident, concern=Concern.EXPIRY, expiry=expiry))


def of_incident(alert: Alert) -> Companion:
    """Return what `alert` says as part of another message."""
    assert alert.incident is not None
    assert alert.service is not None
    return Companion(incident=alert.incident, service=alert.service, checks=alert.checks)


WAS_SLOW = of_incident(degraded(AlertType.RESOLVED, checks=(HTTP_BACK,)))

UNSTABLE = InstabilityNotice(
    changes=7,
    since=NOON - timedelta(minutes=24),
    within=timedelta(minutes=30),
    changed_at=NOON,
)
STABLE = replace(UNSTABLE, changes=23, changed_at=NOON + timedelta(minutes=80), over=True)
PORTAL = "Portal Resmi Kota Makassar"
LOST = (
    LostNotice(type=AlertType.FIRING, concern=Concern.OUTAGE, service=PORTAL, at=NOON),
    LostNotice(
        type=AlertType.FIRING,
        concern=Concern.DEGRADATION,
        service=PORTAL,
        at=NOON + timedelta(minutes=10),
    ),
    LostNotice(
        type=AlertType.SELF_RECOVERED,
        concern=Concern.OUTAGE,
        service="",
        at=NOON + timedelta(minutes=20),
    ),
)


SAMPLES: dict[str, Alert] = {
    "firing": an_alert(AlertType.FIRING),
    "firing-group": an_alert(AlertType.FIRING, companions=COMPANIONS),
    "firing-dependency": an_alert(
        AlertType.FIRING,
        victims=tuple(service_notice(f"s{n}", f"Layanan {n}") for n in range(1, 501)),
    ),
    "resolved-group": an_alert(AlertType.RESOLVED, sequence=2, companions=BACK),
    "resolved-dependency": an_alert(
        AlertType.RESOLVED, sequence=2, victims=(service_notice("pajak", "Pajak Daerah"),)
    ),
    "updated": later(AlertType.UPDATED, checks=(*an_alert().checks, DNS, TLS_BACK)),
    "reminder": later(AlertType.REMINDER),
    "acknowledged": later(AlertType.ACKNOWLEDGED, detail="Rina (server sedang dinyalakan ulang)"),
    "escalated": later(AlertType.ESCALATED),
    "resolved": an_alert(AlertType.RESOLVED, sequence=2),
    "resolved-untold": replace(an_alert(AlertType.RESOLVED, sequence=2), firing_undelivered=True),
    "unstable": an_alert(AlertType.FIRING, unstable=UNSTABLE),
    "unstable-group": an_alert(
        AlertType.FIRING,
        unstable=UNSTABLE,
        companions=tuple(replace(each, unstable=UNSTABLE) for each in COMPANIONS),
    ),
    "unstable-over": an_alert(AlertType.RESOLVED, sequence=2, unstable=STABLE),
    "unstable-over-group": an_alert(
        AlertType.RESOLVED,
        sequence=2,
        unstable=STABLE,
        companions=tuple(replace(each, unstable=STABLE) for each in BACK),
    ),
    "unstable-over-down": an_alert(
        AlertType.RESOLVED, sequence=2, unstable=replace(STABLE, is_down=True)
    ),
    "maintenance-started": an_alert(
        AlertType.MAINTENANCE_STARTED,
        incident=None,
        checks=(),
        detail="Pembaruan server (Kabid Infrastruktur)",
        victims=(service_notice("pajak", "Pajak Daerah"),),
        until=NOON + timedelta(hours=4),
    ),
    "maintenance-ended": an_alert(AlertType.MAINTENANCE_ENDED, incident=None, checks=()),
    "self-offline": an_own_alert(AlertType.SELF_OFFLINE, UnknownCause.SELF_OFFLINE),
    "self-offline-resolver": an_own_alert(AlertType.SELF_OFFLINE, UnknownCause.RESOLVER),
    "self-recovered": an_own_alert(AlertType.SELF_RECOVERED, UnknownCause.SELF_OFFLINE),
    "self-recovered-resolver": an_own_alert(AlertType.SELF_RECOVERED, UnknownCause.RESOLVER),
    "self-damaged": an_own_alert(AlertType.SELF_DAMAGED, "damaged-20260601T040000Z.db"),
    "self-unreported": an_own_alert(
        AlertType.SELF_UNREPORTED, "2026-10, bapenda: /var/lib/pantau: No space left on device"
    ),
    "report-filed": an_own_alert(AlertType.REPORT_FILED, "Oktober 2026, v2"),
    "self-undelivered": replace(
        an_own_alert(
            AlertType.SELF_UNDELIVERED,
            "oncall: gave up (endpoint is gone: status 410); "
            "lost: alert.firing Portal Resmi Kota Makassar 2026-06-01T04:00Z",
        ),
        undelivered=UndeliveredNotice(
            receiver="oncall", why="endpoint is gone: status 410", messages=LOST[:1]
        ),
    ),
    "self-still-trying": replace(
        an_own_alert(
            AlertType.SELF_UNDELIVERED,
            "oncall: failing since 2026-06-01T04:05Z (status 503); "
            "waiting: alert.firing Portal Resmi Kota Makassar 2026-06-01T04:00Z; "
            "alert.firing Portal Resmi Kota Makassar 2026-06-01T04:10Z; "
            "self.recovered 2026-06-01T04:20Z; and 3 more",
        ),
        undelivered=UndeliveredNotice(
            receiver="oncall",
            why="status 503",
            messages=LOST,
            failing_since=NOON + timedelta(minutes=5),
            more=3,
        ),
    ),
    "degraded": degraded(AlertType.FIRING),
    "degraded-group": degraded(
        AlertType.FIRING,
        companions=tuple(companion(*named, degraded(AlertType.FIRING)) for named in NAMES.items()),
    ),
    "degraded-reminder": degraded(AlertType.REMINDER, occurred_at=NOON + timedelta(hours=4)),
    "degraded-acknowledged": degraded(
        AlertType.ACKNOWLEDGED, detail="Rina (basis data sedang diperiksa)"
    ),
    "degraded-resolved": degraded(AlertType.RESOLVED, sequence=2, checks=(HTTP_BACK,)),
    "resolved-degraded": an_alert(AlertType.RESOLVED, sequence=2, checks=(SLOW,)),
    "resolved-both": an_alert(AlertType.RESOLVED, sequence=2, companions=(WAS_SLOW,)),
    "expiring": expiring(AlertType.FIRING),
    "expiring-domain": expiring(AlertType.FIRING, DOMAIN),
    "expiring-group": expiring(
        AlertType.FIRING,
        companions=tuple(companion(*named, expiring(AlertType.FIRING)) for named in NAMES.items()),
    ),
    "expiring-stage": expiring(AlertType.REMINDER, occurred_at=NOON + timedelta(days=5)),
    "expiring-acknowledged": expiring(
        AlertType.ACKNOWLEDGED, detail="Rina (sudah dipesan ke penerbit)"
    ),
    "renewed": expiring(
        AlertType.RESOLVED,
        replace(CERTIFICATE, until=NOON + timedelta(days=96)),
        sequence=2,
        checks=(TLS_BACK,),
    ),
    "no-longer-watched": expiring(AlertType.RESOLVED, sequence=2, checks=(TLS_BACK,)),
    "heartbeat": an_own_alert(AlertType.HEARTBEAT),
    "test": an_own_alert(AlertType.TEST),
}
