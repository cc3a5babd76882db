"""Checks of type domain: their keys, what is remembered, and what is made of it."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from pydantic import ValidationError

from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import OutcomeStatus as Status
from monitor.domain.observation import UnknownCause
from monitor.net.rdap import Answer, Reading, Registration
from monitor.net.rdapservers import shipped
from monitor.probes.domain import DomainSpec
from monitor.probes.domain.judge import DAY, DomainConditions, judge
from monitor.probes.domain.memory import Known, from_json, informed, is_due, to_json, unheard
from monitor.probes.domain.report import facts, measurements
from tests.fakes import NOON
from tests.pages import indonesian_of, loaded_examples, page_of

NOW = NOON.timestamp()
REFRESH = DAY
ABOUT = "kota.test https://rdap.test/"
TOLD = Registration(
    expires=(NOW + 200 * DAY,),
    registered=NOW - 900 * DAY,
    changed=NOW - 30 * DAY,
    statuses=("active", "client transfer prohibited"),
    name_servers=("ns1.test", "ns2.test"),
    registrar="PT Registrar Contoh",
    signed=True,
)
GOOD = Answer(reading=Reading.KNOWN, registration=TOLD)
GONE = Answer(reading=Reading.ABSENT, detail="the registry knows no domain kota.test")
USELESS = Answer(reading=Reading.UNUSABLE, detail="status 500, expected 200")


def a_spec(**keys):
    return DomainSpec.model_validate({"domain": "makassarkota.go.id", **keys})


def busy(seconds=None):
    return Answer(reading=Reading.BUSY, detail="busy", retry_seconds=seconds)


def known(**changes):
    return Known(about=ABOUT, asked_at=NOW, learned_at=NOW, registration=replace(TOLD, **changes))


def after(*answers):
    """Return what is known after `answers`, each as soon as it is due, and how they were spaced."""
    at, told, gaps = NOW, None, []
    for answer in answers:
        told = informed(told, answer, ABOUT, at, REFRESH)
        wait = REFRESH if told.wait is None else told.wait
        gaps.append(wait)
        at += wait
    return told, gaps


def judged(told, *, now=NOW, **conditions):
    found = judge(DomainConditions(**{"min_days": 30, **conditions}), told, now)
    return (
        found.status,
        found.failure and found.failure.kind,
        found.failure and found.failure.detail,
    )


class TestKeys:
    def test_example(self, tmp_path):
        """The page's example is a configuration, and the page is there in both languages."""
        [check] = loaded_examples("domain", tmp_path)

        assert check.spec.critical_days == 7
        assert check.check.target == "makassarkota.example.id"
        assert "Gangguan bila" in indonesian_of("domain")

    def test_the_page_says_of_when_the_list_is(self):
        """The page and every result tell of which day the list of servers is."""
        assert f"of {shipped().published};" in page_of("domain")
        assert facts(a_spec(), None, NOW)["server_list_of"] == shipped().published
        assert "server_list_of" not in facts(a_spec(rdap_server="https://rdap.test/"), None, NOW)

    @pytest.mark.parametrize(
        "keys",
        [
            {"domain": "id"},
            {"domain": "192.0.2.7"},
            {"domain": "2001:db8::1"},
            {"domain": "a b.id"},
            {"domain": "kota.invalid"},
            {"min_days": -1},
            {"critical_days": 31},
            {"refresh": "59m"},
            {"refresh": "4d"},
            {"expires_on": "2027-02-30"},
            {"expires_on": "1 March 2027"},
            {"expires_on": 1_800_000_000},
            {"rdap": False},
            {"rdap": False, "expires_on": "2027-03-01", "rdap_server": "https://rdap.test/"},
            {"rdap": False, "expires_on": "2027-03-01", "expect": {"registrar": "PT"}},
            {"rdap_server": "https://rdap.test/?key=1"},
            {"rdap_server": "ftp://rdap.test/"},
            {"ip": "both"},
            {"expect": {"statuses": ["clientTransferProhibted"]}},
            {"expect": {"nameservers": ["ns 1"]}},
            {"expect": {"registrar": ""}},
            {"insecure": True},
        ],
        ids=str,
    )
    def test_mistakes_are_refused(self, keys):
        """What cannot be meant is an error when the configuration is read."""
        with pytest.raises(ValidationError):
            a_spec(**keys)

    def test_a_domain_without_a_known_registry(self):
        """Where the list names no server one is named, or the date is stated by hand."""
        with pytest.raises(ValidationError, match=r"no RDAP server is known for kota\.invalid"):
            a_spec(domain="kota.invalid")

        assert a_spec(domain="kota.invalid", rdap_server="https://rdap.test/x").server
        assert a_spec(domain="kota.invalid", rdap=False, expires_on="2027-03-01").server is None

    def test_whom_it_dials(self):
        """It dials the registry, or the proxy before it; others may probe nothing by it."""
        assert a_spec().dialled_host() == "rdap.pandi.id"
        assert a_spec(proxy="http://proxy.test:3128").dialled_host() == "proxy.test"
        assert a_spec(rdap=False, expires_on="2027-03-01").dialled_host() is None
        assert a_spec().probed() == ()
        assert a_spec(rdap_server="http://rdap.test/").warnings()

    def test_an_international_name(self):
        """A name in its own script is asked for in ASCII."""
        assert a_spec(domain="Bücher.com").target() == "xn--bcher-kva.com"


class TestMemory:
    def test_an_answer_holds_for_a_refresh(self):
        """After a usable answer the registry is left alone until `refresh` has passed."""
        told, _ = after(GOOD)

        assert not is_due(told, NOW, REFRESH)
        assert not is_due(told, NOW + DAY - 1, REFRESH)
        assert is_due(told, NOW + DAY, REFRESH)
        assert is_due(told, NOW + 3_600, refresh=3_600)

    def test_a_clock_that_was_set_back_asks(self):
        """What was asked in the future of the clock keeps nobody from asking."""
        assert is_due(after(GOOD)[0], NOW - 1, REFRESH)
        assert is_due(None, NOW, REFRESH)

    def test_useless_answers_are_spaced(self):
        """A registry that gives no usable answer is asked less and less often."""
        assert after(*[USELESS] * 5)[1] == [600, 3_600, 21_600, 21_600, 21_600]
        assert after(USELESS, GOOD, USELESS)[1] == [600, DAY, 600]
        told = unheard(None, "no route", ABOUT, NOW, 600.0)
        assert (told.wait, told.said, told.learned_at) == (600.0, "no route", None)

    @pytest.mark.parametrize(
        ("asked", "waits"),
        [(None, 3_600), (0.0, 60), (7_200.0, 7_200), (40 * DAY, 7 * DAY), (1e300, 7 * DAY)],
    )
    def test_a_busy_registry_says_when(self, asked, waits):
        """A busy registry is left alone for as long as it says, from a minute to a week."""
        assert after(busy(asked))[0].wait == waits

    def test_useless_answers_leave_what_is_known(self):
        """What was learned stays through answers that tell nothing."""
        told, _ = after(GOOD, USELESS, busy(60.0))

        assert told.registration == TOLD
        assert told.learned_at == NOW
        assert told.said == "busy"

    def test_a_domain_that_was_there_is_gone_only_when_said_twice(self):
        """One denial of a registered domain is not believed, the next one ten minutes later is."""
        once, gaps = after(GOOD, GONE)
        twice, _ = after(GOOD, GONE, GONE)

        assert gaps[-1] == 600
        assert once.registration == TOLD
        assert (twice.registration, twice.learned_at) == (None, NOW + DAY + 600)

    def test_a_domain_that_never_was_is_told_at_once(self):
        """Of a domain that was never seen the first denial counts: most likely it is misspelt."""
        assert judged(after(GONE)[0])[:2] == (Status.FAILED, Kind.ANSWER)
        assert judged(after(GONE, USELESS)[0])[2] == "the registry knows no such domain"
        assert judged(after(GONE, GOOD)[0], now=NOW + 600)[0] is Status.OK

    def test_what_is_remembered_comes_back(self):
        """What is known outlives a restart as JSON, and is forgotten when the question changes."""
        for told in (after(GOOD)[0], after(GONE)[0], after(GOOD, busy(60.0))[0]):
            written = json.loads(json.dumps(to_json(told)))
            assert from_json(written, ABOUT) == told
            assert from_json(written, "other.test https://rdap.test/") is None

    @pytest.mark.parametrize(
        "memory",
        [
            {},
            {"about": ABOUT},
            {"about": ABOUT, "asked_at": NOW, "later": 1},
            {"about": ABOUT, "asked_at": NOW, "registration": {"x": 1}},
            {"about": ABOUT, "asked_at": NOW, "registration": 7},
        ],
    )
    def test_a_memory_of_another_form_is_forgotten(self, memory):
        """What another version remembered is no reason to fail."""
        assert from_json(memory, ABOUT) is None

    def test_the_largest_memory_fits(self):
        """However much a registry tells, what is kept of it fits into what a check may remember."""
        large = replace(
            TOLD,
            expires=(NOW + 0.123456, NOW + DAY),
            statuses=("a" * 64,) * 40,
            name_servers=("a" * 253,) * 33,
            registrar="\u00e9" * 100,
        )
        told = Known(
            about=f"{'a' * 253} {'b' * 2048}",
            asked_at=NOW,
            wait=1e5,
            tries=99,
            said="\u00e9" * 150,
            learned_at=NOW,
            registration=large,
        )

        assert len(json.dumps(to_json(told))) <= 16_384


class TestJudgement:
    @pytest.mark.parametrize(
        ("days", "status"),
        [
            (30.01, Status.OK),
            (29.99, Status.DEGRADED),
            (7.01, Status.DEGRADED),
            (6.99, Status.FAILED),
            (0.0, Status.FAILED),
            (-3.0, Status.FAILED),
        ],
    )
    def test_days_left(self, days, status):
        """Below `min_days` it is degraded; below `critical_days`, and once expired, it fails."""
        told = known(expires=(NOW + days * DAY,))

        assert judged(told, critical_days=7)[0] is status

    def test_expiry_is_told_with_the_date(self):
        """The date, the days that are left and what is expected stand in the detail."""
        assert judged(known(expires=(NOW + 9 * DAY,))) == (
            Status.DEGRADED,
            Kind.EXPIRES_SOON,
            "expires 2026-06-10, in 9.0 days, expected at least 30",
        )
        assert judged(known(expires=(NOW - 2.5 * DAY,)))[2] == "expired 2026-05-29, 2.5 days ago"

    def test_time_passes_between_questions(self):
        """The same memory is judged afresh: days run on without a question."""
        assert judged(known(expires=(NOW + 31 * DAY,)), now=NOW)[0] is Status.OK
        assert judged(known(expires=(NOW + 31 * DAY,)), now=NOW + 2 * DAY)[0] is Status.DEGRADED

    @pytest.mark.parametrize(
        "status", ["client hold", "serverHold", "pending delete", "redemption period"]
    )
    def test_a_name_that_is_on_hold(self, status):
        """A status that takes the name out of the DNS, or is about to, is down."""
        assert judged(known(statuses=("active", status))) == (
            Status.FAILED,
            Kind.ANSWER,
            f"status: {status}",
        )

    @pytest.mark.parametrize(
        "status",
        [
            "client delete prohibited",
            "server transfer prohibited",
            "pending update",
            "auto renew period",
        ],
    )
    def test_what_only_protects_is_fine(self, status):
        """A status that forbids a change is no fault."""
        assert judged(known(statuses=(status,)))[0] is Status.OK

    @pytest.mark.parametrize(
        ("expected", "detail"),
        [
            ({"statuses": ("clienttransferprohibited",)}, None),
            (
                {"statuses": ("serverhold",)},
                "status: active, client transfer prohibited, expected serverhold among them",
            ),
            ({"not_statuses": ("pendingtransfer",)}, None),
            ({"not_statuses": ("active",)}, "status: active"),
            ({"name_servers": ("ns1.test", "ns2.test")}, None),
            (
                {"name_servers": ("ns1.test",)},
                "name servers: ns1.test, ns2.test, expected ns1.test",
            ),
            (
                {"name_servers": ("ns1.test", "ns3.test")},
                "name servers: ns1.test, ns2.test, expected ns1.test, ns3.test",
            ),
            ({"registrar": "registrar CONTOH"}, None),
            ({"registrar": "Lain"}, "registrar: PT Registrar Contoh, expected 'Lain' in it"),
        ],
        ids=str,
    )
    def test_expectations(self, expected, detail):
        """What is expected is exact about name servers, and what was seen is told."""
        assert judged(known(), **expected)[2] == detail

    def test_everything_wrong_is_told_at_once(self):
        """Several faults stand in one detail."""
        told = known(statuses=("server hold",), name_servers=())

        assert judged(told, name_servers=("ns1.test",))[2] == (
            "status: server hold; name servers: none, expected ns1.test"
        )

    @pytest.mark.parametrize(
        ("changes", "expected", "why"),
        [
            ({"expires": ()}, {}, "the registry gives no date of expiry: state it with expires_on"),
            ({"statuses": None}, {"statuses": ("active",)}, "the registry tells no status"),
            (
                {"name_servers": None},
                {"name_servers": ("a.test",)},
                "the registry tells no name servers",
            ),
            ({"registrar": None}, {"registrar": "PT"}, "the registry tells no registrar"),
            (
                {"registered": NOW + 300 * DAY},
                {},
                "the registry's dates contradict each other: registered 2027-03-28, expires 2026-12-18",
            ),
            (
                {"expires": (NOW + 20 * DAY, NOW + 385 * DAY)},
                {},
                "the registry gives several dates of expiry: 2026-06-21 and 2027-06-21",
            ),
        ],
        ids=str,
    )
    def test_what_cannot_be_decided_is_unknown(self, changes, expected, why):
        """Without what is needed to judge, or with what contradicts itself, nothing is up."""
        found = judge(DomainConditions(min_days=30, **expected), known(**changes), NOW)

        assert (found.status, found.cause) == (Status.UNKNOWN, UnknownCause.NO_DATA)
        assert found.failure.detail == f"cannot decide: {why}"

    def test_several_dates_that_say_the_same(self):
        """Two dates of expiry that are both far are no matter; both past is expired."""
        assert judged(known(expires=(NOW + 100 * DAY, NOW + 465 * DAY)))[0] is Status.OK
        assert judged(known(expires=(NOW - 9 * DAY, NOW - 8 * DAY)))[0] is Status.FAILED

    def test_a_fault_is_told_before_a_doubt(self):
        """What is known to be wrong counts although something else cannot be decided."""
        assert judged(known(expires=(), statuses=("client hold",)))[0] is Status.FAILED

    def test_a_stated_date_fills_in(self):
        """Where the registry gives no date, the operator's counts."""
        stated = {"stated": date(2027, 3, 1)}

        assert judged(known(expires=()), **stated)[0] is Status.OK
        assert judged(known(expires=()), now=NOW + 6 * DAY, stated=date(2026, 6, 20))[:2] == (
            Status.DEGRADED,
            Kind.EXPIRES_SOON,
        )

    @pytest.mark.parametrize(
        ("days", "status"),
        [
            (-2, Status.DEGRADED),
            (-0.9, Status.OK),
            (0, Status.OK),
            (1.9, Status.OK),
            (2, Status.DEGRADED),
            (365, Status.DEGRADED),
        ],
    )
    def test_a_stated_date_is_checked(self, days, status):
        """A date by hand that is not the registry's, but for what a zone makes, is degraded."""
        midnight = (date(2027, 3, 1) - date(1970, 1, 1)).total_seconds()
        told = known(expires=(midnight + days * DAY,))
        found = judged(told, stated=date(2027, 3, 1))

        assert found[0] is status
        assert found[1] is (None if status is Status.OK else Kind.CHANGED)

    def test_the_registry_counts_before_the_stated_date(self):
        """Where both are there the registry's date decides."""
        assert judged(known(), stated=date(2026, 1, 1))[:2] == (Status.DEGRADED, Kind.CHANGED)

    def test_old_knowledge_is_none(self):
        """What was learned more than seven days ago tells nothing any more."""
        told = replace(known(), said="status 500, expected 200")

        assert judged(told, now=NOW + 7 * DAY)[0] is Status.OK
        assert judged(told, now=NOW + 7 * DAY + 1) == (
            Status.UNKNOWN,
            Kind.ANSWER,
            "cannot decide: the registry last told something 2026-06-01: status 500, expected 200",
        )

    def test_nothing_learned_yet(self):
        """Before the first answer nothing is known, but a stated date that is near counts."""
        told = unheard(None, "no route", ABOUT, NOW, REFRESH)

        assert judged(told)[2] == "cannot decide: the registry has told nothing yet: no route"
        assert judged(told, stated=date(2027, 3, 1))[0] is Status.UNKNOWN
        assert judged(told, stated=date(2026, 6, 9))[0] is Status.DEGRADED
        assert judged(told, stated=date(2026, 5, 9))[0] is Status.FAILED

    def test_by_hand_alone(self):
        """With nobody to ask the stated date decides by itself."""
        assert judged(None, asks=False, stated=date(2027, 3, 1))[0] is Status.OK
        assert judged(None, asks=False, stated=date(2026, 6, 9))[0] is Status.DEGRADED


class TestReport:
    def test_numbers(self):
        """What is known is a number under its name, what is not is absent."""
        found = {name: value for (name, _), value in measurements(a_spec(), known()).items()}

        assert found == {
            "pantau_domain_expiry_timestamp_seconds": NOW + 200 * DAY,
            "pantau_domain_registered_timestamp_seconds": NOW - 900 * DAY,
            "pantau_domain_changed_timestamp_seconds": NOW - 30 * DAY,
            "pantau_domain_held": 0.0,
            "pantau_domain_last_answer_timestamp_seconds": NOW,
        }
        assert measurements(a_spec(), None) == {}
        stated = a_spec(expires_on="2027-03-01")
        assert list(measurements(stated, known(expires=())).values())[0] == 1_803_859_200.0  # noqa: RUF015

    def test_facts_tell_their_age(self):
        """Facts say when they were learned, and why the last question brought nothing."""
        told = replace(known(), asked_at=NOW + 7_200, said="busy")
        found = facts(a_spec(), told, NOW + 2 * 3_600 + 185)

        assert found["learned"] == "2026-06-01 04:00 UTC, 2h3m ago"
        assert found["last_question"] == "2026-06-01 06:00 UTC, 3m ago"
        assert found["last_try"] == "busy"
        assert found["expires"] == "2026-12-18, in 199.9 days"
        assert found["name_servers"] == ["ns1.test", "ns2.test"]
        assert json.dumps(found)


def test_refresh_is_a_day():
    """A registry is asked once a day unless something else is written."""
    assert a_spec().refresh == timedelta(days=1)
