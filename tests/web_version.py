"""Databases as the web version left them, at each of its six steps, with what goes wrong in them.

Written from the description of their shape; nothing of the program is used here.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

STEPS = (
    "init_database",
    "add_scenario_meta_fields",
    "add_scenario_is_default_field",
    "add_user_scenario_config_table",
    "migrate_string_ids_to_integer",
    "add_phase3_evolution_tables",
)

FIRST = "6f1c1d52-0a51-4a4e-9a8e-000000000001"
SECOND = "6f1c1d52-0a51-4a4e-9a8e-000000000002"
THIRD = "6f1c1d52-0a51-4a4e-9a8e-000000000003"
KEY = "sk-ant-CANARY"
"""In every place of the old database where a secret may be; must never arrive."""

_PEOPLE = """
CREATE TABLE roles (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(50) NOT NULL UNIQUE,
  description TEXT, permissions JSON, created_at DATETIME);
CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, username VARCHAR(50) NOT NULL UNIQUE,
  email VARCHAR(100) UNIQUE, hashed_password VARCHAR(255) NOT NULL, full_name VARCHAR(100),
  avatar_url VARCHAR(500), role_id INTEGER REFERENCES roles(id), is_active BOOLEAN,
  is_verified BOOLEAN, created_at DATETIME, updated_at DATETIME, last_login DATETIME);
CREATE TABLE user_configs (id INTEGER NOT NULL PRIMARY KEY, user_id INTEGER NOT NULL UNIQUE,
  default_system_prompt TEXT, default_allowed_tools TEXT, default_model VARCHAR(50),
  permission_mode VARCHAR(50), max_turns INTEGER, work_dir VARCHAR(500), custom_tools JSON,
  custom_skills JSON, associated_scenario_id {key});
CREATE TABLE system_default_config (id INTEGER NOT NULL PRIMARY KEY,
  config_key VARCHAR(100) NOT NULL UNIQUE, config_value TEXT);
CREATE TABLE audit_events (id INTEGER PRIMARY KEY, what TEXT);
"""

_CHATS = """
CREATE TABLE sessions (id INTEGER NOT NULL PRIMARY KEY, session_id VARCHAR(36) NOT NULL,
  user_id INTEGER, system_prompt TEXT, model VARCHAR(50), allowed_tools TEXT,
  permission_mode VARCHAR(50), max_turns INTEGER, created_at DATETIME, last_activity DATETIME,
  is_connected BOOLEAN, timeout_seconds INTEGER, is_active BOOLEAN);
CREATE UNIQUE INDEX ix_sessions_session_id ON sessions (session_id);
CREATE TABLE messages (id INTEGER NOT NULL PRIMARY KEY,
  session_id VARCHAR(36) NOT NULL REFERENCES sessions(session_id), role VARCHAR(20) NOT NULL,
  message_type VARCHAR(50), content TEXT, extra_data JSON, result_info JSON,
  conversation_turn_id VARCHAR(36), parent_message_id INTEGER, created_at DATETIME,
  turn_number INTEGER);
CREATE INDEX ix_messages_session_id ON messages (session_id);
CREATE INDEX ix_messages_conversation_turn_id ON messages (conversation_turn_id);
CREATE TABLE conversation_turn_configs (id INTEGER NOT NULL PRIMARY KEY,
  conversation_turn_id VARCHAR(36) NOT NULL, session_id VARCHAR(36), user_id INTEGER,
  final_config JSON, config_sources JSON, scenario_id {key}, scenario_name VARCHAR(200));
CREATE TABLE user_file_relationships (id INTEGER NOT NULL PRIMARY KEY, user_id INTEGER,
  session_id VARCHAR(36), conversation_turn_id VARCHAR(36), doc_id VARCHAR(100),
  file_name VARCHAR(255), file_type VARCHAR(50), file_size INTEGER, is_active BOOLEAN,
  created_at DATETIME);
"""

_LIBRARY = """
CREATE TABLE business_scenarios (id INTEGER NOT NULL PRIMARY KEY, {scenario_id}
  name VARCHAR(200) NOT NULL, description TEXT, {meta} system_prompt TEXT, allowed_tools TEXT,
  recommended_model VARCHAR(50), custom_tools JSON, skills JSON, workflow JSON,
  permission_mode VARCHAR(50), max_turns INTEGER, work_dir VARCHAR(500), created_by INTEGER,
  is_public BOOLEAN, {is_default} created_at DATETIME, updated_at DATETIME);
CREATE TABLE system_prompts (id INTEGER NOT NULL PRIMARY KEY, {prompt_id}
  name VARCHAR(200) NOT NULL, description TEXT, category VARCHAR(50), content TEXT NOT NULL,
  usage_count INTEGER, is_default BOOLEAN, created_by INTEGER, is_public BOOLEAN,
  created_at DATETIME, updated_at DATETIME);
CREATE TABLE skills (id INTEGER NOT NULL PRIMARY KEY, {skill_id} name VARCHAR(200) NOT NULL,
  description TEXT, category VARCHAR(50), skill_content TEXT, skill_config JSON,
  usage_count INTEGER, is_default BOOLEAN, created_by INTEGER, is_public BOOLEAN,
  created_at DATETIME, updated_at DATETIME);
"""

_CHOICES = """
CREATE TABLE user_scenario_configs (id INTEGER NOT NULL PRIMARY KEY,
  user_id INTEGER NOT NULL UNIQUE, scenario_ids TEXT, user_custom_prompt TEXT);
CREATE TABLE session_scenario_configs (id INTEGER NOT NULL PRIMARY KEY,
  session_id VARCHAR(36) NOT NULL UNIQUE, scenario_ids TEXT, session_custom_prompt TEXT);
"""

_LEARNING = """
CREATE TABLE user_feedback (id INTEGER NOT NULL PRIMARY KEY, user_id INTEGER NOT NULL,
  session_id VARCHAR(36), message_id INTEGER, conversation_turn_id VARCHAR(36),
  feedback_type VARCHAR(50) NOT NULL, feedback_data JSON, user_prompt TEXT,
  assistant_response TEXT, scenario_ids TEXT, created_at DATETIME);
CREATE TABLE user_preferences_cache (id INTEGER NOT NULL PRIMARY KEY,
  user_id INTEGER NOT NULL UNIQUE, data_summary_hash VARCHAR(64), preferences JSON,
  updated_at DATETIME);
CREATE TABLE session_preferences (id INTEGER NOT NULL PRIMARY KEY,
  session_id VARCHAR(36) NOT NULL UNIQUE, preferences JSON, updated_at DATETIME);
CREATE TABLE user_behavior_stats (id INTEGER NOT NULL PRIMARY KEY,
  user_id INTEGER NOT NULL UNIQUE, total_sessions INTEGER, total_messages INTEGER,
  total_feedback INTEGER, like_count INTEGER, dislike_count INTEGER, scenario_usage JSON,
  question_types JSON, updated_at DATETIME);
"""


def at(minute: int) -> str:
    """Return a naive UTC time of 1 March 2025 as the web version wrote it."""
    return f"2025-03-01 12:{minute:02}:00.250000"


def insert(db: sqlite3.Connection, table: str, **values: Any) -> None:
    names, places = ", ".join(values), ", ".join("?" * len(values))
    found = [json.dumps(v) if isinstance(v, dict | list) else v for v in values.values()]
    db.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", found)


def build(path: Path, step: str, *, nasty: bool = False, leftover: bool = False) -> Path:
    """Make a database at `step`. `leftover`: the string ids are still there after their step."""
    number = STEPS.index(step)
    strings = number < STEPS.index("migrate_string_ids_to_integer")
    shape = {
        "key": "VARCHAR(100)" if strings else "INTEGER",
        "meta": "category VARCHAR(50), meta JSON," if number >= 1 else "",
        "is_default": "is_default BOOLEAN," if number >= 2 else "",
    }
    for name in ("scenario_id", "prompt_id", "skill_id"):
        shape[name] = f"{name} VARCHAR(100) UNIQUE," if strings or leftover else ""
    db = sqlite3.connect(path)
    script = _PEOPLE + _CHATS + _LIBRARY
    script += _CHOICES if number >= 3 else ""
    script += _LEARNING if number >= 5 else ""
    for name, text in shape.items():
        script = script.replace("{" + name + "}", text)
    db.executescript(script)
    _people(db, strings)
    _library(db, number, strings, leftover)
    _chats(db, strings)
    if number >= 3:
        _choices(db, strings)
    if number >= 5:
        _learning(db)
    if nasty:
        _spoil(db, number)
    db.commit()
    db.close()
    return path


def _people(db: sqlite3.Connection, strings: bool) -> None:
    insert(db, "roles", id=1, name="admin", permissions={"all": True})
    insert(db, "roles", id=2, name="user")
    for number, name in ((1, "admin"), (2, "王小明"), (3, "guest")):
        insert(
            db,
            "users",
            id=number,
            username=name,
            email=f"u{number}@example.com",
            hashed_password=f"$2b$12${KEY}",
            role_id=min(number, 2),
            is_active=1,
            created_at=at(0),
        )
    insert(
        db,
        "user_configs",
        user_id=2,
        default_system_prompt="请用中文回答。",
        default_model="sonnet",
        permission_mode="bypassPermissions",
        max_turns=20,
        work_dir="/app/work_dir/2",
        custom_tools={"files": {"command": "npx", "args": ["fs"], "env": {"TOKEN": KEY}}},
        custom_skills=["s"],
        associated_scenario_id="data" if strings else 9,
    )
    insert(db, "system_default_config", config_key="anthropic_api_key", config_value=KEY)
    insert(db, "audit_events", what="started")


def _library(db: sqlite3.Connection, number: int, strings: bool, leftover: bool) -> None:
    for key, name, title, default in ((7, "code", "Code", 0), (9, "data", "数据分析", 1)):
        values: dict[str, Any] = {
            "id": key,
            "name": title,
            "description": f"{title} 的工作",
            "system_prompt": "You analyse." if key == 9 else "You code.",
            "allowed_tools": json.dumps(json.dumps(["Read", "Bash"])) if key == 9 else "Read, Bash",
            "recommended_model": "claude-3-5-sonnet-20241022",
            "custom_tools": [{"name": "db", "command": "sh", "env": {"PASSWORD": KEY}}],
            "permission_mode": "bypassPermissions" if key == 7 else "acceptEdits",
            "work_dir": "/app/work_dir/data",
            "created_by": 2,
            "is_public": 1,
            "created_at": at(0),
        }
        if number >= 1:
            meta = {"tags": ["表格", "t"], "capabilities": ["c"], "keywords": ["季度"]}
            values |= {"category": "分析", "meta": json.dumps(json.dumps(meta))}
        if number >= 2:
            values["is_default"] = default
        if strings or leftover:
            values["scenario_id"] = name
        insert(db, "business_scenarios", **values)
    ids: tuple[dict[str, Any], ...] = ({}, {})
    if strings or leftover:
        ids = ({"prompt_id": "p"}, {"skill_id": "s"})
    insert(
        db, "system_prompts", name="周报", content="写一份周报：{{主题}}", usage_count=3, **ids[0]
    )
    insert(db, "skills", name="pdf", skill_content="# PDF", skill_config={"a": 1}, **ids[1])


def _chats(db: sqlite3.Connection, strings: bool) -> None:
    for number, (uuid, user) in enumerate(((FIRST, 2), (SECOND, 2), (THIRD, 1))):
        insert(
            db,
            "sessions",
            id=number + 1,
            session_id=uuid,
            user_id=user,
            model="sonnet",
            allowed_tools='["Read"]',
            permission_mode="bypassPermissions",
            created_at=at(number),
            last_activity=at(30 + number),
            is_active=1,
        )
    usage = {
        "total_cost_usd": 0.0125,
        "usage": {
            "input_tokens": 100,
            "output_tokens": 40,
            "cache_read_input_tokens": 7,
            "cache_creation_input_tokens": 3,
        },
    }
    call = {"tool_use_id": "toolu_1", "tool_name": "Read", "tool_input": {"path": "a.csv"}}
    said: tuple[tuple[Any, ...], ...] = (
        (1, FIRST, "user", "text", "第一个问题：整理 a.csv", None, None, "turn-1", None),
        (2, FIRST, "assistant", "text", "I will read it.", None, None, "turn-1", 1),
        (3, FIRST, "assistant", "tool_use", "", call, None, "turn-1", 2),
        (4, FIRST, "user", "tool_result", "a,b", {"tool_use_id": "toolu_1"}, None, "turn-1", 3),
        (5, FIRST, "assistant", "text", "Done 完成", None, usage, "turn-1", 4),
        (6, FIRST, "assistant", "result", "", None, usage, "turn-1", 5),
        (7, FIRST, "user", "text", "second", None, None, "turn-2", 5),
        (8, SECOND, "user", "text", "other chat", None, None, "turn-3", None),
        (9, FIRST, "assistant", "text", "answer two", None, None, "turn-2", 7),
        (10, FIRST, "user", "text", "second, edited", None, None, "turn-4", 5),
        (11, FIRST, "assistant", "text", "answer to the edit", None, usage, "turn-4", 10),
        (12, SECOND, "assistant", "text", "hello", None, json.dumps(usage), "turn-3", 8),
        (13, THIRD, "assistant", "text", "Welcome!", None, None, None, None),
        (14, THIRD, "user", "text", "thanks", None, None, "turn-5", 13),
    )
    names = ("id", "session_id", "role", "message_type", "content", "extra_data", "result_info")
    for row in said:
        keys = (*names, "conversation_turn_id", "parent_message_id")
        insert(db, "messages", **dict(zip(keys, row, strict=True)), created_at=at(row[0]))
    for turn, uuid, key, name in (
        ("turn-1", FIRST, "data", "数据分析"),
        ("turn-3", SECOND, "code", "Code"),
        ("turn-5", THIRD, "gone", "Gone"),
    ):
        number = {"data": 9, "code": 7, "gone": 99}[key]
        insert(
            db,
            "conversation_turn_configs",
            conversation_turn_id=turn,
            session_id=uuid,
            user_id=2,
            final_config={"model": "claude-sonnet-4", "max_turns": 5},
            config_sources={"model": "user"},
            scenario_id=key if strings else number,
            scenario_name=name,
        )
    for name in ("/app/work_dir/reports/报告.md", "chart.png", "../../etc/passwd"):
        insert(
            db,
            "user_file_relationships",
            user_id=2,
            session_id=FIRST,
            conversation_turn_id="turn-1",
            doc_id="d1",
            file_name=name,
            file_type="md",
            file_size=12,
            is_active=1,
            created_at=at(5),
        )


def _choices(db: sqlite3.Connection, strings: bool) -> None:
    user = ["data", 7, "nope", "data"] if strings else [9, 7, 1234, 9]
    insert(db, "user_scenario_configs", user_id=2, scenario_ids=user, user_custom_prompt="简短回答")
    session = json.dumps(json.dumps(["code"] if strings else [7]))
    insert(
        db,
        "session_scenario_configs",
        session_id=SECOND,
        scenario_ids=session,
        session_custom_prompt="only code",
    )


def _learning(db: sqlite3.Connection) -> None:
    for number, kind in enumerate(("like", "dislike", "correct", "implicit")):
        insert(
            db,
            "user_feedback",
            user_id=2,
            session_id=FIRST,
            message_id=5,
            conversation_turn_id=None if number == 0 else "turn-1",
            feedback_type=kind,
            feedback_data={"reason": "太长"},
            user_prompt="第一个问题",
            assistant_response="Done 完成",
            scenario_ids=json.dumps([9]),
            created_at=at(20 + number),
        )
    insert(db, "user_feedback", user_id=1, feedback_type="like", created_at=at(40))
    preferences = {"preferred_style": "简洁", "learned_rules": ["先给结论"]}
    insert(db, "user_preferences_cache", user_id=2, data_summary_hash="h", preferences=preferences)
    insert(db, "session_preferences", session_id=FIRST, preferences=json.dumps(preferences))
    insert(
        db,
        "user_behavior_stats",
        user_id=2,
        total_sessions=2,
        total_messages=12,
        like_count=1,
        scenario_usage={"9": 4, "7": 1},
        question_types={"分析": 3},
    )


def _spoil(db: sqlite3.Connection, number: int) -> None:
    """What is found in databases that have seen some years."""
    deep = "[" * 100_000 + "]" * 100_000
    rows: tuple[tuple[Any, ...], ...] = (
        (101, FIRST, "user", "text", "x" * 3_000_000, None, 101, at(50)),
        (102, FIRST, "assistant", "text", b"lone \xed\xa0\xbd surrogate", None, 103, at(51)),
        (103, FIRST, "assistant", "text", "a\x00b", "{broken", 102, at(52)),
        (104, FIRST, "assistant", "tool_use", "Bash", deep, 9999, at(53)),
        (105, "no-such-session", "user", "text", "orphan", None, None, at(54)),
        (106, FIRST, "system", "init", "boot", None, None, at(55)),
        (107, FIRST, "user", None, "no type, no time", None, 106, None),
        (108, FIRST, "assistant", "text", b"\xff\xfe not utf-8", None, 107, "yesterday"),
        (109, FIRST, "assistant", "text", 12345, json.dumps("text"), 108, 1740830400),
        (110, FIRST, "user", "text", "%s {} ' \" _ javascript:alert(1)", None, 110, at(56)),
    )
    names = ("id", "session_id", "role", "message_type", "content", "extra_data")
    for row in rows:
        keys = (*names, "parent_message_id", "created_at")
        insert(db, "messages", **dict(zip(keys, row, strict=True)))
    db.execute("UPDATE messages SET content = CAST(content AS TEXT) WHERE id IN (102, 108)")
    insert(db, "sessions", id=50, session_id="x" * 80, user_id=77, created_at="nonsense")
    insert(db, "sessions", id=51, session_id="空", user_id=None, model=b"\x00\x01", created_at=None)
    bad = {"id": 20, "name": "Bad", "custom_tools": deep, "skills": "{", "is_public": "true"}
    insert(db, "business_scenarios", **bad, max_turns="many", created_at=1e300)
    if number >= 3:
        insert(db, "user_scenario_configs", user_id=1, scenario_ids="not json")
    if number >= 5:
        insert(
            db,
            "user_feedback",
            user_id=3,
            session_id="gone",
            feedback_type="dislike",
            feedback_data=deep,
            scenario_ids="[",
            created_at="",
        )
