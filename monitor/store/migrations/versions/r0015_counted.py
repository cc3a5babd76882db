"""What of the running totals counts as something else than SLA."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    for table in ("tally", "service_tally"):
        op.add_column(table, sa.Column("apart", sa.Text(), nullable=True))
