"""Turns as a tree, one message row per content block, times as epoch milliseconds.

The web version's messages become turns: each text of the user begins one.
"""

import sqlalchemy as sa
from alembic import op

from aigc_desktop.store.tables import messages, sessions, turn_journal, turns

revision = "desktop_turn_tree"
down_revision = "add_phase3_evolution_tables"


def _epoch_ms(column: str) -> str:
    if op.get_bind().dialect.name == "sqlite":
        return (
            f"coalesce(CAST(round((julianday({column}) - 2440587.5) * 86400000) AS INTEGER), "
            "CAST(strftime('%s', 'now') AS INTEGER) * 1000)"
        )
    return f"CAST(extract(epoch FROM coalesce({column}, now())) * 1000 AS BIGINT)"


def upgrade() -> None:
    op.drop_index("ix_messages_session", table_name="messages")
    op.rename_table("sessions", "web_sessions")
    op.rename_table("messages", "web_messages")
    for table in (sessions, turns, messages, turn_journal):
        table.create(op.get_bind())
    op.execute(
        "INSERT INTO sessions (id, session_id, user_id, title, system_prompt, model, "
        "allowed_tools, permission_mode, max_turns, created_at, last_activity) "
        "SELECT id, session_id, coalesce(user_id, 1), '', system_prompt, model, allowed_tools, "
        f"permission_mode, max_turns, {_epoch_ms('created_at')}, {_epoch_ms('last_activity')} "
        "FROM web_sessions"
    )
    _number_messages()
    _copy_turns()
    _copy_messages()
    op.drop_table("numbered_messages")
    op.drop_table("web_messages")
    op.drop_table("web_sessions")


def _number_messages() -> None:
    """Give each old message its turn (0: before the first request) and its place in the turn."""
    op.execute(
        "CREATE TABLE numbered_messages AS "
        "SELECT m.id AS id, s.id AS session_key, m.role AS role, "
        "coalesce(m.message_type, 'text') AS message_type, coalesce(m.content, '') AS content, "
        "m.extra_data AS extra_data, m.created_at AS created_at, "
        "max(CASE WHEN m.role = 'user' AND coalesce(m.message_type, 'text') = 'text' "
        "THEN m.id END) OVER (PARTITION BY s.id ORDER BY m.id) AS turn_key "
        "FROM web_messages m JOIN web_sessions s ON s.session_id = m.session_id"
    )
    op.create_index("ix_numbered_messages", "numbered_messages", ["turn_key", "id"])


def _copy_turns() -> None:
    op.execute(
        "INSERT INTO turns (id, session_id, parent_id, status, stop_reason, user_text, "
        "created_at, ended_at) SELECT id, session_key, "
        "lag(id) OVER (PARTITION BY session_key ORDER BY id), 'done', 'end_turn', content, "
        f"{_epoch_ms('created_at')}, {_epoch_ms('created_at')} "
        "FROM numbered_messages WHERE id = turn_key"
    )
    op.execute(
        "UPDATE sessions SET current_turn_id = "
        "(SELECT max(t.id) FROM turns t WHERE t.session_id = sessions.id), "
        "title = coalesce((SELECT substr(t.user_text, 1, 60) FROM turns t "
        "WHERE t.session_id = sessions.id ORDER BY t.id LIMIT 1), '')"
    )


def _copy_messages() -> None:
    """Each old message is a step of its own, so that the order stays whatever was mixed."""
    op.execute(
        sa.text(
            "INSERT INTO messages (turn_id, position, role, message_type, content, extra_data, "
            "created_at) SELECT turn_key, "
            "(row_number() OVER (PARTITION BY turn_key ORDER BY id) - 1) * 1000 "
            "+ CASE WHEN message_type = 'tool_result' THEN 500 ELSE 0 END, "
            "CASE WHEN message_type = 'tool_result' THEN 'user' ELSE role END, "
            f"message_type, content, extra_data, {_epoch_ms('created_at')} "
            "FROM numbered_messages WHERE turn_key IS NOT NULL"
        )
    )
