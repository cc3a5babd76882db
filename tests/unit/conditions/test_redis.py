"""What is expected of a Redis server, and what is told when it is not so."""

import pytest

from monitor.conditions.redis import RedisConditions, judge
from monitor.domain.observation import FailureKind as Kind
from monitor.fields import Pattern
from monitor.net.redis import RedisHeard

MASTER = {"redis_version": "7.0.15", "role": "master", "rdb_last_bgsave_status": "ok"}
REPLICA = {
    "redis_version": "7.0.15",
    "role": "slave",
    "master_host": "10.0.0.8",
    "master_port": "6379",
    "master_link_status": "up",
}


@pytest.mark.parametrize(
    ("expected", "heard", "kind", "told"),
    [
        ({}, {"told": MASTER}, None, ""),
        ({}, {"locked": "NOAUTH"}, None, ""),
        ({"role": "master"}, {"told": MASTER}, None, ""),
        ({"role": "replica"}, {"told": REPLICA}, None, ""),
        (
            {"role": "replica"},
            {"told": MASTER},
            Kind.ANSWER,
            "role: master, expected replica",
        ),
        ({"role": "master"}, {"told": {}}, Kind.ANSWER, "role: none, expected master"),
        (
            {"role": "master"},
            {"locked": "NOAUTH first"},
            Kind.STATUS,
            "role: expected master, but the server does not tell: NOAUTH first",
        ),
        (
            {"version_matches": Pattern(r"^8\.")},
            {"told": MASTER},
            Kind.ANSWER,
            r"version: '7.0.15', expected to match '^8\\.'",
        ),
        (
            {"version_matches": Pattern(r"^7\.")},
            {"silence": "NOPERM info"},
            Kind.STATUS,
            r"version: expected to match '^7\\.', but the server does not tell: NOPERM info",
        ),
        ({}, {"cluster": "ok"}, None, ""),
        (
            {},
            {"cluster": "fail"},
            Kind.STATUS,
            "the cluster serves no keys (cluster_state: fail)",
        ),
        ({"max_seconds": 0.4}, {}, Kind.SLOW, "took 0.500 s, expected at most 0.4 s"),
    ],
)
def test_what_is_expected(*, expected, heard, kind, told):
    """Each condition that does not hold fails the check with the actual value."""
    finding = judge(RedisConditions(**expected), RedisHeard(**heard), 0.5)

    assert (finding and (finding.failure.kind, finding.degrades)) == (kind and (kind, False))
    assert ((finding and finding.failure.detail) or "") == told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            REPLICA | {"master_link_status": "down"},
            "this replica's link to its master is down: 10.0.0.8:6379 is not reached",
        ),
        (
            REPLICA | {"master_link_status": "down", "master_sync_in_progress": "1"},
            "this replica's link to its master is down: 10.0.0.8:6379 is being copied",
        ),
        (
            MASTER | {"rdb_last_bgsave_status": "err"},
            "the last snapshot failed (rdb_last_bgsave_status: err)",
        ),
        (
            MASTER | {"aof_last_write_status": "err"},
            "the last write to the append-only file failed (aof_last_write_status: err)",
        ),
    ],
)
def test_what_ails_a_server_degrades(said, told):
    """A server that answers, but whose data is not safe or not fresh, is degraded."""
    finding = judge(RedisConditions(), RedisHeard(told=said), 0.5)

    assert (finding.degrades, finding.failure.kind) == (True, Kind.STATUS)
    assert finding.failure.detail == told


def test_what_fails_speaks_first():
    """What fails the check is told before what only degrades it."""
    said = REPLICA | {"master_link_status": "down"}

    finding = judge(RedisConditions(role="master"), RedisHeard(told=said), 0.5)

    assert (finding.degrades, finding.failure.kind) == (False, Kind.ANSWER)
