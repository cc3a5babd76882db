"""The tables. Times are whole microseconds since the Unix epoch (UTC), enums are `codes`.

Names of checks and vantages are written once; rows carry their numbers. The vantage is part of
every key, so that a second one needs no other schema. `migrations` builds the same tables.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

metadata = MetaData()

# SQLite numbers rows by itself only for a column that is declared INTEGER.
_NUMBER = BigInteger().with_variant(Integer, "sqlite")


def _check() -> Column[int]:
    return Column("check_id", _NUMBER, ForeignKey("check_name.id"), primary_key=True)


def _vantage() -> Column[int]:
    return Column("vantage_id", _NUMBER, ForeignKey("vantage_name.id"), primary_key=True)


def _time(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _code(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, SmallInteger, nullable=nullable)


def _totals() -> list[Column[Any]]:
    # `apart` is what of them counts as something else than SLA, NULL where nothing does.
    totals = [_time(status) for status in ("up", "degraded", "down", "unknown")]
    return [*totals, Column("apart", Text)]


# `sequence` of the last durable change, and the highest `epoch`.
meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

check_name = Table(
    "check_name",
    metadata,
    Column("id", _NUMBER, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)

vantage_name = Table(
    "vantage_name",
    metadata,
    Column("id", _NUMBER, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)


def _slot() -> list[Column[int]]:
    # No foreign keys: names are never deleted, and each would cost a look-up a row.
    names = ("check_id", "vantage_id", "epoch", "scheduled_at")
    return [Column(name, BigInteger, primary_key=True, autoincrement=False) for name in names]


# `started` is microseconds after `scheduled_at`; `detail` is there only where a probe failed.
observation = Table(
    "observation",
    metadata,
    *_slot(),
    _code("attempt"),
    _time("started"),
    _time("duration"),
    _code("status"),
    _code("kind", nullable=True),
    _code("cause", nullable=True),
    Column("detail", Text),
    sqlite_with_rowid=False,
)

# `count` slots in a row, the first of them at `scheduled_at`.
missed_slot = Table(
    "missed_slot",
    metadata,
    *_slot(),
    _code("reason"),
    Column("count", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# Bodies are deleted from the lowest number on, which frees whole pages. In a row by its key a body
# of this size would lie on pages of its own.
sample_block = Table(
    "sample_block",
    metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)


def _of_hour(name: str) -> Column[int]:
    return Column(name, BigInteger, primary_key=True, autoincrement=False)


# What is known of one check throughout one hour (counted from 1970, UTC). `hash` is SHA-256 of the
# body that `block` names until that is deleted; both are NULL where there was no row to keep.
# `spans` is NULL for a check that was up throughout. Times are microseconds after the hour began:
# `last_at` is the sample that holds at its end, and is negative where it was taken earlier. Rows
# that came late make another part: its counts are to be added, its spans and times stand instead.
sealed_hour = Table(
    "sealed_hour",
    metadata,
    _of_hour("check_id"),
    _of_hour("vantage_id"),
    _of_hour("hour"),
    _of_hour("part"),
    Column("block", BigInteger),
    Column("hash", LargeBinary),
    Column("interval", BigInteger, nullable=False),
    Column("expected", Integer, nullable=False),
    Column("received", Integer, nullable=False),
    Column("known", Integer, nullable=False),
    Column("samples", Integer, nullable=False),
    Column("missed", Text),
    Column("spans", Text),
    Column("latency", LargeBinary),
    Column("first_at", BigInteger),
    Column("last_at", BigInteger),
    Column("last_epoch", BigInteger),
    _code("last_status", nullable=True),
    _code("last_cause", nullable=True),
    sqlite_with_rowid=False,
)

# A part of an hour, of all checks. `entry` is the number of its entry in the ledger, NULL while
# checks are still being sealed. `dropped_at` is when its samples were deleted, `restored_at` when a
# backup was put back that is older than it: then its rows are not here.
sealed_part = Table(
    "sealed_part",
    metadata,
    _of_hour("vantage_id"),
    _of_hour("hour"),
    _of_hour("part"),
    Column("entry", BigInteger),
    _time("dropped_at", nullable=True),
    _time("restored_at", nullable=True),
    sqlite_with_rowid=False,
)

check_state = Table(
    "check_state",
    metadata,
    _check(),
    _vantage(),
    Column("document", Text, nullable=False),
    sqlite_with_rowid=False,
)

transition = Table(
    "transition",
    metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("check_id", _NUMBER, ForeignKey("check_name.id"), nullable=False),
    Column("vantage_id", _NUMBER, ForeignKey("vantage_name.id"), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    _time("noticed_at"),
    _time("at"),
    _code("old"),
    _code("new"),
    Column("cause", SmallInteger, nullable=False),  # 0 for none, since a key takes no NULL
    _code("kind", nullable=True),
    Column("detail", Text),
    UniqueConstraint("check_id", "vantage_id", "epoch", "noticed_at", "at", "old", "new", "cause"),
)

# The status shown, without gaps: one open row (`ended_at` is NULL) for each check and vantage.
interval = Table(
    "status_interval",
    metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("check_id", _NUMBER, ForeignKey("check_name.id"), nullable=False),
    Column("vantage_id", _NUMBER, ForeignKey("vantage_name.id"), nullable=False),
    _time("started_at"),
    _time("ended_at", nullable=True),
    _code("status"),
    _code("cause", nullable=True),
    Index("interval_by_start", "check_id", "vantage_id", "started_at"),
)
Index(
    "interval_open",
    interval.c.check_id,
    interval.c.vantage_id,
    unique=True,
    sqlite_where=interval.c.ended_at.is_(None),
    postgresql_where=interval.c.ended_at.is_(None),
)

incident = Table(
    "incident",
    metadata,
    Column("id", Text, primary_key=True),
    Column("service", Text, nullable=False),
    _code("affects"),
    _time("started_at"),
    _time("ended_at", nullable=True),
    Column("sequence", Integer, nullable=False),
    Column("receivers", Text, nullable=False),
    _time("news_since", nullable=True),
    _time("alarmed_at", nullable=True),
    _time("told_at", nullable=True),
    Column("hold", Text),
    Column("acknowledged", Text),
    Column("concern", SmallInteger, nullable=False, server_default="1"),
    Column("expiry", Text),
    Column("unstable", Text),
    Index("incident_by_start", "started_at"),
)
Index(
    "incident_open",
    incident.c.started_at,
    sqlite_where=incident.c.ended_at.is_(None),
    postgresql_where=incident.c.ended_at.is_(None),
)

affected_check = Table(
    "affected_check",
    metadata,
    Column("incident_id", Text, ForeignKey("incident.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("check_name", Text, nullable=False),
    _time("since"),
    _time("until", nullable=True),
    _code("kind", nullable=True),
    Column("detail", Text),
)

outbox = Table(
    "outbox",
    metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("receiver", Text, nullable=False),
    Column("alert", Text, nullable=False),
    Column("body", LargeBinary),
    _code("state"),
    Column("attempts", Integer, nullable=False),
    _time("created_at"),
    _time("next_attempt_at"),
    _time("settled_at", nullable=True),
    Column("detail", Text, nullable=False),
    sqlite_autoincrement=True,  # numbers only grow, also past the deletion of the newest row
)
Index(
    "outbox_pending",
    outbox.c.number,
    sqlite_where=outbox.c.settled_at.is_(None),
    postgresql_where=outbox.c.settled_at.is_(None),
)
Index(
    "outbox_dead",
    outbox.c.number,
    sqlite_where=outbox.c.state == literal_column("4"),
    postgresql_where=outbox.c.state == literal_column("4"),
)

# Who wanted a row of the outbox sent that was given up, and what had become of it before.
retry = Table(
    "retry",
    metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("row_id", Text, nullable=False),
    Column("by", Text, nullable=False),
    _time("at"),
    _time("created_at"),
    _time("given_up_at"),
    Column("attempts", Integer, nullable=False),
    Column("detail", Text, nullable=False),
    UniqueConstraint("row_id", "given_up_at"),
    sqlite_autoincrement=True,
)

# The receipt of the first message about an incident that a receiver got.
receipt = Table(
    "receipt",
    metadata,
    Column("incident_id", Text, primary_key=True),
    Column("receiver", Text, primary_key=True),
    Column("receipt", Text, nullable=False),
)

mark = Table(
    "mark",
    metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("vantage_id", _NUMBER, ForeignKey("vantage_name.id"), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    _time("at"),
    _code("kind"),
    Column("detail", Text, nullable=False),
    UniqueConstraint("vantage_id", "epoch", "at", "kind"),
    Index("mark_by_time", "vantage_id", "at"),
)

# `epoch` is the highest one at the time, so that samples of a later one are known to be later.
tally = Table(
    "tally",
    metadata,
    _check(),
    _vantage(),
    Column("epoch", BigInteger, nullable=False),
    _time("at"),
    *_totals(),
    sqlite_with_rowid=False,
)

service_tally = Table(
    "service_tally",
    metadata,
    Column("service", Text, primary_key=True),
    _vantage(),
    _time("at"),
    *_totals(),
    sqlite_with_rowid=False,
)

# The last pushes of a check, each with all that was known after it: number modulo their count is
# the `place`, so that the table stays as small as it is. Times of runs and results are NULL
# where there was none.
push = Table(
    "push",
    metadata,
    _check(),
    _vantage(),
    Column("place", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    _code("signal"),
    _time("received_at"),
    _code("outcome", nullable=True),
    _time("ended_at", nullable=True),
    Column("exit_code", SmallInteger),
    _time("run", nullable=True),
    _time("started_at", nullable=True),
    Column("detail", Text, nullable=False),
    Column("measured", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

# What people did about incidents. Rows are added, and never changed.
note = Table(
    "note",
    metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("incident_id", Text, nullable=False),
    _code("kind"),
    Column("by", Text, nullable=False),
    _time("at"),
    Column("text", Text, nullable=False),
    _code("via", nullable=True),
    Column("receiver", Text, nullable=False),
    Index("note_by_incident", "incident_id", "number"),
    sqlite_autoincrement=True,
)

# Of which incidents a row of the outbox tells.
telling = Table(
    "telling",
    metadata,
    Column("incident_id", Text, primary_key=True),
    Column("row_id", Text, primary_key=True),
)

# What is hashed is `body`, to the byte. Numbers begin at 0 and leave none out; no row is ever
# changed or deleted.
ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)

# The note that was signed when there were `size` entries.
ledger_checkpoint = Table(
    "ledger_checkpoint",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    _time("at"),
    Column("note", Text, nullable=False),
)

silence = Table(
    "silence",
    metadata,
    Column("id", Text, primary_key=True),
    _time("until"),
    Column("document", Text, nullable=False),
)

# A window that is written otherwise under its old id is another row, known since later. A row is
# ended once, and never changed otherwise. `until` is NULL where it comes again and again.
maintenance_window = Table(
    "maintenance_window",
    metadata,
    Column("id", Text, primary_key=True),
    Column("added_at", BigInteger, primary_key=True, autoincrement=False),
    _code("source"),
    Column("added_by", Text, nullable=False),
    _time("until", nullable=True),
    Column("document", Text, nullable=False),
    _time("cancelled_at", nullable=True),
    Column("cancelled_by", Text),
    Column("cancel_reason", Text),
)

# What was corrected in what is known, and which corrections were withdrawn: the one has an `id`,
# the other one says which it `withdraws`. Rows are added, and never changed.
correction = Table(
    "correction",
    metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("id", Text, unique=True),
    Column("withdraws", Text, unique=True),
    _time("at"),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("document", Text, nullable=False),
    sqlite_autoincrement=True,
)

# Which reports were filed, each by the SHA-256 of its manifest. Rows are added, and never changed.
filed_report = Table(
    "filed_report",
    metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    _time("at"),
    Column("by", Text, nullable=False),
    Column("document", Text, nullable=False),
    sqlite_autoincrement=True,
)
