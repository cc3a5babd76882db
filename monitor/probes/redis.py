r"""Ask a Redis or Valkey server for a sign of life, and with a login for how it fares.

```yaml
- id: sesi-redis
  service: portal
  type: redis
  host: 10.0.0.9
  tls: implicit
  login: {username: pantau, password: {file: redis.key}}
  expect: {role: master}
```

Without `login` the check is up when the server answers `PING`, also when it answers that it wants
a login first (`NOAUTH`): it is there and speaks. Any other refusal fails with `status`: the data is
still being loaded (`LOADING`), nobody is let in from here (`DENIED`), there are too many clients,
writes are stopped because saving fails (`MISCONF`). An answer that is none of Redis fails with
`protocol`.

With `login` (without `username` the server's default user) a refused password fails with `status`.
The password is sent over TLS that was verified, and in no other way unless `insecure_login` allows
it. `tls: implicit` speaks TLS from the first byte, the only way that Redis has. `database` is
selected, nothing in it is read.

A server that lets us ask also tells of itself (`INFO`): version, role, memory, clients. The check
is degraded with `status` when a replica's link to its master is down, or the last snapshot or write
to the append-only file failed. A node of a cluster fails with `status` while the cluster serves no
keys. A Sentinel answers as well, and has no role. A user for this needs no more than
`ACL SETUSER pantau on ">PASSWORD" -@all +ping +info +select +cluster|info`; without `+info` nothing
is told, which only matters to `expect.role` and `expect.version_matches`.

Bahasa Indonesia

Pemeriksaan ini menyapa server Redis atau Valkey dengan `PING`, dan bila diberi akun juga masuk dan
membaca keadaannya (`INFO`); isi basis data tidak dibaca. *Gangguan* bila server tidak menjawab,
menolak melayani (misalnya masih memuat data), menolak akun, atau peran atau versinya bukan yang
diharapkan. *Menurun* bila replika terputus dari induknya atau penyimpanan terakhir gagal.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.checktype import CheckSpec, CheckType, MeasurementInfo, ProbeContext
from monitor.domain.blackbox import ADDRESS, CERTIFICATE
from monitor.domain.observation import Outcome, Series, series
from monitor.domain.text import visible_text
from monitor.fields import Pattern, Secret
from monitor.fields.databasekeys import DatabaseExpectation, DatabaseKeys

if TYPE_CHECKING:
    from monitor.conditions.databaseattempt import Plan, Secure
    from monitor.conditions.redis import RedisConditions
    from monitor.net.reader import Reader
    from monitor.net.redis import RedisHeard, RedisLogin

_SHOWN = 100
_GAUGES = {
    "connected_clients": series("pantau_redis_connected_clients"),
    "used_memory": series("pantau_redis_used_memory_bytes"),
    "maxmemory": series("pantau_redis_max_memory_bytes"),
    "uptime_in_seconds": series("pantau_redis_uptime_seconds"),
    "loading": series("pantau_redis_loading"),
}
_MASTER = series("pantau_redis_master")
_SWITCHES = {
    "master_link_status": ("up", series("pantau_redis_master_link_up")),
    "rdb_last_bgsave_status": ("ok", series("pantau_redis_last_snapshot_successful")),
}
_LONGEST_NUMBER = 18


class RedisCredentials(BaseModel):
    """Who logs in. Give an account that may do nothing else than this check does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    username: str | None = Field(
        default=None,
        min_length=1,
        max_length=255,
        pattern=r"^[^\x00-\x20\x7f]+$",
        description="User name. Default: the server's default user.",
    )
    password: Secret = Field(description="Password.")


class RedisExpectation(DatabaseExpectation):
    """What must be true of a Redis server."""

    role: Literal["master", "replica"] | None = Field(
        default=None, description="What the server must be."
    )
    version_matches: Pattern | None = Field(
        default=None, description=r"RE2 expression that must match the version, `^7\.`."
    )


class RedisSpec(DatabaseKeys, CheckSpec):
    """Fields of a check of type `redis`."""

    protocol: ClassVar[str] = "redis"
    ports: ClassVar[tuple[int, int]] = (6379, 6379)

    login: RedisCredentials | None = Field(default=None, description="Log in, and out again.")
    database: int | None = Field(
        default=None, ge=0, le=65_535, description="Number of a database that must be there."
    )
    expect: RedisExpectation = Field(
        default=RedisExpectation(), description="Conditions on the server."
    )

    @property
    def logs_in(self) -> bool:
        return self.login is not None

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if self.security == "starttls":
            yield "tls: Redis knows no STARTTLS: write implicit or none"


async def probe(spec: RedisSpec, context: ProbeContext) -> Outcome:
    """Visit the server over one family or both."""
    from monitor.conditions.databaseattempt import visit

    return await visit(
        context.network, plan_of(spec), spec.ip, deadline=context.deadline, now=context.now
    )


def plan_of(spec: RedisSpec) -> "Plan[RedisHeard]":
    """Return what the visit consists of."""
    from monitor.conditions.databaseattempt import Plan, certificate_of, visit_of
    from monitor.conditions.redis import judge
    from monitor.net.redis import RedisHeard

    login, conditions = login_of(spec), conditions_of(spec)

    async def converse(reader: "Reader", heard: RedisHeard, _: "Secure") -> None:
        await _converse(reader, heard, login, spec.database)

    return Plan(
        visit=visit_of(spec),
        certificate=certificate_of(spec),
        listen=RedisHeard,
        converse=converse,
        judge=lambda heard, seconds: judge(conditions, heard, seconds),
        shown=shown,
        measured=lambda heard: measured(heard.told or {}),
        secrets=() if login is None else (login.password,),
    )


def login_of(spec: RedisSpec) -> "RedisLogin | None":
    """Return who logs in, with the password as it is now."""
    from monitor.net.redis import RedisLogin

    if spec.login is None:
        return None
    return RedisLogin(username=spec.login.username, password=spec.login.password.reveal())


def conditions_of(spec: RedisSpec) -> "RedisConditions":
    """Return the conditions that a check's keys hold."""
    from monitor.conditions.redis import RedisConditions

    expect = spec.expect
    return RedisConditions(
        role=expect.role,
        version_matches=expect.version_matches,
        max_seconds=expect.max_seconds,
    )


async def _converse(
    reader: "Reader", heard: "RedisHeard", login: "RedisLogin | None", database: int | None
) -> None:
    from monitor.net.redis import greet, learn, learn_of_cluster, leave, log_in, select

    if login is not None:
        await log_in(reader, heard, login)
    await greet(reader, heard)
    if database is not None:
        await select(reader, database)
    if heard.locked is None:
        await learn(reader, heard)
        await learn_of_cluster(reader, heard)
    await leave(reader)


def measured(told: Mapping[str, str]) -> dict[Series, float]:
    """Return the numbers among what a server tells of itself."""
    found: dict[Series, float] = {}
    for name, gauge in _GAUGES.items():
        digits = told.get(name, "")
        if digits.isascii() and digits.isdecimal() and len(digits) <= _LONGEST_NUMBER:
            found[gauge] = float(digits)
    if "role" in told:
        found[_MASTER] = float(told["role"] == "master")
    for name, (good, gauge) in _SWITCHES.items():
        if name in told:
            found[gauge] = float(told[name] == good)
    return found


def shown(heard: "RedisHeard") -> dict[str, Any]:
    """Return as facts what was heard."""
    from monitor.conditions.redis import role_of

    found: dict[str, Any] = {}
    if heard.locked is not None:
        found["reachable"] = f"the server wants a login before it says more: {heard.locked}"
    if heard.logged_in:
        found["login"] = "accepted"
    if heard.silence is not None:
        found["not_told"] = heard.silence
    if heard.told is None:
        return found
    for fact, name in (("version", "redis_version"), ("mode", "redis_mode")):
        if name in heard.told:
            found[fact] = visible_text(heard.told[name], _SHOWN)
    if (role := role_of(heard.told)) is not None:
        found["role"] = role
    if heard.cluster is not None:
        found["cluster"] = heard.cluster
    return found


CHECK_TYPE = CheckType(
    spec=RedisSpec,
    probe=probe,
    measurements=(
        *(MeasurementInfo(*shared) for shared in (*ADDRESS, *CERTIFICATE)),
        MeasurementInfo("pantau_redis_connected_clients", "Clients that are connected."),
        MeasurementInfo("pantau_redis_used_memory_bytes", "Memory that the data takes."),
        MeasurementInfo("pantau_redis_max_memory_bytes", "Memory it may take; 0 is no bound."),
        MeasurementInfo("pantau_redis_uptime_seconds", "How long the server has been running."),
        MeasurementInfo("pantau_redis_loading", "1 while the data is being loaded from disk."),
        MeasurementInfo("pantau_redis_master", "1 for a master, 0 for a replica."),
        MeasurementInfo(
            "pantau_redis_master_link_up", "1 while a replica is connected to its master."
        ),
        MeasurementInfo(
            "pantau_redis_last_snapshot_successful", "1 when the last snapshot was saved."
        ),
    ),
)
