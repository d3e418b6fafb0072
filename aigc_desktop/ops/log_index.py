"""Where the records are in a log file, and how grave each is: found with numpy, kept small.

For each record: where it begins (8 bytes), its level (1) and its component (2). Nothing of the
text is kept. A record begins with a line in `config.log.FORMAT`; all lines up to the next one
belong to it. Files are opened for a moment only, so that they can be rotated meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aigc_desktop.core.logs import LEVELS

BLOCK = 4 * 1024 * 1024
"""Bytes that are looked at in one go."""

HEAD = 25
"""Bytes of "2026-01-31 23:59:59.123 L": what every record begins with."""

COMPONENT_BYTES = 32
"""Longer names of components are told apart by their beginning."""

FINGERPRINT = 128
"""Bytes at the beginning that tell a file from another that got its number (inode) later."""

Numbers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint8]

_DIGITS = (0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, 20, 21, 22)
_MARKS = ((4, b"-"), (7, b"-"), (10, b" "), (13, b":"), (16, b":"), (19, b"."), (23, b" "))
_LEVEL_SIZES = np.array([0, *(len(level) for level in LEVELS)], np.int64)
_FIRST_LETTERS = np.zeros(256, np.uint8)
for _code, _level in enumerate(LEVELS, 1):
    _FIRST_LETTERS[ord(_level[0])] = _code


@dataclass(slots=True)
class Components:
    """Names of components ↔ small numbers; 0 is "none"."""

    names: list[bytes] = field(default_factory=lambda: [b""])
    _known: dict[int, int] = field(default_factory=dict)

    def codes(self, cells: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint16]:
        """Return a number per row of zero-padded names."""
        words = cells.view(np.uint64)
        mixed = np.zeros(len(cells), np.uint64)
        for column in range(words.shape[1]):
            mixed = (mixed ^ words[:, column]) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(29)
        different, first, inverse = np.unique(mixed, return_index=True, return_inverse=True)
        own = np.empty(len(different), np.uint16)
        for place, (value, row) in enumerate(zip(different.tolist(), first.tolist(), strict=True)):
            if value not in self._known:
                if len(self.names) > 60_000:
                    own[place] = 0
                    continue
                self._known[value] = len(self.names)
                self.names.append(cells[row].tobytes().rstrip(b"\0"))
            own[place] = self._known[value]
        return own[inverse]


@dataclass(slots=True)
class FileIndex:
    """The records of one file, as far as it was read: to byte `size`."""

    path: Path
    identity: tuple[int, bytes]
    size: int = 0
    starts: Numbers = field(default_factory=lambda: np.empty(0, np.int64))
    levels: Codes = field(default_factory=lambda: np.empty(0, np.uint8))
    components: npt.NDArray[np.uint16] = field(default_factory=lambda: np.empty(0, np.uint16))

    @property
    def count(self) -> int:
        return len(self.starts)

    def end(self, record: int) -> int:
        """Return where the record ends."""
        return int(self.starts[record + 1]) if record + 1 < len(self.starts) else self.size


def identity(path: Path) -> tuple[tuple[int, bytes], int] | None:
    """Return (what tells the file from others, its size); None if it is not there."""
    try:
        with path.open("rb") as file:
            status = path.stat()
            return (status.st_ino, file.read(FINGERPRINT)), status.st_size
    except OSError:
        return None


def same_file(before: tuple[int, bytes], now: tuple[int, bytes]) -> bool:
    """Return whether it is the same file, which may have grown."""
    return before[0] == now[0] and now[1].startswith(before[1])


def extend(index: FileIndex, until: int, components: Components) -> None:
    """Look through the file from where the index ends to byte `until`.

    The last record is looked at again: it may have been half written.
    """
    if index.count:
        last = int(index.starts[-1])
        index.starts, index.levels = index.starts[:-1], index.levels[:-1]
        index.components = index.components[:-1]
        index.size = last
    starts, levels, names = [index.starts], [index.levels], [index.components]
    at = begin = index.size
    with index.path.open("rb") as file:
        while at < until:
            file.seek(at)
            block = file.read(min(BLOCK + HEAD + COMPONENT_BYTES + 16, until - at))
            if not block:
                break
            used = min(len(block), BLOCK)
            found, codes, cells = _records(block, used, at == begin, components)
            starts.append(found + at)
            levels.append(codes)
            names.append(cells)
            at += used
    index.starts = np.concatenate(starts)
    index.levels = np.concatenate(levels)
    index.components = np.concatenate(names)
    index.size = at


def _records(
    block: bytes, used: int, first: bool, components: Components
) -> tuple[Numbers, Codes, npt.NDArray[np.uint16]]:
    """Return the records that begin in the first `used` bytes; with `first`, byte 0 begins one.

    The byte after the last one counts too: the next block does not see the line feed before it.
    """
    data = np.frombuffer(block, np.uint8)
    breaks = np.flatnonzero((data[:used] == 10) | (data[:used] == 0)) + 1
    candidates = np.concatenate(([0], breaks)) if first else breaks
    whole = candidates[candidates + HEAD <= len(data)]
    good = np.ones(len(whole), bool)
    for offset, mark in _MARKS:
        good &= data[whole + offset] == mark[0]
        whole, good = whole[good], np.ones(int(good.sum()), bool)
    for offset in _DIGITS:
        good &= (data[whole + offset] - np.uint8(48)) < 10
    whole = whole[good]
    levels = _FIRST_LETTERS[data[whole + 24]] if len(whole) else np.empty(0, np.uint8)
    after = whole + HEAD - 1 + _LEVEL_SIZES[levels]
    sound = (levels > 0) & (data[np.minimum(after, len(data) - 1)] == 32)
    whole, levels = whole[sound], levels[sound]
    names = _components(data, whole, levels, components)
    if first and (not len(whole) or whole[0] != 0):
        whole = np.concatenate(([0], whole))
        levels = np.concatenate((np.zeros(1, np.uint8), levels))
        names = np.concatenate((np.zeros(1, np.uint16), names))
    return whole.astype(np.int64), levels, names


def _components(
    data: npt.NDArray[np.uint8], starts: Numbers, levels: Codes, components: Components
) -> npt.NDArray[np.uint16]:
    if not len(starts):
        return np.empty(0, np.uint16)
    begins = starts + HEAD + _LEVEL_SIZES[levels]
    padded = np.concatenate((data, np.full(COMPONENT_BYTES + 16, 32, np.uint8)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, COMPONENT_BYTES)
    cells = windows[np.minimum(begins, len(windows) - 1)]
    ended = np.logical_or.accumulate((cells == 32) | (cells == 10), axis=1)
    return components.codes(np.ascontiguousarray(np.where(ended, 0, cells).astype(np.uint8)))


def times(head: npt.NDArray[np.uint8]) -> Numbers:
    """Return YYYYMMDDhhmmssmmm of rows of bytes that begin as records do."""
    value = np.zeros(len(head), np.int64)
    for offset in _DIGITS:
        value = value * 10 + (head[:, offset].astype(np.int64) - 48)
    return value
