"""The learning tables: feedback, preferences of users and sessions, behaviour."""

import sqlalchemy as sa
from alembic import op

revision = "add_phase3_evolution_tables"
down_revision = "migrate_string_ids_to_integer"


def _id() -> sa.Column:
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)


def _time(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime, server_default=sa.func.current_timestamp())


def _count(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer, nullable=False, server_default="0")


def upgrade() -> None:
    op.create_table(
        "user_feedback",
        _id(),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("session_id", sa.String(36)),
        sa.Column("message_id", sa.Integer),
        sa.Column("conversation_turn_id", sa.String(36)),
        sa.Column("feedback_type", sa.String(50), nullable=False),
        sa.Column("feedback_data", sa.JSON),
        sa.Column("user_prompt", sa.Text),
        sa.Column("assistant_response", sa.Text),
        sa.Column("scenario_ids", sa.Text),
        _time("created_at"),
    )
    op.create_index("ix_user_feedback_user", "user_feedback", ["user_id", "created_at"])
    op.create_index("ix_user_feedback_session", "user_feedback", ["session_id"])
    op.create_table(
        "user_preferences_cache",
        _id(),
        sa.Column("user_id", sa.Integer, nullable=False, unique=True),
        sa.Column("data_summary_hash", sa.String(64)),
        sa.Column("preferences", sa.JSON),
        _time("updated_at"),
    )
    op.create_table(
        "session_preferences",
        _id(),
        sa.Column("session_id", sa.String(36), nullable=False, unique=True),
        sa.Column("preferences", sa.JSON),
        _time("updated_at"),
    )
    op.create_table(
        "user_behavior_stats",
        _id(),
        sa.Column("user_id", sa.Integer, nullable=False, unique=True),
        _count("total_sessions"),
        _count("total_messages"),
        _count("total_feedback"),
        _count("like_count"),
        _count("dislike_count"),
        sa.Column("scenario_usage", sa.JSON),
        sa.Column("question_types", sa.JSON),
        _time("updated_at"),
    )
