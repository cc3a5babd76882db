"""What an incident is about: so far each was an outage."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column(
        "incident", sa.Column("concern", sa.SmallInteger(), nullable=False, server_default="1")
    )
