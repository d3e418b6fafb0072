"""Every migration on data of its time, damaged files, newer files, two starters."""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlcipher3 import dbapi2

from aigc_desktop.config.messages import MESSAGES
from aigc_desktop.config.paths import Paths, migrations_dir
from aigc_desktop.core.errors import UserError
from aigc_desktop.store import messages, migration, sessions
from aigc_desktop.store.store import Store

FILL = (
    "INSERT INTO business_scenarios (id, scenario_id, name) VALUES (7, 'code', 'Code'),"
    " (9, 'data', '数据')",
    "INSERT INTO system_prompts (prompt_id, name, content) VALUES ('p', 'P', 'text')",
    "INSERT INTO skills (skill_id, name) VALUES ('s', 'S')",
    "INSERT INTO user_configs (user_id, associated_scenario_id) VALUES (1, 'data')",
    "INSERT INTO sessions (session_id, user_id, created_at, last_activity) VALUES"
    " ('u-1', 1, '2025-03-01 12:00:00', '2025-03-01 12:05:00.250'), ('u-2', 1, NULL, NULL)",
    "INSERT INTO conversation_turn_configs (conversation_turn_id, session_id, scenario_id)"
    " VALUES ('c', 'u-1', 'gone')",
    "INSERT INTO messages (session_id, role, message_type, content, created_at) VALUES"
    " ('u-1', 'user', 'text', '第一个问题', '2025-03-01 12:00:00'),"
    " ('u-1', 'assistant', 'text', 'answer one', '2025-03-01 12:00:01'),"
    " ('u-1', 'assistant', 'tool_use', 'Read', '2025-03-01 12:00:02'),"
    " ('u-1', 'user', 'tool_result', 'content', '2025-03-01 12:00:03'),"
    " ('u-1', 'user', 'text', 'second', '2025-03-01 12:01:00'),"
    " ('u-1', 'assistant', 'text', 'answer two', '2025-03-01 12:01:05')",
)


def execute(database: Path, *statements: str) -> list[Any]:
    with contextlib.closing(dbapi2.connect(str(database), isolation_level=None)) as db:
        return [db.execute(statement).fetchall() for statement in statements][-1]


def database_at(paths: Paths, revision: str, *statements: str) -> Path:
    """Make a database as it was at `revision`, with `statements` run on it."""
    migration.make_database(paths.database, revision)
    execute(paths.database, *statements, "SELECT 1")
    return paths.database


def check_string_ids(database: Path) -> None:
    assert execute(database, "SELECT associated_scenario_id FROM user_configs") == [(9,)]
    assert execute(database, "SELECT scenario_id FROM conversation_turn_configs") == [(None,)]


def check_turns(database: Path) -> None:
    assert execute(database, "SELECT created_at, last_activity FROM sessions WHERE id = 1") == [
        (1740830400000, 1740830700250)
    ]
    assert execute(database, "SELECT user_text, parent_id IS NULL FROM turns ORDER BY id") == [
        ("第一个问题", 1),
        ("second", 0),
    ]
    assert execute(database, "SELECT count(*) FROM messages") == [(6,)]


CHECKS: dict[str, tuple[tuple[str, ...], Callable[[Path], None]]] = {
    "init_database": (FILL, check_turns),
    "add_scenario_meta_fields": (
        (*FILL, 'UPDATE business_scenarios SET meta = \'{"tags": ["a"]}\' WHERE id = 7'),
        lambda db: _same(db, "SELECT meta FROM business_scenarios WHERE id = 7", '{"tags": ["a"]}'),
    ),
    "add_scenario_is_default_field": (
        (*FILL, "UPDATE business_scenarios SET is_default = 1 WHERE id = 9"),
        lambda db: _same(db, "SELECT id FROM business_scenarios WHERE is_default", 9),
    ),
    "add_user_scenario_config_table": (
        (
            *FILL,
            "INSERT INTO user_scenario_configs (user_id, scenario_ids) VALUES"
            ' (1, \'["data", 7, "nope", "data"]\')',
            "INSERT INTO session_scenario_configs (session_id, scenario_ids) VALUES"
            " ('u-1', '\"[\\\"code\\\"]\"')",
        ),
        lambda db: (
            _same(db, "SELECT scenario_ids FROM user_scenario_configs", "[9, 7]"),
            _same(db, "SELECT scenario_ids FROM session_scenario_configs", "[7]"),
        )[0],
    ),
    "migrate_string_ids_to_integer": ((), lambda db: None),
    "add_phase3_evolution_tables": (
        ("INSERT INTO user_feedback (user_id, feedback_type) VALUES (1, 'like')",),
        lambda db: _same(db, "SELECT feedback_type FROM user_feedback", "like"),
    ),
    "desktop_turn_tree": ((), lambda db: None),
    "turn_effects": ((), lambda db: None),
    "permission_rules": (
        (
            "INSERT INTO business_scenarios (id, name, description) VALUES (9, 'Data', 'Tables')",
            "INSERT INTO permission_rules (effect, area, match, resource, folder, created_at) "
            "VALUES ('allow', 'write', 'any', '', '/w', 1)",
        ),
        lambda db: (
            _same(db, "SELECT version FROM business_scenarios WHERE id = 9", 1),
            _same(db, "SELECT scenario_id FROM permission_rules", None),
        )[0],
    ),
    "scenario_versions": (
        (
            "INSERT INTO user_feedback (user_id, feedback_type, created_at) VALUES"
            " (1, 'like', '2025-03-01 12:00:00')",
        ),
        lambda db: _same(db, "SELECT recorded_at FROM user_feedback", 1740830400000),
    ),
    "lessons": ((), lambda db: None),
    "operations": (
        (
            "INSERT INTO sessions (id, session_id, created_at, last_activity)"
            " VALUES (1, 'u', 1, 1)",
            "INSERT INTO turns (id, session_id, status, model, input_tokens, created_at)"
            " VALUES (5, 1, 'done', 'm', 7, 1700000000000)",
            "INSERT INTO user_feedback (user_id, feedback_type, conversation_turn_id)"
            " VALUES (1, 'like', '5'), (1, 'like', 'gone')",
        ),
        lambda db: (
            _same(db, "SELECT input_tokens FROM usage_aggregates WHERE model = 'm'", 7),
            _same(db, "SELECT sum(likes) FROM usage_aggregates", 1),
        )[0],
    ),
    "usage_aggregates": (
        (
            "INSERT INTO usage_aggregates (day, session_id, model, scenario_id, turns, likes)"
            " VALUES (19000, -5, 'm', 0, 2, 1), (19000, -5, 'n', 3, 4, 0)",
        ),
        lambda db: _same(
            db, "SELECT group_concat(model || turns || likes) FROM usage_aggregates", "m21,n40"
        ),
    ),
    "usage_by_model": ((), lambda db: None),
}


def _same(database: Path, query: str, wanted: object) -> None:
    assert execute(database, query) == [(wanted,)]


def test_every_migration_has_its_test_and_its_file() -> None:
    assert set(CHECKS) == set(migration.REVISIONS)
    files = list((migrations_dir() / "versions").glob("v*.py"))
    assert {path.stem.partition("_")[2] for path in files} == set(migration.REVISIONS)
    assert not [path for path in files if "aigc_desktop" in path.read_text("utf-8")], "frozen"
    assert {f"revision:{name}" for name in migration.REVISIONS} <= set(MESSAGES)


@pytest.mark.parametrize("revision", migration.REVISIONS)
def test_data_of_every_step_arrives(paths: Paths, revision: str) -> None:
    fill, check = CHECKS[revision]
    database = database_at(paths, revision, *fill)
    assert migration.prepare(paths) == revision
    assert migration.current(database) == migration.HEAD
    check(database)
    if fill == FILL:
        check_string_ids(database)
    assert migration.prepare(paths) == migration.HEAD


def test_old_conversations_can_be_read(paths: Paths) -> None:
    database_at(paths, "init_database", *FILL)
    migration.prepare(paths)
    store = Store.open(paths, on_trouble=lambda *_: None, on_recovered=lambda _: None)
    snapshot = store.read_sync(lambda db: messages.transcript_snapshot(db, 1))
    assert [item.text for item in snapshot.items] == [
        "第一个问题",
        "answer one",
        "content",
        "second",
        "answer two",
    ]
    assert store.read_sync(lambda db: sessions.get(db, 1)).title == "第一个问题"
    store.close()


def test_a_snapshot_is_taken_before(paths: Paths) -> None:
    database_at(paths, "init_database", *FILL)
    migration.prepare(paths)
    (snapshot,) = paths.data_dir.glob("before-*.db")
    assert migration.current(snapshot) == "init_database"


def test_indexes_survive(paths: Paths) -> None:
    migration.prepare(paths)
    names = {row[0] for row in execute(paths.database, "SELECT name FROM sqlite_master")}
    assert {
        "ix_sessions_list",
        "ix_turns_session",
        "ix_turns_parent",
        "ix_business_scenarios_category",
        "ix_user_feedback_user",
        "ix_user_file_relationships_session",
    } <= names


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_newer_database_is_refused_untouched(paths: Paths) -> None:
    migration.prepare(paths)
    execute(paths.database, "UPDATE alembic_version SET version_num = 'from_the_future'")
    before = digest(paths.database)
    with pytest.raises(UserError, match="database_newer"):
        migration.prepare(paths)
    assert digest(paths.database) == before


@pytest.mark.parametrize("content", [b"", b"junk" * 1000, b"SQLite format 3\x00" + b"\0" * 5000])
def test_what_is_no_database_is_never_replaced(
    paths: Paths, content: bytes, allow_log: set[str]
) -> None:
    allow_log.add("integrity check")
    paths.database.write_bytes(content)
    with pytest.raises(UserError, match="database_corrupt"):
        migration.prepare(paths)
    assert paths.database.read_bytes() == content


def test_a_folder_in_its_place(paths: Paths) -> None:
    paths.database.mkdir()
    with pytest.raises(UserError, match="database_corrupt"):
        migration.prepare(paths)


@pytest.mark.parametrize("trace", ["data/search.db", "backups/snapshots/one"])
def test_a_database_that_is_gone_is_not_made_anew(paths: Paths, trace: str) -> None:
    """Whoever has an index or backups had chats; nothing empty takes their place unasked."""
    file = paths.home / trace
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    with pytest.raises(UserError, match="database_missing"):
        migration.prepare(paths)
    assert not paths.database.exists()


def test_a_lone_wal_is_not_overlooked(paths: Paths) -> None:
    Path(f"{paths.database}-wal").write_bytes(b"x")
    with pytest.raises(UserError, match="database_corrupt"):
        migration.prepare(paths)
    assert not paths.database.exists()


def test_each_damaged_page_is_found(paths: Paths, allow_log: set[str]) -> None:
    allow_log.add("integrity check")
    migration.prepare(paths)
    execute(
        paths.database,
        "PRAGMA journal_mode=DELETE",
        "INSERT INTO sessions (session_id, created_at, last_activity) VALUES ('x', 1, 1)",
        *(
            "INSERT INTO turns (session_id, status, user_text, created_at)"
            f" VALUES (1, 'done', '{n}{'text ' * 300}', 1)"
            for n in range(20)
        ),
    )
    sound = paths.database.read_bytes()
    pages = len(sound) // 4096
    missed = []
    for page in range(pages):
        damaged = bytearray(sound)
        damaged[page * 4096 : (page + 1) * 4096] = random.Random(page).randbytes(4096)
        paths.database.write_bytes(damaged)
        try:
            migration.prepare(paths)
        except UserError as error:
            assert error.code == "database_corrupt"
        else:
            missed.append(page)
        assert paths.database.read_bytes() == damaged
    assert missed == []


def test_a_large_database_is_read_whole_once_it_is_suspect(
    paths: Paths, allow_log: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    allow_log.add("integrity check")
    monkeypatch.setattr(migration, "QUICK_CHECK_LIMIT", 0)
    migration.prepare(paths)
    damage_an_index(paths.database)
    migration.prepare(paths)
    paths.suspect_mark.touch()
    with pytest.raises(UserError, match="database_corrupt"):
        migration.prepare(paths)


def damage_an_index(database: Path) -> None:
    execute(database, "PRAGMA wal_checkpoint(TRUNCATE)")
    where = "SELECT rootpage FROM sqlite_master WHERE name = 'ix_user_feedback_turn'"
    ((page,),) = execute(database, where)
    content = bytearray(database.read_bytes())
    content[(page - 1) * 4096 : page * 4096] = random.Random(0).randbytes(4096)
    database.write_bytes(content)


def test_two_starters_migrate_once(paths: Paths) -> None:
    database_at(paths, "init_database", *FILL)
    code = (
        "import sys; from pathlib import Path; from aigc_desktop.config.paths import Paths;"
        "from aigc_desktop.store import migration;"
        "print(migration.prepare(Paths(Path(sys.argv[1]))))"
    )
    starters = [
        subprocess.Popen([sys.executable, "-c", code, str(paths.home)], stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    said = sorted(starter.communicate()[0].decode().strip() for starter in starters)
    assert said == sorted([migration.HEAD, "init_database"])
    assert len(list(paths.data_dir.glob("before-*.db"))) == 1


def test_a_killed_migration_leaves_old_or_new(paths: Paths) -> None:
    database_at(paths, "init_database", *FILL)
    code = (
        "import os, sys; from pathlib import Path; from aigc_desktop.config.paths import Paths;"
        "from aigc_desktop.store import migration\n"
        "steps = int(sys.argv[2])\n"
        "def trace(frame, event, arg):\n"
        "    global steps\n"
        "    if 'migration.py' in frame.f_code.co_filename and event == 'call':\n"
        "        steps -= 1\n"
        "        if steps < 0: os.kill(os.getpid(), 9)\n"
        "sys.settrace(trace)\n"
        "migration.prepare(Paths(Path(sys.argv[1])))\n"
    )
    outcomes = set()
    for steps in range(1, 40, 3):
        done = subprocess.run(
            [sys.executable, "-c", code, str(paths.home), str(steps)], check=False
        )
        revision = migration.current(paths.database)
        assert revision in ("init_database", migration.HEAD)
        outcomes.add((done.returncode, revision))
        if revision == migration.HEAD:
            break
    assert (-9, "init_database") in outcomes
    migration.prepare(paths)
    check_turns(paths.database)
    assert not list(paths.data_dir.glob("*.part*"))
    assert json.dumps(sorted(outcomes))
