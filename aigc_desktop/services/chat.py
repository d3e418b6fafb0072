"""The conversation: send, stop, approve, edit, regenerate, switch branches, take back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path

from aigc_desktop.agent.titles import title_from
from aigc_desktop.config import settings as config
from aigc_desktop.config.i18n import tr
from aigc_desktop.core.content import scrub
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import (
    BranchSwitched,
    SessionChanged,
    SessionOpened,
    TurnQueued,
    TurnStarted,
    TurnUnqueued,
)
from aigc_desktop.core.files import ChangedFile
from aigc_desktop.core.learning import FeedbackKind
from aigc_desktop.core.ports import ApprovalAnswer
from aigc_desktop.core.session import Session, Turn, TurnConfig, TurnStatus, Usage
from aigc_desktop.core.transcript import TranscriptItem, TranscriptSnapshot
from aigc_desktop.files.uploads import save_attachment
from aigc_desktop.files.workdir import WorkDir
from aigc_desktop.services import feedback
from aigc_desktop.services.app import App
from aigc_desktop.services.owner import this_process
from aigc_desktop.services.runner import TurnWish
from aigc_desktop.store import files as file_rows
from aigc_desktop.store import messages as message_rows
from aigc_desktop.store import sessions as session_rows
from aigc_desktop.store import turns as turn_rows
from aigc_desktop.store.store import Db

MAX_MESSAGE_CHARS = 400_000
"""Longer texts are attached as a file."""


async def open_session(app: App, session_id: int) -> TranscriptSnapshot:
    """Return the session's transcript as of now.

    It is also published as `SessionOpened`, in order with all other events: whoever shows events
    takes it from there. Open questions are asked again right after it.
    """
    snapshot = await _settled_snapshot(app, session_id)
    running = app.runner.running(session_id)
    if running is not None:
        snapshot = running.live.over(snapshot)
    app.bus.publish(SessionOpened(snapshot))
    if running is not None:
        for question, _ in running.questions.values():
            app.bus.publish(question)
        if running.question is not None:
            app.bus.publish(running.question)
    return snapshot


async def _settled_snapshot(app: App, session_id: int) -> TranscriptSnapshot:
    """Read again when something happened meanwhile: its events would be lost on the reader."""
    while True:
        revision = app.revisions[session_id]
        snapshot = await app.store.read(lambda db: message_rows.transcript_snapshot(db, session_id))
        if app.revisions[session_id] == revision:
            return snapshot


async def load_items(
    app: App, session_id: int, keys: Iterable[tuple[int, int]]
) -> tuple[TranscriptItem, ...]:
    """Return items with their text that a snapshot left out."""
    wanted = tuple(keys)
    return await app.store.read(lambda db: message_rows.load_items(db, wanted))


async def send_message(
    app: App,
    session_id: int,
    text: str,
    attachments: Sequence[str] = (),
    permission_mode: str | None = None,
    scenario_id: int | None = None,
) -> int:
    """Store the user's message and answer it; return the turn's id.

    When this has returned, the message is on disk. While another turn of the session runs, it
    waits behind that one. `permission_mode` and `scenario_id` hold for this turn alone.

    Raises:
        UserError: `message_empty`, `message_too_large`, `session_not_found`, `disk_full`, ….
    """
    text = _with_attachments(scrub(text), attachments)
    if not text.strip():
        raise UserError("message_empty")
    if len(text) > MAX_MESSAGE_CHARS:
        raise UserError("message_too_large", count=len(text))
    busy = app.runner.is_busy(session_id)

    def add(db: Db) -> tuple[Turn, Session]:
        session = session_rows.get(db, session_id)
        turn = turn_rows.add_turn(
            db,
            session_id,
            session.current_turn_id,
            text,
            TurnStatus.QUEUED if busy else TurnStatus.RUNNING,
            app.clock.now_ms(),
            this_process(),
        )
        session_rows.set_draft(db, session_id, "")
        if turn.parent_id is None:
            session_rows.set_auto_title(db, session_id, title_from(text) or session.title)
        return turn, session_rows.get(db, session_id)

    turn, session = await app.store.write(add)
    app.runner.wishes[turn.id] = TurnWish(permission_mode, scenario_id)
    app.bus.publish(SessionChanged(session))
    _begin(app, turn)
    return turn.id


async def carry_out_plan(app: App, turn_id: int) -> int:
    """Approve the plan that a turn in plan mode ended with: go on, asking before each effect.

    Raises UserError("no_plan") for a turn that was in another mode.
    """

    def read(db: Db) -> tuple[Turn, TurnConfig | None]:
        return turn_rows.get_turn(db, turn_id), turn_rows.turn_config(db, turn_id)

    turn, settled = await app.store.read(read)
    if settled is None or settled.permission_mode != "plan":
        raise UserError("no_plan")
    text = tr("The plan is approved. Carry it out.")
    return await send_message(app, turn.session_id, text, permission_mode="ask")


async def attend(app: App) -> None:
    """Somebody sees questions about scenarios from now on, and can answer them."""
    app.runner.attended = True


async def stop_session(app: App, session_id: int) -> None:
    """Stop the turn that runs; what waits behind it goes on."""
    await app.runner.stop(session_id)


async def answer_approval(
    app: App, turn_id: int, tool_use_id: str, answer: str, fingerprint: str
) -> None:
    """Answer a tool's question: `once`, `session` or `deny`.

    Raises UserError("approval_outdated") when the question is gone or was about something else.
    """
    app.runner.answer(turn_id, tool_use_id, ApprovalAnswer(answer), fingerprint)


async def edit_message(app: App, turn_id: int, new_text: str) -> int:
    """Ask again with another text, as a branch beside the old one; return the new turn's id."""
    if not new_text.strip():
        raise UserError("message_empty")
    return await _branch_from(app, turn_id, new_text, signal=FeedbackKind.REPHRASED)


async def regenerate(app: App, turn_id: int) -> int:
    """Answer the same message again, as a branch beside the old answer; return the turn's id."""
    return await _branch_from(app, turn_id, None, signal=FeedbackKind.REGENERATE)


async def replay(app: App, turn_id: int) -> int:
    """Answer the same message again with the very configuration it was answered with.

    Raises UserError("no_snapshot") for a turn that did not get that far.
    """
    settled = await turn_config(app, turn_id)
    if settled is None:
        raise UserError("no_snapshot")
    return await answer_as(app, turn_id, TurnWish(replay=settled))


async def answer_in(app: App, turn_id: int, scenario_id: int) -> int:
    """Answer the same message again in another scenario, as a branch; return the turn's id."""
    return await answer_as(app, turn_id, TurnWish(scenario_id=scenario_id))


async def answer_as(app: App, turn_id: int, wish: TurnWish) -> int:
    """Answer the same message again as is wished, as a branch; return the turn's id."""
    return await _branch_from(app, turn_id, None, wish)


async def switch_branch(app: App, turn_id: int) -> None:
    """Show the branch that `turn_id` is on, down to its newest turn."""

    def switch(db: Db) -> tuple[int, int]:
        turn = turn_rows.get_turn(db, turn_id)
        leaf = turn_rows.newest_leaf(db, turn_id)
        session_rows.set_current_turn(db, turn.session_id, leaf)
        return turn.session_id, leaf

    session_id, leaf = await app.store.write(switch)
    app.bus.publish(BranchSwitched(session_id, leaf))
    await open_session(app, session_id)


async def unqueue(app: App, turn_id: int) -> str:
    """Take back a message that waits; return its text.

    Raises UserError("turn_running") when it has begun.
    """
    turn = await app.store.read(lambda db: turn_rows.get_turn(db, turn_id))
    if not app.runner.unqueue(turn.session_id, turn_id):
        raise UserError("turn_running")
    text = await app.store.write(lambda db: turn_rows.delete_queued(db, turn_id))
    app.bus.publish(TurnUnqueued(turn.session_id, turn_id))
    return text


async def session_totals(app: App, session_id: int) -> tuple[Usage, Decimal | None]:
    """Return all tokens and the cost of a session; None: nothing in it had a price."""
    return await app.store.read(lambda db: turn_rows.session_totals(db, session_id))


async def turn_config(app: App, turn_id: int) -> TurnConfig | None:
    """Return the configuration that a turn was answered with."""
    return await app.store.read(lambda db: turn_rows.turn_config(db, turn_id))


async def work_dir(app: App, session_id: int) -> Path:
    """Return the folder in which the session's agent works."""
    session, settled = await app.store.read(lambda db: _session_and_config(db, session_id))
    if settled is not None and settled.origins.get("work_dir") == "scenario":
        return Path(settled.work_dir)
    return Path(work_dir_of(app, session))


async def attach_file(app: App, session_id: int, path: str) -> str:
    """Copy a file into the work directory's uploads; return its path there."""
    return await _attach(app, session_id, Path(path).name, Path(path))


async def attach_text(app: App, session_id: int, text: str) -> str:
    """Keep a long pasted text as a file in the work directory; return its path there."""
    return await _attach(app, session_id, "pasted.txt", text.encode("utf-8", "replace"))


async def changed_files(app: App, session_id: int) -> list[ChangedFile]:
    """Return the files that the session's turns made or changed and that are still there."""
    folder = await open_work_dir(app, session_id)
    names = await app.store.read(lambda db: file_rows.files_of(db, session_id))
    return await asyncio.to_thread(folder.describe, names)


async def open_work_dir(app: App, session_id: int) -> WorkDir:
    """Return the session's work directory. Raises UserError("work_dir_invalid")."""
    path = await work_dir(app, session_id)
    return await asyncio.to_thread(WorkDir, path, app.paths.home)


def work_dir_of(app: App, session: Session) -> str:
    """Return the work directory for what is done outside a turn: session > settings > ours."""
    return session.work_dir or app.settings.get(config.WORK_DIR) or str(app.paths.work_dir)


def _session_and_config(db: Db, session_id: int) -> tuple[Session, TurnConfig | None]:
    session = session_rows.get(db, session_id)
    newest = session.current_turn_id
    return session, turn_rows.turn_config(db, newest) if newest else None


def _begin(app: App, turn: Turn) -> None:
    if turn.status is TurnStatus.QUEUED:
        app.bus.publish(TurnQueued(turn.session_id, turn.id, turn))
    else:
        app.bus.publish(TurnStarted(turn.session_id, turn.id, turn))
    app.runner.submit(turn.session_id, turn.id)


async def _branch_from(
    app: App,
    turn_id: int,
    text: str | None,
    wish: TurnWish | None = None,
    signal: FeedbackKind | None = None,
) -> int:
    """Make a branch beside a turn; `signal` is what that says about its answer, if it has one."""
    old = await app.store.read(lambda db: turn_rows.get_turn(db, turn_id))
    if app.runner.is_busy(old.session_id):
        raise UserError("turn_running")

    def add(db: Db) -> Turn:
        return turn_rows.add_turn(
            db,
            old.session_id,
            old.parent_id,
            old.user_text if text is None else text,
            TurnStatus.RUNNING,
            app.clock.now_ms(),
            this_process(),
        )

    turn = await app.store.write(add)
    app.runner.wishes[turn.id] = wish or TurnWish()
    app.bus.publish(BranchSwitched(turn.session_id, turn.id))
    await open_session(app, turn.session_id)
    _begin(app, turn)
    if signal is not None and old.status is TurnStatus.DONE:
        await feedback.note(app, turn_id, signal)
    return turn.id


async def _attach(app: App, session_id: int, name: str, data: bytes | Path) -> str:
    folder = await open_work_dir(app, session_id)
    save: Callable[[], str] = lambda: save_attachment(folder, name, data)  # noqa: E731
    return await asyncio.to_thread(save)


def _with_attachments(text: str, attachments: Sequence[str]) -> str:
    if not attachments:
        return text
    lines = "\n".join(f"- {name}" for name in attachments)
    return f"{text}\n\nAttached files (in the work directory):\n{lines}".strip()
