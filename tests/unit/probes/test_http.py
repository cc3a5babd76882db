"""What a check of type http makes of an answer."""

import gzip
import json
from datetime import timedelta

import pytest
from pydantic import ValidationError

from monitor.conditions.http import Answer, judge
from monitor.domain.bodies import json_document, same_json, searchable
from monitor.domain.observation import Failure, FailureKind
from monitor.domain.text import visible_text
from monitor.net.resolver import Family
from monitor.probes.http import HttpSpec, request_of

URL = "https://portal.test/a?token=secret"


def a_spec(**keys):
    return HttpSpec.model_validate({"url": URL, **keys})


def an_answer(**changes):
    settings = {
        "status": 200,
        "headers": [(b"Content-Type", b"text/html; charset=utf-8")],
        "body": b"<html>Makassar</html>",
        "failure": None,
        "seconds": 0.5,
        "days_left": None,
    }
    return Answer(**(settings | changes))


def verdict(expect, **changes):
    return judge(a_spec(expect=expect).expect.conditions, an_answer(**changes))


@pytest.mark.parametrize(
    ("expect", "status", "detail"),
    [
        ({}, 200, None),
        ({}, 299, None),
        ({}, 503, "status: 503, expected 200-299"),
        ({}, 302, "status: 302, expected 200-299"),
        ({"status": [200, 301]}, 301, None),
        ({"status": ["200-299", 301]}, 404, "status: 404, expected 200-299, 301"),
        ({"status": 404}, 404, None),
        ({"status": "400-499"}, 404, None),
    ],
)
def test_status(expect, status, detail):
    """The status must be in the list of codes and ranges; the failing text carries both."""
    failure = verdict(expect, status=status)

    assert (failure and failure.detail) == detail


@pytest.mark.parametrize("status", [[], ["20x"], "299-200", 99, 600, True, [[200]], "200-"])
def test_what_is_no_status_is_refused(status):
    """A mistake in the list of statuses is an error, not a check that always fails."""
    with pytest.raises(ValidationError):
        a_spec(expect={"status": status})


@pytest.mark.parametrize(
    ("expect", "kind"),
    [
        ({"body_contains": "Makassar"}, None),
        ({"body_contains": "makassar"}, FailureKind.BODY),
        ({"body_not_contains": "Error"}, None),
        ({"body_not_contains": "Makassar"}, FailureKind.BODY),
        ({"body_matches": "(?i)MAKA+SS"}, None),
        ({"body_matches": "^Makassar"}, FailureKind.BODY),
        ({"body_not_matches": "Error \\d+"}, None),
        ({"body_not_matches": "M.k"}, FailureKind.BODY),
        ({"headers": {"content-type": "^text/html"}}, None),
        ({"headers": {"CONTENT-TYPE": "json"}}, FailureKind.HEADER),
        ({"headers": {"x-missing": ".*"}}, FailureKind.HEADER),
        ({"max_duration": "500ms"}, None),
        ({"max_duration": "499ms"}, FailureKind.SLOW),
    ],
)
def test_conditions(expect, kind):
    """Each condition passes and fails where it says so."""
    failure = verdict(expect)

    assert (failure and failure.kind) == kind


@pytest.mark.parametrize(
    ("expect", "detail"),
    [
        (
            {"body_contains": "Gowa"},
            "body of 21 bytes that begins '<html>Makassar</html>', expected to contain 'Gowa'",
        ),
        (
            {"headers": {"Content-Type": "json"}},
            "header Content-Type: 'text/html; charset=utf-8', expected to match 'json'",
        ),
        ({"headers": {"X-A": "json"}}, "header X-A: missing, expected to match 'json'"),
        ({"max_duration": "100ms"}, "took 0.500 s, expected at most 0.1 s"),
    ],
)
def test_a_failing_text_carries_the_actual_value(expect, detail):
    """What was found stands beside what was expected."""
    assert verdict(expect).detail == detail


def test_the_first_condition_that_fails_is_told():
    """Status, then headers, then a broken body, then what stands in it."""
    everything = {"headers": {"x": "y"}, "body_contains": "z", "max_duration": "1ms"}
    broken = Failure(FailureKind.TRUNCATED, "cut")

    assert verdict(everything, status=500, failure=broken).kind is FailureKind.STATUS
    assert verdict(everything, failure=broken).kind is FailureKind.HEADER
    assert verdict({"body_contains": "z"}, failure=broken) is broken


@pytest.mark.parametrize(
    ("days", "kind"), [(20.9, FailureKind.EXPIRES_SOON), (21.0, None), (None, None)]
)
def test_a_certificate_that_expires_soon(days, kind):
    """Below `min_days` the check is degraded; over http there is no certificate to look at."""
    failure = verdict({"min_days": 21}, days_left=days)

    assert (failure and failure.kind) == kind


DOCUMENT = {"status": "up", "n": 1, "ok": True, "items": [{"s": "up"}, {"s": "up"}], "none": None}


@pytest.mark.parametrize(
    ("path", "value", "detail"),
    [
        ("$.status", "up", None),
        ("$.status", "down", 'json $.status: "up", expected "down"'),
        ("$.n", 1, None),
        ("$.n", 1.0, None),
        ("$.n", True, "json $.n: 1, expected true"),
        ("$.ok", True, None),
        ("$.ok", 1, "json $.ok: true, expected 1"),
        ("$.none", None, None),
        ("$.missing", None, "json $.missing: nothing there, expected null"),
        ("$.items[*].s", "up", None),
        ("$.items[0]", {"s": "up"}, None),
        ("$..s", "up", None),
        ("$.items[?@.s=='down']", 1, "json $.items[?@.s=='down']: nothing there, expected 1"),
        ("$.items", [{"s": "up"}, {"s": "up"}], None),
    ],
)
def test_json(path, value, detail):
    """Every value that a path selects equals the expected one, and there is one at least."""
    failure = verdict({"json": {path: value}}, body=json.dumps(DOCUMENT).encode())

    assert (failure and failure.detail) == detail


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"{", b"[" * 200_000, b"[" * 100 + b"]" * 100, b"1" * 200_000, b'"\xff"'],
)
def test_hostile_json_is_a_failure(body):
    """Deep, long and broken documents fail the check, and nothing else."""
    assert verdict({"json": {"$.a": 1}}, body=body).kind is FailureKind.JSON


def test_a_document_is_at_most_64_levels_deep():
    """What is nested deeper is refused before anything walks through it."""
    assert json_document(b"[" * 64 + b"]" * 64)
    with pytest.raises(ValueError, match="64 levels"):
        json_document(b"[" * 65 + b"]" * 65)


def test_a_walk_through_a_large_document_is_refused():
    """A path that would visit a whole large document is not run on it; a plain one is."""
    body = json.dumps({"a": 1, "b": ["x"] * 100_000}).encode()

    assert "too large" in verdict({"json": {"$..a": 1}}, body=body).detail
    assert verdict({"json": {"$.a": 1}}, body=body) is None


@pytest.mark.parametrize(
    "path",
    [
        "status",
        "$.",
        "$[?match(@.a, '(a+)+$')]",
        "$[?search(@.a, 'a')]",
        "$[0,0][0,0]",
        "$..a..b",
        "$" + ".a" * 200,
    ],
)
def test_paths_that_could_take_long_are_not_offered(path):
    """What can be slow on a hostile document is refused when the configuration is read."""
    with pytest.raises(ValidationError):
        a_spec(expect={"json": {path: 1}})


def test_equality_of_json_is_strict_about_booleans():
    """true is not 1, deep down either."""
    assert same_json({"a": [1]}, {"a": [1.0]})
    assert not same_json({"a": [1]}, {"a": [True]})
    assert json_document(b'{"a": 1}') == {"a": 1}


def test_bodies_in_other_charsets_are_searched_as_text():
    """A body in ISO-8859-1 is searched for the text that people read."""
    headers = [(b"content-type", b"text/html; charset=ISO-8859-1")]

    assert searchable("Bé".encode("latin-1"), headers) == "Bé".encode()
    assert searchable(b"B\xe9", [(b"content-type", b"text/html; charset=punycode")]) == b"B\xe9"


def test_secrets_are_nowhere_but_in_the_request(tmp_path):
    """Target, warnings and repr show no credential; the request carries it."""
    token = tmp_path / "token"
    token.write_text("canary-token\n")
    token.chmod(0o600)
    spec = a_spec(bearer={"file": str(token)}, headers={"X-Key": {"file": str(token)}})

    request = request_of(spec, Family.ANY)

    assert b"Authorization: Bearer canary-token\r\n" in request.head
    assert b"X-Key: canary-token\r\n" in request.head
    for text in (spec.target(), repr(spec), str(spec.warnings()), spec.model_dump_json()):
        assert "canary" not in text
    assert spec.target() == "https://portal.test/a"


def test_a_rotated_secret_is_used_at_once(tmp_path):
    """A request with secrets is made anew for each check, any other one only once."""
    token = tmp_path / "token"
    token.write_text("old")
    token.chmod(0o600)
    spec = a_spec(bearer={"file": str(token)})
    request_of(spec, Family.ANY)
    token.write_text("new")

    assert b"Bearer new" in request_of(spec, Family.ANY).head
    plain = a_spec()
    assert request_of(plain, Family.ANY) is request_of(plain, Family.ANY)


def test_the_request_is_as_the_operator_wrote_it(tmp_path):
    """Method, headers, body and credentials go out; Host may be set; no encoding is asked for."""
    password = tmp_path / "password"
    password.write_text("pw")
    password.chmod(0o600)
    spec = a_spec(
        method="POST",
        body="{}",
        headers={"Host": "inner.test", "Content-Type": "application/json"},
        basic_auth={"username": "u", "password": {"file": str(password)}},
    )

    request = request_of(spec, Family.ANY)

    assert request.head.startswith(b"POST /a?token=secret HTTP/1.1\r\n")
    for line in (b"Host: inner.test", b"Authorization: Basic dTpwdw==", b"Content-Length: 2"):
        assert line + b"\r\n" in request.head
    assert b"portal.test" not in request.head
    assert b"accept-encoding" not in request.head.lower()
    assert request.body == b"{}"


@pytest.mark.parametrize(
    "keys",
    [
        {"headers": {"Content-Length": "3"}},
        {"headers": {"Connection": "keep-alive"}},
        {"headers": {"A B": "c"}},
        {"headers": {"Authorization": "Bearer t"}},
        {"headers": {"proxy-authorization": "Basic dTpw"}},
        {"headers": {"A": "b\r\nC: d"}},
        {"method": "get"},
        {"resolve_to": "portal.test"},
        {"resolve_to": "192.0.2.1", "ip": "ip6"},
        {"ip": "ip5"},
        {"url": "https://user:pw@portal.test/"},
        {"url": "ftp://portal.test/"},
        {"max_redirects": 0},
        {"expect": {"body_matches": "(?=a)"}},
        {"expect": {"unknown": 1}},
        {"min_tls": "SSL3"},
    ],
)
def test_mistakes_are_refused(keys):
    """What cannot be meant is an error when the configuration is read."""
    with pytest.raises(ValidationError):
        a_spec(**keys)


def test_two_ways_to_authenticate_are_one_too_many(tmp_path):
    """basic_auth, bearer and an Authorization header exclude each other."""
    token = tmp_path / "token"
    token.write_text("t")
    token.chmod(0o600)
    with pytest.raises(ValidationError, match="give one of"):
        a_spec(bearer={"file": str(token)}, headers={"authorization": {"file": str(token)}})


def test_warnings():
    """What weakens a check is warned of: no verification, credentials in the clear."""
    assert a_spec().warnings() == ()
    assert "not verified" in a_spec(insecure=True).warnings()[0]


def test_the_host_that_is_dialled():
    """`resolve_to` is dialled in place of the URL's host."""
    assert a_spec().dialled_host() == "portal.test"
    assert a_spec(resolve_to="192.0.2.1").dialled_host() == "192.0.2.1"
    assert a_spec(url="https://[2001:db8::1]:8443/").dialled_host() == "2001:db8::1"


def test_durations_are_whole():
    """max_duration counts the whole check."""
    assert a_spec(expect={"max_duration": "5s"}).expect.max_duration == timedelta(seconds=5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain é", "plain é"),
        ("a\nb\tc\rd", "a b c d"),
        ("\x1b[31mred\x00\x7f\x9b", "�[31mred���"),
        ("\u202eright\u2066to\u200fleft\u061c", "�right�to�left�"),
        ("\u2028\ud800", "��"),
        (b"\xff\xc3\xa9", "�é"),
    ],
)
def test_text_of_others_is_made_visible(text, expected):
    """Characters that steer a terminal or turn a line are replaced; the line stays one."""
    assert visible_text(text) == expected


@pytest.mark.parametrize("text", ["é" * 5000, "a" * 5000, b"\xff" * 5000, "😀" * 5000])
def test_text_of_others_is_short(text):
    """At most the limit in UTF-8 bytes comes back, never half a character."""
    shown = visible_text(text, 100)

    assert 90 < len(shown.encode()) <= 100
    assert shown.endswith("…")


def test_compressed_bodies_are_no_concern_of_the_judge():
    """The judge sees decoded bodies: compressed bytes do not contain the text."""
    assert verdict({"body_contains": "Makassar"}, body=gzip.compress(b"Makassar")) is not None
