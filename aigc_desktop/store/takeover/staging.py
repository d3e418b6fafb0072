"""The web version's rows, cleaned, in a database that our own migrations make and bring on.

The tables are made by the migrations up to the step that the source is at; so it does not matter
which columns, indexes or tables of its own a source has. From there the usual migrations run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aigc_desktop.core.migration import Progress
from aigc_desktop.core.takeover import LeftOut, Step
from aigc_desktop.store import migration, snapshots
from aigc_desktop.store.engine import database_uri
from aigc_desktop.store.takeover.clean import Cleaner
from aigc_desktop.store.takeover.source import LEARNING, Source, Stop

STRING_IDS = "add_user_scenario_config_table"
WITH_LEARNING = "add_phase3_evolution_tables"

TABLES = (
    "roles",
    "users",
    "user_configs",
    "sessions",
    "messages",
    "conversation_turn_configs",
    "user_file_relationships",
    "business_scenarios",
    "system_prompts",
    "skills",
    "user_scenario_configs",
    "session_scenario_configs",
)
NOT_TAKEN = ("system_default_config", "sqlite_sequence")
"""Tables that are known and stay behind: settings of the server, which may hold its keys."""

_NOT_TAKEN_COLUMNS = {"users": ("hashed_password",)}
_LISTS = ("allowed_tools", "default_allowed_tools")
_SCENARIO_LISTS = ("scenario_ids",)
_NEEDED = {
    "roles": ("name",),
    "users": ("username",),
    "user_configs": ("user_id",),
    "business_scenarios": ("name",),
    "system_prompts": ("name", "content"),
    "skills": ("name",),
    "user_feedback": ("user_id", "feedback_type"),
    "user_scenario_configs": ("user_id",),
    "session_scenario_configs": ("session_id",),
    "user_preferences_cache": ("user_id",),
    "session_preferences": ("session_id",),
    "user_behavior_stats": ("user_id",),
    "user_file_relationships": ("session_id", "file_name"),
    "conversation_turn_configs": ("conversation_turn_id",),
}
"""Columns without which a row says nothing."""

OnStep = Callable[[Step, str, float], None]


@dataclass(slots=True)
class Staged:
    """A database at our newest revision with the web version's rows, and what stayed behind."""

    path: Path
    cleaner: Cleaner
    left_out: list[LeftOut] = field(default_factory=list)


def build(source: Source, path: Path, on_step: OnStep, stop: Stop) -> Staged:
    """Make the staging database at `path`; the source's copy may be deleted afterwards."""
    staged = Staged(path, Cleaner())
    string_ids = source.has_string_ids
    migration.make_database(path, STRING_IDS if string_ids else WITH_LEARNING)
    with _joined(source, path, staged.cleaner, stop) as db:
        db.execute("DELETE FROM users")
        db.execute("DELETE FROM roles")
        _copy_tables(db, source, TABLES, staged, on_step)
        _tell_of_messages(db, source, staged)
        _tell_of_secrets(db, source, staged)
    if string_ids:
        migration.make_database(path, WITH_LEARNING)
    with _joined(source, path, staged.cleaner, stop) as db:
        _copy_tables(db, source, LEARNING, staged, on_step)
    _tell_of_rest(source, staged)

    def migrating(progress: Progress) -> None:
        stop()
        on_step(Step.MIGRATE, progress.revision, progress.number / max(1, progress.count))

    migration.make_database(path, progress=migrating)
    return staged


def _joined(source: Source, path: Path, cleaner: Cleaner, stop: Stop) -> Any:
    """Open the staging database with the source as `web`; closed and committed at the end."""
    return _Joined(source, path, cleaner, stop)


class _Joined:
    def __init__(self, source: Source, path: Path, cleaner: Cleaner, stop: Stop) -> None:
        self._db = snapshots.connect(path, "mode=rw")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute("PRAGMA journal_mode=OFF")
        self._db.execute("PRAGMA temp_store=FILE")
        cleaner.register(self._db)
        watch(self._db, stop)
        self._db.execute("ATTACH ? AS web", (database_uri(source.copy, "mode=ro"),))

    def __enter__(self) -> Any:
        self._db.execute("BEGIN")
        return self._db

    def __exit__(self, kind: Any, *_rest: Any) -> None:
        try:
            if kind is None:
                self._db.execute("COMMIT")
        finally:
            self._db.close()


OPCODES = 20_000
"""Of SQLite's machine, between two looks at whether the user has cancelled."""


def watch(db: Any, stop: Stop) -> None:
    """Let a statement of any length be cancelled."""

    def look() -> int:
        try:
            stop()
        except BaseException:  # noqa: BLE001 SQLite only wants to know whether to go on
            return 1
        return 0

    db.set_progress_handler(look, OPCODES)


def _copy_tables(
    db: Any, source: Source, tables: Sequence[str], staged: Staged, on_step: OnStep
) -> None:
    for number, table in enumerate(tables):
        if table in source.tables:
            on_step(Step.STAGE, table, number / len(tables))
            _copy_table(db, source, table, staged)
        if table == "business_scenarios" and source.has_string_ids:
            rows = db.execute("SELECT scenario_id, id FROM business_scenarios")
            staged.cleaner.names = dict(rows.fetchall())


def _copy_table(db: Any, source: Source, table: str, staged: Staged) -> None:
    columns = db.execute("SELECT name, type FROM pragma_table_info(?)", (table,)).fetchall()
    there = source.tables[table]
    left = _NOT_TAKEN_COLUMNS.get(table, ())
    pairs = [
        (n, _expression(table, n, kind)) for n, kind in columns if n in there and n not in left
    ]
    if table in ("business_scenarios", "system_prompts", "skills"):
        pairs = [(name, _named(name, value)) for name, value in pairs]
        pairs += _missing_string_ids(columns, pairs)
    names = ", ".join(f'"{name}"' for name, _ in pairs)
    values = ", ".join(value for _, value in pairs)
    (total,) = db.execute(f'SELECT count(*) FROM web."{table}"').fetchone()
    came = db.execute(
        f'INSERT OR IGNORE INTO main."{table}" ({names}) SELECT {values} FROM web."{table}" w '
        f"WHERE {_where(table)} ORDER BY w.rowid"
    ).rowcount
    if came < total and table != "messages":
        staged.left_out.append(
            LeftOut("takeover:rows", {"table": table, "count": total - came, "total": total})
        )


def _named(name: str, value: str) -> str:
    """A string id that is not there is made up, so that the row is not lost."""
    if name in ("scenario_id", "prompt_id", "skill_id"):
        return f"coalesce(nullif({value}, ''), 'web-' || w.rowid)"
    return value


def _missing_string_ids(
    columns: Sequence[tuple[str, str]], pairs: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    there = {name for name, _ in pairs}
    wanted = ("scenario_id", "prompt_id", "skill_id")
    return [(n, "'web-' || w.rowid") for n, _ in columns if n in wanted and n not in there]


def _where(table: str) -> str:
    if table == "sessions":
        return f"{_text('w.session_id')} <> '' AND length({_text('w.session_id')}) <= 36"
    if table == "messages":
        return (
            f"{_text('w.session_id')} IN (SELECT session_id FROM main.sessions) "
            "AND lower(w.role) IN ('user', 'assistant', 'tool')"
        )
    needed = [f"w.{column} IS NOT NULL" for column in _NEEDED.get(table, ())]
    return " AND ".join(needed) or "1"


def _expression(table: str, name: str, kind: str) -> str:
    """Return SQL that reads a column of the source as the kind that ours has."""
    column = f'w."{name}"'
    if table == "messages":
        special = _message_expression(name)
        if special:
            return special
    if name in _LISTS:
        return f"web_list(CAST({column} AS BLOB))"
    if name in _SCENARIO_LISTS and table == "user_feedback":
        return f"web_scenarios(CAST({column} AS BLOB))"
    if name in _SCENARIO_LISTS or kind == "JSON":
        return f"web_json(CAST({column} AS BLOB))"
    if kind.startswith(("VARCHAR", "TEXT")):
        return f"substr({_text(column)}, 1, {_limit(kind)})"
    if kind == "DATETIME":
        return _time(column)
    if kind == "BOOLEAN":
        return (
            f"CASE WHEN lower({column}) IN ('true', 't', 'yes') THEN 1 "
            f"ELSE coalesce(CAST({column} AS INTEGER), 0) <> 0 END"
        )
    number = (
        f"CASE WHEN typeof({column}) IN ('integer', 'real') OR {column} GLOB '[0-9]*' "
        f"THEN CAST({column} AS INTEGER) END"
    )
    counts = ("usage_count", "total_", "like_count", "dislike_count")
    return f"coalesce({number}, 0)" if name.startswith(counts) else number


def _message_expression(name: str) -> str:
    """Return SQL for a column of `messages`, of which there may be a million."""
    kind = (
        "CASE WHEN w.message_type IN ('text', 'tool_use', 'tool_result', 'thinking') "
        "THEN w.message_type WHEN lower(w.role) = 'tool' THEN 'tool_result' "
        f"ELSE coalesce(nullif(substr({_text('w.message_type')}, 1, 50), ''), 'text') END"
    )
    content, extra = "CAST(w.content AS BLOB)", "CAST(w.extra_data AS BLOB)"
    return {
        "role": "CASE lower(w.role) WHEN 'assistant' THEN 'assistant' ELSE 'user' END",
        "message_type": kind,
        "content": f"web_content({kind}, {content}, {extra})",
        "extra_data": f"web_extra({kind}, {content}, {extra})",
        "conversation_turn_id": f"substr({_text('w.conversation_turn_id')}, 1, 36)",
    }.get(name, "")


def _text(column: str) -> str:
    """Text of plain characters is as it is; other text is cleaned."""
    return (
        f"CASE WHEN typeof({column}) = 'text' AND {column} NOT GLOB '*[^0-9A-Za-z_.:-]*' "
        f"THEN {column} ELSE web_text(CAST({column} AS BLOB)) END"
    )


def _time(column: str) -> str:
    """A time as text in UTC, from text or from seconds or milliseconds since 1970."""
    return (
        f"CASE WHEN typeof({column}) = 'text' THEN CASE WHEN julianday({column}) "
        f"BETWEEN 2440587.5 AND 2488070 THEN {column} END "
        f"WHEN {column} > 100000000000 THEN datetime({column} / 1000, 'unixepoch') "
        f"WHEN {column} > 0 THEN datetime({column}, 'unixepoch') END"
    )


def _limit(kind: str) -> int:
    _, _, size = kind.partition("(")
    return int(size.rstrip(")")) if size else 2**31 - 1


def _tell_of_messages(db: Any, source: Source, staged: Staged) -> None:
    """Say which messages stayed behind, and which links between them lead nowhere."""
    session = _text("w.session_id")
    known = f"{session} IN (SELECT session_id FROM main.sessions)"
    found = db.execute(
        f"SELECT count(*) FILTER (WHERE NOT coalesce({known}, 0)), "
        f"count(*) FILTER (WHERE {known} AND coalesce(lower(w.role), '') "
        "NOT IN ('user', 'assistant', 'tool')) FROM web.messages w"
    ).fetchone()
    for code, count in zip(("takeover:orphans", "takeover:roles"), found, strict=True):
        if count:
            staged.left_out.append(LeftOut(code, {"count": count}))
    if "parent_message_id" not in source.tables["messages"]:
        return
    (loose,) = db.execute(
        "SELECT count(*) FROM main.messages m WHERE m.parent_message_id IS NOT NULL AND NOT EXISTS "
        "(SELECT 1 FROM main.messages p WHERE p.id = m.parent_message_id AND p.id < m.id "
        "AND p.session_id = m.session_id)"
    ).fetchone()
    if loose:
        staged.left_out.append(LeftOut("takeover:links", {"count": loose}))


def _tell_of_secrets(db: Any, source: Source, staged: Staged) -> None:
    """Say which secrets stayed behind."""
    if "hashed_password" in source.tables.get("users", {}):
        query = "SELECT count(*) FROM web.users WHERE hashed_password IS NOT NULL"
        if count := db.execute(query).fetchone()[0]:
            staged.left_out.append(LeftOut("takeover:passwords", {"count": count}))
    if "config_key" in source.tables.get("system_default_config", {}):
        query = "SELECT count(*) FROM web.system_default_config"
        if count := db.execute(query).fetchone()[0]:
            staged.left_out.append(LeftOut("takeover:server", {"count": count}))


def _tell_of_rest(source: Source, staged: Staged) -> None:
    """Say which tables are not ours and stayed behind."""
    known = {*TABLES, *LEARNING, *NOT_TAKEN}
    foreign = sorted(set(source.tables) - known)
    if foreign:
        staged.left_out.append(LeftOut("takeover:tables", {"tables": ", ".join(foreign)[:500]}))
    for code, count in sorted(staged.cleaner.lost.items()):
        staged.left_out.append(LeftOut(code, {"count": count}))
