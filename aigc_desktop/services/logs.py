"""The program's own log: find, filter, follow, export. Reads files only, in an executor."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

from aigc_desktop.config.atomic import open_atomically
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.logs import LogFilter, LogLine, LogOverview
from aigc_desktop.ops.log_reader import LogBook
from aigc_desktop.services.app import App

MAX_EXPORT = 2 * 1024 * 1024 * 1024
"""Bytes of an export at most."""


async def open_book(app: App, wanted: LogFilter) -> tuple[LogBook, LogOverview]:
    """Open the log and look at its newest records; `refresh` then looks at all of them."""
    book = LogBook(app.paths.logs_dir, wanted)
    return book, await asyncio.to_thread(book.peek)


async def refresh(app: App, book: LogBook) -> LogOverview:
    """Take in what was written since."""
    return await asyncio.to_thread(book.refresh)


async def use_filter(app: App, book: LogBook, wanted: LogFilter) -> LogOverview:
    """Use another filter. Raises UserError `log_pattern_invalid` or `log_pattern_slow`."""
    return await asyncio.to_thread(book.use, wanted)


async def page(app: App, book: LogBook, first: int, count: int) -> list[LogLine]:
    """Return the records of some rows."""
    return await asyncio.to_thread(book.page, first, count)


async def record(app: App, book: LogBook, line: LogLine) -> str:
    """Return a whole record with its traceback; "" if it has been rotated away."""
    return await asyncio.to_thread(book.record, line)


async def export(app: App, book: LogBook, path: str) -> int:
    """Write the records that fit into a file, without secrets; return its size in bytes.

    Raises UserError("not_written").
    """
    return await asyncio.to_thread(export_to, book, Path(path))


def export_to(book: LogBook, path: Path) -> int:
    """As `export`, in this thread."""
    written = 0
    try:
        with open_atomically(path) as file:
            for piece in book.export():
                written += len(piece)
                if written > MAX_EXPORT:
                    raise UserError("not_written", path=str(path), reason=f"> {MAX_EXPORT}")
                file.write(piece)
    except OSError as error:
        raise UserError("not_written", path=str(path), reason=error.strerror or "") from error
    return written


def open_files(folder: Path, wanted: LogFilter) -> LogBook:
    """Open the log of a program that need not run; its methods are for this thread."""
    return LogBook(folder, wanted)


def moment(when: datetime) -> int:
    """Return a local time as the number that `LogFilter` wants."""
    return int(when.strftime("%Y%m%d%H%M%S")) * 1000 + when.microsecond // 1000
