"""Lessons with their history, evidence and proofs; runs of the learner; when feedback came."""

import sqlalchemy as sa
from alembic import op

revision = "lessons"
down_revision = "scenario_versions"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id() -> sa.Column:
    return sa.Column("id", _ID, primary_key=True, autoincrement=True)


def upgrade() -> None:
    op.add_column(
        "user_feedback", sa.Column("recorded_at", _ID, nullable=False, server_default="0")
    )
    if op.get_bind().dialect.name == "sqlite":
        stamp = "CAST(strftime('%s', created_at) AS INTEGER) * 1000"
    else:
        stamp = "CAST(extract(epoch FROM created_at) * 1000 AS BIGINT)"
    op.execute(f"UPDATE user_feedback SET recorded_at = coalesce({stamp}, 0)")
    op.create_index("ix_user_feedback_turn", "user_feedback", ["conversation_turn_id"])
    op.add_column("session_preferences", sa.Column("data_summary_hash", sa.String(64)))
    _create_lessons()
    _create_proofs()
    op.create_table(
        "learning_runs",
        _id(),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("session_id", _ID),
        sa.Column("started_at", _ID, nullable=False),
        sa.Column("ended_at", _ID),
        sa.Column("cause", sa.String(20), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
    )
    op.create_index("ix_learning_runs_user", "learning_runs", ["user_id", "session_id", "id"])


def _create_lessons() -> None:
    op.create_table(
        "lessons",
        _id(),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("session_id", _ID, sa.ForeignKey("sessions.id", ondelete="CASCADE")),
        sa.Column("scenario_id", _ID, sa.ForeignKey("business_scenarios.id", ondelete="CASCADE")),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("created_at", _ID, nullable=False),
        sa.Column("changed_at", _ID, nullable=False),
        sa.Column("uses", sa.Integer, nullable=False, server_default="0"),
        sa.Column("used_at", _ID),
    )
    op.create_index("ix_lessons_user", "lessons", ["user_id", "state"])
    op.create_table(
        "lesson_changes",
        _id(),
        sa.Column(
            "lesson_id", _ID, sa.ForeignKey("lessons.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("changed_at", _ID, nullable=False),
        sa.Column("cause", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
    )
    op.create_index("ix_lesson_changes_lesson", "lesson_changes", ["lesson_id", "id"])
    op.create_index("ix_lesson_changes_user", "lesson_changes", ["user_id", "changed_at"])


def _create_proofs() -> None:
    op.create_table(
        "lesson_proofs",
        _id(),
        sa.Column(
            "lesson_id", _ID, sa.ForeignKey("lessons.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("lesson_text", sa.Text, nullable=False),
        sa.Column("created_at", _ID, nullable=False),
        sa.Column("result", sa.JSON, nullable=False),
    )
    op.create_index("ix_lesson_proofs_lesson", "lesson_proofs", ["lesson_id", "id"])
