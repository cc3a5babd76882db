"""Messages that were given up, found at once, and who wanted them sent after all."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "retry",
        sa.Column("number", number, nullable=False),
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("given_up_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("row_id", "given_up_at"),
        sqlite_autoincrement=True,
    )
    is_dead = sa.text("state = 4")
    op.create_index(
        "outbox_dead", "outbox", ["number"], sqlite_where=is_dead, postgresql_where=is_dead
    )
