"""What people did about incidents, and of which incidents each message tells."""

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_ORIGIN = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_ACKNOWLEDGED = 1
_AT_ONCE = 500


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    note = op.create_table(
        "note",
        sa.Column("number", number, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("via", sa.SmallInteger(), nullable=True),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("note_by_incident", "note", ["incident_id", "number"])
    telling = op.create_table(
        "telling",
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "row_id"),
    )
    connection = op.get_bind()
    known = connection.execute(
        sa.text("SELECT id, acknowledged FROM incident WHERE acknowledged IS NOT NULL")
    ).all()
    if known:
        connection.execute(note.insert(), [_note(row.id, row.acknowledged) for row in known])
    told = connection.execute(sa.text("SELECT id, alert FROM outbox"))
    for part in told.partitions(_AT_ONCE):
        if rows := [row for each in part for row in _telling(each.id, each.alert)]:
            connection.execute(telling.insert(), rows)


def _note(incident: str, acknowledged: str) -> dict[str, Any]:
    """Return the acknowledgement that was kept as a note; by which way it came was not."""
    said = json.loads(acknowledged)
    at = datetime.fromisoformat(said["at"])
    parts = (incident, "acknowledged", said["by"], at.isoformat(), said["comment"])
    digest = hashlib.sha256("\0".join(parts).encode(errors="replace")).digest()
    return {
        "id": base64.b32encode(digest).decode()[:26],
        "incident_id": incident,
        "kind": _ACKNOWLEDGED,
        "by": said["by"],
        "at": (at - _ORIGIN) // timedelta(microseconds=1),
        "text": said["comment"],
        "via": None,
        "receiver": "",
    }


def _telling(row_id: str, alert: str) -> Iterator[dict[str, str]]:
    said = json.loads(alert)
    own = [said["incident"]] if said.get("incident") else []
    others = [each["incident"] for each in said.get("companions", ())]
    for incident in sorted({each["id"] for each in (*own, *others)}):
        yield {"incident_id": incident, "row_id": row_id}
