"""A large database is read whole after the start."""

from __future__ import annotations

import pytest

from aigc_desktop.core.events import Event, NoticeRaised
from aigc_desktop.services import integrity
from aigc_desktop.services.app import App
from aigc_desktop.store import health


def said(events: list[Event]) -> list[str]:
    return [event.code for event in events if isinstance(event, NoticeRaised)]


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every database counts as large."""
    monkeypatch.setattr(health, "FULL_CHECK_LIMIT", 0)


@pytest.mark.usefixtures("large")
async def test_damage_is_said_and_remembered_for_the_next_start(
    app: App, events: list[Event], allow_log: set[str]
) -> None:
    allow_log.add("integrity check")
    await app.store.write(
        lambda db: db.exec_driver_sql(
            "INSERT INTO turn_facts (turn_id, day, session_id, model) VALUES (1, 1, 1, 'x')"
        )
    )
    await app.store.write(lambda db: db.exec_driver_sql("PRAGMA writable_schema=ON"))
    await app.store.write(
        lambda db: db.exec_driver_sql(
            "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE"
            " name = 'messages') WHERE name = 'turn_facts'"
        )
    )
    await integrity.check_later(app, 0)
    assert said(events) == ["database_damage_found"]
    assert app.paths.suspect_mark.exists()


@pytest.mark.usefixtures("large")
async def test_a_sound_one_is_no_longer_suspect(app: App, events: list[Event]) -> None:
    app.paths.suspect_mark.touch()
    await integrity.check_later(app, 0)
    assert said(events) == []
    assert not app.paths.suspect_mark.exists()


async def test_a_small_one_was_read_before(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "check_integrity", None)
    await integrity.check_later(app, 0)
