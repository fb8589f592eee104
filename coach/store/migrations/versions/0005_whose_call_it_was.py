"""The customer's reference, and when the words of a call were removed"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("calls", sa.Column("customer", sa.String(length=200), nullable=True))
    op.add_column("calls", sa.Column("words_removed_at", sa.DateTime(), nullable=True))
    op.create_index(op.f("ix_calls_customer"), "calls", ["customer"])


def downgrade() -> None:
    op.drop_index(op.f("ix_calls_customer"), "calls")
    op.drop_column("calls", "words_removed_at")
    op.drop_column("calls", "customer")
