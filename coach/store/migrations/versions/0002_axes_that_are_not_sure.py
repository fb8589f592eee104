"""The axes of a call that the model is not sure of; calls reviewed before know of none"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("calls", sa.Column("unsure", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("calls", "unsure")  # not in a batch: that copies the table, and its reviews go with the old one
