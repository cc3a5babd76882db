"""What expires, and which of its stages was told."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("incident", sa.Column("expiry", sa.Text(), nullable=True))
