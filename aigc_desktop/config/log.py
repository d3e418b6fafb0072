"""Rotating logs without secrets: redaction sits in the record factory and in the formatter."""

from __future__ import annotations

import contextlib
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

FILE_NAME = "backend.log"
FILE_BYTES = 10 * 1024 * 1024
FILES = 5
FORMAT = "%(asctime)s.%(msecs)03d %(levelname)s %(component)s [%(threadName)s] %(about)s%(message)s"
"""`ops.log_reader` takes this apart again."""

REDACTED = "[redacted]"
_PATTERNS = (
    re.compile(r"sk-[A-Za-z0-9_-]{6,}"),
    re.compile(r"(?i)(?<=bearer )[^\s\"',]+"),
    re.compile(r"(?i)(?<=x-api-key)([\"']?\s*[:=,]\s*[\"']?)[^\s\"',]+"),
    re.compile(r"(?i)(?<=authorization: )basic [^\s\"',]+"),
    re.compile(r"(?<=://)[^\s/@\"']*:[^\s/@\"']+(?=@)"),
    re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"),
)
_NAMED = re.compile(
    r"""(?ix) ( (?: passw(?:or)?d | passphrase | secret(?:[_-](?:access[_-])?key)? | api[_-]?key
    | (?:access|auth|security|session)[_-]token | \btoken(?==) ) ["']? \s* [:=] \s* ["']? )
    [^\s"',;&]{4,}"""
)
"""A value behind a name that says it is secret."""
_FORGED = re.compile(r"\n(?=\d{4}-\d\d-\d\d )")
"""Where a message goes on in a way that looks like the next record."""

_about: ContextVar[str] = ContextVar("log_about", default="")
_secrets: set[str] = set()
_plain_factory = logging.getLogRecordFactory()


def register_secret(value: str) -> None:
    """From now on `value` never appears in a log or a crash report."""
    if len(value) >= 6:
        _secrets.add(value)


def redact(text: str) -> str:
    """Return `text` without registered secrets and without what looks like a key.

    All are looked for in the text as it was: one that is taken away first could hide the rest of
    another that it is a part of.
    """
    found = [match.span() for pattern in _PATTERNS for match in pattern.finditer(text)]
    found += [(match.end(1), match.end()) for match in _NAMED.finditer(text)]
    for secret in tuple(_secrets):
        found += [match.span() for match in re.finditer(re.escape(secret), text)]
    parts, at = [], 0
    for start, end in sorted(found):
        if start >= at:
            parts += [text[at:start], REDACTED]
        at = max(at, end)
    return "".join([*parts, text[at:]])


@contextlib.contextmanager
def about_turn(session_id: int, turn_id: int) -> Iterator[None]:
    """Write into every line of this context, and of the tasks begun in it, whose turn it is."""
    token = _about.set(f"session={session_id} turn={turn_id} ")
    try:
        yield
    finally:
        _about.reset(token)


def _factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
    record = _plain_factory(*args, **kwargs)
    try:
        message = record.getMessage()
    except Exception:  # noqa: BLE001 a bad log call must not end the program
        message = f"{record.msg!r} {record.args!r}"
    record.msg, record.args = redact(message), None
    record.component = str(record.name).rpartition(".")[2]
    record.about = _about.get()
    return record


class RedactingFormatter(logging.Formatter):
    """Redacts tracebacks too, and keeps a record on lines of its own."""

    def __init__(self) -> None:
        super().__init__(FORMAT, "%Y-%m-%d %H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        if not hasattr(record, "component"):
            record.component = record.name.rpartition(".")[2]
        if not hasattr(record, "about"):
            record.about = ""
        text = redact(super().format(record)).replace("\0", "\N{SYMBOL FOR NULL}")
        return _FORGED.sub("\n ", text)


class PatientFileHandler(RotatingFileHandler):
    """Never raises: what cannot be written (disk full) is counted and reported when it works."""

    dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        before = self.dropped
        super().emit(record)
        if self.dropped == before and before:
            self.dropped = 0
            note = self._note(f"{before} log lines were dropped")
            super().emit(note)

    def handleError(self, record: logging.LogRecord) -> None:
        self.dropped += 1

    def _note(self, text: str) -> logging.LogRecord:
        return logging.makeLogRecord({"name": __name__, "levelname": "WARNING", "msg": text})


def start_logging(logs_dir: Path, level: str) -> Callable[[], None]:
    """Write to logs/backend.log; return the function that ends it."""
    logging.setLogRecordFactory(_factory)
    root = logging.getLogger()
    root.setLevel(level)
    for chatty in ("httpx2", "httpcore2", "anthropic", "alembic", "markdown_it", "keyring"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    handler = PatientFileHandler(
        logs_dir / FILE_NAME,
        maxBytes=FILE_BYTES,
        backupCount=FILES - 1,
        encoding="utf-8",
        delay=True,
    )
    handler.setFormatter(RedactingFormatter())
    root.addHandler(handler)

    def stop() -> None:
        root.removeHandler(handler)
        handler.close()

    return stop


def install_crash_hooks(on_crash: Callable[[BaseException], None]) -> Callable[[], None]:
    """Log every unhandled error of any thread and hand it to `on_crash`; return the undo."""
    logger = logging.getLogger("crash")
    before = sys.excepthook, threading.excepthook

    def report(error: BaseException) -> None:
        logger.critical("unhandled error", exc_info=error)
        on_crash(error)

    def main_hook(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            report(error)

    def thread_hook(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            report(args.exc_value)

    sys.excepthook = main_hook
    threading.excepthook = thread_hook

    def uninstall() -> None:
        sys.excepthook, threading.excepthook = before

    return uninstall


def loop_handler(
    on_crash: Callable[[BaseException], None],
) -> Callable[[asyncio.AbstractEventLoop, dict[str, Any]], None]:
    """Return an asyncio exception handler that logs and reports like the other hooks."""

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        logging.getLogger("crash").error("%s", context.get("message"), exc_info=error)
        if error is not None:
            on_crash(error)

    return handle
