"""Full-text search over messages: words and CJK bigrams in an FTS5 file of its own.

The index is derived data: it is not backed up, and a damaged one is thrown away and built anew.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from aigc_desktop.config.paths import Paths
from aigc_desktop.store.engine import database_uri, read_only_mode

logger = logging.getLogger(__name__)

BATCH = 400
"""Messages per transaction of the index while nothing else has to be done."""

QUIET_BATCH = 40
REST = 6.0
"""In the background: fewer at a time, then a rest of so many times as long, for the others' sake
(Python runs one thread at a time)."""

MAX_INDEXED = 100_000
"""Characters of one message that are indexed."""

SNIPPET = 80
"""Characters shown around a hit."""

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af"
_RUNS = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
_IS_CJK = re.compile(rf"[{_CJK}]")

_SCHEMA = """
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
    body, content='', contentless_delete=1, detail=none, tokenize="unicode61 remove_diacritics 2");
CREATE TABLE IF NOT EXISTS progress (id INTEGER PRIMARY KEY CHECK (id = 1), last_id INTEGER);
INSERT OR IGNORE INTO progress VALUES (1, 0);
"""

_NEXT_BATCH = """
SELECT m.id, m.content FROM messages m
WHERE m.id > ? AND m.message_type IN ('text', 'note')
  AND m.id < coalesce((SELECT min(r.id) FROM messages r JOIN turns t ON t.id = r.turn_id
                       WHERE t.status IN ('running', 'queued')), 9223372036854775807)
ORDER BY m.id LIMIT ?
"""

_LOOK_UP = """
SELECT s.id, m.turn_id, m.position, m.content, s.title FROM messages m
JOIN turns t ON t.id = m.turn_id JOIN sessions s ON s.id = t.session_id
WHERE m.id = ? AND s.trashed_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A message that matches, with the text around the match."""

    session_id: int
    turn_id: int
    position: int
    snippet: str
    title: str


def tokens_of(text: str) -> Iterator[str]:
    """Yield the words of `text`: Latin words whole, CJK runs as overlapping pairs."""
    for run in _RUNS.findall(text.lower()):
        if _IS_CJK.match(run) and len(run) > 1:
            yield from (run[at : at + 2] for at in range(len(run) - 1))
        else:
            yield run


def match_expression(text: str) -> str:
    """Return the FTS5 expression for what the user typed: all words, the last may be unfinished."""
    found = list(tokens_of(text))
    return " AND ".join(
        f'"{token}"{"*" if at == len(found) - 1 else ""}' for at, token in enumerate(found)
    )


def snippet_around(content: str, wanted: str) -> str:
    """Return one line of `content` around the first place where `wanted` stands."""
    at = max(content.lower().find(wanted.lower()), 0)
    start = max(at - SNIPPET // 3, 0)
    piece = " ".join(content[start : start + SNIPPET].split())
    return ("…" if start else "") + piece + ("…" if start + SNIPPET < len(content) else "")


class SearchIndex:
    """Feeds itself in a thread of its own from the messages that are newer than its watermark."""

    def __init__(self, paths: Paths, *, read_only: bool = False) -> None:
        self._read_only = read_only
        self._database = paths.database
        self._file = paths.search_database
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._feed, name="search-index", daemon=True)

    def start(self) -> None:
        """Begin to index in the background."""
        self._wake.set()
        self._thread.start()

    def wake(self) -> None:
        """There may be something new."""
        self._wake.set()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def catch_up(self) -> None:
        """Index everything that is new, in this thread."""
        with self._lock, contextlib.closing(self._open()) as db:
            while self._index_batch(db, BATCH):
                pass

    def rebuild(self) -> None:
        """Delete the index and begin again in the background."""
        with self._lock:
            remove_index(self._file)
        self.wake()

    def start_after(self, message_id: int) -> None:
        """Leave out the messages up to this one; for an index that is thrown away again."""
        with self._lock, contextlib.closing(self._open()) as db:
            db.execute("UPDATE progress SET last_id = ?", (message_id,))

    def _catch_up_quietly(self) -> None:
        with contextlib.closing(self._open()) as db:
            more = True
            while more:
                began = time.perf_counter()
                with self._lock:
                    more = self._index_batch(db, QUIET_BATCH)
                if self._stop.wait(REST * (time.perf_counter() - began)):
                    return

    def search(self, text: str, limit: int) -> list[SearchHit]:
        """Return the newest matches for `text`, at most `limit`."""
        expression = match_expression(text)
        if not expression:
            return []
        wanted = text.strip().lower()
        verify = wanted if _IS_CJK.search(wanted) else ""
        try:
            with contextlib.closing(self._open()) as db:
                if not self._read_only:
                    self._index_latest(db)
                return self._collect(db, expression, wanted, verify, limit)
        except dbapi2.DatabaseError as error:
            logger.warning("search failed: %s", error)
            return []

    def _collect(
        self, db: Any, expression: str, wanted: str, verify: str, limit: int
    ) -> list[SearchHit]:
        hits: list[SearchHit] = []
        rows = db.execute(
            "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?",
            (expression, limit * 20),
        )
        for (message_id,) in rows.fetchall():
            row = db.execute(_LOOK_UP, (message_id,)).fetchone()
            if row is None or (verify and verify not in row[3].lower()):
                continue
            hits.append(SearchHit(row[0], row[1], row[2], snippet_around(row[3], wanted), row[4]))
            if len(hits) == limit:
                break
        return hits

    def _feed(self) -> None:
        while not self._stop.is_set():
            self._wake.wait()
            self._wake.clear()
            if self._stop.wait(1.0):
                return
            try:
                self._catch_up_quietly()
            except dbapi2.OperationalError as error:
                logger.info("search index waits: %s", error)
            except dbapi2.DatabaseError as error:
                logger.info("search index is built anew: %s", error)
                remove_index(self._file)

    def _index_latest(self, db: Any) -> None:
        """Index what has just been written, unless a longer backlog is being worked on."""
        if self._lock.acquire(blocking=False):
            try:
                self._index_batch(db, BATCH)
            finally:
                self._lock.release()

    def _index_batch(self, db: Any, size: int) -> bool:
        (last_id,) = db.execute("SELECT last_id FROM progress").fetchone()
        rows = db.execute(_NEXT_BATCH, (last_id, size)).fetchall()
        if not rows:
            return False
        db.execute("BEGIN IMMEDIATE")
        for message_id, content in rows:
            body = " ".join(tokens_of(content[:MAX_INDEXED]))
            db.execute(
                "INSERT OR REPLACE INTO words(rowid, body) VALUES (?, ?)", (message_id, body)
            )
        db.execute("UPDATE progress SET last_id = ?", (rows[-1][0],))
        db.execute("COMMIT")
        return True

    def _open(self) -> Any:
        try:
            return self._connect()
        except dbapi2.OperationalError:
            raise
        except dbapi2.DatabaseError:
            remove_index(self._file)
            return self._connect()

    def _connect(self) -> Any:
        if self._read_only:
            return self._connect_reading()
        uri = database_uri(self._file, "mode=rwc")
        db = dbapi2.connect(uri, uri=True, isolation_level=None, timeout=5)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")
            db.executescript(_SCHEMA)
            # Read-only, or BEGIN IMMEDIATE would lock the store's writer out of its own database.
            db.execute("ATTACH ? AS store", (database_uri(self._database, "mode=ro"),))
        except BaseException:
            db.close()
            raise
        return db

    def _connect_reading(self) -> Any:
        def uri(file: Path) -> str:
            return database_uri(file, read_only_mode(file))

        db = dbapi2.connect(uri(self._file), uri=True, isolation_level=None)
        db.execute("ATTACH ? AS store", (uri(self._database),))
        return db


def remove_index(file: Path) -> None:
    """Delete the index; it is derived and built again."""
    for suffix in ("", "-wal", "-shm"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)


def probe_full_text() -> str:
    """Return the SQLite version after a full-text search that works; raises if it does not."""
    with contextlib.closing(dbapi2.connect(":memory:")) as db:
        db.executescript(_SCHEMA)
        db.execute(
            "INSERT INTO words(rowid, body) VALUES (1, ?)", (" ".join(tokens_of("数据分析")),)
        )
        found = db.execute("SELECT rowid FROM words WHERE words MATCH ?", ('"分析"',)).fetchall()
    if found != [(1,)]:
        raise dbapi2.DatabaseError("full-text search does not find")
    return str(dbapi2.sqlite_version)
