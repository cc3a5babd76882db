"""Checks of type postgres and mysql: which keys go together, and what they lead to."""

import pytest
from pydantic import ValidationError

from monitor.conditions.sqlattempt import conditions_of, plan_of
from monitor.net.mysql import MySql
from monitor.net.postgres import Postgres
from monitor.net.visit import Security
from monitor.probes import check_types

TYPES = ("postgres", "mysql")
SPEAK = {"postgres": Postgres, "mysql": MySql}


def a_spec(kind, **keys):
    return check_types()[kind].spec.model_validate({"host": "db.test", **keys})


def the_plan(kind, **keys):
    return plan_of(a_spec(kind, **keys), SPEAK[kind], deadline=0.0)


@pytest.fixture
def login(tmp_path):
    path = tmp_path / "key"
    path.touch(mode=0o600)
    path.write_text("hunter22")
    return {"username": "pantau", "password": {"file": str(path)}}


@pytest.mark.parametrize(
    ("kind", "keys", "target", "security"),
    [
        ("postgres", {}, "db.test:5432", Security.NONE),
        ("postgres", {"tls": "starttls"}, "db.test:5432", Security.STARTTLS),
        ("postgres", {"tls": "implicit"}, "db.test:5432", Security.IMPLICIT),
        ("postgres", {"port": 6432, "host": "2001:db8::7"}, "[2001:db8::7]:6432", Security.NONE),
        ("mysql", {}, "db.test:3306", Security.NONE),
        ("mysql", {"tls": "starttls"}, "db.test:3306", Security.STARTTLS),
    ],
)
def test_where_a_visit_goes(kind, keys, target, security):
    """TLS is asked for where the check says so; the port is the protocol's own."""
    visit = the_plan(kind, **keys).visit

    assert a_spec(kind, **keys).target() == target
    assert visit.security is security


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"query": "SELECT 1"}, "query: give login, too"),
        ({"expect": {"role": "primary"}}, "expect.role: give login, too"),
        ({"expect": {"value": "1"}}, "expect.value: there is no query"),
        ({"expect": {"rows": 0}}, "expect.rows: there is no query"),
        ({"expect": {"rows": {"min": 2, "max": 1}}}, "min: 2 is more than max, 1"),
        ({"expect": {"rows": 1001}}, "less than or equal to 1000"),
        ({"expect": {"role": "master"}}, "role"),
        ({"expect": {"value_max": float("inf")}}, "finite"),
        ({"expect": {"value_matches": "("}}, "no RE2 expression"),
        ({"query": ""}, "query"),
        ({"query": "SELECT '\0'"}, "query"),
        ({"database": "a\0b"}, "database"),
        ({"port": 0}, "port"),
        ({"server_name": "x.test"}, "no certificate without TLS"),
    ],
    ids=str,
)
def test_mistakes_are_refused(kind, keys, told):
    """What cannot be meant is an error when the configuration is read."""
    with pytest.raises(ValidationError, match=told):
        a_spec(kind, **keys)


def test_mysql_never_begins_with_tls():
    """A server of MySQL greets in the clear, always."""
    with pytest.raises(ValidationError, match="tls"):
        a_spec("mysql", tls="implicit")


@pytest.mark.parametrize("kind", TYPES)
def test_a_password_is_not_sent_in_the_clear(kind, login):
    """Sending a password to whoever listens or answers has to be allowed in so many words."""
    for keys in ({}, {"tls": "starttls", "insecure": True}):
        with pytest.raises(ValidationError, match="login: "):
            a_spec(kind, login=login, **keys)
        assert a_spec(kind, login=login, insecure_login=True, **keys).warnings()
    assert a_spec(kind, login=login, tls="starttls").warnings() == ()


@pytest.mark.parametrize("kind", TYPES)
def test_the_password_is_a_secret(kind, login):
    """The password comes back in no outcome, whatever the server repeats."""
    assert the_plan(kind, login=login, tls="starttls").secrets == ("hunter22",)
    assert the_plan(kind).secrets == ()


def test_conditions(login):
    """Each key under `expect` becomes a condition."""
    keys = {"login": login, "tls": "starttls", "query": "SELECT 1"}
    exact = conditions_of(a_spec("postgres", **keys, expect={"rows": 3, "role": "replica"}))
    loose = conditions_of(
        a_spec("mysql", **keys, expect={"rows": {"min": 1}, "max_duration": "2s", "value": "x"})
    )

    assert (exact.rows, exact.replica) == ((3, 3), True)
    assert (loose.rows, loose.replica) == ((1, None), None)
    assert (loose.max_seconds, loose.value) == (2.0, "x")
