"""What a check of type journey may be told, what it reads out of pages, and what it keeps quiet."""

import pytest
from pydantic import ValidationError

from monitor.domain.observation import (
    Failure,
    FailureKind,
    Outcome,
    OutcomeStatus,
    UnknownCause,
    series,
)
from monitor.fields import Secret
from monitor.net.resolver import Family
from monitor.probes.journey import JourneySpec
from monitor.probes.journey.carried import Carried
from monitor.probes.journey.report import Taken, together
from monitor.probes.journey.request import request_of
from monitor.probes.journey.walk import deadline_of
from tests.pages import indonesian_of, loaded_examples

BASE = "https://portal.test/app"
PASSWORD = Secret(("env", "PASSWORD"), "hunter2&co")


def a_spec(*steps, **keys):
    written = {"base_url": BASE, "secrets": {"password": PASSWORD}, "steps": list(steps), **keys}
    return JourneySpec.model_validate(written)


def a_step(name="one", **keys):
    return {"name": name, "path": "/one", **keys}


GIVES = a_step("gives", extract={"token": {"input": "t"}})


def fault(*steps, **keys):
    with pytest.raises(ValidationError) as caught:
        a_spec(*steps, **keys)
    return caught.value.errors()[0]["msg"].removeprefix("Value error, ")


def test_example(tmp_path):
    """The page's example is a configuration."""
    [check] = loaded_examples("journey", tmp_path)

    assert [step.name for step in check.spec.steps] == ["form", "login", "permohonan", "logout"]
    assert "langkah" in indonesian_of("journey")


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([{"name": "a"}], "give one of url and path"),
        ([a_step(url="https://a.test/")], "give one of url and path"),
        ([a_step(path="one")], "path: 'one' is no path: it begins with /, or is one ${…}"),
        ([{"name": "a", "url": "ftp://a.test/"}], "url: 'ftp://a.test/' is no URL"),
        ([{"name": "a", "url": "https://${host}/"}], "url: a host is written out"),
        ([{"name": "a", "url": "https://a.test:${port}/"}], "url: a host is written out"),
        ([{"name": "a", "url": "${u}"}], "url: 'x' is no URL"),
        ([a_step(path="/${a")], "'/${a': write ${name}, ${secret.name}, or $${ for ${"),
        ([a_step(path="/${A}")], "'/${A}': write ${name}"),
        ([a_step(json={"a": ["${B}"]})], "json: '${B}': write ${name}"),
        ([a_step(form={"a": "b"}, body="c")], "give one of form, json and body"),
        ([a_step(body="c", json=None)], "give one of form, json and body"),
        ([a_step(method="HEAD", expect={"body_contains": "a"})], "method: an answer to HEAD"),
        ([a_step(headers={"Host": "a.test", "HOST": "b.test"})], "headers.HOST: it is given twice"),
        ([a_step(method="HEAD", extract={"a": {"input": "a"}})], "method: an answer to HEAD"),
        ([a_step(headers={"Cookie": "sid=1"})], "headers.Cookie: it is a secret"),
        ([a_step(headers={"X": "a\nb"})], "headers.X: the value of a header has no control"),
        ([a_step(extract={"a": {}})], "give one of input, meta"),
        ([a_step(extract={"a": {"input": "a", "meta": "b"}})], "give one of input, meta"),
        ([a_step(extract={"A": {"input": "a"}})], "'A' is no name of a value"),
        ([a_step("Login")], "String should match pattern"),
        ([], "steps: write one at least"),
        ([a_step(f"s{n}") for n in range(21)], "Tuple should have at most 20 items"),
        ([a_step("a"), a_step("a")], "steps: step 2 (a): a step before has this name"),
        ([a_step(path="/${token}")], "steps: step 1 (one): ${token}: no step before extracts it"),
        (
            [a_step("gives", path="/${token}", extract={"token": {"input": "t"}})],
            "steps: step 1 (gives): ${token}: no step before extracts it",
        ),
        ([a_step(body="${secret.pin}")], "steps: step 1 (one): ${secret.pin}: there is no pin"),
        (
            [
                a_step(f"s{n}", extract={f"v{n}_{m}": {"meta": "t"} for m in range(7)})
                for n in (1, 2, 3)
            ],
            "steps: 21 values are extracted: at most 20",
        ),
    ],
)
def test_mistakes_are_told(steps, told):
    """A step that can't run is refused when the configuration is read, and named."""
    assert fault(*steps).startswith(told)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"base_url": None}, "steps: step 1 (one): path: give base_url, too"),
        ({"base_url": "https://a.test/?b=c"}, "base_url: it has no query"),
        ({"client_key_file": __file__}, "client_key_file: give client_cert_file, too"),
        ({"secrets": {"password": "hunter2"}}, "a secret is not written into the configuration"),
    ],
)
def test_mistakes_of_the_whole_are_told(keys, told):
    """What the steps share is looked at as well."""
    assert fault(a_step(), **keys).startswith(told)


def test_warnings():
    """A secret that goes in the clear, one that nobody needs and trust in anybody are warned of."""
    steps = [{"name": "a", "url": "http://a.test/${secret.password}"}]

    spec = a_spec(*steps, secrets={"password": PASSWORD, "pin": PASSWORD}, insecure=True)

    assert spec.warnings() == (
        "insecure: certificates are not verified",
        "secrets.pin: no step uses it",
        "step a: a secret is sent in the clear, over http",
    )


def test_what_is_shown_of_it():
    """The target is the base, or the first step's URL without its query."""
    alone = a_spec({"name": "a", "url": "http://a.test/x?${secret.password}"}, base_url=None)

    assert (a_spec(a_step()).target(), a_spec(a_step()).dialled_host()) == (BASE, "portal.test")
    assert (alone.target(), alone.dialled_host()) == ("http://a.test/x", "a.test")


def request(*steps, **values):
    spec = a_spec(GIVES, *steps)
    carried = Carried(secrets={"password": "hunter2&co"}, values={"token": "a b&c", **values})
    return request_of(spec, spec.steps[-1], carried, Family.ANY)


@pytest.mark.parametrize(
    ("keys", "path", "body", "content_type"),
    [
        ({"path": "/x/${token}?q=${token}"}, "/app/x/a%20b%26c?q=a%20b%26c", b"", None),
        (
            {"form": {"t": "${token}"}},
            "/app/one",
            b"t=a+b%26c",
            "application/x-www-form-urlencoded",
        ),
        ({"json": {"t": "${token}"}}, "/app/one", b'{"t": "a b&c"}', "application/json"),
        ({"json": None}, "/app/one", b"null", "application/json"),
        ({"body": "<${token}>"}, "/app/one", b"<a b&c>", None),
        ({"form": {}, "headers": {"content-type": "a/b"}}, "/app/one", b"", "a/b"),
    ],
)
def test_values_are_written_as_their_place_needs(keys, path, body, content_type):
    """A value cannot break out of a URL or a form, and is JSON in JSON."""
    made = request(a_step(**keys))

    sent = {name.lower(): value for name, value in made.sent}
    assert (made.target.path, made.body, sent.get("content-type")) == (path, body, content_type)
    assert made.method == ("POST" if {"form", "json", "body"} & keys.keys() else "GET")


@pytest.mark.parametrize(
    ("token", "leads"),
    [
        ("/do?a=1&b=2", "https://portal.test/do?a=1&b=2"),
        ("do", "https://portal.test/do"),
        ("https://portal.test/x", "https://portal.test/x"),
        ("https://named.test/x", "https://named.test/x"),
        ("https://evil.test/x", "it leads to https://evil.test, which the check does not name"),
        ("http://portal.test/x", "it leads to http://portal.test, which the check does not name"),
        ("//evil.test/", "it leads to https://evil.test, which the check does not name"),
        ("https://portal.test:8443/", "it leads to https://portal.test:8443, which"),
        ("https://portal.test@evil.test/", "the host of the URL can be read in more than one way"),
        ("javascript:alert(1)", "'javascript:alert(1)' is no URL"),
    ],
)
def test_a_value_as_a_path_leads_to_named_servers_only(token, leads):
    """A URL out of a page is followed to servers that the check names, by scheme, host and port."""
    steps = ({"name": "other", "url": "https://named.test/a/${token}"}, a_step(path="${token}"))
    try:
        found = str(request(*steps, token=token).target)
    except ValueError as error:
        found = str(error)

    assert found.startswith(leads)


def steps_of(*timeouts):
    made = [
        a_step(f"s{n}", **({} if timeout is None else {"timeout": timeout, "always_run": True}))
        for n, timeout in enumerate(timeouts)
    ]
    return a_spec(*made).steps


@pytest.mark.parametrize(
    ("timeouts", "at", "until"),
    [
        ([None, None], 0, 110.0),
        ([None, "3s"], 0, 107.0),
        ([None, "2s", "1s"], 0, 107.0),
        ([None, "3s"], 1, 103.0),
        ([None, "30s"], 0, 105.0),
        (["20s"], 0, 110.0),
    ],
)
def test_time_that_a_step_has(timeouts, at, until):
    """A step has what is left of the journey's time but what later `always_run` steps ask for, at
    least half of it, and no more than its own timeout.
    """
    assert deadline_of(steps_of(*timeouts), at, now=100.0, whole=110.0) == until


def taken(name, number, status=OutcomeStatus.OK, kind=None, **keys):
    failure = None if kind is None else Failure(kind, "why")
    return Taken(name=name, number=number, outcome=Outcome(status=status, failure=failure, **keys))


FAILED, DEGRADED, UNKNOWN = OutcomeStatus.FAILED, OutcomeStatus.DEGRADED, OutcomeStatus.UNKNOWN
EXPIRY = series("probe_ssl_earliest_cert_expiry")


def test_the_first_failure_speaks():
    """What failed first speaks, whatever failed or degraded before and after it."""
    found = together(
        [
            taken("a", 1, DEGRADED, FailureKind.SLOW),
            taken("b", 2, FAILED, FailureKind.STATUS),
            Taken(name="c", number=3, skipped="step 2 (b) failed"),
            taken("d", 4, FAILED, FailureKind.BODY),
        ]
    )

    assert (found.status, found.failure) == (FAILED, Failure(FailureKind.STATUS, "step 2 (b): why"))
    assert found.facts["steps"][2] == {
        "name": "c",
        "outcome": "skipped",
        "detail": "step 2 (b) failed",
    }


def test_one_answer_proves_that_we_are_online():
    """What any step was answered is told of the whole, also when the last one reached nobody."""
    found = together(
        [taken("a", 1, answered=True), taken("b", 2, FAILED, FailureKind.CONNECT_TIMEOUT)]
    )

    assert found.answered


def test_a_fault_of_ours_is_no_failure_of_the_target():
    """A step that failed by our own fault makes the whole unknown, with its cause."""
    found = together([taken("a", 1), taken("b", 2, UNKNOWN, cause=UnknownCause.LOCAL)])

    assert (found.status, found.cause) == (UNKNOWN, UnknownCause.LOCAL)


def test_numbers_of_steps():
    """The earliest certificate of all steps counts; a step that passed only just has passed."""
    found = together(
        [
            taken("a", 1, measurements={EXPIRY: 9.0}, facts={"phases": {"tls": 0.5}}),
            taken("b", 2, DEGRADED, FailureKind.SLOW, measurements={EXPIRY: 5.0}),
        ]
    )

    assert found.measurements[EXPIRY] == 5.0
    assert found.measurements[series("pantau_journey_step_success", step="b")] == 1.0
    name = "pantau_journey_step_duration_seconds"
    assert found.measurements[series(name, step="a", phase="tls")] == 0.5
