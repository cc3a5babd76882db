"""A status board that says what a test wants it to say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from monitor.checktype import MeasurementInfo
from monitor.domain.check import Check
from monitor.domain.incident import Incident
from monitor.domain.observation import (
    Failure,
    FailureKind,
    Observation,
    Outcome,
    OutcomeStatus,
    Status,
    UnknownCause,
    series,
)
from monitor.domain.service import Criticality, Service, ServiceId, Sla
from monitor.domain.state import CheckState
from monitor.domain.tally import Tally, Totals
from monitor.ports import Watched

NOON = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

HTTP_MEASUREMENTS = (
    MeasurementInfo("probe_http_duration_seconds", "Duration by phase.", ("phase",)),
    MeasurementInfo("probe_http_status_code", "Response status code."),
    MeasurementInfo("probe_ssl_earliest_cert_expiry", "Earliest expiry, as Unix time."),
    MeasurementInfo("probe_ssl_last_chain_info", "The leaf.", ("issuer", "subject")),
    MeasurementInfo("probe_tls_version_info", "TLS version.", ("version",)),
)


@dataclass
class FakeBoard:
    """Implements `ports.StatusBoard` by looking things up."""

    watched: list[Watched] = field(default_factory=list)
    listed: list[Service] = field(default_factory=list)
    statuses: dict[str, Status] = field(default_factory=dict)
    tallies: dict[str, Mapping[Status, int]] = field(default_factory=dict)
    aparts: dict[str, Totals] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    speakers: dict[str, Incident] = field(default_factory=dict)

    def checks(self) -> Sequence[Watched]:
        return self.watched

    def services(self) -> Sequence[Service]:
        return self.listed

    def service_status(self, service: ServiceId) -> Status:
        return self.statuses.get(service, Status.UNKNOWN)

    def service_tally(self, service: ServiceId) -> Mapping[Status, int]:
        return self.tallies.get(service, dict.fromkeys(Status, 0))

    def service_apart(self, service: ServiceId) -> Totals:
        return self.aparts.get(service, {})

    def incident(self, service: ServiceId) -> Incident | None:
        return self.incidents.get(service)

    def lesser_incidents(self, _service: ServiceId) -> Sequence[Incident]:
        return ()

    def speaker(self, service: ServiceId) -> Incident | None:
        return self.speakers.get(service)


def a_service(**changes: Any) -> Service:
    fields = {
        "id": "portal",
        "name": "Portal Resmi",
        "owner": "diskominfo",
        "criticality": Criticality.SANGAT_KRITIS,
        "public": True,
        "sla": Sla(target=Fraction(999, 1000), basis="SK 12/2026"),
    }
    return Service(**(fields | changes))


def a_check(**changes: Any) -> Check:
    fields = {
        "id": "portal-http",
        "service": "portal",
        "type": "http",
        "target": "https://makassarkota.go.id/",
        "interval": MINUTE,
        "timeout": timedelta(seconds=10),
        "retry_interval": timedelta(seconds=15),
    }
    return Check(**(fields | changes))


def an_outcome(**changes: Any) -> Outcome:
    fields = {
        "measurements": {
            series("probe_http_duration_seconds", phase="connect"): 0.25,
            series("probe_http_duration_seconds", phase="resolve"): 0.125,
            series("probe_http_status_code"): 200.0,
            series("probe_ssl_earliest_cert_expiry"): 1_800_000_000.0,
            series("probe_tls_version_info", version="TLS 1.3"): 1.0,
        }
    }
    return Outcome(**(fields | changes))


def observed(check: Check, outcome: Outcome | None = None, at: datetime = NOON) -> Observation:
    return Observation(
        check_id=check.id,
        vantage="balaikota",
        epoch=1,
        scheduled_at=at,
        started_at=at + timedelta(milliseconds=4),
        duration=timedelta(milliseconds=500),
        outcome=an_outcome() if outcome is None else outcome,
    )


def watch(
    check: Check,
    status: Status = Status.UP,
    outcome: Outcome | None = None,
    at: datetime = NOON,
    **state: Any,
) -> Watched:
    """Return a check that was seen once, at `at`, and has this confirmed status since then."""
    known = {"status": status, "since": at, "cause": None, "confirmed": status} | state
    return Watched(
        check=check, state=CheckState(**known), tally=Tally(), last=observed(check, outcome, at)
    )


def a_city() -> FakeBoard:
    """Return two services: a portal with a good and a failing check, and a board unseen so far."""
    good = watch(a_check(labels={"kecamatan": "Ujung Pandang"}))
    good.tally.count(None)
    good.tally.sample(0, Status.UP, 60_000_000)
    good.tally.sample(61_500_000, Status.UP, 60_000_000)
    failure = Failure(FailureKind.ANSWER, "192.0.2.8, expected 192.0.2.7")
    failing = watch(
        a_check(id="portal-dns", type="dns", target='makassarkota.go.id "A"'),
        Status.DOWN,
        Outcome(status=OutcomeStatus.FAILED, failure=failure),
        failure=failure,
    )
    failing.tally.count("answer")
    failing.tally.count("answer")
    unseen = Watched(
        check=a_check(id="sigap-http", service="sigap", target="https://sigap.example/"),
        state=CheckState(cause=UnknownCause.NO_DATA),
        tally=Tally(),
    )
    return FakeBoard(
        watched=[failing, good, unseen],
        listed=[
            a_service(),
            a_service(
                id="sigap",
                name="SIGAP",
                owner="brida",
                public=False,
                sla=None,
                depends_on=("portal",),
            ),
        ],
        statuses={"portal": Status.DOWN},
        tallies={"portal": {Status.UP: 61_500_000, Status.DOWN: 1}},
    )
