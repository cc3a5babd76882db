"""How often a service had changed when an incident of it began."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("incident", sa.Column("unstable", sa.Text(), nullable=True))
