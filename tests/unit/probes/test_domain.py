"""Checks of type domain: their keys, what is remembered, and what is made of it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import ValidationError

from monitor.domain.observation import OutcomeStatus as Status
from monitor.net.rdap import Answer, Reading
from monitor.net.rdapservers import shipped
from monitor.probes.domain import DomainSpec
from monitor.probes.domain.judge import DAY, DomainConditions, judge
from monitor.probes.domain.memory import Known, from_json, informed, is_due, to_json, unheard
from monitor.probes.domain.report import facts, measurements
from tests.fakes import NOON
from tests.pages import indonesian_of, loaded_examples, page_of
from tests.registries import ABOUT, TOLD, known

NOW = NOON.timestamp()
REFRESH = DAY
GOOD = Answer(reading=Reading.KNOWN, registration=TOLD)
GONE = Answer(reading=Reading.ABSENT, detail="the registry knows no domain kota.test")
USELESS = Answer(reading=Reading.UNUSABLE, detail="status 500, expected 200")


def a_spec(**keys):
    return DomainSpec.model_validate({"domain": "makassarkota.go.id", **keys})


def busy(seconds=None):
    return Answer(reading=Reading.BUSY, detail="busy", retry_seconds=seconds)


def after(*answers):
    """Return what is known after `answers`, each as soon as it is due, and how they were spaced."""
    at, told, gaps = NOW, None, []
    for answer in answers:
        told = informed(told, answer, ABOUT, at, REFRESH)
        wait = REFRESH if told.wait is None else told.wait
        gaps.append(wait)
        at += wait
    return told, gaps


def judged(told):
    return judge(DomainConditions(min_days=30), told, NOW + 600)


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
        assert facts(a_spec(), None, NOW)["server_list"] == f"of {shipped().published}"
        assert "server_list" not in facts(a_spec(rdap_server="https://rdap.test/"), None, NOW)

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
        assert judged(after(GONE)[0]).status is Status.FAILED
        assert judged(after(GONE, USELESS)[0]).failure.detail == "the registry knows no such domain"
        assert judged(after(GONE, GOOD)[0]).status is Status.OK

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
        assert found["asked"] == "2026-06-01 06:00 UTC, 3m ago"
        assert found["last_try"] == "busy"
        assert found["expires"] == "2026-12-18, in 199.9 days"
        assert found["name_servers"] == ["ns1.test", "ns2.test"]
        assert json.dumps(found)


def test_refresh_is_a_day():
    """A registry is asked once a day unless something else is written."""
    assert a_spec().refresh == timedelta(days=1)
