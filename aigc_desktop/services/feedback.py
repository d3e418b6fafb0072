"""Feedback on answers: what the user says of them. Stored at once, with the aggregates."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import replace

from aigc_desktop.config import settings as config
from aigc_desktop.core.content import TextBlock, scrub
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import OpinionChanged
from aigc_desktop.core.learning import Fault, FeedbackKind, Opinion
from aigc_desktop.core.session import Turn
from aigc_desktop.learning import signals
from aigc_desktop.services.app import App
from aigc_desktop.store import behavior
from aigc_desktop.store import feedback as rows
from aigc_desktop.store import messages as message_rows
from aigc_desktop.store import sessions as session_rows
from aigc_desktop.store import turns as turn_rows
from aigc_desktop.store.feedback import Signal
from aigc_desktop.store.store import Db

Write = Callable[[Db, Turn], None]

MAX_NOTE = 500
MAX_CORRECTED = 200_000
"""Characters of a corrected answer; the beginning of it is kept (`store.feedback.MAX_KEPT`)."""


async def give_verdict(app: App, turn_id: int, verdict: FeedbackKind | None) -> Opinion:
    """Like or dislike an answer; None takes that back.

    Raises UserError("turn_not_found").
    """

    def write(db: Db, turn: Turn) -> None:
        if verdict is None:
            rows.remove(db, turn_id, (FeedbackKind.LIKE.value, FeedbackKind.DISLIKE.value))
        else:
            rows.put(db, _signal(db, app, turn, verdict))

    return await _change(app, turn_id, write)


async def say_what_failed(app: App, turn_id: int, fault: Fault | None, note: str = "") -> Opinion:
    """Say in a word or a line what failed in an answer that was disliked or corrected."""
    note = " ".join(scrub(note).split())[:MAX_NOTE]

    def write(db: Db, turn: Turn) -> None:
        opinion = rows.opinions(db, [turn_id]).get(turn_id, Opinion())
        if opinion.corrected is not None and opinion.verdict is not FeedbackKind.DISLIKE:
            _store_correction(db, app, turn, opinion.corrected, fault, note)
        else:
            rows.put(db, _signal(db, app, turn, FeedbackKind.DISLIKE, fault, note))

    return await _change(app, turn_id, write)


async def answer_text(app: App, turn_id: int) -> str:
    """Return the answer's Markdown: what the user corrects. Raises UserError("turn_not_found")."""
    return await app.store.read(lambda db: answer_of(db, turn_id))


async def correct_answer(app: App, turn_id: int, text: str, fault: Fault | None = None) -> Opinion:
    """Keep how the answer should have been, with what that changes.

    Raises UserError: `correction_unchanged`, `correction_too_long`, `turn_not_found`.
    """
    corrected = scrub(text).strip()
    if len(corrected) > MAX_CORRECTED:
        raise UserError("correction_too_long", limit=MAX_CORRECTED)

    def write(db: Db, turn: Turn) -> None:
        if corrected == answer_of(db, turn.id).strip():
            raise UserError("correction_unchanged")
        _store_correction(db, app, turn, corrected, fault, "")

    return await _change(app, turn_id, write)


async def withdraw_correction(app: App, turn_id: int) -> Opinion:
    """Take a correction back."""
    kinds = (FeedbackKind.CORRECT.value,)
    return await _change(app, turn_id, lambda db, turn: rows.remove(db, turn.id, kinds))


async def correction_diff(app: App, turn_id: int) -> str:
    """Return what a correction changed, as a unified diff; "" without one."""

    def read(db: Db) -> tuple[str, str | None]:
        opinion = rows.opinions(db, [turn_id]).get(turn_id, Opinion())
        return rows.answer_of(db, turn_id), opinion.corrected

    answer, corrected = await app.store.read(read)
    if corrected is None:
        return ""
    lines = difflib.unified_diff(answer.splitlines(), corrected.splitlines(), lineterm="", n=2)
    return "\n".join(list(lines)[2:])


async def note_copied(app: App, turn_id: int) -> None:
    """The user has copied the answer: a weak sign that it was of use."""
    await note(app, turn_id, FeedbackKind.COPIED)


async def note(app: App, turn_id: int, kind: FeedbackKind) -> None:
    """Keep a signal that says nothing more than its kind; none while learning is off."""
    if app.store.read_only or app.settings.get(config.LEARNING) == "off":
        return

    def write(db: Db) -> None:
        turn = turn_rows.get_turn(db, turn_id)
        rows.put(db, _signal(db, app, turn, kind))
        _count(db, turn)

    try:
        await app.store.write(write)
    except UserError as error:
        if error.code != "turn_not_found":
            raise


def answer_of(db: Db, turn_id: int) -> str:
    """Return the text that the agent answered with, its parts in order."""
    turn_rows.get_turn(db, turn_id)
    texts = [
        message.block.text
        for message in message_rows.messages_of(db, [turn_id])
        if message.role == "assistant" and isinstance(message.block, TextBlock)
    ]
    return "\n\n".join(text for text in texts if text.strip())


def request_of(turn: Turn) -> str:
    """Return what the user typed: without the list of attached files that the program added."""
    return turn.user_text.partition("\n\nAttached files (in the work directory):\n")[0]


def _store_correction(
    db: Db, app: App, turn: Turn, corrected: str, fault: Fault | None, note: str
) -> None:
    answer = answer_of(db, turn.id)
    signal = replace(
        _signal(db, app, turn, FeedbackKind.CORRECT, fault, note),
        typed=signals.typed_words(answer, corrected),
        corrected=corrected[: rows.MAX_KEPT],
        features=signals.features(answer, corrected),
    )
    rows.put(db, signal)


def _signal(
    db: Db,
    app: App,
    turn: Turn,
    kind: FeedbackKind,
    fault: Fault | None = None,
    note: str = "",
) -> Signal:
    return Signal(
        kind=kind,
        turn_id=turn.id,
        at=app.clock.now_ms(),
        request=request_of(turn),
        answer=answer_of(db, turn.id) if kind.is_explicit else "",
        scenario_id=turn.match.scenario_id if turn.match else None,
        fault=fault,
        note=note,
    )


def _count(db: Db, turn: Turn) -> None:
    behavior.count_feedback(db, session_rows.user_of(db, turn.session_id))
    behavior.count_session_feedback(db, turn.session_id)


async def _change(app: App, turn_id: int, write: Write) -> Opinion:
    def apply(db: Db) -> tuple[Turn, Opinion]:
        turn = turn_rows.get_turn(db, turn_id)
        write(db, turn)
        _count(db, turn)
        return turn, rows.opinions(db, [turn_id]).get(turn_id, Opinion())

    turn, opinion = await app.store.write(apply)
    app.bus.publish(OpinionChanged(turn.session_id, turn_id, opinion))
    return opinion
