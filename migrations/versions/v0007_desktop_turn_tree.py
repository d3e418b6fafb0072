"""Turns as a tree, one message row per content block, times as epoch milliseconds.

The web version's messages become turns: each text of the user begins one, which follows the turn
of the message that it answers. Messages keep their ids, so that feedback still finds them; usage
and cost go to the turns; feedback, files and turn configurations refer to turns by their id.

The tables are written out here: those in `store.tables` go on changing, this step does not.
"""

import sqlalchemy as sa
from alembic import op

revision = "desktop_turn_tree"
down_revision = "add_phase3_evolution_tables"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TOKENS = {
    "input_tokens": ("$.usage.input_tokens", "$.input_tokens", "$.usage.prompt_tokens"),
    "output_tokens": ("$.usage.output_tokens", "$.output_tokens", "$.usage.completion_tokens"),
    "cache_read_tokens": ("$.usage.cache_read_input_tokens", "$.cache_read_input_tokens"),
    "cache_write_tokens": ("$.usage.cache_creation_input_tokens", "$.cache_creation_input_tokens"),
}
_COST = ("$.total_cost_usd", "$.cost_usd", "$.total_cost", "$.cost", "$.usage.total_cost_usd")
_TOO_MANY = 1_000_000_000_000
"""No turn used as many tokens or cost as many millionths; what says so is no count."""


def upgrade() -> None:
    op.drop_index("ix_messages_session", table_name="messages")
    op.rename_table("sessions", "web_sessions")
    op.rename_table("messages", "web_messages")
    _create_sessions()
    _create_turns()
    op.execute(
        "INSERT INTO sessions (id, session_id, user_id, title, system_prompt, model, "
        "allowed_tools, permission_mode, max_turns, created_at, last_activity) "
        "SELECT id, session_id, coalesce(user_id, 1), '', system_prompt, model, allowed_tools, "
        f"permission_mode, max_turns, {_epoch_ms('created_at', 'last_activity')}, "
        f"{_epoch_ms('last_activity', 'created_at')} FROM web_sessions"
    )
    _number_messages()
    _copy_turns()
    _copy_messages()
    op.create_index("ix_web_turn_keys_turn", "web_turn_keys", ["turn_key"])
    if _is_sqlite():
        _copy_usage()
    _point_to_turns()
    for table in ("numbered_messages", "web_turn_keys", "web_messages", "web_sessions"):
        op.drop_table(table)


def _id() -> sa.Column:
    return sa.Column("id", _ID, primary_key=True, autoincrement=True)


def _of_turn(**options: object) -> sa.Column:
    return sa.Column("turn_id", _ID, sa.ForeignKey("turns.id", ondelete="CASCADE"), **options)


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        _id(),
        sa.Column("session_id", sa.String(36), nullable=False, unique=True),
        sa.Column("user_id", _ID, nullable=False, server_default="1"),
        sa.Column("title", sa.Text, nullable=False, server_default=""),
        sa.Column("title_is_manual", sa.Boolean, nullable=False, server_default="0"),
        sa.Column("pinned", sa.Boolean, nullable=False, server_default="0"),
        sa.Column("trashed_at", _ID),
        sa.Column("draft", sa.Text, nullable=False, server_default=""),
        sa.Column("current_turn_id", _ID),
        sa.Column("work_dir", sa.Text),
        sa.Column("system_prompt", sa.Text),
        sa.Column("model", sa.String(100)),
        sa.Column("allowed_tools", sa.Text),
        sa.Column("permission_mode", sa.String(50)),
        sa.Column("max_turns", sa.Integer),
        sa.Column("created_at", _ID, nullable=False),
        sa.Column("last_activity", _ID, nullable=False),
    )
    op.create_index("ix_sessions_list", "sessions", ["trashed_at", "pinned", "last_activity"])


def _create_turns() -> None:
    session = sa.ForeignKey("sessions.id", ondelete="CASCADE")
    op.create_table(
        "turns",
        _id(),
        sa.Column("session_id", _ID, session, nullable=False),
        sa.Column("parent_id", _ID, sa.ForeignKey("turns.id", ondelete="CASCADE")),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("stop_reason", sa.String(20)),
        sa.Column("user_text", sa.Text, nullable=False, server_default=""),
        sa.Column("config", sa.JSON),
        sa.Column("model", sa.String(100), nullable=False, server_default=""),
        *(sa.Column(name, _ID, nullable=False, server_default="0") for name in _TOKENS),
        sa.Column("cost_micros", _ID),
        sa.Column("error", sa.JSON),
        sa.Column("owner", sa.String(60), nullable=False, server_default=""),
        sa.Column("created_at", _ID, nullable=False),
        sa.Column("ended_at", _ID),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_turns_session", "turns", ["session_id", "id"])
    op.create_index("ix_turns_parent", "turns", ["parent_id"])
    op.create_index("ix_turns_status", "turns", ["status"])
    op.create_table(
        "messages",
        _id(),
        _of_turn(nullable=False),
        sa.Column("position", _ID, nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("message_type", sa.String(50), nullable=False),
        sa.Column("content", sa.Text, nullable=False, server_default=""),
        sa.Column("extra_data", sa.JSON),
        sa.Column("created_at", _ID, nullable=False),
        sa.UniqueConstraint("turn_id", "position", name="uq_messages_turn_position"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "turn_journal",
        _id(),
        _of_turn(nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("tool_use_id", sa.String(100)),
        sa.Column("detail", sa.JSON),
        sa.Column("created_at", _ID, nullable=False),
    )
    op.create_index("ix_turn_journal_turn", "turn_journal", ["turn_id"])


def _number_messages() -> None:
    """Give each old message its turn: the newest text of the user up to it.

    What comes before the first request makes a turn of its own.
    """
    op.execute(
        "CREATE TABLE numbered_messages AS SELECT m.id AS id, s.id AS session_key, "
        "CASE WHEN m.role = 'user' THEN 'user' ELSE 'assistant' END AS role, "
        "coalesce(m.message_type, 'text') AS message_type, coalesce(m.content, '') AS content, "
        "m.extra_data AS extra_data, m.result_info AS result_info, "
        "m.conversation_turn_id AS conversation_turn_id, m.parent_message_id AS parent_id, "
        f"{_epoch_ms('m.created_at', 's.created_at')} AS created_at, "
        # With its type said, so that SQLite uses the index on it.
        "CAST(coalesce(max(CASE WHEN m.role = 'user' AND coalesce(m.message_type, 'text') = 'text' "
        "THEN m.id END) OVER message_order, first_value(m.id) OVER message_order) "
        "AS BIGINT) AS turn_key "
        "FROM web_messages m JOIN web_sessions s ON s.session_id = m.session_id "
        "WINDOW message_order AS (PARTITION BY s.id ORDER BY m.id)"
    )
    op.create_index("ix_numbered_messages", "numbered_messages", ["turn_key", "id"])
    op.create_index("ix_numbered_messages_id", "numbered_messages", ["id"], unique=True)
    op.execute(
        "CREATE TABLE web_turn_keys AS SELECT conversation_turn_id AS web_id, "
        "CAST(min(turn_key) AS BIGINT) AS turn_key FROM numbered_messages "
        "WHERE conversation_turn_id IS NOT NULL GROUP BY conversation_turn_id"
    )
    op.create_index("ix_web_turn_keys", "web_turn_keys", ["web_id"])


def _copy_turns() -> None:
    """A request follows the turn of its parent message, if that is an earlier one here."""
    op.execute(
        "INSERT INTO turns (id, session_id, parent_id, status, stop_reason, user_text, "
        "created_at, ended_at) "
        "SELECT f.id, f.session_key, coalesce(p.turn_key, f.before_key), 'done', 'end_turn', "
        "CASE WHEN f.role = 'user' AND f.message_type = 'text' THEN f.content ELSE '' END, "
        "f.created_at, (SELECT max(e.created_at) FROM numbered_messages e "
        "WHERE e.turn_key = f.id) "
        "FROM (SELECT n.*, lag(id) OVER (PARTITION BY session_key ORDER BY id) AS before_key "
        "FROM numbered_messages n WHERE n.id = n.turn_key) f "
        "LEFT JOIN numbered_messages p ON p.id = f.parent_id AND +p.session_key = f.session_key "
        "AND +p.turn_key < f.id ORDER BY f.id"
    )
    op.execute(
        "UPDATE sessions SET current_turn_id = "
        "(SELECT max(t.id) FROM turns t WHERE t.session_id = sessions.id), "
        "title = coalesce((SELECT substr(t.user_text, 1, 60) FROM turns t "
        "WHERE t.session_id = sessions.id AND t.user_text <> '' ORDER BY t.id LIMIT 1), '')"
    )


def _copy_messages() -> None:
    """Each old message is a step of its own, so that the order stays whatever was mixed.

    Rows that carried nothing but usage are left out. A turn without a request gets a mark in its
    place: a conversation begins with the user.
    """
    op.execute(
        "INSERT INTO messages (id, turn_id, position, role, message_type, content, extra_data, "
        "created_at) SELECT id, turn_key, (row_number() OVER (PARTITION BY turn_key ORDER BY id) "
        "- CASE WHEN first_type = 'user:text' THEN 1 ELSE 0 END) * 1000 "
        "+ CASE WHEN message_type = 'tool_result' THEN 500 ELSE 0 END, "
        "CASE WHEN message_type = 'tool_result' THEN 'user' ELSE role END, "
        "message_type, content, extra_data, created_at "
        "FROM (SELECT n.*, first_value(role || ':' || message_type) "
        "OVER (PARTITION BY turn_key ORDER BY id) AS first_type FROM numbered_messages n) m "
        "WHERE content <> '' OR id = turn_key OR message_type IN ('tool_use', 'tool_result')"
    )
    op.execute(
        "INSERT INTO messages (turn_id, position, role, message_type, content, created_at) "
        "SELECT id, 0, 'user', 'text', '…', created_at FROM numbered_messages "
        "WHERE id = turn_key AND NOT (role = 'user' AND message_type = 'text') ORDER BY id"
    )


def _copy_usage() -> None:
    """The same result on several messages of a turn is one result."""
    sums = ", ".join(f"sum({_count(paths)}) AS {name}" for name, paths in _TOKENS.items())
    cost = f"coalesce({', '.join(_value(path) for path in _COST)})"
    op.execute(
        f"CREATE TABLE turn_usage AS SELECT turn_key, {sums}, "
        f"sum(CASE WHEN typeof({cost}) IN ('real', 'integer') AND {cost} BETWEEN 0 AND 1000000 "
        f"THEN CAST(round({cost} * 1000000) AS INTEGER) END) AS cost_micros "
        "FROM (SELECT DISTINCT turn_key, result_info FROM numbered_messages "
        "WHERE result_info IS NOT NULL AND json_valid(result_info)) GROUP BY turn_key"
    )
    op.create_index("ix_turn_usage", "turn_usage", ["turn_key"])
    columns = ", ".join(f"{name} = u.{name}" for name in (*_TOKENS, "cost_micros"))
    op.execute(f"UPDATE turns SET {columns} FROM turn_usage u WHERE u.turn_key = turns.id")
    op.drop_table("turn_usage")
    op.create_index("ix_by_web_turn", "conversation_turn_configs", ["conversation_turn_id"])
    op.execute(
        "UPDATE turns SET model = coalesce((SELECT substr(json_extract(c.final_config, '$.model'), "
        "1, 100) FROM web_turn_keys k JOIN conversation_turn_configs c "
        "ON c.conversation_turn_id = k.web_id WHERE k.turn_key = turns.id "
        "AND json_valid(c.final_config) LIMIT 1), "
        "(SELECT s.model FROM sessions s WHERE s.id = turns.session_id), '')"
    )
    op.drop_index("ix_by_web_turn", table_name="conversation_turn_configs")


def _point_to_turns() -> None:
    """What knew a turn by the web version's id knows it by ours."""
    for table in ("user_feedback", "user_file_relationships", "conversation_turn_configs"):
        op.execute(
            f"UPDATE {table} SET conversation_turn_id = (SELECT CAST(k.turn_key AS VARCHAR(36)) "
            f"FROM web_turn_keys k WHERE k.web_id = {table}.conversation_turn_id) "
            "WHERE EXISTS (SELECT 1 FROM web_turn_keys k "
            f"WHERE k.web_id = {table}.conversation_turn_id)"
        )
    op.execute(
        "UPDATE user_feedback SET conversation_turn_id = "
        "(SELECT CAST(n.turn_key AS VARCHAR(36)) FROM numbered_messages n "
        "WHERE n.id = user_feedback.message_id) "
        "WHERE conversation_turn_id IS NULL AND message_id IS NOT NULL"
    )


def _count(paths: tuple[str, ...]) -> str:
    value = f"coalesce({', '.join(_value(path) for path in paths)}, 0)"
    return f"max(0, min(CAST({value} AS INTEGER), {_TOO_MANY}))"


def _value(path: str) -> str:
    return f"json_extract(result_info, '{path}')"


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _epoch_ms(*columns: str) -> str:
    """Return SQL for the first of the times that there is, in UTC; now, if there is none."""
    if _is_sqlite():
        times = [f"round((julianday({column}) - 2440587.5) * 86400000)" for column in columns]
        return f"CAST(coalesce({', '.join(times)}, strftime('%s', 'now') * 1000) AS INTEGER)"
    return f"CAST(extract(epoch FROM coalesce({', '.join(columns)}, now())) * 1000 AS BIGINT)"
