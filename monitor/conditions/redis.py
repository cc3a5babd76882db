"""What must be true of a Redis server. Pure: what was heard goes in, a finding comes out."""

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.conditions.certificate import Finding, Searches
from monitor.conditions.duration import too_slow
from monitor.domain.observation import Failure, FailureKind
from monitor.domain.text import visible_text
from monitor.net.redis import RedisHeard

_SHOWN = 100
_ROLES = {"slave": "replica"}  # what servers call themselves, where that is another word
_SAVES = {
    "rdb_last_bgsave_status": "the last snapshot failed",
    "aof_last_write_status": "the last write to the append-only file failed",
    "aof_last_bgrewrite_status": "the last rewrite of the append-only file failed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisConditions:
    """What is expected. None expects nothing. `role` is `master` or `replica`."""

    role: str | None = None
    version_matches: Searches | None = None
    max_seconds: float | None = None


def judge(conditions: RedisConditions, heard: RedisHeard, seconds: float) -> Finding | None:
    """Return what is wrong with a server that answers, or None."""
    failure = (
        _broken_cluster(heard)
        or _wrong_role(conditions, heard)
        or _wrong_version(conditions, heard)
        or too_slow(conditions.max_seconds, seconds)
    )
    if failure is not None:
        return Finding(failure)
    ailment = _lost_master(heard.told or {}) or _unsaved(heard.told or {})
    if ailment is None:
        return None
    return Finding(Failure(FailureKind.STATUS, ailment), degrades=True)


def role_of(told: Mapping[str, str]) -> str | None:
    """Return what a server calls itself, `master` or `replica`; None where it says nothing."""
    role = told.get("role")
    return None if role is None else visible_text(_ROLES.get(role, role), _SHOWN)


def _broken_cluster(heard: RedisHeard) -> Failure | None:
    if heard.cluster in {None, "ok"}:
        return None
    detail = f"the cluster serves no keys (cluster_state: {heard.cluster})"
    return Failure(FailureKind.STATUS, detail)


def _wrong_role(conditions: RedisConditions, heard: RedisHeard) -> Failure | None:
    wanted = conditions.role
    if wanted is None:
        return None
    if heard.told is None:
        return _untold(f"role: expected {wanted}", heard)
    role = role_of(heard.told)
    if role == wanted:
        return None
    return Failure(FailureKind.ANSWER, f"role: {role or 'none'}, expected {wanted}")


def _wrong_version(conditions: RedisConditions, heard: RedisHeard) -> Failure | None:
    pattern = conditions.version_matches
    if pattern is None:
        return None
    expected = f"expected to match {pattern.text!r}"
    if heard.told is None:
        return _untold(f"version: {expected}", heard)
    version = visible_text(heard.told.get("redis_version", ""), _SHOWN)
    if pattern.search(version):
        return None
    return Failure(FailureKind.ANSWER, f"version: {version!r}, {expected}")


def _untold(expected: str, heard: RedisHeard) -> Failure:
    reason = heard.silence or heard.locked or "nobody asked"
    return Failure(FailureKind.STATUS, f"{expected}, but the server does not tell: {reason}")


def _lost_master(told: Mapping[str, str]) -> str | None:
    if role_of(told) != "replica" or told.get("master_link_status") == "up":
        return None
    master = visible_text(f"{told.get('master_host')}:{told.get('master_port')}", _SHOWN)
    way = "is being copied" if told.get("master_sync_in_progress") == "1" else "is not reached"
    return f"this replica's link to its master is down: {master} {way}"


def _unsaved(told: Mapping[str, str]) -> str | None:
    for name, text in _SAVES.items():
        if told.get(name, "ok") != "ok":
            return f"{text} ({name}: {visible_text(told[name], _SHOWN)})"
    return None
