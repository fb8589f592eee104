"""The night batch: runs, the recordings they have in hand or that failed, and what was scored before"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("host", sa.String(length=300), nullable=False),
        sa.Column("scorer", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("alive_until", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("outcome", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("recording", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("failure", sa.String(length=50), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_jobs_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("digest", name=op.f("uq_jobs_digest")),
    )
    op.create_table(
        "earlier_scores",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("scorer", sa.JSON(), nullable=False),
        sa.Column("condescension", sa.Double(), nullable=True),
        sa.Column("impatience", sa.Double(), nullable=True),
        sa.Column("empathy", sa.Double(), nullable=True),
        sa.Column("not_scored", sa.Text(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_earlier_scores_call_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_earlier_scores")),
    )
    op.create_index(op.f("ix_earlier_scores_call_id"), "earlier_scores", ["call_id"])
    op.add_column("calls", sa.Column("stamp", sa.String(length=100), nullable=True))
    op.create_index(op.f("ix_calls_stamp"), "calls", ["stamp"])


def downgrade() -> None:
    op.drop_index(op.f("ix_calls_stamp"), "calls")
    op.drop_column("calls", "stamp")
    op.drop_table("earlier_scores")
    op.drop_table("jobs")
    op.drop_table("runs")
