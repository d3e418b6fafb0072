"""Sessions and the tree of their turns."""

from __future__ import annotations

import pytest

from aigc_desktop.core.errors import UserError
from aigc_desktop.core.session import TurnStatus
from aigc_desktop.store import sessions, turns
from aigc_desktop.store.store import Db, Store


def make(store: Store, title: str, now: int = 1) -> int:
    return store.write_sync(lambda db: sessions.create(db, title, now)).id


def test_order_pin_and_trash(store: Store) -> None:
    old, new, pinned, gone = (make(store, t, n) for n, t in enumerate(("old", "new", "pin", "bin")))

    def change(db: Db) -> None:
        sessions.set_pinned(db, pinned, True)
        sessions.trash(db, gone, 9)
        sessions.touch(db, new, 100)

    store.write_sync(change)
    listed = store.read_sync(sessions.list_sessions)
    assert [s.id for s in listed] == [pinned, new, old]
    trashed = store.read_sync(lambda db: sessions.list_sessions(db, trashed=True))
    assert [s.id for s in trashed] == [gone]


@pytest.mark.parametrize("title", ["100%", "a_b", "back\\slash", "%s {x} 'q'", "中文标题"])
def test_title_search_is_literal(store: Store, title: str) -> None:
    wanted = make(store, title)
    make(store, "100 axb backslash s x q")
    found = store.read_sync(lambda db: sessions.search_titles(db, title))
    assert [s.id for s in found] == [wanted]


def test_automatic_titles_do_not_replace_the_users(store: Store) -> None:
    session = make(store, "x")
    store.write_sync(lambda db: sessions.rename(db, session, "mine"))
    store.write_sync(lambda db: sessions.set_auto_title(db, session, "auto"))
    assert store.read_sync(lambda db: sessions.get(db, session)).title == "mine"


def test_tree(store: Store) -> None:
    session = make(store, "x")

    def add(parent: int | None, text: str) -> int:
        return store.write_sync(
            lambda db: turns.add_turn(db, session, parent, text, TurnStatus.DONE, 1)
        ).id

    root = add(None, "root")
    left, right = add(root, "left"), add(root, "right")
    below = add(left, "below")
    assert store.read_sync(lambda db: turns.path_to(db, below)) == [root, left, below]
    assert store.read_sync(lambda db: turns.get_turn(db, left)).siblings == (left, right)
    assert store.read_sync(lambda db: turns.newest_leaf(db, left)) == below
    branch = store.read_sync(lambda db: turns.branch(db, session, below))
    assert [turn.id for turn in branch] == [root, left, below]
    assert store.read_sync(lambda db: sessions.get(db, session)).current_turn_id == below


def test_deleting_for_good_takes_everything(store: Store) -> None:
    session = make(store, "x")
    turn = store.write_sync(lambda db: turns.add_turn(db, session, None, "t", TurnStatus.DONE, 1))
    store.write_sync(lambda db: sessions.delete_forever(db, session))
    with pytest.raises(UserError, match="turn_not_found"):
        store.read_sync(lambda db: turns.get_turn(db, turn.id))
    with pytest.raises(UserError, match="session_not_found"):
        store.read_sync(lambda db: sessions.get(db, session))
