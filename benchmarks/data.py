"""Fills a store with realistic data, fast: sessions of Chinese and English exchanges."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

from sqlcipher3 import dbapi2

from aigc_desktop.config.paths import Paths
from aigc_desktop.store import aggregates, migration
from aigc_desktop.store.engine import make_engine

_TEXT = (
    "report revenue table region analysis 数据 分析 报告 请 帮 我 整理 结论 表格 计划 write the "
    "summary of quarterly orders and 客户 反馈 翻译 邮件 code function error 测试 文件"
)
_WORDS = _TEXT.split()


def fill(paths: Paths, sessions: int, messages: int) -> None:
    """Make `sessions` sessions with `messages` messages in all, half of them requests."""
    paths.create()
    migration.prepare(paths)
    per_session = messages // sessions // 2
    rng = random.Random(1)
    texts = [" ".join(rng.choices(_WORDS, k=rng.randint(8, 160))) for _ in range(2000)]
    db = _open_uncounted(paths)
    for session in range(1, sessions + 1):
        if session % 200 == 1:
            db.execute("BEGIN")
        db.execute(
            "INSERT INTO sessions (id, session_id, title, current_turn_id, created_at,"
            " last_activity) VALUES (?, ?, ?, ?, ?, ?)",
            (session, f"s{session}", f"会话 {session} report", session * per_session, 1, session),
        )
        first = (session - 1) * per_session
        db.executemany(
            "INSERT INTO turns (id, session_id, parent_id, status, stop_reason, user_text,"
            " created_at) VALUES (?, ?, ?, 'done', 'end_turn', ?, 1)",
            (
                (first + n + 1, session, first + n if n else None, texts[(first + n) % 2000][:200])
                for n in range(per_session)
            ),
        )
        db.executemany(
            "INSERT INTO messages (turn_id, position, role, message_type, content, created_at)"
            " VALUES (?, ?, ?, 'text', ?, 1)",
            _messages(first, per_session, texts),
        )
        if session % 200 == 0 or session == sessions:
            db.execute("COMMIT")
    db.close()
    count_usage(paths)


def count_usage(paths: Paths) -> None:
    """Count what every turn counts for; from then on the database does it by itself."""
    engine = make_engine(paths.database, begin="BEGIN IMMEDIATE")
    with engine.begin() as db:
        aggregates.install(db)
    engine.dispose()


def _open_uncounted(paths: Paths) -> Any:
    """Return a fast connection; what is written through it is counted in one go at the end."""
    db = dbapi2.connect(str(paths.database), isolation_level=None)
    db.execute("PRAGMA synchronous=OFF")
    db.execute("PRAGMA cache_size=-64000")
    named = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'usage_%'"
    for (name,) in db.execute(named).fetchall():
        db.execute(f"DROP TRIGGER {name}")
    return db


def _messages(first: int, count: int, texts: list[str]) -> Iterator[tuple[int, int, str, str]]:
    for n in islice(range(first, first + count), count):
        yield n + 1, 0, "user", texts[n % 2000][:200]
        yield n + 1, 1000, "assistant", texts[(n * 7) % 2000]


MODELS = ("claude-sonnet-5-5", "claude-haiku-5-5", "claude-opus-5-5", "demo")
_DAY = 86_400_000


def spread_usage(paths: Paths, until_ms: int, days: int) -> None:
    """Give the turns of `fill` times over `days` days, models, tokens, cost, opinions."""
    rng = random.Random(2)
    db = _open_uncounted(paths)
    ids = [row[0] for row in db.execute("SELECT id FROM turns ORDER BY id")]
    per_session = max(1, len(ids) // db.execute("SELECT count(*) FROM sessions").fetchone()[0])
    db.execute("BEGIN")
    start, model = 0, MODELS[0]
    for number, turn in enumerate(ids):
        if number % per_session == 0:
            age = rng.random() ** 1.4 * days
            start = int(until_ms - age * _DAY)
            if time.localtime(start / 1000).tm_wday >= 5 and rng.random() < 0.7:
                start -= 2 * _DAY
            model = rng.choices(MODELS, (5, 3, 2, 1))[0]
        at = min(until_ms, start + number % per_session * 400_000)
        seconds = rng.lognormvariate(2.0, 0.7)
        sent, read = int(rng.lognormvariate(6.5, 1)), int(rng.lognormvariate(8, 1))
        out = int(rng.lognormvariate(6, 0.8))
        cost = None if model == "demo" else int(sent * 3 + read * 0.3 + out * 15)
        db.execute(
            "UPDATE turns SET created_at = ?, ended_at = ?, model = ?, input_tokens = ?,"
            " output_tokens = ?, cache_read_tokens = ?, cache_write_tokens = ?, cost_micros = ?,"
            " first_token_ms = ? WHERE id = ?",
            (
                at,
                at + int(seconds * 1000),
                model,
                sent,
                out,
                read,
                sent // 3,
                cost,
                int(seconds * 180),
                turn,
            ),
        )
        db.execute(
            "INSERT INTO turn_matches (turn_id, scenario_id, decision) VALUES (?, ?, '{}')",
            (turn, 1 + number // per_session % 6),
        )
        if rng.random() < 0.15:
            db.execute(
                "INSERT INTO user_feedback (user_id, feedback_type, conversation_turn_id)"
                " VALUES (1, ?, ?)",
                (rng.choices(("like", "dislike", "correct"), (6, 2, 1))[0], str(turn)),
            )
    db.execute("COMMIT")
    db.close()
    count_usage(paths)
