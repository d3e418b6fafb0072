"""Statistics of real conversations with the demo model."""

from __future__ import annotations

import csv
import io
import time
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from aigc_desktop.config import settings as config
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.statistics import By, Measure, Split
from aigc_desktop.ops.statistics import inert, today
from aigc_desktop.services import chat, sessions, statistics
from aigc_desktop.services.app import App
from aigc_desktop.store.tables import user_feedback


@pytest.fixture
async def used(app: App) -> App:
    """The program after one answered request that was liked, and one more chat."""
    app.settings.set(config.PROVIDER, "demo")
    app.settings.set(config.WHEN_UNSURE, "best")
    session = await sessions.create_session(app)
    turn = await chat.send_message(app, session.id, "hello")
    await app.runner.wait(session.id)
    await app.store.write(
        lambda db: db.execute(
            insert(user_feedback).values(
                user_id=1, feedback_type="like", conversation_turn_id=str(turn)
            )
        )
    )
    await sessions.trash_session(app, (await sessions.create_session(app)).id)
    return app


async def test_a_conversation_is_counted(used: App) -> None:
    figures = await statistics.summary(used)
    assert (figures.chats, figures.turns, figures.likes) == (1, 1, 1)
    assert figures.messages == 2
    assert figures.timed == 1
    assert figures.first_timed == 1
    assert 0 <= figures.first_ms <= figures.duration_ms
    found = await statistics.series(used, By.DAY, Split.SCENARIO)
    assert found.periods == (today(time.time_ns() // 1_000_000),)
    assert found.parts[0].name


async def test_totals_are_plain_values(used: App) -> None:
    found = await statistics.totals(used)
    assert found["total_sessions"] == 2
    assert found["trashed_sessions"] == 1
    assert found["active_sessions"] == 0
    assert found["total_messages"] == 2
    assert found["like_count"] == 1
    assert found["cost_usd"] is None or Decimal(found["cost_usd"]) >= 0


async def test_deleting_a_chat_does_not_give_back_what_it_cost(used: App) -> None:
    before = await statistics.summary(used)
    for session in await sessions.list_sessions(used):
        await sessions.delete_session(used, session.id)
    assert await statistics.summary(used) == before
    found = await statistics.series(used, By.MONTH, Split.SESSION)
    assert [part.name for part in found.parts] == [""]
    assert (await statistics.totals(used))["total_sessions"] == 1


async def test_the_table_is_exact_and_no_spreadsheet_runs_it(used: App, tmp_path: Path) -> None:
    evil = '=HYPERLINK("http://evil.example/","a"),"\n@SUM(1)'
    await used.store.write(
        lambda db: db.execute(text("UPDATE sessions SET title = :t"), {"t": evil})
    )
    target = tmp_path / "统计.csv"
    await statistics.export_csv(used, str(target), By.DAY, Split.SESSION)
    data = target.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    head, row = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert head[:4] == ["Period from", "Chat", "chats", "requests"]
    assert row[0] == today(time.time_ns() // 1_000_000).isoformat()
    assert row[1] == f"'{evil}"
    assert row[3] == "1"
    assert oct(target.stat().st_mode)[-3:] == "600"


@pytest.mark.parametrize("risky", ["=1+1", "+1", "-1", "@A1", "\t=1", " =1", "\r=1", "|x", "%0A"])
def test_formulas_are_made_inert(risky: str) -> None:
    assert inert(risky) == f"'{risky}"


def test_other_texts_stay() -> None:
    for plain in ("claude-sonnet", "季度 report", "1.5", "", "a=b"):
        assert inert(plain) == plain


async def test_what_cannot_be_written_is_said(used: App, tmp_path: Path) -> None:
    with pytest.raises(UserError) as raised:
        await statistics.export_csv(used, str(tmp_path / "no" / "x.csv"))
    assert raised.value.code == "not_written"


async def test_lost_counting_is_put_right_at_the_start(used: App) -> None:
    before = await statistics.summary(used)

    def spoil(db: object) -> None:
        db.execute(text("DROP TRIGGER usage_turn_added"))  # type: ignore[attr-defined]
        db.execute(text("DELETE FROM turn_facts"))  # type: ignore[attr-defined]

    await used.store.write(spoil)
    assert (await statistics.summary(used)).turns == 0
    await statistics.ensure_sound(used)
    assert await statistics.summary(used) == before


async def test_the_cache_rate_needs_tokens(app: App) -> None:
    figures = await statistics.summary(app)
    assert figures.value(Measure.CACHE) is None
    assert figures.value(Measure.COST) is None
    assert figures.value(Measure.CHATS) == 0
