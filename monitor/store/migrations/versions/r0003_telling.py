"""What of an incident is still to be told, and why it is not; who takes care of it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("incident", sa.Column("news_since", sa.BigInteger(), nullable=True))
    op.add_column("incident", sa.Column("alarmed_at", sa.BigInteger(), nullable=True))
    op.add_column("incident", sa.Column("told_at", sa.BigInteger(), nullable=True))
    op.add_column("incident", sa.Column("hold", sa.Text(), nullable=True))
    op.add_column("incident", sa.Column("acknowledged", sa.Text(), nullable=True))
