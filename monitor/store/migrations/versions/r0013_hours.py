"""Sealed hours: their samples in blocks, and what is known of each for ever."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def _key(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False) for name in names]


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "sample_block",
        sa.Column("number", number, primary_key=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "sealed_hour",
        *_key("check_id", "vantage_id", "hour", "part"),
        sa.Column("block", sa.BigInteger()),
        sa.Column("hash", sa.LargeBinary()),
        sa.Column("interval", sa.BigInteger(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Text()),
        sa.Column("spans", sa.Text()),
        sa.Column("latency", sa.LargeBinary()),
        sa.Column("first_at", sa.BigInteger()),
        sa.Column("last_at", sa.BigInteger()),
        sa.Column("last_epoch", sa.BigInteger()),
        sa.Column("last_status", sa.SmallInteger()),
        sa.Column("last_cause", sa.SmallInteger()),
        sa.PrimaryKeyConstraint("check_id", "vantage_id", "hour", "part"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sealed_part",
        *_key("vantage_id", "hour", "part"),
        sa.Column("entry", sa.BigInteger()),
        sa.Column("dropped_at", sa.BigInteger()),
        sa.Column("restored_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("vantage_id", "hour", "part"),
        sqlite_with_rowid=False,
    )
