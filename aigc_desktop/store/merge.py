"""Sessions of another database, brought into this one beside what is there."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from aigc_desktop.core.errors import UserError
from aigc_desktop.core.learning import LessonState
from aigc_desktop.store import aggregates
from aigc_desktop.store.uri import database_uri

_BY_TURN = ("messages", "turn_effects", "turn_matches")
_BY_NAME = ("session_scenario_configs", "session_preferences", "user_file_relationships")
"""Tables that hang on turns (by number) and on sessions (by their lasting name)."""

_NO_ID = ("turn_effects", "turn_matches")
_OF_LESSON = ("lesson_changes", "lesson_proofs")
_MODES = "('auto', 'accept_edits')"

Row = dict[str, Any]


def copy_sessions(source: Path, target: Path, uids: Iterable[str], *, trusted: bool) -> list[int]:
    """Copy sessions, by their lasting names, in one transaction; return their new ids.

    Both databases are at the newest revision. A session whose name is taken gets a new one; what
    is there stays as it is. A session that was deleted since comes back as itself: its turns have
    their numbers again, so that the feedback about them, which outlives a session, is theirs.
    `trusted` is False for sessions of another installation: modes that never ask, work directories
    and feedback are not taken over, and the session's lessons are proposals again.

    Raises UserError: `database_locked`, `disk_full`.
    """
    with _opened(source, "mode=ro") as old, _opened(target, "mode=rw") as new:
        try:
            new.execute("BEGIN IMMEDIATE")
            made = [
                _Copy(old, new, trusted).session(session)
                for uid in uids
                for session in _rows(old, "sessions", "session_id = ?", uid)
            ]
            new.execute("COMMIT")
        except dbapi2.OperationalError as error:
            known = {"full": "disk_full", "locked": "database_locked"}
            for word, code in known.items():
                if word in str(error):
                    raise UserError(code, path=str(target), reason="") from error
            raise
    return made


def delete_sessions(target: Path, session_ids: Iterable[int]) -> list[int]:
    """Delete sessions for good; return the ids of those that were there."""
    gone = []
    with _opened(target, "mode=rw") as db:
        db.execute("PRAGMA foreign_keys=ON")
        db.execute("BEGIN IMMEDIATE")
        for session_id in session_ids:
            found = db.execute("SELECT session_id FROM sessions WHERE id = ?", (session_id,))
            row = found.fetchone()
            if row is None:
                continue
            for table in _BY_NAME:
                db.execute(f"DELETE FROM {table} WHERE session_id = ?", row)  # noqa: S608 our names
            db.execute("DELETE FROM sessions WHERE id = ?", (session_id,))
            gone.append(session_id)
        db.execute("COMMIT")
    return gone


def make_inert(database: Path) -> tuple[str, ...]:
    """Turn off what another installation's database would allow; return what there was of it.

    Rules that allow become rules that ask; servers and tokens are dropped; modes that never ask
    fall back to the settings. `database` is nobody's yet.
    """
    found = []
    with _opened(database, "mode=rw") as db:
        changes = (
            ("rules", "UPDATE permission_rules SET effect = 'ask' WHERE effect = 'allow'"),
            (
                "servers",
                "UPDATE business_scenarios SET custom_tools = NULL"
                " WHERE custom_tools IS NOT NULL AND custom_tools NOT IN ('[]', 'null', '{}')",
            ),
            (
                "modes",
                "UPDATE sessions SET permission_mode = NULL"  # noqa: S608
                f" WHERE permission_mode IN {_MODES}",
            ),
            (
                "modes",
                "UPDATE business_scenarios SET permission_mode = NULL"  # noqa: S608
                f" WHERE permission_mode IN {_MODES}",
            ),
            ("folders", "UPDATE sessions SET work_dir = NULL WHERE work_dir IS NOT NULL"),
            ("folders", "UPDATE business_scenarios SET work_dir = NULL WHERE work_dir IS NOT NULL"),
            ("tokens", "DELETE FROM api_tokens"),
        )
        db.execute("BEGIN IMMEDIATE")
        for name, change in changes:
            if db.execute(change).rowcount and name not in found:
                found.append(name)
        db.execute("COMMIT")
    return tuple(found)


def drop_tokens_not_in(database: Path, live: Path) -> None:
    """Tokens that were revoked since must not come back to life with an older database."""
    valid: list[str] = []
    with contextlib.suppress(dbapi2.DatabaseError), _opened(live, "mode=ro") as db:
        found = db.execute("SELECT id FROM api_tokens WHERE revoked_at IS NULL").fetchall()
        valid = [row[0] for row in found]
    with _opened(database, "mode=rw") as db:
        places = ", ".join("?" * len(valid))
        db.execute(f"DELETE FROM api_tokens WHERE id NOT IN ({places})", valid)  # noqa: S608 places


class _Copy:
    def __init__(self, old: Any, new: Any, trusted: bool) -> None:
        self._old = old
        self._new = new
        self._trusted = trusted

    def session(self, row: Row) -> int:
        """Copy one session with all that hangs on it; return its new id."""
        old_id, old_uid = row["id"], row["session_id"]
        turns = _rows(self._old, "turns", "session_id = ? ORDER BY id", old_id)
        is_known = self._is_taken("sessions", "session_id", old_uid)
        returns = self._trusted and not is_known and not self._is_any_taken("turns", turns)
        first = self._next_turn()
        ids = {
            turn["id"]: turn["id"] if returns else first + number
            for number, turn in enumerate(turns)
        }
        uid = str(uuid.uuid4()) if is_known else old_uid
        new_row = {**row, "session_id": uid, "trashed_at": None}
        new_row["current_turn_id"] = ids.get(row["current_turn_id"])
        if not self._trusted:
            new_row |= {"permission_mode": None, "work_dir": None}
        if self._is_taken("sessions", "id", old_id):
            del new_row["id"]
        new_id = self._insert("sessions", new_row)
        for turn in turns:
            self._turn(turn, new_id, ids)
        for table in _BY_TURN:
            self._hanging(table, "turn_id", ids)
        for table in _BY_NAME:
            self._hanging(table, "session_id", {old_uid: uid})
        if returns:
            self._feedback(uid)
            for statement, values in aggregates.forget_returned(new_id):
                self._new.execute(statement, values)
        self._lessons(old_id, new_id)
        return new_id

    def _feedback(self, uid: str) -> None:
        """Bring back what was said about the answers, unless it is there."""
        said = "conversation_turn_id = ? AND feedback_type = ?"
        for row in _rows(self._old, "user_feedback", "session_id = ?", uid):
            about = (row["conversation_turn_id"], row["feedback_type"])
            if _rows(self._new, "user_feedback", said, *about):
                continue
            if self._is_taken("user_feedback", "id", row["id"]):
                del row["id"]
            self._insert("user_feedback", row)

    def _lessons(self, old_session: int, new_session: int) -> None:
        """Copy the lessons that hold for the session alone, with what became of them."""
        where = "session_id = ? ORDER BY id"
        for row in _rows(self._old, "lessons", where, old_session):
            old_id = row.pop("id")
            row["data"] = json.dumps({**json.loads(row["data"]), "conflicts_with": None})
            new_id = self._insert("lessons", self._made_ours(row) | {"session_id": new_session})
            for table in _OF_LESSON:
                for step in _rows(self._old, table, "lesson_id = ? ORDER BY id", old_id):
                    del step["id"]
                    data = json.loads(step.get("data", "{}"))
                    if "target" in data:
                        data["target"]["session_id"] = new_session
                        step["data"] = json.dumps(data)
                    self._insert(table, self._made_ours(step) | {"lesson_id": new_id})

    def _made_ours(self, row: Row) -> Row:
        if not self._trusted and row.get("state") == LessonState.ACTIVE.value:
            return row | {"state": LessonState.PROPOSED.value}
        return row

    def _turn(self, turn: Row, session_id: int, ids: dict[int, int]) -> None:
        status = turn["status"]
        self._insert(
            "turns",
            {
                **turn,
                "id": ids[turn["id"]],
                "parent_id": ids.get(turn["parent_id"]),
                "session_id": session_id,
                "status": "interrupted" if status in ("running", "queued") else status,
                "owner": "",
            },
        )

    def _hanging(self, table: str, column: str, names: dict[Any, Any]) -> None:
        if not _columns(self._old, table) or not _columns(self._new, table):
            return
        for was, name in names.items():
            for row in _rows(self._old, table, f"{column} = ?", was):
                if table not in _NO_ID:
                    row.pop("id", None)
                self._insert(table, {**row, column: name})

    def _insert(self, table: str, row: Row) -> int:
        known = _columns(self._new, table)
        names = [name for name in row if name in known]
        places = ", ".join("?" * len(names))
        sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})"  # noqa: S608 our names
        done = self._new.execute(sql, [row[name] for name in names])
        return int(done.lastrowid)

    def _next_turn(self) -> int:
        query = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'turns'), 0)"
        (last,) = self._new.execute(query).fetchone()
        return int(last) + 1

    def _is_any_taken(self, table: str, rows: Iterable[Row]) -> bool:
        return any(self._is_taken(table, "id", row["id"]) for row in rows)

    def _is_taken(self, table: str, column: str, value: Any) -> bool:
        sql = f"SELECT 1 FROM {table} WHERE {column} = ?"  # noqa: S608 our names
        return self._new.execute(sql, (value,)).fetchone() is not None


def _rows(db: Any, table: str, condition: str, *values: Any) -> list[Row]:
    found = db.execute(f"SELECT * FROM {table} WHERE {condition}", values)  # noqa: S608 our names
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _columns(db: Any, table: str) -> set[str]:
    return {row[1] for row in db.execute(f"PRAGMA table_info({table})")}


@contextlib.contextmanager
def _opened(database: Path, options: str) -> Iterator[Any]:
    uri = database_uri(database, options)
    with contextlib.closing(dbapi2.connect(uri, uri=True, isolation_level=None, timeout=20)) as db:
        yield db
