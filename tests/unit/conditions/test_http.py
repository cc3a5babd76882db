"""Which condition on an HTTP answer is broken first, and how that is told."""

import pytest

from monitor.conditions.cel import Cel
from monitor.conditions.http import (
    Answer,
    BodyRule,
    Condition,
    HeaderRule,
    HttpConditions,
    JsonRule,
    first_broken,
    judge,
)
from monitor.domain.observation import Failure, FailureKind
from monitor.fields.jsonpath import JsonPath
from monitor.fields.patterns import Pattern

DAY = 86_400.0


def an_answer(**changes):
    settings = {
        "status": 200,
        "headers": [(b"Server", b"nginx"), (b"Via", b"a"), (b"VIA", b"b")],
        "body": b'{"status": "up"}',
        "failure": None,
        "seconds": 0.5,
        "days_left": 30.0,
        "age_seconds": 2 * DAY,
        "version": "1.1",
        "tls": True,
    }
    return Answer(**(settings | changes))


def detail(conditions, **changes):
    failure = judge(HttpConditions(**conditions), an_answer(**changes))
    return failure and failure.detail


def header(name, pattern, **how):
    return {"headers": (HeaderRule(name, Pattern(pattern), **how),)}


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (header("server", "^nginx$", matches=True), None),
        (header("via", "b", matches=True), None),
        (header("via", "c", matches=True), "header via: 'a', 'b', expected to match 'c'"),
        (header("via", "c", matches=False), None),
        (header("via", "b", matches=False), "header via: 'a', 'b', expected not to match 'b'"),
        (header("age", ".*", matches=True), "header age: missing, expected to match '.*'"),
        (header("age", "x", matches=False), "header age: missing, expected not to match 'x'"),
        (header("age", "x", matches=True, allow_missing=True), None),
        (header("age", "x", matches=False, allow_missing=True), None),
        (
            header("server", "y", matches=True, allow_missing=True),
            "header server: 'nginx', expected to match 'y'",
        ),
    ],
)
def test_headers(conditions, expected):
    """One value must match, or none may; a missing header breaks both unless it may be missing."""
    assert detail(conditions) == expected


@pytest.mark.parametrize(
    ("pattern", "matches", "passes"),
    [
        (Pattern("UP|up"), True, True),
        (Pattern("UP|up"), False, False),
        (Pattern("^x"), True, False),
        (Pattern("^x"), False, True),
        ('"up"', True, True),
        ('"up"', False, False),
        (".*", True, False),
        (".*", False, True),
    ],
)
def test_body_rules(pattern, matches, passes):
    """A pattern is searched for, a text is looked for as it is; each must be there, or must not."""
    rule = BodyRule(pattern, matches=matches)

    assert (judge(HttpConditions(body=(rule,)), an_answer()) is None) is passes


def test_every_body_rule_counts():
    """The first rule that does not hold is told, also when it is the last."""
    rules = (BodyRule("up", matches=True), BodyRule(Pattern("status"), matches=False))

    assert detail({"body": rules}).endswith("expected not to match 'status'")


@pytest.mark.parametrize(
    ("conditions", "changes", "expected"),
    [
        ({"versions": ("2", "3")}, {"version": "2"}, None),
        ({"versions": ("2", "3")}, {}, "HTTP version: 1.1, expected 2 or 3"),
        ({"tls": True}, {}, None),
        ({"tls": True}, {"tls": False}, "the last response came without TLS, expected TLS"),
        ({"tls": False}, {"tls": False}, None),
        ({"tls": False}, {}, "the last response came over TLS, expected none"),
        ({"max_age_seconds": 3 * DAY}, {}, None),
        ({"max_age_seconds": DAY}, {}, "last modified: 2d ago, expected at most 1d ago"),
        ({"max_age_seconds": DAY}, {"age_seconds": -60.0}, None),
        (
            {"max_age_seconds": DAY},
            {"age_seconds": None},
            "last modified: no date that can be read, expected at most 1d ago",
        ),
        ({"min_days": 31}, {}, "certificate expires in 30.0 days, expected at least 31"),
    ],
)
def test_the_rest(conditions, changes, expected):
    """Version, TLS, age and certificate: the detail has what was found and what was expected."""
    assert detail(conditions, **changes) == expected


def test_cel():
    """An expression must come to true, another must not; an error in either breaks it."""
    up, down, lost = Cel('body.status == "up"'), Cel('body.status == "down"'), Cel("body.x")

    assert detail({"cel_matches": up, "cel_not_matches": down}) is None
    assert detail({"cel_matches": down}) == 'cel body.status == "down": false, expected true'
    assert detail({"cel_not_matches": up}) == 'cel body.status == "up": true, expected false'
    assert detail({"cel_not_matches": lost}) == "cel body.x: no such key: x, expected false"
    assert judge(HttpConditions(cel_matches=lost), an_answer()).kind is FailureKind.JSON


BROKEN = Failure(FailureKind.TRUNCATED, "cut")
IN_ORDER = [
    (Condition.STATUS, {"statuses": ((404, 404),)}, {}),
    (Condition.HEADERS, header("age", "x", matches=True), {}),
    (Condition.WHOLE_BODY, {}, {"failure": BROKEN}),
    (Condition.BODY, {"body": (BodyRule("x", matches=True),)}, {}),
    (Condition.CEL, {"cel_matches": Cel("body.x")}, {}),
    (Condition.JSON, {"json": (JsonRule(JsonPath("$.x"), 1),)}, {}),
    (Condition.DURATION, {"max_duration_seconds": 0.1}, {}),
    (Condition.AGE, {"max_age_seconds": 1.0}, {}),
    (Condition.VERSION, {"versions": ("3",)}, {}),
    (Condition.TLS, {"tls": False}, {}),
    (Condition.CERTIFICATE, {"min_days": 99}, {}),
]


@pytest.mark.parametrize("first", range(len(IN_ORDER)), ids=lambda n: IN_ORDER[n][0].name)
def test_order(first):
    """Conditions are tried in blackbox_exporter's order, and the first that is broken is told."""
    conditions, changes = {}, {}
    for _, condition, change in IN_ORDER[first:]:
        conditions |= condition
        changes |= change

    broken = first_broken(HttpConditions(**conditions), an_answer(**changes))

    assert broken.condition is IN_ORDER[first][0]


def test_no_condition_holds_for_everything():
    """Whatever is left at its default asks for nothing but a status of success."""
    assert judge(HttpConditions(), an_answer(body=b"", age_seconds=None, days_left=None)) is None


@pytest.mark.parametrize(
    ("conditions", "kept"),
    [
        ({}, False),
        (header("server", "x", matches=True), False),
        ({"body": (BodyRule("x", matches=False),)}, True),
        ({"json": (JsonRule(JsonPath("$.x"), 1),)}, True),
        ({"cel_not_matches": Cel("body.x")}, True),
    ],
)
def test_a_body_that_nobody_looks_at_need_not_be_kept(conditions, kept):
    """Only conditions on what stands in the body need it."""
    assert HttpConditions(**conditions).read_the_body is kept
