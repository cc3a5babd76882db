"""Checks of type redis: which keys go together, and the numbers that come of an answer."""

import pytest
from pydantic import ValidationError

from monitor.domain.observation import series
from monitor.probes.redis import RedisSpec, measured


@pytest.fixture
def login(tmp_path):
    path = tmp_path / "redis.key"
    path.touch(mode=0o600)
    path.write_text("rahasia")
    return {"password": {"file": str(path)}}


def a_spec(**keys):
    return RedisSpec.model_validate({"host": "cache.test", **keys})


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"tls": "starttls"}, "tls: Redis knows no STARTTLS: write implicit or none"),
        ({"ca_file": "/etc/hostname"}, "ca_file: there is no certificate without TLS"),
        ({"database": -1}, "database"),
        ({"expect": {"role": "slave"}}, "expect.role"),
        ({"tls": "implicit", "min_days": 3, "critical_days": 5}, "critical_days: 5 is more than"),
        ({"login": {"password": "rahasia"}}, "a secret is not written into the configuration"),
    ],
    ids=str,
)
def test_mistakes_are_refused(keys, told):
    """What cannot be meant is an error when the configuration is read."""
    with pytest.raises(ValidationError, match=told):
        a_spec(**keys)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({}, "login: in the clear the password could be read by others"),
        ({"tls": "implicit", "insecure": True}, "login: with insecure: true anybody could ask"),
    ],
)
def test_a_password_is_not_for_everybody(login, keys, told):
    """A password travels over TLS that was verified, unless somebody writes that it need not."""
    with pytest.raises(ValidationError, match=told):
        a_spec(login=login, **keys)
    assert a_spec(login=login, insecure_login=True, **keys).logs_in


def test_a_password_in_the_clear_is_warned_of(login):
    """Who allows a password in the clear is reminded of it."""
    spec = a_spec(login=login, insecure_login=True)

    assert spec.warnings() == ("login: the password may be sent in the clear",)


def test_target():
    """The target is host and port, with TLS and without."""
    assert a_spec().target() == "cache.test:6379"
    assert a_spec(tls="implicit").target() == "cache.test:6379"
    assert a_spec(host="2001:db8::7", port=7000).target() == "[2001:db8::7]:7000"
    assert a_spec().dialled_host() == "cache.test"


def test_numbers_of_a_master():
    """Numbers are those that the server tells; what is none is left out."""
    told = {"connected_clients": "7", "used_memory": "1e9", "maxmemory": "٣", "role": "master"}

    assert measured(told) == {
        series("pantau_redis_connected_clients"): 7.0,
        series("pantau_redis_master"): 1.0,
    }


def test_numbers_of_a_replica():
    """A replica tells whether it is connected; a snapshot that failed counts as none."""
    told = {"role": "slave", "master_link_status": "down", "rdb_last_bgsave_status": "err"}

    assert measured(told) == {
        series("pantau_redis_master"): 0.0,
        series("pantau_redis_master_link_up"): 0.0,
        series("pantau_redis_last_snapshot_successful"): 0.0,
    }
