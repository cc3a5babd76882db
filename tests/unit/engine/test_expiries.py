"""Stages at which it is told that certificates and domains expire: from a probe to the messages."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.alert import AlertType, Route
from monitor.domain.check import Affects, CheckId
from monitor.domain.expiry import expiries
from monitor.domain.incident import Acknowledgement, Concern
from monitor.domain.observation import Failure, FailureKind, Outcome, OutcomeStatus, series
from monitor.domain.status import Status
from monitor.locales import Language
from monitor.locales.messages import summary
from tests.fakes import NOON, OK, REFUSED, a_check
from tests.unit.engine.test_concerns import HTTP, Life

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
TLS = a_check(id=CheckId("portal-tls"), type="tls", failure_threshold=2)
END = NOON + 30 * DAY
DEGRADED_ONLY = (Route(receiver="team", statuses=frozenset({Status.DEGRADED})),)
FIRING, REMINDER, RESOLVED = AlertType.FIRING, AlertType.REMINDER, AlertType.RESOLVED


def certificate(end: datetime = END, mark: str = "ab12", **changes) -> Outcome:
    seen = {"fingerprint": mark, "not_after": end.timestamp()}
    return replace(OK, facts={"certificate": seen}, **changes)


def domain(end: datetime = END) -> Outcome:
    name = series("pantau_domain_expiry_timestamp_seconds")
    return replace(OK, measurements={name: end.timestamp()})


RENEWED = certificate(NOON + 400 * DAY, "cd34")
EXPIRED = replace(
    certificate(),
    status=OutcomeStatus.FAILED,
    failure=Failure(FailureKind.TLS_EXPIRED, "expired"),
)


def story(life: Life, receiver: str = "oncall") -> list[tuple[AlertType, int | None]]:
    """Return what a receiver was told of what expires, each with its stage."""
    return [
        (n.alert.type, n.alert.incident.expiry.told_days)
        for n in life.sent
        if n.receiver == receiver and n.alert.incident.expiry is not None
    ]


def days(life: Life, count: float, outcome: Outcome = None, check=HTTP) -> Life:
    """Let days go by, with a probe and a look every six hours."""
    for _ in range(int(count * 4)):
        life.now += 6 * HOUR
        life.live(outcome or certificate(), check=check)
        life.now -= timedelta(minutes=1)
    return life


ALL_STAGES = [(FIRING, 21), (REMINDER, 14), (REMINDER, 7), (REMINDER, 3), (REMINDER, 1)]


class TestStages:
    def test_each_stage_once(self):
        """A certificate that expires is told at 21, 14, 7, 3 and 1 days before its end, each once."""
        assert story(days(Life(), 30)) == ALL_STAGES

    def test_stages_of_the_configuration(self):
        """Other stages are told where the configuration says so, and none where it lists none."""
        life, silent = Life(), Life()
        life.plan = replace(life.plan, stages=(10, 2))
        silent.plan = replace(silent.plan, stages=())
        for each in (life, silent):
            each.restart()

        assert story(days(life, 30)) == [(FIRING, 10), (REMINDER, 2)]
        assert story(days(silent, 30)) == []

    def test_due_by_time_alone(self):
        """A stage is told when it begins, though the check runs seldom."""
        life = days(Life(), 10)
        life.look(END - 14 * DAY - HOUR)
        before = story(life)
        life.look(END - 14 * DAY)

        assert (before, story(life)) == (ALL_STAGES[:1], ALL_STAGES[:2])

    def test_every_route_whatever_its_status(self):
        """It goes to whom the routes name, whatever statuses they list."""
        life = Life(routes=DEGRADED_ONLY)

        assert story(days(life, 30), "team") == ALL_STAGES

    def test_missed_stages_are_not_made_up_for(self):
        """After a long stop the present stage is told, and none that was missed."""
        life = days(Life(), 10)
        life.now = END - 2 * DAY
        life.restart()

        assert story(life) == [(FIRING, 21), (REMINDER, 3)]

    def test_domain(self):
        """A domain has the stages of a certificate."""
        assert story(days(Life(), 30, domain())) == ALL_STAGES

    def test_no_outage_and_no_degradation(self):
        """What expires is no outage, and not in the figures."""
        life = days(Life(), 10)

        assert life.board.incident(HTTP.service) is None
        assert [each.concern for each in life.board.lesser_incidents(HTTP.service)] == [
            Concern.EXPIRY
        ]

    def test_two_checks_of_one_certificate(self):
        """A certificate that two checks of a service see is told once, and names both."""
        life = Life(HTTP, TLS)
        life.now = END - 20 * DAY
        life.live(certificate()).live(certificate(), check=TLS)

        assert story(life) == [(FIRING, 21)]
        assert len(life.board.lesser_incidents(HTTP.service)[0].checks) == 2

    def test_nobody_cares_where_nothing_is_verified(self):
        """Of a check with `insecure: true` no end is told, nor of one that affects nothing."""
        seen = certificate(NOON + DAY)
        insecure = replace(seen, facts={**seen.facts, "insecure": True})
        nothing = replace(HTTP, affects=Affects.NONE)

        assert Life().live(insecure).sent == []
        assert Life(nothing).live(seen, check=nothing).sent == []

    def test_chain_is_that_of_the_certificate_shown(self):
        """The end of a chain counts for the certificate that was verified by it, and for no other."""
        name = series("probe_ssl_last_chain_expiry_timestamp_seconds")
        mine, other = (
            {"fingerprint": mark, "not_after": end.timestamp()}
            for mark, end in (("ab12", NOON + 90 * DAY), ("cd34", NOON + 80 * DAY))
        )
        seen = replace(
            OK,
            facts={"certificate": mine, "certificates": [mine, other]},
            measurements={name: (NOON + 10 * DAY).timestamp()},
        )

        assert {each.mark.partition(":")[0]: each.expires_at for each in expiries(seen, HTTP)} == {
            "ab12": NOON + 10 * DAY,
            "cd34": NOON + 80 * DAY,
        }

    def test_end_of_the_chain_counts(self):
        """Where the chain ends before the certificate, that is the end."""
        name = series("probe_ssl_last_chain_expiry_timestamp_seconds")
        seen = certificate(NOON + 90 * DAY)
        life = Life().live(replace(seen, measurements={name: (NOON + 2 * DAY).timestamp()}))

        assert story(life) == [(FIRING, 3)]


class TestRenewal:
    def test_told_once(self):
        """A certificate that was replaced is told as resolved, once, with the new end."""
        life = days(days(Life(), 24), 10, RENEWED)
        end = life.sent[-1].alert

        assert story(life) == [*ALL_STAGES[:3], (RESOLVED, 7)]
        assert end.incident.expiry.until == NOON + 400 * DAY

    def test_stages_begin_anew(self):
        """The next certificate has stages of its own."""
        soon = certificate(NOON + 34 * DAY, "cd34")
        life = days(days(Life(), 24), 2, soon)

        assert story(life) == [*ALL_STAGES[:3], (FIRING, 14), (RESOLVED, 7)]

    def test_renewed_before_anybody_knew(self):
        """What is renewed while nobody was told is no news."""
        life = Life(routes=())
        days(life, 10)
        life.plan = replace(life.plan, routes=(Route(receiver="oncall"),))
        life.live(RENEWED)
        life.pipeline.replace(life.plan, life.now)
        life.live(RENEWED, RENEWED)

        assert RESOLVED not in [kind for kind, _ in story(life)]

    def test_one_server_of_several(self):
        """A target that shows an old and a new certificate in turn is not renewed."""
        life = days(Life(), 10)
        life.live(*[RENEWED, certificate()] * 10)

        assert story(life) == ALL_STAGES[:1]

    def test_back_after_all(self):
        """A certificate that comes back goes on with its next stage, and tells none again."""
        life = days(Life(), 10)
        life.live(*[RENEWED] * 3)
        days(life, 20)

        assert story(life) == [(FIRING, 21), (RESOLVED, 21), (FIRING, 14), *ALL_STAGES[2:]]

    def test_failing_check_proves_no_renewal(self):
        """A check that fails while it shows another certificate does not say that it was renewed."""
        broken = replace(RENEWED, status=OutcomeStatus.FAILED, failure=REFUSED.failure)
        life = days(Life(), 10).live(*[broken] * 5)

        assert (RESOLVED, 21) not in story(life)

    def test_domain_is_renewed(self):
        """A domain with another day of expiry was renewed."""
        life = days(days(Life(), 24, domain()), 2, domain(NOON + 395 * DAY))

        assert story(life)[-1] == (RESOLVED, 7)

    def test_check_is_gone(self):
        """What no check looks at any more ends, and the message does not say that it was renewed."""
        life = days(Life(HTTP, TLS), 10)
        life.plan = replace(life.plan, checks=(TLS,))
        life.pipeline.replace(life.plan, life.now)
        life.look(life.now)
        text = summary(life.sent[-1].alert, Language.EN, ZoneInfo("UTC"))

        assert story(life)[-1][0] is RESOLVED
        assert text.startswith("NO LONGER WATCHED")


class TestBesideOthers:
    def test_expired_is_an_outage_alone(self):
        """A certificate that has expired is an outage, told once: as down."""
        life = days(Life(), 30)
        life.now = END + HOUR
        life.live(EXPIRED, EXPIRED, EXPIRED)

        assert story(life) == ALL_STAGES
        assert life.told("oncall")[-1] == (FIRING, Concern.OUTAGE)

    def test_down_by_critical_days(self):
        """Where too few days are an outage already, later stages are not told beside it."""
        critical = replace(
            certificate(),
            status=OutcomeStatus.FAILED,
            failure=Failure(FailureKind.EXPIRES_SOON, "in 5 days"),
        )
        life = days(days(Life(), 24.5), 5, critical)

        assert story(life) == ALL_STAGES[:3]

    def test_first_seen_below_critical_days(self):
        """A certificate that fails its check from the first probe on is told as down alone."""
        critical = replace(
            certificate(NOON + 5 * DAY),
            status=OutcomeStatus.FAILED,
            failure=Failure(FailureKind.EXPIRES_SOON, "in 5 days"),
        )

        assert Life().live(*[critical] * 4).told("oncall") == [(FIRING, Concern.OUTAGE)]

    def test_told_during_another_outage(self):
        """An outage for another reason keeps no stage back."""
        life = days(Life(), 10)
        life.live(REFUSED, REFUSED, REFUSED)
        life.look(END - 14 * DAY)

        assert story(life) == ALL_STAGES[:2]

    def test_renewed_while_it_is_down(self):
        """Who knew of it hears that it was renewed, though it was down by then: once it is up."""
        life = days(Life(), 30)
        life.now = END + HOUR
        life.live(EXPIRED, EXPIRED, RENEWED, REFUSED, RENEWED)
        [incident] = (each for each in life.incidents.values() if each.concern is Concern.EXPIRY)
        assert incident.ended_at is not None
        assert story(life) == ALL_STAGES
        life.restart()
        life.live(RENEWED, RENEWED)

        assert story(life) == [*ALL_STAGES, (RESOLVED, 1)]

    def test_somebody_takes_care(self):
        """Once somebody takes care of it, no further stage is told; its end is."""
        life = days(Life(), 10)
        [incident] = life.board.lesser_incidents(HTTP.service)
        life.board.put(replace(incident, acknowledged=Acknowledgement(by="Rina", at=life.now)))
        days(days(life, 10), 2, RENEWED)

        assert [kind for kind, _ in story(life)] == [FIRING, AlertType.ACKNOWLEDGED, RESOLVED]

    def test_clock_in_doubt(self):
        """While the host's clock is in doubt no stage is told; afterwards the present one is."""
        life = Life()
        doubt = NOON + 20 * DAY
        life.pipeline.dates_wait_until = lambda now: doubt if now < doubt else None
        days(life, 19)
        before = story(life)
        days(life, 2)

        assert (before, story(life)) == ([], [(FIRING, 14)])


SEEN = st.lists(st.sampled_from((certificate(), certificate(), RENEWED, REFUSED, OK)), max_size=40)


@settings(deadline=None, max_examples=30)
@given(seen=SEEN, hours=st.integers(1, 30), stops=st.sets(st.integers(0, 40), max_size=5))
def test_stages_only_fall(seen, hours, stops):
    """Whatever is seen, each stage of a certificate is told at most once, later ones after earlier
    ones; and restarts change nothing, except that who was told is told again of what came back."""
    life = Life()
    life.now = END - 22 * DAY
    for number, outcome in enumerate(seen):
        if number in stops and outcome is not RENEWED:
            life.restart()
        life.live(outcome)
        life.now += hours * HOUR
    by_incident: dict[str, list[int]] = {}
    for n in life.sent:
        incident = n.alert.incident
        if n.receiver == "oncall" and incident.expiry and n.alert.type is not RESOLVED:
            by_incident.setdefault(incident.id, []).append(incident.expiry.told_days)

    for told in by_incident.values():
        assert told == sorted(set(told), reverse=True)


@settings(deadline=None, max_examples=30)
@given(stops=st.sets(st.integers(0, 120), max_size=10))
def test_restart_tells_no_stage_twice(stops):
    """A restart at any moment tells the same stages, each once, under the same ids."""
    steady, shaken = days(Life(), 30), Life()
    for number in range(120):
        if number in stops:
            shaken.restart()
        days(shaken, 0.25)

    assert [n.id for n in shaken.sent] == [n.id for n in steady.sent]


def test_days_are_those_of_the_calendar():
    """The message counts days as people do, in the city's zone: so they agree with the date."""
    life = Life()
    life.now = datetime(2026, 6, 24, 15, 0, tzinfo=UTC)
    life.live(certificate(datetime(2026, 6, 30, 17, 0, tzinfo=UTC)))
    text = summary(life.sent[0].alert, Language.ID, ZoneInfo("Asia/Makassar"))

    assert "habis masa berlaku dalam 7 hari (1 Juli 2026)." in text
