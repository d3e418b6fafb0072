"""Fills a store with realistic data, fast: sessions of Chinese and English exchanges."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice

from sqlcipher3 import dbapi2

from aigc_desktop.config.paths import Paths
from aigc_desktop.store import migration

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
    db = dbapi2.connect(str(paths.database), isolation_level=None)
    db.execute("PRAGMA synchronous=OFF")
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


def _messages(first: int, count: int, texts: list[str]) -> Iterator[tuple[int, int, str, str]]:
    for n in islice(range(first, first + count), count):
        yield n + 1, 0, "user", texts[n % 2000][:200]
        yield n + 1, 1000, "assistant", texts[(n * 7) % 2000]
