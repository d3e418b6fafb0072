"""The web version's first tables: users, sessions, messages, scenarios, prompts, skills.

Business objects have a string id beside their integer key, as the web version's first step had.
"""

import sqlalchemy as sa
from alembic import op

revision = "init_database"
down_revision = None


def _id() -> sa.Column:
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)


def _time(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime, server_default=sa.func.current_timestamp())


def _flag(name: str, default: str) -> sa.Column:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=default)


def upgrade() -> None:
    _create_people()
    _create_conversations()
    _create_library()
    op.execute(
        "INSERT INTO roles (id, name, description) VALUES (1, 'admin', 'The local user'), "
        "(2, 'user', 'A user without management rights')"
    )
    op.execute(
        "INSERT INTO users (id, username, role_id, is_active, is_verified) "
        "VALUES (1, 'local', 1, true, true)"
    )


def _create_people() -> None:
    op.create_table(
        "roles",
        _id(),
        sa.Column("name", sa.String(50), nullable=False, unique=True),
        sa.Column("description", sa.Text),
        sa.Column("permissions", sa.JSON),
        _time("created_at"),
    )
    op.create_table(
        "users",
        _id(),
        sa.Column("username", sa.String(50), nullable=False, unique=True),
        sa.Column("email", sa.String(255)),
        sa.Column("hashed_password", sa.String(255)),
        sa.Column("full_name", sa.String(100)),
        sa.Column("avatar_url", sa.String(500)),
        sa.Column("role_id", sa.Integer, sa.ForeignKey("roles.id")),
        _flag("is_active", "1"),
        _flag("is_verified", "0"),
        _time("created_at"),
        _time("updated_at"),
        sa.Column("last_login", sa.DateTime),
    )
    op.create_table(
        "user_configs",
        _id(),
        sa.Column("user_id", sa.Integer, nullable=False, unique=True),
        sa.Column("default_system_prompt", sa.Text),
        sa.Column("default_allowed_tools", sa.Text),
        sa.Column("default_model", sa.String(100)),
        sa.Column("permission_mode", sa.String(50)),
        sa.Column("max_turns", sa.Integer),
        sa.Column("work_dir", sa.String(500)),
        sa.Column("custom_tools", sa.JSON),
        sa.Column("custom_skills", sa.JSON),
        sa.Column("associated_scenario_id", sa.String(100)),
    )
    op.create_table(
        "system_default_config",
        _id(),
        sa.Column("config_key", sa.String(100), nullable=False, unique=True),
        sa.Column("config_value", sa.Text),
    )


def _create_conversations() -> None:
    op.create_table(
        "sessions",
        _id(),
        sa.Column("session_id", sa.String(36), nullable=False, unique=True),
        sa.Column("user_id", sa.Integer),
        sa.Column("system_prompt", sa.Text),
        sa.Column("model", sa.String(100)),
        sa.Column("allowed_tools", sa.Text),
        sa.Column("permission_mode", sa.String(50)),
        sa.Column("max_turns", sa.Integer),
        _time("created_at"),
        _time("last_activity"),
        _flag("is_connected", "0"),
        sa.Column("timeout_seconds", sa.Integer),
        _flag("is_active", "1"),
    )
    op.create_table(
        "messages",
        _id(),
        sa.Column("session_id", sa.String(36), sa.ForeignKey("sessions.session_id")),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("message_type", sa.String(50)),
        sa.Column("content", sa.Text),
        sa.Column("extra_data", sa.JSON),
        sa.Column("result_info", sa.JSON),
        sa.Column("conversation_turn_id", sa.String(36)),
        sa.Column("parent_message_id", sa.Integer),
        _time("created_at"),
        sa.Column("turn_number", sa.Integer),
    )
    op.create_index("ix_messages_session", "messages", ["session_id"])
    op.create_table(
        "conversation_turn_configs",
        _id(),
        sa.Column("conversation_turn_id", sa.String(36), nullable=False),
        sa.Column("session_id", sa.String(36)),
        sa.Column("user_id", sa.Integer),
        sa.Column("final_config", sa.JSON),
        sa.Column("config_sources", sa.JSON),
        sa.Column("scenario_id", sa.String(100)),
        sa.Column("scenario_name", sa.String(255)),
    )
    op.create_table(
        "user_file_relationships",
        _id(),
        sa.Column("user_id", sa.Integer, nullable=False, server_default="1"),
        sa.Column("session_id", sa.String(36), nullable=False),
        sa.Column("conversation_turn_id", sa.String(36)),
        sa.Column("doc_id", sa.String(255)),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("file_type", sa.String(100)),
        sa.Column("file_size", sa.Integer),
        _flag("is_active", "1"),
        _time("created_at"),
    )
    op.create_index("ix_user_file_relationships_session", "user_file_relationships", ["session_id"])


def _create_library() -> None:
    op.create_table(
        "business_scenarios",
        _id(),
        sa.Column("scenario_id", sa.String(100), nullable=False, unique=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("system_prompt", sa.Text),
        sa.Column("allowed_tools", sa.Text),
        sa.Column("recommended_model", sa.String(100)),
        sa.Column("custom_tools", sa.JSON),
        sa.Column("skills", sa.JSON),
        sa.Column("workflow", sa.JSON),
        sa.Column("permission_mode", sa.String(50)),
        sa.Column("max_turns", sa.Integer),
        sa.Column("work_dir", sa.String(500)),
        sa.Column("created_by", sa.Integer),
        _flag("is_public", "0"),
        _time("created_at"),
        _time("updated_at"),
    )
    op.create_table(
        "system_prompts",
        _id(),
        sa.Column("prompt_id", sa.String(100), nullable=False, unique=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("category", sa.String(100)),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("usage_count", sa.Integer, nullable=False, server_default="0"),
        _flag("is_default", "0"),
        sa.Column("created_by", sa.Integer),
        _flag("is_public", "0"),
        _time("created_at"),
        _time("updated_at"),
    )
    op.create_table(
        "skills",
        _id(),
        sa.Column("skill_id", sa.String(100), nullable=False, unique=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("category", sa.String(100)),
        sa.Column("skill_content", sa.Text),
        sa.Column("skill_config", sa.JSON),
        sa.Column("usage_count", sa.Integer, nullable=False, server_default="0"),
        _flag("is_default", "0"),
        sa.Column("created_by", sa.Integer),
        _flag("is_public", "0"),
        _time("created_at"),
        _time("updated_at"),
    )
