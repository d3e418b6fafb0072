"""Reads the rotating log files: finds, filters and follows records, a million of them at ease.

The files are indexed once (`ops.log_index`) and looked through in blocks (`ops.log_search`);
in memory stay some 11 bytes per record. A file that is rotated while this is in use keeps its
index: it is known by its number and beginning, not by its name.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aigc_desktop.config.log import FILE_NAME, redact
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.logs import LogFilter, LogLine, LogOverview
from aigc_desktop.ops.log_index import Components, FileIndex, extend, identity, same_file
from aigc_desktop.ops.log_search import Search

TAIL = 2 * 1024 * 1024
"""Bytes at the end of the newest file that are shown before everything is looked through."""

LINE_BYTES = 4096
"""Bytes of a record that a list shows at most."""

RECORD_BYTES = 1024 * 1024
"""Bytes of a record that are shown whole, and exported, at most."""

MAX_FILES = 100

_LINE = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) ([A-Z]+) (\S*) \[([^\]]*)\] "
    r"(?:session=(\d{1,18}) turn=(\d{1,18}) )?"
)


@dataclass(slots=True)
class _Hits:
    """Which records of one file fit, of the first `seen` ones."""

    seen: int = 0
    records: npt.NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))


class LogBook:
    """The log files of one folder under one filter. May be used from several threads."""

    def __init__(self, folder: Path, wanted: LogFilter | None = None) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._components = Components()
        self._files: list[FileIndex] = []
        self._hits: dict[int, _Hits] = {}
        self._search = Search(wanted or LogFilter(), self._components)
        self._complete = False
        self._generation = 0

    def peek(self) -> LogOverview:
        """Look at the newest records only: what can be shown at once."""
        with self._lock:
            if not self._complete:
                newest = self._newest_part()
                self._files = [] if newest is None else [newest]
                self._hits = {}
                self._look()
            return self._overview()

    def refresh(self) -> LogOverview:
        """Take in what was written, rotated or deleted since the last time."""
        with self._lock:
            if not self._complete:
                self._files, self._hits = [], {}
            before = self._files
            self._files = self._present_files()
            grown = all(a is b for a, b in zip(before, self._files, strict=False))
            if not (self._complete and grown and len(self._files) >= len(before)):
                self._generation += 1
            self._complete = True
            self._look()
            return self._overview()

    def use(self, wanted: LogFilter) -> LogOverview:
        """Use another filter.

        Raises:
            UserError: `log_pattern_invalid`, `log_pattern_slow`; the filter is then as before.
        """
        with self._lock:
            before = self._search, self._hits
            self._search, self._hits = Search(wanted, self._components), {}
            try:
                self._look()
            except UserError:
                self._search, self._hits = before
                raise
            self._generation += 1
            return self._overview()

    @property
    def wanted(self) -> LogFilter:
        """The filter in use."""
        return self._search.wanted

    def page(self, first: int, count: int) -> list[LogLine]:
        """Return `count` records from row `first` on, in the filter's order."""
        with self._lock:
            found: list[LogLine] = []
            places = self._places(first, count)
            for index, records in places:
                try:
                    with index.path.open("rb") as file:
                        for record in records:
                            begin = int(index.starts[record])
                            size = index.end(record) - begin
                            file.seek(begin)
                            raw = file.read(min(size, LINE_BYTES))
                            found.append(parse(index.path.name, begin, size, raw))
                except OSError:
                    continue
            return found

    def record(self, line: LogLine) -> str:
        """Return the whole record, at most RECORD_BYTES of it; "" if it is no longer there."""
        with self._lock:
            for index in self._files:
                at = int(np.searchsorted(index.starts, line.offset))
                if at < index.count and index.starts[at] == line.offset:
                    text = _read(index, at, RECORD_BYTES)
                    parsed = parse(index.path.name, line.offset, line.size, text[:LINE_BYTES])
                    if (parsed.time, parsed.message) == (line.time, line.message):
                        return _decode(text).rstrip("\n")
        return ""

    def export(self) -> Iterator[bytes]:
        """Return the records that fit, oldest first, without secrets and the home's name."""
        home = str(Path.home())
        with self._lock:
            chosen = [(index, self._hits[id(index)].records) for index in self._files]
        for index, records in chosen:
            for start in range(0, len(records), 500):
                text = "".join(
                    _whole(_decode(_read(index, int(record), RECORD_BYTES)))
                    for record in records[start : start + 500]
                )
                yield redact(text).replace(home, "~").encode("utf-8", "replace")

    def _present_files(self) -> list[FileIndex]:
        """Return the files there are, oldest first, indexed as far as they go now."""
        found: list[FileIndex] = []
        for path in log_files(self._folder):
            now = identity(path)
            if now is None or now[1] == 0:
                continue
            known = next((f for f in self._files if same_file(f.identity, now[0])), None)
            if known is None or known.size > now[1]:
                known = FileIndex(path, now[0])
            known.path, known.identity = path, now[0]
            if now[1] > known.size:
                try:
                    extend(known, now[1], self._components)
                except OSError:
                    continue
            found.append(known)
        return found

    def _newest_part(self) -> FileIndex | None:
        for path in reversed(log_files(self._folder)):
            now = identity(path)
            if now is None or now[1] == 0:
                continue
            part = FileIndex(path, now[0], max(0, now[1] - TAIL))
            partial = part.size > 0
            extend(part, now[1], self._components)
            if partial and part.count > 1:
                part.starts, part.levels = part.starts[1:], part.levels[1:]
                part.components = part.components[1:]
            return part
        return None

    def _look(self) -> None:
        """Apply the filter to what it has not been applied to; the last record may have grown."""
        hits: dict[int, _Hits] = {}
        for index in self._files:
            before = self._hits.get(id(index), _Hits())
            if before.seen != index.count or index is self._files[-1]:
                begin = max(0, min(before.seen, index.count) - 1)
                kept = before.records[before.records < begin]
                try:
                    new = self._search.records(index, begin)
                except OSError:
                    new = np.empty(0, np.int32)
                before = _Hits(index.count, np.concatenate((kept, new)))
            hits[id(index)] = before
        self._hits = hits

    def _overview(self) -> LogOverview:
        names = sorted({name.decode("utf-8", "replace") for name in self._components.names if name})
        return LogOverview(
            count=sum(len(hits.records) for hits in self._hits.values()),
            total=sum(index.count for index in self._files),
            components=tuple(names[:500]),
            bytes=sum(index.size for index in self._files),
            slow=self._search.slow,
            complete=self._complete,
            generation=self._generation,
        )

    def _places(self, first: int, count: int) -> list[tuple[FileIndex, list[int]]]:
        """Return the files and their records at rows `first`…, in the filter's order."""
        newest_first = self.wanted.newest_first
        files = self._files[::-1] if newest_first else self._files
        found: list[tuple[FileIndex, list[int]]] = []
        for index in files:
            records = self._hits[id(index)].records
            own = records[::-1] if newest_first else records
            taken = own[max(0, first) : max(0, first + count)]
            if len(taken):
                found.append((index, taken.tolist()))
            first -= len(own)
            if first + count <= 0:
                break
        return found


def log_files(folder: Path) -> list[Path]:
    """Return the log files, the oldest first."""
    numbered: list[tuple[int, Path]] = []
    for path in folder.glob(f"{FILE_NAME}*"):
        number = path.name[len(FILE_NAME) + 1 :]
        if (path.name == FILE_NAME or number.isdecimal()) and path.is_file():
            numbered.append((int(number or 0), path))
    return [path for _, path in sorted(numbered, reverse=True)][-MAX_FILES:]


def parse(file: str, offset: int, size: int, raw: bytes) -> LogLine:
    """Take a record apart; `raw` is its beginning."""
    text = _decode(raw)
    first, _, rest = text.partition("\n")
    match = _LINE.match(first)
    if match is None:
        return LogLine(file, offset, size, "", "", "", "", None, None, first, bool(rest))
    time, level, component, thread, session, turn = match.groups()
    return LogLine(
        file=file,
        offset=offset,
        size=size,
        time=time,
        level=level,
        component=component,
        thread=thread,
        session_id=int(session) if session else None,
        turn_id=int(turn) if turn else None,
        message=first[match.end() :],
        more_lines=bool(rest.strip("\n")),
    )


def _read(index: FileIndex, record: int, limit: int) -> bytes:
    begin = int(index.starts[record])
    try:
        with index.path.open("rb") as file:
            file.seek(begin)
            return file.read(min(index.end(record) - begin, limit))
    except OSError:
        return b""


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").lstrip("\0")


def _whole(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"
