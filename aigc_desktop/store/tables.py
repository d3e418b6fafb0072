"""The tables at the newest revision. The web version's names and columns, then our own."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
)

from aigc_desktop.store.aggregates import SUMS

metadata = MetaData()

Id = BigInteger().with_variant(Integer(), "sqlite")
"""Integer keys; BIGINT on PostgreSQL, where epoch milliseconds overflow INTEGER."""

LOCAL_USER_ID = 1


def _id() -> Column[int]:
    return Column("id", Id, primary_key=True, autoincrement=True)


def _time(name: str) -> Column[object]:
    return Column(name, DateTime, server_default=func.current_timestamp())


sessions = Table(
    "sessions",
    metadata,
    _id(),
    Column("session_id", String(36), nullable=False, unique=True),
    Column("user_id", Id, nullable=False, server_default="1"),
    Column("title", Text, nullable=False, server_default=""),
    Column("title_is_manual", Boolean, nullable=False, server_default="0"),
    Column("pinned", Boolean, nullable=False, server_default="0"),
    Column("trashed_at", Id),
    Column("draft", Text, nullable=False, server_default=""),
    Column("current_turn_id", Id),
    Column("work_dir", Text),
    Column("system_prompt", Text),
    Column("model", String(100)),
    Column("allowed_tools", Text),
    Column("permission_mode", String(50)),
    Column("max_turns", Integer),
    Column("created_at", Id, nullable=False),
    Column("last_activity", Id, nullable=False),
    Index("ix_sessions_list", "trashed_at", "pinned", "last_activity"),
)

turns = Table(
    "turns",
    metadata,
    _id(),
    Column("session_id", Id, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("parent_id", Id, ForeignKey("turns.id", ondelete="CASCADE")),
    Column("status", String(20), nullable=False),
    Column("stop_reason", String(20)),
    Column("user_text", Text, nullable=False, server_default=""),
    Column("config", JSON),
    Column("model", String(100), nullable=False, server_default=""),
    Column("input_tokens", Id, nullable=False, server_default="0"),
    Column("output_tokens", Id, nullable=False, server_default="0"),
    Column("cache_read_tokens", Id, nullable=False, server_default="0"),
    Column("cache_write_tokens", Id, nullable=False, server_default="0"),
    Column("cost_micros", Id),
    Column("first_token_ms", Id),
    Column("error", JSON),
    Column("owner", String(60), nullable=False, server_default=""),
    Column("created_at", Id, nullable=False),
    Column("ended_at", Id),
    Index("ix_turns_session", "session_id", "id"),
    Index("ix_turns_parent", "parent_id"),
    Index("ix_turns_status", "status"),
    sqlite_autoincrement=True,
)

messages = Table(
    "messages",
    metadata,
    _id(),
    Column("turn_id", Id, ForeignKey("turns.id", ondelete="CASCADE"), nullable=False),
    Column("position", Id, nullable=False),
    Column("role", String(20), nullable=False),
    Column("message_type", String(50), nullable=False),
    Column("content", Text, nullable=False, server_default=""),
    Column("extra_data", JSON),
    Column("created_at", Id, nullable=False),
    UniqueConstraint("turn_id", "position", name="uq_messages_turn_position"),
    sqlite_autoincrement=True,
)

turn_journal = Table(
    "turn_journal",
    metadata,
    _id(),
    Column("turn_id", Id, ForeignKey("turns.id", ondelete="CASCADE"), nullable=False),
    Column("state", String(20), nullable=False),
    Column("tool_use_id", String(100)),
    Column("detail", JSON),
    Column("created_at", Id, nullable=False),
    Index("ix_turn_journal_turn", "turn_id"),
)

turn_effects = Table(
    "turn_effects",
    metadata,
    Column("turn_id", Id, ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    Column("work_dir", Text, nullable=False),
    Column("before", String(64), nullable=False),
    Column("after", String(64)),
    Column("created", Integer, nullable=False, server_default="0"),
    Column("changed", Integer, nullable=False, server_default="0"),
    Column("deleted", Integer, nullable=False, server_default="0"),
    Column("skipped", JSON),
    Column("undone_at", Id),
)

permission_rules = Table(
    "permission_rules",
    metadata,
    _id(),
    Column("effect", String(10), nullable=False),
    Column("area", String(20), nullable=False),
    Column("match", String(10), nullable=False),
    Column("resource", Text, nullable=False),
    Column("folder", Text, nullable=False),
    Column("created_at", Id, nullable=False),
    Column("used_at", Id),
    Column("uses", Integer, nullable=False, server_default="0"),
    Column("last_subject", Text, nullable=False, server_default=""),
    Column("scenario_id", Integer),
)

business_scenarios = Table(
    "business_scenarios",
    metadata,
    _id(),
    Column("name", String(255), nullable=False),
    Column("description", Text),
    Column("category", String(100)),
    Column("meta", JSON),
    Column("system_prompt", Text),
    Column("allowed_tools", Text),
    Column("recommended_model", String(100)),
    Column("custom_tools", JSON),
    Column("skills", JSON),
    Column("workflow", JSON),
    Column("permission_mode", String(50)),
    Column("max_turns", Integer),
    Column("work_dir", String(500)),
    Column("created_by", Integer),
    Column("is_public", Boolean, nullable=False, server_default="0"),
    Column("is_default", Boolean, nullable=False, server_default="0"),
    _time("created_at"),
    _time("updated_at"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("builtin", String(50)),
    Column("follows_builtin", Boolean, nullable=False, server_default="0"),
    Column("trashed_at", Id),
    Column("changed_at", Id, nullable=False, server_default="0"),
)

scenario_versions = Table(
    "scenario_versions",
    metadata,
    _id(),
    Column("scenario_id", Id, ForeignKey("business_scenarios.id", ondelete="CASCADE")),
    Column("version", Integer, nullable=False),
    Column("bundle", JSON, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("created_at", Id, nullable=False),
    UniqueConstraint("scenario_id", "version", name="uq_scenario_versions"),
)

scenario_labels = Table(
    "scenario_labels",
    metadata,
    _id(),
    Column("text", Text, nullable=False),
    Column("scenario_id", Id, ForeignKey("business_scenarios.id", ondelete="CASCADE")),
    Column("was_id", Id, ForeignKey("business_scenarios.id", ondelete="SET NULL")),
    Column("turn_id", Id, ForeignKey("turns.id", ondelete="SET NULL")),
    Column("created_at", Id, nullable=False),
    Index("ix_scenario_labels_scenario", "scenario_id"),
)

turn_matches = Table(
    "turn_matches",
    metadata,
    Column("turn_id", Id, ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    Column("scenario_id", Integer),
    Column("version", Integer, nullable=False, server_default="0"),
    Column("decision", JSON, nullable=False),
    Column("corrected", Boolean, nullable=False, server_default="0"),
    Index("ix_turn_matches_scenario", "scenario_id", "version"),
)

user_feedback = Table(
    "user_feedback",
    metadata,
    _id(),
    Column("user_id", Integer, nullable=False),
    Column("session_id", String(36)),
    Column("message_id", Integer),
    Column("conversation_turn_id", String(36)),
    Column("feedback_type", String(50), nullable=False),
    Column("feedback_data", JSON),
    Column("user_prompt", Text),
    Column("assistant_response", Text),
    Column("scenario_ids", Text),
    _time("created_at"),
    Column("recorded_at", Id, nullable=False, server_default="0"),
    Index("ix_user_feedback_user", "user_id", "created_at"),
    Index("ix_user_feedback_session", "session_id"),
    Index("ix_user_feedback_turn", "conversation_turn_id"),
)

user_preferences_cache = Table(
    "user_preferences_cache",
    metadata,
    _id(),
    Column("user_id", Integer, nullable=False, unique=True),
    Column("data_summary_hash", String(64)),
    Column("preferences", JSON),
    _time("updated_at"),
)

session_preferences = Table(
    "session_preferences",
    metadata,
    _id(),
    Column("session_id", String(36), nullable=False, unique=True),
    Column("preferences", JSON),
    _time("updated_at"),
    Column("data_summary_hash", String(64)),
)

user_behavior_stats = Table(
    "user_behavior_stats",
    metadata,
    _id(),
    Column("user_id", Integer, nullable=False, unique=True),
    *(
        Column(name, Integer, nullable=False, server_default="0")
        for name in (
            "total_sessions",
            "total_messages",
            "total_feedback",
            "like_count",
            "dislike_count",
        )
    ),
    Column("scenario_usage", JSON),
    Column("question_types", JSON),
    _time("updated_at"),
)

lessons = Table(
    "lessons",
    metadata,
    _id(),
    Column("user_id", Id, nullable=False),
    Column("session_id", Id, ForeignKey("sessions.id", ondelete="CASCADE")),
    Column("scenario_id", Id, ForeignKey("business_scenarios.id", ondelete="CASCADE")),
    Column("state", String(20), nullable=False),
    Column("data", JSON, nullable=False),
    Column("created_at", Id, nullable=False),
    Column("changed_at", Id, nullable=False),
    Column("uses", Integer, nullable=False, server_default="0"),
    Column("used_at", Id),
    Index("ix_lessons_user", "user_id", "state"),
)

lesson_changes = Table(
    "lesson_changes",
    metadata,
    _id(),
    Column("lesson_id", Id, ForeignKey("lessons.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", Id, nullable=False),
    Column("changed_at", Id, nullable=False),
    Column("cause", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("data", JSON, nullable=False),
    Index("ix_lesson_changes_lesson", "lesson_id", "id"),
    Index("ix_lesson_changes_user", "user_id", "changed_at"),
)

lesson_proofs = Table(
    "lesson_proofs",
    metadata,
    _id(),
    Column("lesson_id", Id, ForeignKey("lessons.id", ondelete="CASCADE"), nullable=False),
    Column("lesson_text", Text, nullable=False),
    Column("created_at", Id, nullable=False),
    Column("result", JSON, nullable=False),
    Index("ix_lesson_proofs_lesson", "lesson_id", "id"),
)

learning_runs = Table(
    "learning_runs",
    metadata,
    _id(),
    Column("user_id", Id, nullable=False),
    Column("session_id", Id),
    Column("started_at", Id, nullable=False),
    Column("ended_at", Id),
    Column("cause", String(20), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("detail", JSON, nullable=False),
    Index("ix_learning_runs_user", "user_id", "session_id", "id"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("name", String(50), primary_key=True),
    Column("paused", Boolean, nullable=False, server_default="0"),
    Column("schedule", JSON),
    Column("due_at", Id),
)

job_runs = Table(
    "job_runs",
    metadata,
    _id(),
    Column("job", String(50), nullable=False),
    Column("cause", String(20), nullable=False),
    Column("status", String(20), nullable=False),
    Column("started_at", Id, nullable=False),
    Column("ended_at", Id),
    Column("result", JSON),
    Column("error", JSON),
    Column("owner", String(60), nullable=False, server_default=""),
    Index("ix_job_runs_job", "job", "id"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("created_at", Id, nullable=False),
    Column("expires_at", Id, nullable=False),
    Column("revoked_at", Id),
    Column("used_at", Id),
    Column("key_id", String(16), nullable=False, server_default=""),
)

usage_aggregates = Table(
    "usage_aggregates",
    metadata,
    Column("day", Id, primary_key=True, autoincrement=False),
    Column("model", String(100), primary_key=True),
    Column("scenario_id", Id, primary_key=True, autoincrement=False),
    Column("session_id", Id, primary_key=True, autoincrement=False),
    *(Column(name, Id, nullable=False, server_default="0") for name in ("turns", *SUMS)),
    Index("ix_usage_aggregates_session", "session_id"),
)
"""Kept by triggers, with `turn_facts` (see `store.aggregates`)."""

takeovers = Table(
    "takeovers",
    metadata,
    _id(),
    Column("taken_at", Id, nullable=False),
    Column("report", JSON, nullable=False),
)

takeover_origins = Table(
    "takeover_origins",
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("origin", String(64), primary_key=True),
    Column("local_id", Id, nullable=False),
)
"""Which of our rows came from which of the web version's, by a hash of what that said."""

system_prompts = Table(
    "system_prompts",
    metadata,
    _id(),
    Column("name", String(255), nullable=False),
    Column("description", Text),
    Column("category", String(100)),
    Column("content", Text, nullable=False),
    Column("usage_count", Integer, nullable=False, server_default="0"),
)

user_scenario_configs = Table(
    "user_scenario_configs",
    metadata,
    _id(),
    Column("user_id", Integer, nullable=False, unique=True),
    Column("scenario_ids", Text),
    Column("user_custom_prompt", Text),
)

session_scenario_configs = Table(
    "session_scenario_configs",
    metadata,
    _id(),
    Column("session_id", String(36), nullable=False, unique=True),
    Column("scenario_ids", Text),
    Column("session_custom_prompt", Text),
    Column("pinned_scenario_id", Integer),
)

user_file_relationships = Table(
    "user_file_relationships",
    metadata,
    _id(),
    Column("user_id", Id, nullable=False, server_default="1"),
    Column("session_id", String(36), nullable=False),
    Column("conversation_turn_id", String(36)),
    Column("doc_id", String(255)),
    Column("file_name", Text, nullable=False),
    Column("file_type", String(100)),
    Column("file_size", Id),
    Column("is_active", Boolean, nullable=False, server_default="1"),
    _time("created_at"),
    Index("ix_user_file_relationships_session", "session_id"),
)
