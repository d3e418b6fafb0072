"""Looks for text and regular expressions in the records of a log file, in bounded time."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import regex

from aigc_desktop.core.errors import UserError
from aigc_desktop.core.logs import LEVELS, LogFilter
from aigc_desktop.ops.log_index import HEAD, Components, FileIndex, times

TEXT_BLOCK = 8 * 1024 * 1024
PATTERN_BLOCK = 64 * 1024
"""Bytes that are looked through in one go, for plain text and for a regular expression."""

SEARCHED = 1024 * 1024
"""Bytes of one record that are looked through; the rest of a longer one is not."""

PATTERN_SECONDS = 0.05
"""How long a regular expression may take for one record, or for one block (CASES 79)."""

MAX_SLOW = 20
"""Records that may be too slow before the search is given up."""

Mask = npt.NDArray[np.bool_]


@dataclass(slots=True)
class Search:
    """A filter made ready. `slow` counts records for which the pattern took too long."""

    wanted: LogFilter
    components: Components
    slow: int = 0
    _pattern: regex.Pattern[str] | None = None

    def __post_init__(self) -> None:
        if self.wanted.text and self.wanted.is_regex:
            try:
                self._pattern = regex.compile(self.wanted.text, regex.IGNORECASE | regex.MULTILINE)
            except regex.error as error:
                raise UserError("log_pattern_invalid", reason=str(error)) from error

    def records(self, index: FileIndex, begin: int) -> npt.NDArray[np.int32]:
        """Return which records from number `begin` on fit.

        Raises UserError("log_pattern_slow") when the regular expression is too slow to go on.
        """
        fits = self._cheap(index, begin)
        if fits.any() and self._needs_text:
            with index.path.open("rb") as file:
                for first, last in _blocks(index, begin, self._block, fits):
                    file.seek(int(index.starts[first]))
                    size = index.end(last - 1) - int(index.starts[first])
                    data = file.read(min(size, SEARCHED + self._block))
                    places = index.starts[first:last] - index.starts[first]
                    part = slice(first - begin, last - begin)
                    fits[part] &= self._in_block(data, places, fits[part])
        return (np.flatnonzero(fits) + begin).astype(np.int32)

    @property
    def _needs_text(self) -> bool:
        return (
            bool(self.wanted.text)
            or self.wanted.since is not None
            or (self.wanted.until is not None)
        )

    @property
    def _block(self) -> int:
        return TEXT_BLOCK if self._pattern is None else PATTERN_BLOCK

    def _cheap(self, index: FileIndex, begin: int) -> Mask:
        """Decide what the index alone can decide."""
        fits = np.ones(index.count - begin, bool)
        if self.wanted.level:
            fits &= index.levels[begin:] > LEVELS.index(self.wanted.level)
        if self.wanted.components:
            names = {name.encode() for name in self.wanted.components}
            codes = [code for code, name in enumerate(self.components.names) if name in names]
            fits &= np.isin(index.components[begin:], codes)
        if self.wanted.since is not None or self.wanted.until is not None:
            fits &= index.levels[begin:] > 0
        return fits

    def _in_block(self, data: bytes, places: npt.NDArray[np.int64], fits: Mask) -> Mask:
        found = np.ones(len(places), bool)
        if self.wanted.since is not None or self.wanted.until is not None:
            found &= self._in_time(data, places, fits)
        if self._pattern is not None:
            found &= self._match_pattern(data, places.tolist(), fits & found)
        elif self.wanted.text:
            found &= _contain(data, places, self.wanted.text)
        return found

    def _in_time(self, data: bytes, places: npt.NDArray[np.int64], fits: Mask) -> Mask:
        found = np.zeros(len(places), bool)
        rows = np.flatnonzero(fits & (places + HEAD <= len(data)))
        cells = np.frombuffer(data, np.uint8)[places[rows][:, None] + np.arange(HEAD)]
        at = times(cells)
        good = np.ones(len(rows), bool)
        if self.wanted.since is not None:
            good &= at >= self.wanted.since
        if self.wanted.until is not None:
            good &= at <= self.wanted.until
        found[rows] = good
        return found

    def _match_pattern(self, data: bytes, places: list[int], fits: Mask) -> Mask:
        """Look through the whole block at once; what matches beyond its record is looked at again.

        That is ten times as fast as one record after the other.
        """
        found = np.zeros(len(places), bool)
        ends = [*places[1:], len(data)]
        decoded = _decoded(data, places) if fits.all() else None
        if decoded is None:
            self._one_by_one(data, places, ends, np.flatnonzero(fits).tolist(), found)
            return found
        text, begins = decoded
        row = 0
        try:
            while row < len(places) and (hit := self._find(text, begins[row])) is not None:
                row = bisect.bisect_right(begins, hit.start()) - 1
                if row + 1 == len(begins) or hit.end() <= begins[row + 1]:
                    found[row] = True
                else:
                    self._one_by_one(data, places, ends, [row], found)
                row += 1
        except TimeoutError:
            self._one_by_one(data, places, ends, range(row, len(places)), found)
        return found

    def _find(self, text: str, begin: int = 0) -> regex.Match[str] | None:
        assert self._pattern is not None
        return self._pattern.search(text, begin, timeout=PATTERN_SECONDS)

    def _one_by_one(
        self,
        data: bytes,
        places: list[int],
        ends: list[int],
        rows: list[int] | range,
        found: Mask,
    ) -> None:
        for row in rows:
            text = data[places[row] : min(ends[row], places[row] + SEARCHED)]
            try:
                found[row] = self._find(text.decode("utf-8", "replace")) is not None
            except TimeoutError:
                self.slow += 1
                if self.slow > MAX_SLOW:
                    raise UserError("log_pattern_slow") from None


def _decoded(data: bytes, places: list[int]) -> tuple[str, list[int]] | None:
    """Return the text and where in it the records begin; None if it is not sound UTF-8."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if len(text) == len(data):
        return text, places
    begins_character = (np.frombuffer(data, np.int8) > -65).view(np.uint8)  # not 10xxxxxx
    characters = np.add.reduceat(begins_character, places, dtype=np.int64)
    return text, [0, *np.cumsum(characters[:-1]).tolist()]


def _contain(data: bytes, places: npt.NDArray[np.int64], text: str) -> Mask:
    """Return which records contain `text`; of A–Z and a–z the case does not matter."""
    needle = text.encode("utf-8", "replace")
    if needle.lower() != needle.upper():
        needle, data = needle.lower(), data.lower()
    hits: list[int] = []
    at = data.find(needle)
    while at >= 0:
        hits.append(at)
        line_end = data.find(b"\n", at)
        at = data.find(needle, line_end) if line_end >= 0 else -1
    found = np.zeros(len(places), bool)
    if hits:
        rows = np.searchsorted(places, np.array(hits, np.int64), "right") - 1
        found[rows[rows >= 0]] = True
    return found


def _blocks(index: FileIndex, begin: int, size: int, fits: Mask) -> Iterator[tuple[int, int]]:
    """Return ranges of records that begin within `size` bytes, but those where nothing can fit."""
    first = begin
    while first < index.count:
        after = int(np.searchsorted(index.starts, int(index.starts[first]) + size))
        last = max(first + 1, after)
        if fits[first - begin : last - begin].any():
            yield first, last
        first = last
