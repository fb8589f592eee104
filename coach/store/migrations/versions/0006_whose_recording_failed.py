"""Whose recordings failed, so that they too can be forgotten"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("rep", sa.String(length=200), nullable=True))
    op.add_column("jobs", sa.Column("customer", sa.String(length=200), nullable=True))


def downgrade() -> None:
    op.drop_column("jobs", "customer")
    op.drop_column("jobs", "rep")
