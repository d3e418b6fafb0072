"""Scheduled jobs with their runs; tokens of the local HTTP server (never the tokens themselves);
what was taken over from the web version."""

import sqlalchemy as sa
from alembic import op

revision = "operations"
down_revision = "lessons"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("name", sa.String(50), primary_key=True),
        sa.Column("paused", sa.Boolean, nullable=False, server_default="0"),
        sa.Column("schedule", sa.JSON),
        sa.Column("due_at", _ID),
    )
    op.create_table(
        "job_runs",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("job", sa.String(50), nullable=False),
        sa.Column("cause", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("started_at", _ID, nullable=False),
        sa.Column("ended_at", _ID),
        sa.Column("result", sa.JSON),
        sa.Column("error", sa.JSON),
        sa.Column("owner", sa.String(60), nullable=False, server_default=""),
    )
    op.create_index("ix_job_runs_job", "job_runs", ["job", "id"])
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("name", sa.Text, nullable=False, server_default=""),
        sa.Column("created_at", _ID, nullable=False),
        sa.Column("expires_at", _ID, nullable=False),
        sa.Column("revoked_at", _ID),
        sa.Column("used_at", _ID),
        sa.Column("key_id", sa.String(16), nullable=False, server_default=""),
    )
    op.create_table(
        "takeovers",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("taken_at", _ID, nullable=False),
        sa.Column("report", sa.JSON, nullable=False),
    )
    op.create_table(
        "takeover_origins",
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("origin", sa.String(64), primary_key=True),
        sa.Column("local_id", _ID, nullable=False),
    )
