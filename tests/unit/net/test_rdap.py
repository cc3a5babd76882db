"""What is read of a registry's answer, and which registry is asked."""

import json
from datetime import UTC, datetime
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.net.policy import classify_address
from monitor.net.rdap import LARGEST_ANSWER, Reading, question, read, status_key
from monitor.net.rdapservers import ServerList, server_for, shipped
from monitor.net.urls import parse_target
from tests.fakes import NOON
from tests.registries import NAME, REGISTRAR, SERVERS, a_domain, a_response, an_error, an_event


def answer(document, status=200, name=NAME, **headers):
    return read(a_response(document, status, **headers), name, NOON)


def told(**changes):
    found = answer(a_domain(now=NOON, **changes))
    assert found.reading is Reading.KNOWN, found.detail
    return found.registration


def test_a_domain_in_order():
    """Dates, statuses, name servers, registrar and DNSSEC are read of a documented answer."""
    found = told()

    assert [datetime.fromtimestamp(at, UTC) for at in found.expires] == [
        NOON.replace(month=12, day=18)
    ]
    assert found.registered < found.changed < NOON.timestamp()
    assert found.statuses == ("client transfer prohibited", "active")
    assert found.name_servers == SERVERS
    assert found.registrar == REGISTRAR
    assert found.signed is True


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2027-03-01T00:00:00Z", "2027-03-01T00:00:00+00:00"),
        ("2027-03-01t08:00:00.123456789+08:00", "2027-03-01T00:00:00.123456+00:00"),
        ("2027-03-01", "2027-03-01T00:00:00+00:00"),
        ("2027-03-01T00:00:00", "2027-03-01T00:00:00+00:00"),
        ("2016-12-31T23:59:60Z", None),
        ("01-Mar-2027", None),
        ("9999-12-31T00:00:00Z", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("2027-03-01T00:00:00Z" + " " * 99, None),
        (1_800_000_000, None),
        (None, None),
        ([], None),
    ],
)
def test_dates(written, expected):
    """A date is read as RFC 3339 has it, and what is none is no date."""
    event = {"eventAction": "Expiration", "eventDate": written}
    found = told(events=[event]).expires

    assert [datetime.fromtimestamp(at, UTC).isoformat() for at in found] == (
        [] if expected is None else [expected]
    )


def test_several_dates_of_expiry():
    """Of several dates of expiry the earliest and the latest are told; a registrar's is none."""
    events = [an_event("expiration", days, now=NOON) for days in (300, 20, 300, 100)]
    events.append(an_event("registrar expiration", 5, now=NOON))
    first, last = told(events=events).expires

    assert (last - first) / 86_400 == 280


@pytest.mark.parametrize(
    ("document", "detail"),
    [
        (b"<html>", "the answer is no JSON object"),
        (b"", "the answer is no JSON object"),
        (b"[" * 100_000, "the answer is no JSON object"),
        (b'{"a":' + b"9" * 10_000 + b"}", "the answer is no JSON object"),
        (["domain"], "the answer is no JSON object"),
        ({}, "the answer is about something without a name, expected a domain"),
        (a_domain(objectClassName="entity"), "the answer is about entity, expected a domain"),
        (
            a_domain(ldhName="other.test"),
            f"the answer is about the domain other.test, expected {NAME}",
        ),
        (
            a_domain(unicodeName="other.test"),
            f"the answer is about the domain other.test, expected {NAME}",
        ),
        (a_domain(ldhName=None), "the answer does not say which domain it is about"),
        (
            a_domain(ldhName=7),
            f"the answer is about the domain something without a name, expected {NAME}",
        ),
    ],
)
def test_what_is_no_answer_about_the_domain(document, detail):
    """An answer that is none, or about something else, is of no use."""
    found = answer(document)

    assert (found.reading, found.detail) == (Reading.UNUSABLE, detail)


@pytest.mark.parametrize("names", [{"ldhName": "xn--bcher-kva.test."}, {"ldhName": None}])
def test_international_names(names):
    """A name in its own script and in ASCII are one."""
    found = answer(a_domain(unicodeName="Bücher.test", **names), name="xn--bcher-kva.test")

    assert found.reading is Reading.KNOWN


def test_what_is_not_there_is_not_known():
    """Members that are missing or of a wrong kind are told apart from empty ones."""
    wrong = told(
        events={}, status="active", nameservers=None, entities=[7, {"roles": 3}], secureDNS=[]
    )
    empty = told(status=[], nameservers=[])

    assert wrong.expires == ()
    assert (wrong.statuses, wrong.name_servers, wrong.registrar, wrong.signed) == (None,) * 4
    assert (empty.statuses, empty.name_servers) == ((), ())


def test_a_registrar_without_a_card():
    """Where there is no name of a registrar its handle stands for it."""
    card = {"roles": ["registrar"], "handle": "R-7", "vcardArray": ["vcard", [["fn"], 3]]}

    assert told(entities=[card]).registrar == "R-7"


@pytest.mark.parametrize(
    ("document", "status", "reading"),
    [
        (an_error(), 404, Reading.ABSENT),
        ({"errorCode": "404"}, 404, Reading.ABSENT),
        (b"<html>no such page</html>", 404, Reading.UNUSABLE),
        (b"", 404, Reading.UNUSABLE),
        ({"message": "no route"}, 404, Reading.UNUSABLE),
        (an_error(500), 404, Reading.UNUSABLE),
        (an_error(), 400, Reading.UNUSABLE),
        (a_domain(), 500, Reading.UNUSABLE),
        (a_domain(), 203, Reading.UNUSABLE),
        (a_domain(), 429, Reading.BUSY),
        (b"", 503, Reading.BUSY),
    ],
)
def test_statuses_of_http(document, status, reading):
    """Only RDAP's own 404 says that a domain is not there; a page that is lacking says nothing."""
    assert answer(document, status).reading is reading


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("120", 120.0),
        ("Mon, 01 Jun 2026 05:00:00 GMT", 3600.0),
        ("Mon, 01 Jun 2026 03:00:00 GMT", 0.0),
        ("9" * 60, 999_999_999_999.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("\u0665", None),
    ],
)
def test_retry_after(written, seconds):
    """A busy server says in seconds or by a date when to come back."""
    assert answer(b"", 429, retry_after=written).retry_seconds == seconds


def test_hostile_answers_are_bounded():
    """However long the lists of an answer are, little of them is kept, in little time."""
    many = [{"ldhName": f"ns{number}.{'a' * 60}.test"} for number in range(3_000)]
    document = a_domain(
        nameservers=many,
        status=[f"{number} status " * 20 for number in range(300)] + ["\x07", "\u00e9", 7],
        events=[an_event("expiration", number) for number in range(1, 1_500)],
        entities=[{"roles": ["registrar"], "handle": "\x1b[2J" + "x" * 5_000}] * 9,
    )
    began = process_time()
    found = answer(json.dumps(document).encode()).registration
    spent = process_time() - began

    assert len(found.name_servers) == 33
    assert len(found.statuses) == 40
    assert max(map(len, found.statuses)) <= 64
    assert len(found.expires) == 2
    assert len(found.registrar.encode()) <= 200
    assert "\x1b" not in found.registrar
    assert spent < 0.5, f"{spent:.3f} s of CPU"


def test_little_of_a_long_list_is_looked_at():
    """Of a list of an answer a hundred entries are looked at, so that none costs more."""
    idle = [an_event("transfer", 1, now=NOON)] * 100
    date = an_event("expiration", 100, now=NOON)

    assert told(events=[*idle[1:], date]).expires
    assert not told(events=[*idle, date]).expires


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
MEMBERS = st.sampled_from(
    ["status", "events", "nameservers", "entities", "secureDNS", "ldhName", "unicodeName"]
)


@given(st.dictionaries(MEMBERS, JSON | st.lists(st.dictionaries(MEMBERS, JSON), max_size=3)))
def test_any_values_are_read(members):
    """Whatever stands in an answer, it is read without a fault of ours."""
    assert answer(a_domain() | members).reading in {Reading.KNOWN, Reading.UNUSABLE}


def test_the_question():
    """A domain is asked for below the base URL, as RDAP, and the answer is bounded."""
    for server in ("https://rdap.test/rdap", "https://rdap.test/rdap/"):
        request = question(server, NAME)
        assert str(request.target) == f"https://rdap.test/rdap/domain/{NAME}"
    assert b"Accept: application/rdap+json\r\n" in request.head
    assert request.largest_body == LARGEST_ANSWER


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("clientHold", "client hold"),
        ("pendingDelete", "PENDING DELETE"),
        ("ok", "active"),
        ("linked", "associated"),
        ("redemption_period", "redemptionPeriod"),
    ],
)
def test_spellings_of_a_status(one, other):
    """A status is the same as EPP, RDAP or a hand writes it."""
    assert status_key(one) == status_key(other)


LISTED = ServerList(published="2026-09-16", servers={"id": "a", "co.id": "b", "web.co.id": "c"})


@pytest.mark.parametrize(
    ("name", "server"),
    [
        ("kota.id", "a"),
        ("kota.go.id", "a"),
        ("toko.co.id", "b"),
        ("toko.web.co.id", "c"),
        ("xco.id", "a"),
        ("kota.test", None),
        ("kota.xid", None),
    ],
)
def test_the_longest_entry_counts(name, server):
    """Of several entries that fit, the one with the most labels names the server."""
    assert server_for(name, LISTED) == server


@pytest.mark.parametrize(
    ("name", "server"),
    [
        ("makassarkota.go.id", "https://rdap.pandi.id/rdap/"),
        ("toko.co.id", "https://rdap.pandi.id/rdap/"),
        ("example.com", "https://rdap.verisign.com/com/v1/"),
        ("example.net", "https://rdap.verisign.com/net/v1/"),
        ("example.org", "https://rdap.publicinterestregistry.org/rdap/"),
    ],
)
def test_the_shipped_list(name, server):
    """The common domains are known without asking anybody."""
    assert server_for(name, shipped()) == server


def test_the_shipped_list_is_sound():
    """Every entry is an https URL with a slash at its end and a name for a host; none is double."""
    listed = shipped()

    assert datetime.fromisoformat(listed.published) < datetime(2100, 1, 1)  # noqa: DTZ001
    for domain, url in listed.servers.items():
        origin = parse_target(url).origin
        assert (domain, origin.scheme, url[-1]) == (domain.lower(), "https", "/")
        with pytest.raises(ValueError):
            classify_address(origin.host)
