"""Aggregates of feedback: exact whatever is written at the same time, by whatever process."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path

from aigc_desktop.core.learning import Fault, FeedbackKind
from aigc_desktop.core.session import TurnStatus
from aigc_desktop.store import behavior, feedback, sessions, turns
from aigc_desktop.store.feedback import Signal
from aigc_desktop.store.store import Db, Store

ROOT = Path(__file__).parents[2]
TURNS = 12
WRITERS = 3
WRITES = 40

CHILD = """
import random, sys
from pathlib import Path
from aigc_desktop.config.paths import Paths
from aigc_desktop.store.store import Store
from tests.store.test_feedback import write_at_random
paths = Paths(Path(sys.argv[1]))
store = Store.open(paths, on_trouble=lambda *_: None, on_recovered=lambda _: None)
write_at_random(store, int(sys.argv[2]))
store.close()
"""


def write_at_random(store: Store, seed: int) -> None:
    """Say something about answers, or take it back, many times."""
    chance = random.Random(seed)
    for number in range(WRITES):
        turn_id = chance.randrange(1, TURNS + 1)
        kind = chance.choice(list(FeedbackKind))

        def write(
            db: Db, turn_id: int = turn_id, kind: FeedbackKind = kind, at: int = number
        ) -> None:
            if chance.random() < 0.2:
                feedback.remove(db, turn_id, ("like", "dislike"))
            else:
                feedback.put(db, Signal(kind, turn_id, at, fault=chance.choice(list(Fault))))
            behavior.count_feedback(db, 1)
            behavior.count_session_feedback(db, 1)

        store.write_sync(write)


def test_aggregates_are_exact_under_concurrency(store: Store, allow_log: set[str]) -> None:
    allow_log.add("database_locked")

    def begin(db: Db) -> None:
        session = sessions.create(db, "s", 1)
        for _ in range(TURNS):
            turns.add_turn(db, session.id, None, "r", TurnStatus.DONE, 1)

    store.write_sync(begin)
    children = [
        subprocess.Popen([sys.executable, "-c", CHILD, str(store.paths.home), str(seed)], cwd=ROOT)
        for seed in range(2)
    ]
    threads = [
        threading.Thread(target=write_at_random, args=(store, 100 + n)) for n in range(WRITERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [child.wait() for child in children] == [0, 0]

    def read(db: Db) -> tuple[dict[str, int], dict[str, int], dict[str, object], dict[str, object]]:
        return (
            feedback.totals(db, user_id=1),
            feedback.totals(db, session_id=1),
            behavior.of_user(db, 1),
            behavior.session_cache(db, 1)[1],
        )

    of_user, of_session, stats, preferences = store.read_sync(read)
    assert of_user == of_session == preferences["feedback_stats"]
    assert stats["total_feedback"] == sum(of_user.values())
    assert stats["like_count"] == of_user.get("like", 0)
    assert stats["dislike_count"] == of_user.get("dislike", 0)
    assert max(of_user.values()) <= TURNS, "one signal of a kind for each answer"
