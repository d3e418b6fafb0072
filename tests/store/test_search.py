"""Words and Chinese in the full-text search."""

from __future__ import annotations

import pytest

from aigc_desktop.core.session import TurnStatus
from aigc_desktop.store import sessions, turns
from aigc_desktop.store.store import Store

TEXTS = (
    "请帮我做数据分析，并写一份季度报告",
    "The quarterly REPORT about naïve Bayes",
    "数字的据点：分开解析",
    "50% of %s {braces} and 'quotes'",
)


@pytest.fixture
def filled(store: Store) -> Store:
    session = store.write_sync(lambda db: sessions.create(db, "talk", 1))
    for number, text in enumerate(TEXTS):
        store.write_sync(
            lambda db, text=text, number=number: turns.add_turn(  # type: ignore[misc]
                db, session.id, None, text, TurnStatus.DONE, number
            )
        )
    store.catch_up_search()
    return store


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("数据", [0]),
        ("分析", [0]),
        ("数据分析", [0]),
        ("解析", [2]),
        ("析数", []),
        ("report", [1]),
        ("repo", [1]),
        ("bayes quarterly", [1]),
        ("季", [0]),
        ("%s", [3]),
        ("braces quotes", [3]),
        ('" OR "', []),
        ("   ", []),
    ],
)
async def test_finds(filled: Store, query: str, found: list[int]) -> None:
    hits = await filled.search(query)
    assert [hit.turn_id - 1 for hit in hits] == found


async def test_new_messages_are_found_and_trashed_sessions_are_not(filled: Store) -> None:
    await filled.write(lambda db: sessions.trash(db, 1, 5))
    assert await filled.search("数据") == []
    await filled.write(lambda db: sessions.restore(db, 1))
    assert len(await filled.search("数据")) == 1


async def test_a_damaged_index_is_built_anew(filled: Store) -> None:
    filled.paths.search_database.write_bytes(b"not a database at all" * 500)
    for suffix in ("-wal", "-shm"):
        filled.paths.search_database.with_name(f"search.db{suffix}").unlink(missing_ok=True)
    await filled.search("数据")
    filled.catch_up_search()
    assert len(await filled.search("数据")) == 1
