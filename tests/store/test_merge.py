"""Chats out of another database: the feedback, the lessons and the sums that are theirs."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlcipher3 import dbapi2

from aigc_desktop.config.paths import Paths
from aigc_desktop.core.learning import (
    Evidence,
    FeedbackKind,
    Lesson,
    LessonKind,
    LessonState,
    Scope,
    Target,
)
from aigc_desktop.store import aggregates, feedback, lessons, merge, sessions
from aigc_desktop.store.store import Db, Store
from aigc_desktop.store.tables import LOCAL_USER_ID
from tests.store.test_aggregates import kept, recount, used_chat, whole

NOON = 1_700_000_000_000
LIKE, CORRECT = FeedbackKind.LIKE, FeedbackKind.CORRECT


def judged_chat(db: Db) -> int:
    """Make a chat with a liked answer and a lesson of its own; return the turn."""
    turn = used_chat(db, NOON)
    feedback.put(db, feedback.Signal(LIKE, turn, NOON, "q", "a"))
    own = lessons.save(
        db,
        Lesson(
            0,
            LOCAL_USER_ID,
            Target(Scope.SESSION, session_id=session_of(db, turn)),
            LessonKind.LENGTH,
            "length",
            "short",
            "Answer in one sentence.",
            state=LessonState.ACTIVE,
            evidence=(Evidence(1, 1.0, NOON, 1, session_of(db, turn), turn, "q"),),
        ),
        "accepted",
        NOON,
    )
    assert own.id
    return turn


def session_of(db: Db, turn: int) -> int:
    found = db.execute(text("SELECT session_id FROM turns WHERE id = :t"), {"t": turn})
    return int(found.scalar_one())


def name_of(db: Db, session: int) -> str:
    return sessions.get(db, session).uid


@pytest.fixture
def backup(store: Store, paths: Paths, tmp_path: Path) -> Path:
    """Three chats, the middle one judged, and a copy of the database as it is then."""

    def make(db: Db) -> None:
        used_chat(db, NOON)
        judged_chat(db)
        used_chat(db, NOON)

    store.write_sync(make)
    copy = tmp_path / "backup.db"
    with contextlib.closing(dbapi2.connect(str(copy))) as new:
        with contextlib.closing(dbapi2.connect(str(paths.database))) as old:
            old.backup(new)
        new.execute("PRAGMA journal_mode=DELETE")
    return copy


def restore(store: Store, paths: Paths, backup: Path, *, trusted: bool = True) -> int:
    with contextlib.closing(dbapi2.connect(str(backup))) as db:
        (uid,) = db.execute("SELECT session_id FROM sessions WHERE id = 2").fetchone()
    (made,) = merge.copy_sessions(backup, paths.database, [uid], trusted=trusted)
    return made


def test_a_deleted_chat_comes_back_as_itself(store: Store, paths: Paths, backup: Path) -> None:
    before = store.read_sync(lambda db: (kept(db), whole(db)))
    store.write_sync(lambda db: sessions.delete_forever(db, 2))
    assert restore(store, paths, backup) == 2
    assert store.read_sync(lambda db: (kept(db), whole(db))) == before
    assert list(store.read_sync(lambda db: feedback.opinions_of_session(db, 2))) == [2]
    assert store.read_sync(lambda db: feedback.totals(db, user_id=LOCAL_USER_ID)) == {"like": 1}


def test_its_sums_are_where_they_were_when_the_return_is_undone(
    store: Store, paths: Paths, backup: Path
) -> None:
    store.write_sync(lambda db: sessions.delete_forever(db, 2))
    gone = store.read_sync(whole)
    merge.delete_sessions(paths.database, [restore(store, paths, backup)])
    assert store.read_sync(whole) == gone
    store.write_sync(aggregates.rebuild)
    assert store.read_sync(whole) == gone


def test_what_was_said_since_the_backup_stands(store: Store, paths: Paths, backup: Path) -> None:
    store.write_sync(
        lambda db: feedback.put(db, feedback.Signal(CORRECT, 2, NOON + 1, "q", "a", typed="b"))
    )
    store.write_sync(lambda db: sessions.delete_forever(db, 2))
    restore(store, paths, backup)
    assert store.read_sync(lambda db: feedback.totals(db, session_id=2)) == {
        "like": 1,
        "correct": 1,
    }


def test_lost_feedback_comes_back(store: Store, paths: Paths, backup: Path) -> None:
    store.write_sync(lambda db: sessions.delete_forever(db, 2))
    store.write_sync(lambda db: db.execute(text("DELETE FROM user_feedback")))
    restore(store, paths, backup)
    assert store.read_sync(lambda db: feedback.totals(db, session_id=2)) == {"like": 1}
    assert store.read_sync(kept) == store.read_sync(recount)


def test_lessons_of_the_chat_come_with_it(store: Store, paths: Paths, backup: Path) -> None:
    store.write_sync(lambda db: sessions.delete_forever(db, 2))
    store.write_sync(lambda db: used_chat(db, NOON))
    made = restore(store, paths, backup)

    def look(db: Db) -> None:
        (lesson,) = lessons.of_user(db, LOCAL_USER_ID)
        assert lesson.target == Target(Scope.SESSION, session_id=made)
        assert (lesson.state, lesson.text) == (LessonState.ACTIVE, "Answer in one sentence.")
        assert [step.cause for step in lessons.history(db, lesson.id)] == ["accepted"]
        assert lessons.as_of(db, LOCAL_USER_ID, NOON)[lesson.id].target == lesson.target

    store.read_sync(look)


def test_a_copy_beside_the_chat_is_a_chat_of_its_own(
    store: Store, paths: Paths, backup: Path
) -> None:
    made = restore(store, paths, backup)
    assert made not in (1, 2, 3)
    assert store.read_sync(lambda db: feedback.totals(db, user_id=LOCAL_USER_ID)) == {"like": 1}
    found = store.read_sync(lambda db: lessons.of_user(db, LOCAL_USER_ID))
    assert {lesson.target.session_id for lesson in found} == {2, made}


def test_another_installations_lessons_are_proposals(
    store: Store, paths: Paths, backup: Path
) -> None:
    store.write_sync(lambda db: sessions.delete_forever(db, 2))
    made = restore(store, paths, backup, trusted=False)
    (lesson,) = store.read_sync(lambda db: lessons.of_user(db, LOCAL_USER_ID))
    assert (lesson.state, lesson.target.session_id) == (LessonState.PROPOSED, made)
    assert store.read_sync(lambda db: feedback.totals(db, session_id=made)) == {"like": 1}
