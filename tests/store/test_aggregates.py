"""The sums of the statistics against a full recount, after whatever was done to the database."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text, update

from aigc_desktop.config.paths import Paths
from aigc_desktop.core.content import TextBlock
from aigc_desktop.core.matching import Match, Outcome
from aigc_desktop.core.session import StopReason, TurnConfig, TurnStatus, Usage
from aigc_desktop.core.statistics import By, Measure, Split
from aigc_desktop.ops import statistics
from aigc_desktop.store import aggregates, matches, messages, migration, sessions, turns
from aigc_desktop.store import statistics as rows
from aigc_desktop.store.store import Db, Store
from aigc_desktop.store.tables import user_feedback

DAY = 86_400_000
KINDS = ("like", "dislike", "correct", "regenerate", "copied")


def day_of(created_at: int) -> int:
    """Return the local day, by Python's own reckoning."""
    return (
        datetime.fromtimestamp(created_at / 1000, UTC).astimezone().date() - date(1970, 1, 1)
    ).days


def recount(db: Db) -> dict[tuple[Any, ...], Counter[str]]:
    """Count everything from the rows themselves, one turn after the other."""
    found: dict[tuple[Any, ...], Counter[str]] = {}
    scenario = dict(list(db.execute(text("SELECT turn_id, scenario_id FROM turn_matches"))))
    said = db.execute(text("SELECT conversation_turn_id, feedback_type FROM user_feedback")).all()
    entries = Counter(db.execute(text("SELECT turn_id FROM messages")).scalars())
    for turn in db.execute(text("SELECT * FROM turns")).mappings():
        key = (
            day_of(turn["created_at"]),
            turn["session_id"],
            turn["model"],
            scenario.get(turn["id"]) or 0,
        )
        own = found.setdefault(key, Counter())
        own["turns"] += 1
        own["messages"] += entries[turn["id"]]
        for name in ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"):
            own[name] += turn[name]
        if turn["cost_micros"] is not None:
            own["cost_micros"] += turn["cost_micros"]
            own["priced"] += 1
        if turn["status"] == "done" and (turn["ended_at"] or 0) > turn["created_at"]:
            own["duration_ms"] += turn["ended_at"] - turn["created_at"]
            own["timed"] += 1
        if turn["first_token_ms"] is not None:
            own["first_ms"] += turn["first_token_ms"]
            own["first_timed"] += 1
        kinds = Counter(kind for about, kind in said if about == str(turn["id"]))
        own["likes"] += kinds["like"]
        own["dislikes"] += kinds["dislike"]
        own["corrections"] += kinds["correct"]
        own["feedback"] += kinds.total()
    return {key: +own for key, own in found.items()}


def kept(db: Db) -> dict[tuple[Any, ...], Counter[str]]:
    """Return the sums of the chats that are there."""
    found = db.execute(text("SELECT * FROM usage_aggregates WHERE session_id > 0")).mappings()
    return {
        tuple(row[key] for key in aggregates.KEYS): +Counter(
            {name: row[name] for name in ("turns", *aggregates.SUMS)}
        )
        for row in found
    }


def whole(db: Db) -> Counter[str]:
    """Return the sums of everything, deleted chats too."""
    names = ", ".join(f"sum({name}) AS {name}" for name in ("turns", *aggregates.SUMS))
    row = db.execute(text(f"SELECT {names} FROM usage_aggregates")).mappings().one()
    return +Counter({name: value or 0 for name, value in row.items()})


def config(model: str) -> TurnConfig:
    return TurnConfig(model, model, "demo", "", (), "ask", "/w", 5, 100)


def match(scenario_id: int) -> Match:
    return Match(Outcome.SCENARIO, scenario_id, 1.0, (), (), "test", 0.0)


class Program:
    """Does to the database what the program does, and what a restore or a mend might."""

    def __init__(self, db: Db) -> None:
        self.db = db
        self.now = 1_700_000_000_000

    def ids(self, table: str, condition: str = "1") -> list[int]:
        found = self.db.execute(text(f"SELECT id FROM {table} WHERE {condition} ORDER BY id"))
        return list(found.scalars())

    def pick(self, table: str, number: int, condition: str = "1") -> int | None:
        found = self.ids(table, condition)
        return found[number % len(found)] if found else None

    def step(self, kind: int, number: int, amount: int) -> None:
        self.now += amount * 7_919_000
        steps = (
            self.new_chat,
            self.ask,
            self.ask,
            self.configure,
            self.use,
            self.answer,
            self.end,
            self.opine,
            self.change_opinion,
            self.withdraw_opinion,
            self.take_back,
            self.trash,
            self.delete_chat,
            self.first_token,
            self.move_turn,
            self.rebuild,
        )
        steps[kind % len(steps)](number, amount)

    def new_chat(self, number: int, amount: int) -> None:
        sessions.create(self.db, "chat", self.now)

    def ask(self, number: int, amount: int) -> None:
        session = self.pick("sessions", number)
        if session is None:
            return
        parent = sessions.get(self.db, session).current_turn_id
        status = TurnStatus.QUEUED if amount % 3 == 0 else TurnStatus.RUNNING
        turns.add_turn(self.db, session, parent, "question", status, self.now, "1:1")

    def configure(self, number: int, amount: int) -> None:
        turn = self.pick("turns", number)
        if turn is not None:
            turns.set_config(self.db, turn, config(("sonnet", "haiku")[amount % 2]))
            matches.save(self.db, turn, match(amount % 3), 1)

    def use(self, number: int, amount: int) -> None:
        turn = self.pick("turns", number)
        if turn is not None:
            usage = Usage(amount, amount * 2, amount * 3, amount % 4)
            cost = None if amount % 2 else Decimal(amount) / 1000
            turns.add_usage(self.db, turn, usage, cost)

    def answer(self, number: int, amount: int) -> None:
        turn = self.pick("turns", number)
        if turn is not None:
            made = [
                messages.row_of(turn, 1000 + n, "assistant", TextBlock("a"), self.now)
                for n in range(amount % 5)
            ]
            messages.replace_step(self.db, turn, 1, made)

    def end(self, number: int, amount: int) -> None:
        turn = self.pick("turns", number)
        if turn is not None:
            status = (TurnStatus.DONE, TurnStatus.FAILED, TurnStatus.STOPPED)[amount % 3]
            turns.set_ended(self.db, turn, status, StopReason.END_TURN, None, self.now)

    def opine(self, number: int, amount: int) -> None:
        turn = self.pick("turns", number)
        about = (str(turn), None, "9f1c-uuid", f"{turn}x")[amount % 4 if amount % 7 == 0 else 0]
        self.db.execute(
            insert(user_feedback).values(
                user_id=1, conversation_turn_id=about, feedback_type=KINDS[amount % len(KINDS)]
            )
        )

    def change_opinion(self, number: int, amount: int) -> None:
        turn = self.pick("turns", amount)
        self.db.execute(
            update(user_feedback)
            .where(user_feedback.c.id == (self.pick("user_feedback", number) or 0))
            .values(feedback_type=KINDS[amount % len(KINDS)], conversation_turn_id=str(turn))
        )

    def withdraw_opinion(self, number: int, amount: int) -> None:
        gone = self.pick("user_feedback", number) or 0
        self.db.execute(user_feedback.delete().where(user_feedback.c.id == gone))

    def take_back(self, number: int, amount: int) -> None:
        turn = self.pick("turns", number, "status = 'queued'")
        if turn is not None:
            turns.delete_queued(self.db, turn)

    def trash(self, number: int, amount: int) -> None:
        session = self.pick("sessions", number)
        if session is not None:
            sessions.trash(self.db, session, self.now)

    def delete_chat(self, number: int, amount: int) -> None:
        session = self.pick("sessions", number)
        if session is not None and amount % 3 == 0:
            before = whole(self.db)
            sessions.delete_forever(self.db, session)
            assert whole(self.db) == before, "what was used stays used"

    def first_token(self, number: int, amount: int) -> None:
        turn = self.pick("turns", number)
        if turn is not None:
            turns.set_first_token(self.db, turn, amount)

    def move_turn(self, number: int, amount: int) -> None:
        turn, session = self.pick("turns", number), self.pick("sessions", amount)
        if turn is not None:
            self.db.execute(
                text("UPDATE turns SET session_id = :s, created_at = :c WHERE id = :t"),
                {"s": session, "t": turn, "c": self.now},
            )

    def rebuild(self, number: int, amount: int) -> None:
        aggregates.rebuild(self.db)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, made once."""
    database = tmp_path_factory.mktemp("template") / "sessions.db"
    migration.make_database(database)
    return database


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 15), st.integers(0, 20), st.integers(0, 30)), max_size=60
    )
)
def test_the_sums_are_what_a_recount_finds(
    steps: list[tuple[int, int, int]], template: Path, paths: Paths
) -> None:
    paths.database.write_bytes(template.read_bytes())
    with contextlib.closing(
        Store.open(paths, on_trouble=lambda *_: None, on_recovered=lambda _: None)
    ) as store:

        def play(db: Db) -> None:
            program = Program(db)
            for step in ((0, 0, 0), (1, 0, 1), *steps):
                program.step(*step)
            assert kept(db) == recount(db)
            assert aggregates.is_sound(db)
            before = kept(db), whole(db)
            aggregates.rebuild(db)
            assert (kept(db), whole(db)) == before

        store.write_sync(play)


def used_chat(db: Db, now: int, tokens: int = 10, model: str = "sonnet", scenario: int = 1) -> int:
    """Make a chat with one answered turn; return the turn."""
    session = sessions.create(db, f"about {model}", now)
    turn = turns.add_turn(db, session.id, None, "q", TurnStatus.RUNNING, now, "1:1").id
    turns.set_config(db, turn, config(model))
    matches.save(db, turn, match(scenario), 1)
    turns.add_usage(db, turn, Usage(tokens, 0, 0, 0), Decimal("0.5"))
    turns.set_ended(db, turn, TurnStatus.DONE, StopReason.END_TURN, None, now + 2000)
    return turn


def test_lost_triggers_are_found_and_everything_is_counted_anew(store: Store) -> None:
    store.write_sync(lambda db: used_chat(db, 1_700_000_000_000))
    store.write_sync(lambda db: db.execute(text("DROP TRIGGER usage_turn_changed")))
    assert not store.read_sync(aggregates.is_sound)
    store.write_sync(lambda db: used_chat(db, 1_700_000_000_000, tokens=20))
    assert store.read_sync(kept) != store.read_sync(recount)
    store.write_sync(aggregates.rebuild)
    assert store.read_sync(aggregates.is_sound)
    assert store.read_sync(kept) == store.read_sync(recount)


def test_deleted_chats_stay_apart_and_are_called_deleted(store: Store) -> None:
    def play(db: Db) -> None:
        for _ in range(3):
            used_chat(db, 1_700_000_000_000)
        for session in (1, 3):
            sessions.delete_forever(db, session)

    store.write_sync(play)
    chats = store.read_sync(lambda db: rows.ranking(db, Split.SESSION, 0, 99_999, Measure.COST, 9))
    assert chats == ["", "2"]
    found = store.read_sync(lambda db: rows.per_part(db, Split.SESSION, chats, 0, 99_999))
    assert {key: (figures.chats, figures.cost_usd) for key, figures in found.items()} == {
        "": (2, Decimal(1)),
        "2": (1, Decimal("0.5")),
    }


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Los_Angeles", "Asia/Kathmandu"])
def test_a_day_is_the_local_day(store: Store, monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        for day in ("2025-03-09", "2025-03-30", "2025-11-02"):
            midnight = int(datetime.fromisoformat(day).timestamp() * 1000)
            for moment in (midnight - 1, midnight, midnight + 3 * 3_600_000):
                store.write_sync(lambda db, at=moment: used_chat(db, at))  # type: ignore[misc]
        assert store.read_sync(kept) == store.read_sync(recount)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_series_leave_no_period_out(store: Store) -> None:
    noon = int(datetime.fromisoformat("2026-02-27T12:00").timestamp() * 1000)

    def play(db: Db) -> None:
        used_chat(db, noon, model="opus")
        used_chat(db, noon + 9 * DAY, model="haiku", scenario=2)
        used_chat(db, noon + 9 * DAY, model="haiku", scenario=2)

    store.write_sync(play)
    until = date(2026, 3, 10)
    for by, wanted in (
        (By.DAY, {date(2026, 2, 27): 1, date(2026, 3, 8): 2}),
        (By.WEEK, {date(2026, 2, 23): 1, date(2026, 3, 2): 2}),
        (By.MONTH, {date(2026, 2, 1): 1, date(2026, 3, 1): 2}),
    ):
        for split in Split:
            found = store.read_sync(
                lambda db, by=by, split=split: statistics.series(  # type: ignore[misc]
                    db, by, split, date(2026, 2, 20), until, Measure.COST
                )
            )
            figures = dict(zip(found.periods, found.totals, strict=True))
            assert {day: each.turns for day, each in figures.items() if each.turns} == wanted
            assert found.total.cost_usd == Decimal("1.5")
            if split is not Split.NONE:
                summed = [
                    sum(line[n].turns for _, line in found.lines) for n in range(len(found.periods))
                ]
                assert summed == [each.turns for each in found.totals]
            if split is Split.MODEL:
                assert [part.name for part in found.parts] == ["haiku", "opus"]


def test_few_parts_get_a_line_and_the_others_one_together(store: Store) -> None:
    def play(db: Db) -> None:
        for number in range(12):
            for _ in range(number + 1):
                used_chat(db, 1_700_000_000_000, model=f"m{number}")

    store.write_sync(play)
    today = date(2023, 11, 20)
    found = store.read_sync(lambda db: statistics.series(db, By.DAY, Split.MODEL, None, today))
    assert [part and part.name for part, _ in found.lines] == [
        "m11",
        "m10",
        "m9",
        "m8",
        "m7",
        "m6",
        None,
    ]
    assert sum(each.turns for each in found.lines[-1][1]) == sum(range(1, 7))
    assert len(found.parts) == 12


def test_nothing_gives_empty_figures(store: Store) -> None:
    for by in By:
        found = store.read_sync(
            lambda db, by=by: statistics.series(db, by, Split.MODEL, None, date(2026, 1, 1))  # type: ignore[misc]
        )
        assert found.total.turns == 0
        assert len(found.periods) == 1
