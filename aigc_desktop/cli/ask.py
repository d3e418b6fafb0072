"""`aigc-desktop ask`: one request, streamed to the terminal, with questions answered there."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import signal
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from aigc_desktop.cli.exits import (
    DENIED,
    FAILED,
    INTERRUPTED,
    LIMIT_REACHED,
    NOT_CONNECTED,
    NOT_CONNECTED_CODES,
    OK,
)
from aigc_desktop.cli.running import in_app
from aigc_desktop.config.i18n import sentences, tr
from aigc_desktop.config.messages import describe
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import (
    ApprovalRequested,
    BlockFinished,
    Event,
    NoticeRaised,
    RetryScheduled,
    TextDelta,
    ToolFinished,
    ToolOutput,
    ToolRequested,
    TurnEnded,
    TurnEvent,
)
from aigc_desktop.core.ports import ApprovalAnswer
from aigc_desktop.core.session import StopReason, Turn, TurnStatus
from aigc_desktop.core.transcript import ToolState
from aigc_desktop.services import chat, sessions
from aigc_desktop.services.app import App

MAX_SHOWN_ARGUMENT = 120


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("text", help="the request; - reads it from standard input")
    parser.add_argument("--session", type=int, metavar="S", help="go on in this session")
    parser.add_argument("--work-dir", metavar="D", help="where the agent may read and write")
    parser.add_argument("--model", metavar="M", help="sonnet, opus, haiku, a model id, or demo")
    parser.add_argument("--scenario", type=int, metavar="ID", help="answer in this scenario")
    parser.add_argument("--yes", action="store_true", help="allow what would be asked")
    parser.add_argument("--json", action="store_true", help="print events as JSON lines")
    parser.set_defaults(run=in_app(ask))


def request_text(options: argparse.Namespace) -> str:
    """Return the request, from the command line or standard input."""
    text: str = sys.stdin.read() if options.text == "-" else options.text
    if not text.strip():
        raise UserError("message_empty")
    return text


async def ask(app: App, options: argparse.Namespace) -> int:
    """Send the request, show the answer as it comes, and return the exit code."""
    text = request_text(options)
    session_id = await _session(app, options)
    printer = _JsonPrinter() if options.json else _Printer()
    listener = _Listener(app, session_id, printer, options.yes)
    unsubscribe = app.bus.subscribe(listener)
    loop = asyncio.get_running_loop()
    restore = _on_interrupt(loop, listener.interrupt)
    try:
        await chat.send_message(app, session_id, text, scenario_id=options.scenario)
        turn = await listener.ended
    finally:
        restore()
        unsubscribe()
    printer.end(turn, session_id)
    return listener.exit_code(turn)


async def _session(app: App, options: argparse.Namespace) -> int:
    if options.session is not None:
        session = await sessions.get_session(app, options.session)
        if app.runner.is_busy(session.id):
            raise UserError("turn_running")
    else:
        session = await sessions.create_session(app)
    if options.model:
        await sessions.set_session_model(app, session.id, options.model)
    if options.work_dir:
        await sessions.set_session_work_dir(app, session.id, options.work_dir)
    return session.id


class _Listener:
    """Follows one session's events, answers its questions, and knows when it has ended."""

    def __init__(self, app: App, session_id: int, printer: _Printer, yes: bool) -> None:
        self._app = app
        self._session_id = session_id
        self._printer = printer
        self._yes = yes
        self._denied = False
        self._interrupts = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.ended: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()

    def __call__(self, event: Event) -> None:
        if isinstance(event, TurnEvent) and event.session_id != self._session_id:
            return
        self._printer.show(event)
        match event:
            case ApprovalRequested():
                self._spawn(self._answer(event))
            case ToolFinished(state=ToolState.DENIED):
                self._denied = True
            case TurnEnded(turn=turn) if not self.ended.done():
                self.ended.set_result(turn)

    def interrupt(self) -> None:
        """Stop the turn; a second time ends the program at once."""
        self._interrupts += 1
        if self._interrupts > 1:
            raise KeyboardInterrupt
        self._spawn(chat.stop_session(self._app, self._session_id))

    def exit_code(self, turn: Turn) -> int:
        """Return what the shell is told."""
        if turn.status is TurnStatus.FAILED:
            code = turn.error[0] if turn.error else ""
            return NOT_CONNECTED if code in NOT_CONNECTED_CODES else FAILED
        if turn.status is TurnStatus.STOPPED:
            return INTERRUPTED
        if turn.stop_reason is not StopReason.END_TURN:
            return LIMIT_REACHED
        return DENIED if self._denied else OK

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, question: ApprovalRequested) -> None:
        answer = ApprovalAnswer.ONCE if self._yes else await self._ask_user(question)
        await chat.answer_approval(
            self._app, question.turn_id, question.tool_use_id, answer, question.fingerprint
        )

    async def _ask_user(self, question: ApprovalRequested) -> ApprovalAnswer:
        if not sys.stdin.isatty() or isinstance(self._printer, _JsonPrinter):
            self._printer.note(tr("Denied: nobody can be asked here. --yes allows it."))
            return ApprovalAnswer.DENY
        print(f"\n{question.preview}", file=sys.stderr)
        prompt = tr(
            "Allow {tool}? [y] once, [s] for this session, [c] in this scenario, [a] always, "
            "[N] no: ",
            tool=question.name,
        )
        reply = await asyncio.to_thread(_read_line, prompt)
        answers = {
            "y": ApprovalAnswer.ONCE,
            "s": ApprovalAnswer.SESSION,
            "c": ApprovalAnswer.SCENARIO,
            "a": ApprovalAnswer.ALWAYS,
        }
        return answers.get(reply.strip().lower(), ApprovalAnswer.DENY)


class _Printer:
    """Text for people: the answer to standard output, everything else to standard error."""

    def __init__(self) -> None:
        self._at_line_start = True

    def show(self, event: Event) -> None:
        """Show one event."""
        match event:
            case TextDelta(text=text):
                self._write(text)
            case BlockFinished():
                self._finish_line()
            case ToolRequested(name=name, input=input_):
                self.note(f"→ {name} {_short(input_)}")
            case ToolOutput(text=text):
                print(text, end="", file=sys.stderr, flush=True)
            case ToolFinished(state=state, result=result):
                first = result.strip().partition("\n")[0][:MAX_SHOWN_ARGUMENT]
                self.note(f"← {state}: {first}")
            case RetryScheduled():
                title, _ = describe(event.code, event.params)
                self.note(
                    tr(
                        "{reason} Trying again in {seconds} s.",
                        reason=title,
                        seconds=round(event.seconds),
                    )
                )
            case NoticeRaised():
                self.note(sentences(*describe(event.code, event.params)))
            case _:
                pass

    def note(self, text: str) -> None:
        """Say something about the work."""
        self._finish_line()
        print(text, file=sys.stderr, flush=True)

    def end(self, turn: Turn, session_id: int) -> None:
        """Say how it ended."""
        self._finish_line()
        if turn.error:
            self.note(sentences(*describe(*turn.error)))
        elif turn.status is TurnStatus.STOPPED:
            self.note(tr("Stopped."))
        elif turn.stop_reason is not StopReason.END_TURN:
            self.note(tr("A limit ended the answer: {reason}.", reason=turn.stop_reason or ""))
        cost = tr("unpriced") if turn.cost_usd is None else f"${turn.cost_usd:.4f}"
        self.note(
            tr(
                "[session {id} · {model} · {tokens} tokens · {cost}]",
                id=session_id,
                model=turn.model or tr("No model"),
                tokens=turn.usage.total,
                cost=cost,
            )
        )

    def _write(self, text: str) -> None:
        print(text, end="", flush=True)
        if text:
            self._at_line_start = text.endswith("\n")

    def _finish_line(self) -> None:
        if not self._at_line_start:
            print(flush=True)
            self._at_line_start = True


class _JsonPrinter(_Printer):
    """One JSON object a line: every event of the turn, then a `result`."""

    def show(self, event: Event) -> None:
        if isinstance(event, TurnEvent | NoticeRaised):
            self._print({"type": type(event).__name__, **_plain(dataclasses.asdict(event))})

    def note(self, text: str) -> None:
        self._print({"type": "Note", "text": text})

    def end(self, turn: Turn, session_id: int) -> None:
        self._print({"type": "result", **_plain(dataclasses.asdict(turn))})

    def _print(self, data: dict[str, Any]) -> None:
        print(json.dumps(data, ensure_ascii=False), flush=True)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if value is None or isinstance(value, bool | int | float | StrEnum):
        return value
    return str(value)


def _short(arguments: Any) -> str:
    text = " ".join(f"{key}={value!r}" for key, value in arguments.items())
    return text if len(text) <= MAX_SHOWN_ARGUMENT else text[:MAX_SHOWN_ARGUMENT] + "…"


def _read_line(prompt: str) -> str:
    print(prompt, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline()


def _on_interrupt(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> Callable[[], None]:
    """Call `stop` on Ctrl-C and on a request to end; return the undo."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    try:
        for number in numbers:
            loop.add_signal_handler(number, stop)
    except NotImplementedError:
        signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(stop))
        return lambda: None

    def undo() -> None:
        for number in numbers:
            loop.remove_signal_handler(number)

    return undo
