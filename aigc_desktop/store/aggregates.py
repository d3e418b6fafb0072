"""Keeps `turn_facts` and `usage_aggregates` exact, with triggers, whatever writes to the database.

`turn_facts` says in one small row what a turn counts for; `usage_aggregates` sums the rows per
day, chat, model and scenario. Definitions:

- A day is the local day on which the turn was sent, by the computer's clock and time zone at the
  time of writing, as days since 1970-01-01. It stays what it was when the zone changes later;
  `rebuild` cuts the days anew.
- A turn's time counts when it was answered to its end (`done`): from sending to the end, with
  waiting for permission. Turns of the web version have no times.
- Feedback counts with the answer it is about, on that answer's day.
- What a chat used stays counted when the chat is deleted for good: its sums get the negative number
  of its first turn in place of the chat's own, which another chat may get. When the chat comes back
  from a backup its turns count for it again, and no longer there (`forget_returned`). A message
  that was taken back before it ran never counted.
- A copy of a chat that is still there counts as a chat of its own.
- A chat in the trash counts as before.
"""

from __future__ import annotations

from string import Template

from sqlalchemy import Connection, text

KEYS = ("day", "session_id", "model", "scenario_id")
"""What a row of `usage_aggregates` is about. Scenario 0: none; model "": none was asked."""

_OTHER_KEYS = tuple(key for key in KEYS if key != "session_id")

SUMS = (
    "messages",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cost_micros",
    "priced",
    "duration_ms",
    "timed",
    "first_ms",
    "first_timed",
    "likes",
    "dislikes",
    "corrections",
    "feedback",
)
"""What is summed beside `turns`. `priced`, `timed` and `first_timed` count the turns that had a
price, a duration, and a time to the first token."""

_TURN_VALUES = {
    "session_id": "$t.session_id",
    "day": "max(0, coalesce(unixepoch($t.created_at / 1000, 'unixepoch', 'localtime'), 0)) / 86400",
    "model": "$t.model",
    "input_tokens": "$t.input_tokens",
    "output_tokens": "$t.output_tokens",
    "cache_read_tokens": "$t.cache_read_tokens",
    "cache_write_tokens": "$t.cache_write_tokens",
    "cost_micros": "coalesce($t.cost_micros, 0)",
    "priced": "$t.cost_micros IS NOT NULL",
    "duration_ms": "CASE WHEN $timed THEN $t.ended_at - $t.created_at ELSE 0 END",
    "timed": "$timed",
    "first_ms": "coalesce($t.first_token_ms, 0)",
    "first_timed": "$t.first_token_ms IS NOT NULL",
}
"""What follows from the row of `turns` alone, and how."""

_TIMED = "coalesce($t.status = 'done' AND $t.ended_at > $t.created_at, 0)"

_MINE = "f.conversation_turn_id = CAST($id AS TEXT)"
_OTHER_VALUES = {
    "scenario_id": "coalesce((SELECT m.scenario_id FROM turn_matches m WHERE m.turn_id = $id), 0)",
    "messages": "(SELECT count(*) FROM messages m WHERE m.turn_id = $id)",
}
_FEEDBACK_VALUES = {
    "likes": f"count(*) FROM user_feedback f WHERE {_MINE} AND f.feedback_type = 'like'",
    "dislikes": f"count(*) FROM user_feedback f WHERE {_MINE} AND f.feedback_type = 'dislike'",
    "corrections": f"count(*) FROM user_feedback f WHERE {_MINE} AND f.feedback_type = 'correct'",
    "feedback": f"count(*) FROM user_feedback f WHERE {_MINE}",
}
_TURN_COLUMNS = (
    "session_id, model, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, "
    "cost_micros, status, created_at, ended_at, first_token_ms"
)

_ADD_FACTS = Template(
    "INSERT INTO turn_facts (turn_id, $columns) SELECT t.id, $values FROM turns t"
)
_ADD_SUMS = Template(
    "INSERT INTO usage_aggregates ($keys, turns, $sums) SELECT $keys, count(*), $totals "
    "FROM turn_facts GROUP BY $keys"
)
_PLUS = Template(
    "INSERT INTO usage_aggregates ($keys, turns, $sums) VALUES ($new_keys, 1, $new_sums) "
    "ON CONFLICT ($keys) DO UPDATE SET turns = turns + 1, $added;"
)
_MINUS = Template(
    "UPDATE usage_aggregates SET turns = turns - 1, $taken WHERE $old_match; "
    "DELETE FROM usage_aggregates WHERE turns <= 0 AND $old_match;"
)
_CHANGE = Template("UPDATE usage_aggregates SET $changed WHERE $old_match;")
_SET_FACTS = Template("UPDATE turn_facts SET $assigned WHERE $where;")
_FORGET_CHAT = Template(
    "INSERT INTO usage_aggregates (session_id, $others, turns, $sums) "
    "SELECT -(SELECT min(t.id) FROM turns t WHERE t.session_id = OLD.id), $others, turns, $sums "
    "FROM usage_aggregates WHERE session_id = OLD.id "
    "ON CONFLICT ($keys) DO UPDATE SET turns = turns + excluded.turns, $added; "
    "DELETE FROM usage_aggregates WHERE session_id = OLD.id;"
)
_FORGET_RETURNED = Template(
    "UPDATE usage_aggregates AS gone SET turns = gone.turns - now.turns, $returned "
    "FROM usage_aggregates AS now WHERE now.session_id = :session AND $same "
    "AND gone.session_id IN (SELECT -t.id FROM turns t WHERE t.session_id = :session)"
)
_DROP_EMPTY = "DELETE FROM usage_aggregates WHERE session_id < 0 AND turns <= 0"


def _fill(template: str, row: str) -> str:
    timed = Template(_TIMED).substitute(t=row)
    return Template(template).substitute(t=row, timed=timed, id=f"{row}.id")


def _facts_select() -> str:
    values = {name: _fill(value, "t") for name, value in (_TURN_VALUES | _OTHER_VALUES).items()}
    values |= {name: f"(SELECT {_fill(value, 't')})" for name, value in _FEEDBACK_VALUES.items()}
    return _ADD_FACTS.substitute(columns=", ".join(values), values=", ".join(values.values()))


def _set_turn_values() -> str:
    assigned = ", ".join(f"{name} = {_fill(v, 'NEW')}" for name, v in _TURN_VALUES.items())
    return _SET_FACTS.substitute(assigned=assigned, where="turn_id = NEW.id")


def _set_messages(step: str, row: str) -> str:
    return _SET_FACTS.substitute(assigned=f"messages = messages {step}", where=_is_turn(row))


def _set_scenario(value: str, row: str) -> str:
    return _SET_FACTS.substitute(assigned=f"scenario_id = {value}", where=_is_turn(row))


def _is_turn(row: str) -> str:
    return f"turn_id = {row}.turn_id"


def _count_feedback(row: str) -> str:
    """Count anew what was said about the turn that the row of `user_feedback` names."""
    mine = Template("f.conversation_turn_id = $row.conversation_turn_id").substitute(row=row)
    assigned = ", ".join(
        f"{name} = (SELECT {value.replace(_MINE, mine)})"
        for name, value in _FEEDBACK_VALUES.items()
    )
    where = (
        f"turn_id = CAST({row}.conversation_turn_id AS INTEGER) "
        f"AND CAST(turn_id AS TEXT) = {row}.conversation_turn_id"
    )
    return _SET_FACTS.substitute(assigned=assigned, where=where)


def _sums(verb: Template) -> str:
    return verb.substitute(
        keys=", ".join(KEYS),
        others=", ".join(_OTHER_KEYS),
        returned=", ".join(f"{name} = gone.{name} - now.{name}" for name in SUMS),
        same=" AND ".join(f"gone.{key} = now.{key}" for key in _OTHER_KEYS),
        sums=", ".join(SUMS),
        new_keys=", ".join(f"NEW.{key}" for key in KEYS),
        new_sums=", ".join(f"NEW.{name}" for name in SUMS),
        added=", ".join(f"{name} = {name} + excluded.{name}" for name in SUMS),
        taken=", ".join(f"{name} = {name} - OLD.{name}" for name in SUMS),
        changed=", ".join(f"{name} = {name} + NEW.{name} - OLD.{name}" for name in SUMS),
        old_match=" AND ".join(f"{key} = OLD.{key}" for key in KEYS),
        totals=", ".join(f"sum({name})" for name in SUMS),
    )


def _triggers() -> dict[str, str]:
    """Return the triggers: name → what it does (`WHEN`, table and body)."""
    same = " AND ".join(f"NEW.{key} = OLD.{key}" for key in KEYS)
    other = f"NOT ({same})"
    match_id = "coalesce(NEW.scenario_id, 0)"
    parts = {
        "turn_added": ("AFTER INSERT ON turns", f"{_facts_select()} WHERE t.id = NEW.id;"),
        "turn_changed": (f"AFTER UPDATE OF {_TURN_COLUMNS} ON turns", _set_turn_values()),
        "turn_deleted": (
            "BEFORE DELETE ON turns",
            "DELETE FROM turn_facts WHERE turn_id = OLD.id;",
        ),
        "chat_deleted": ("BEFORE DELETE ON sessions", _sums(_FORGET_CHAT)),
        "message_added": ("AFTER INSERT ON messages", _set_messages("+ 1", "NEW")),
        "message_deleted": ("AFTER DELETE ON messages", _set_messages("- 1", "OLD")),
        "match_added": ("AFTER INSERT ON turn_matches", _set_scenario(match_id, "NEW")),
        "match_changed": ("AFTER UPDATE ON turn_matches", _set_scenario(match_id, "NEW")),
        "match_deleted": ("AFTER DELETE ON turn_matches", _set_scenario("0", "OLD")),
        "feedback_added": ("AFTER INSERT ON user_feedback", _count_feedback("NEW")),
        "feedback_changed": (
            "AFTER UPDATE ON user_feedback",
            f"{_count_feedback('OLD')} {_count_feedback('NEW')}",
        ),
        "feedback_deleted": ("AFTER DELETE ON user_feedback", _count_feedback("OLD")),
        "facts_added": ("AFTER INSERT ON turn_facts", _sums(_PLUS)),
        "facts_changed": (f"AFTER UPDATE ON turn_facts WHEN {same}", _sums(_CHANGE)),
        "facts_moved": (
            f"AFTER UPDATE ON turn_facts WHEN {other}",
            f"{_sums(_MINUS)} {_sums(_PLUS)}",
        ),
        "facts_deleted": ("AFTER DELETE ON turn_facts", _sums(_MINUS)),
    }
    return {
        f"usage_{name}": f"CREATE TRIGGER usage_{name} {when} BEGIN {body} END"
        for name, (when, body) in parts.items()
    }


def install(db: Connection) -> None:
    """Count what is there and keep count from now on; `rebuild` is the same.

    One transaction: on 1 million messages a few seconds. SQLite only; on another database the
    tables stay empty.
    """
    if db.dialect.name != "sqlite":
        return
    for name in _triggers():
        db.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
    db.execute(text("DELETE FROM turn_facts"))
    db.execute(text("DELETE FROM usage_aggregates WHERE session_id > 0"))
    db.execute(text(_facts_select()))
    db.execute(text(_sums(_ADD_SUMS)))
    for statement in _triggers().values():
        db.exec_driver_sql(statement)


rebuild = install


def forget_returned(session: int) -> tuple[tuple[str, dict[str, int]], ...]:
    """Return the statements, with their parameters, for a deleted chat that is there again.

    They take from the sums of deleted chats what its turns count for again.
    """
    return (_sums(_FORGET_RETURNED), {"session": session}), (_DROP_EMPTY, {})


def is_sound(db: Connection) -> bool:
    """Return whether all triggers are there as they should be.

    A revision that rebuilds one of the tables (Alembic's batch mode) loses them silently; the
    migration makes them anew at its end.
    """
    if db.dialect.name != "sqlite":
        return True
    rows = db.execute(
        text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'usage_%'")
    )
    return {row.name: row.sql for row in rows} == _triggers()
