"""Puts the staged rows into the user's database, in one transaction: all of it, or nothing.

Chats are known by their uuid and never come twice. Ids are moved past those in use, set-based.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.takeover import Arrived, LeftOut
from aigc_desktop.store import snapshots
from aigc_desktop.store.engine import database_uri
from aigc_desktop.store.takeover.library import Library, alias_of
from aigc_desktop.store.takeover.source import Stop
from aigc_desktop.store.takeover.staging import watch

logger = logging.getLogger(__name__)

BUSY_MS = 120_000
"""How long a running program's own writes may keep this waiting."""

_STEPS = 6
_FEEDBACK = (
    *("feedback_type", "feedback_data", "user_prompt", "assistant_response"),
    *("created_at", "recorded_at"),
)
_MOVED_TURN = (
    "CASE WHEN EXISTS (SELECT 1 FROM web.turns t WHERE t.id = CAST(w.conversation_turn_id AS "
    "INTEGER)) THEN CAST(CAST(w.conversation_turn_id AS INTEGER) + :turns AS TEXT) END"
)


@dataclass(frozen=True, slots=True)
class Merged:
    """What came over, what did not, and whose data is the local user's now."""

    arrived: tuple[Arrived, ...]
    left_out: tuple[LeftOut, ...]
    user: str


def merge(
    database: Path,
    staging: Path,
    *,
    user: str | None,
    now: int,
    on_share: Callable[[str, float], None],
    stop: Stop,
) -> Merged:
    """Put everything into `database`, which others may have open.

    Raises:
        UserError: `takeover_no_user`, `database_locked`, `disk_full`, `migration_failed`.
    """
    with _transaction(database, staging, stop) as db:
        work = _Merge(db, now)
        merged = work.run(user, on_share)
        on_share("", 1.0)
    return merged


@contextlib.contextmanager
def _transaction(database: Path, staging: Path, stop: Stop) -> Iterator[Any]:
    with snapshots.opened(database, "mode=rw") as db:
        db.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA temp_store=FILE")
        db.execute("ATTACH ? AS web", (database_uri(staging, "mode=ro"),))
        db.create_function("web_path", 1, relative_path, deterministic=True)
        db.create_function("web_model", 1, alias_of, deterministic=True)
        watch(db, stop)
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        except dbapi2.DatabaseError:
            stop()
            raise
        finally:
            db.set_progress_handler(None, 0)
            if db.in_transaction:
                db.execute("ROLLBACK")


class _Merge:
    def __init__(self, db: Any, now: int) -> None:
        self._db = db
        self._library = Library(db, now)
        self._values: dict[str, int] = {}

    def run(self, user: str | None, on_share: Callable[[str, float], None]) -> Merged:
        came, already = self._library.came, self._library.already
        try:
            name = self._library.take_users(user)
        except LookupError as error:
            raise UserError("takeover_no_user", name=user or "", known=str(error)) from error
        self._library.take_library()
        self._make_maps()
        steps = (
            ("sessions", self._sessions),
            ("requests", self._turns),
            ("messages", self._messages),
            ("matches", self._matches),
            ("feedback", self._feedback),
            ("files", self._rest),
        )
        for number, (kind, step) in enumerate(steps):
            on_share(kind, number / _STEPS)
            came[kind] += step()
        came["preferences"] += self._preferences()
        self._verify()
        kinds = ("sessions", "requests", "messages", "scenarios", "prompts", "skills", "users")
        shown = (*kinds, "feedback", "preferences", "files")
        arrived = tuple(Arrived(kind, came[kind], already[kind]) for kind in shown)
        return Merged(arrived, self._left_out(), name)

    def _make_maps(self) -> None:
        """Which chats are new, and what is added to each id."""
        self._db.execute("CREATE TEMP TABLE new_sessions (web_id INTEGER PRIMARY KEY, uuid TEXT)")
        self._db.execute(
            "INSERT INTO temp.new_sessions SELECT id, session_id FROM web.sessions "
            "WHERE session_id NOT IN (SELECT session_id FROM main.sessions)"
        )
        self._db.execute("CREATE TEMP TABLE scenario_map (web_id INTEGER PRIMARY KEY, id INTEGER)")
        self._db.executemany(
            "INSERT INTO temp.scenario_map VALUES (?, ?)", self._library.scenarios.items()
        )
        self._db.execute("CREATE TEMP TABLE user_map (web_id INTEGER PRIMARY KEY, id INTEGER)")
        self._db.executemany("INSERT INTO temp.user_map VALUES (?, ?)", self._library.users.items())
        for table in ("sessions", "turns", "messages"):
            (last,) = self._db.execute(
                f"SELECT max(coalesce((SELECT max(id) FROM main.{table}), 0), "
                "coalesce((SELECT seq FROM main.sqlite_sequence WHERE name = ?), 0))",
                (table,),
            ).fetchone()
            self._values[table] = last
        (known,) = self._db.execute(
            "SELECT (SELECT count(*) FROM web.sessions) - (SELECT count(*) FROM temp.new_sessions)"
        ).fetchone()
        self._library.already["sessions"] = known

    def _do(self, statement: str, **values: Any) -> int:
        found = {**self._values, **values}
        used = {name: found[name] for name in re.findall(r"(?<!:):([a-z_]+)", statement)}
        return int(self._db.execute(statement, used).rowcount)

    def _sessions(self) -> int:
        return self._do(
            "INSERT INTO main.sessions (id, session_id, user_id, title, current_turn_id, "
            "system_prompt, model, allowed_tools, max_turns, created_at, last_activity) "
            "SELECT w.id + :sessions, w.session_id, coalesce(u.id, 1), "
            "coalesce(nullif(trim(replace(replace(w.title, char(10), ' '), char(13), ' ')), ''), "
            ":untitled), w.current_turn_id + :turns, w.system_prompt, web_model(w.model), "
            "w.allowed_tools, w.max_turns, w.created_at, w.last_activity "
            "FROM web.sessions w JOIN temp.new_sessions n ON n.web_id = w.id "
            "LEFT JOIN temp.user_map u ON u.web_id = w.user_id ORDER BY w.id",
            untitled=tr("New chat"),
        )

    def _turns(self) -> int:
        usage = "input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cost_micros"
        return self._do(
            "INSERT INTO main.turns (id, session_id, parent_id, status, stop_reason, user_text, "
            f"model, {usage}, created_at, ended_at) "
            "SELECT w.id + :turns, w.session_id + :sessions, w.parent_id + :turns, w.status, "
            f"w.stop_reason, w.user_text, w.model, {usage}, w.created_at, w.ended_at "
            "FROM web.turns w JOIN temp.new_sessions n ON n.web_id = w.session_id ORDER BY w.id"
        )

    def _messages(self) -> int:
        return self._do(
            "INSERT INTO main.messages (id, turn_id, position, role, message_type, content, "
            "extra_data, created_at) "
            "SELECT w.id + :messages, w.turn_id + :turns, w.position, w.role, w.message_type, "
            "w.content, w.extra_data, w.created_at FROM web.messages w "
            "JOIN web.turns t ON t.id = w.turn_id "
            "JOIN temp.new_sessions n ON n.web_id = t.session_id ORDER BY w.id"
        )

    def _matches(self) -> int:
        """Which scenario answered; how sure that was is not known."""
        return self._do(
            "INSERT OR IGNORE INTO main.turn_matches (turn_id, scenario_id, version, decision) "
            "SELECT t.id + :turns, m.id, 1, json_object('outcome', 'scenario', 'scenario_id', "
            "m.id, 'confidence', 1.0, 'ranked', json_array(json_object('id', m.id, 'name', "
            "coalesce(s.name, w.scenario_name, ''), 'share', 1.0)), 'reasons', json_array(), "
            "'scorer', 'rule', 'milliseconds', 0.0) "
            "FROM web.conversation_turn_configs w "
            "JOIN web.turns t ON t.id = CAST(w.conversation_turn_id AS INTEGER) "
            "JOIN temp.new_sessions n ON n.web_id = t.session_id "
            "JOIN temp.scenario_map m ON m.web_id = w.scenario_id "
            "LEFT JOIN main.business_scenarios s ON s.id = m.id ORDER BY w.id"
        )

    def _feedback(self) -> int:
        """With its chat; what has none comes unless the same is here already."""
        columns, taken = ", ".join(_FEEDBACK), ", ".join(f"w.{name}" for name in _FEEDBACK)
        into = (
            "INSERT INTO main.user_feedback (user_id, session_id, message_id, "
            f"conversation_turn_id, scenario_ids, {columns}) SELECT coalesce(u.id, 1), "
        )
        origin = "FROM web.user_feedback w LEFT JOIN temp.user_map u ON u.web_id = w.user_id "
        count = self._do(
            f"{into} w.session_id, w.message_id + :messages, {_MOVED_TURN}, "
            f"{_moved_list('w.scenario_ids')}, {taken} {origin} "
            "JOIN temp.new_sessions n ON n.uuid = w.session_id ORDER BY w.id"
        )
        return count + self._do(
            f"{into} NULL, NULL, NULL, {_moved_list('w.scenario_ids')}, {taken} {origin} "
            "WHERE (w.session_id IS NULL OR w.session_id NOT IN (SELECT session_id FROM "
            "web.sessions)) AND NOT EXISTS (SELECT 1 FROM main.user_feedback o WHERE "
            "o.session_id IS NULL AND o.feedback_type = w.feedback_type "
            "AND o.created_at IS w.created_at AND o.user_prompt IS w.user_prompt "
            "AND o.feedback_data IS w.feedback_data) ORDER BY w.id"
        )

    def _rest(self) -> int:
        """What hangs on a chat: its choice of scenarios, its preferences, its files."""
        self._do(
            "INSERT OR IGNORE INTO main.session_scenario_configs (session_id, scenario_ids, "
            f"session_custom_prompt) SELECT w.session_id, {_moved_list('w.scenario_ids')}, "
            "w.session_custom_prompt FROM web.session_scenario_configs w "
            "JOIN temp.new_sessions n ON n.uuid = w.session_id ORDER BY w.id"
        )
        self._do(
            "INSERT OR IGNORE INTO main.session_preferences (session_id, preferences, updated_at) "
            "SELECT w.session_id, w.preferences, w.updated_at FROM web.session_preferences w "
            "JOIN temp.new_sessions n ON n.uuid = w.session_id ORDER BY w.id"
        )
        return self._do(
            "INSERT INTO main.user_file_relationships (user_id, session_id, conversation_turn_id, "
            "doc_id, file_name, file_type, file_size, is_active, created_at) "
            f"SELECT coalesce(u.id, 1), w.session_id, {_MOVED_TURN}, w.doc_id, "
            "web_path(w.file_name), w.file_type, w.file_size, w.is_active, w.created_at "
            "FROM web.user_file_relationships w "
            "JOIN temp.new_sessions n ON n.uuid = w.session_id "
            "LEFT JOIN temp.user_map u ON u.web_id = w.user_id "
            "WHERE web_path(w.file_name) IS NOT NULL ORDER BY w.id"
        )

    def _preferences(self) -> int:
        """The local user's own, where there are none here yet."""
        count = self._do(
            "INSERT OR IGNORE INTO main.user_scenario_configs (user_id, scenario_ids, "
            f"user_custom_prompt) SELECT u.id, {_moved_list('w.scenario_ids')}, "
            "w.user_custom_prompt FROM web.user_scenario_configs w "
            "JOIN temp.user_map u ON u.web_id = w.user_id ORDER BY w.id"
        )
        count += self._do(
            "INSERT OR IGNORE INTO main.user_preferences_cache (user_id, preferences, updated_at) "
            "SELECT u.id, w.preferences, w.updated_at FROM web.user_preferences_cache w "
            "JOIN temp.user_map u ON u.web_id = w.user_id ORDER BY w.id"
        )
        counts = "total_sessions, total_messages, total_feedback, like_count, dislike_count"
        return count + self._do(
            f"INSERT OR IGNORE INTO main.user_behavior_stats (user_id, {counts}, scenario_usage, "
            f"question_types, updated_at) SELECT u.id, {counts}, (SELECT json_group_object("
            "CAST(coalesce(m.id, e.key) AS TEXT), e.value) FROM json_each(w.scenario_usage) e "
            "LEFT JOIN temp.scenario_map m ON m.web_id = CAST(e.key AS INTEGER)), "
            "w.question_types, w.updated_at FROM web.user_behavior_stats w "
            "JOIN temp.user_map u ON u.web_id = w.user_id ORDER BY w.id"
        )

    def _verify(self) -> None:
        """Nothing refers to what is not there, and all that was counted is there."""
        for table in ("turns", "messages", "turn_matches"):
            broken = self._db.execute(f"PRAGMA main.foreign_key_check({table})").fetchone()
            if broken is not None:
                raise UserError("migration_failed", reason=f"foreign key: {table}")
        for table, kind in (("turns", "requests"), ("messages", "messages")):
            (found,) = self._db.execute(
                f"SELECT count(*) FROM main.{table} WHERE id > ?",
                (self._values[table],),
            ).fetchone()
            if found != self._library.came[kind]:
                raise UserError("migration_failed", reason=f"count: {table}")

    def _left_out(self) -> tuple[LeftOut, ...]:
        found = []
        for key, count in sorted(self._library.lost.items()):
            code, _, told = key.partition("\n")
            found.append(LeftOut(code, {"settings": told} if told else {"count": count}))
        return tuple(found)


def _moved_list(column: str) -> str:
    """Return SQL for a JSON list of scenario keys with ours in their place, in order."""
    return (
        "(SELECT json_group_array(m.id) FROM (SELECT value, min(key) AS place FROM json_each("
        f"CASE WHEN json_valid({column}) THEN {column} ELSE '[]' END) "
        "GROUP BY value ORDER BY place) e JOIN temp.scenario_map m ON m.web_id = e.value)"
    )


def relative_path(name: str | None) -> str | None:
    """Return a file's path beneath the work directory, or NULL for one that is not."""
    if not name:
        return None
    path = name.replace("\\", "/")
    _, found, below = path.rpartition("work_dir/")
    path = below if found else path
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or ".." in parts or not parts or ":" in parts[0]:
        return None
    return "/".join(parts)
