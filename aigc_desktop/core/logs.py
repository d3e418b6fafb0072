"""Log records as plain values, and what one may want to see of them."""

from __future__ import annotations

from dataclasses import dataclass

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
"""From harmless to grave."""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which records are wanted; all conditions hold together.

    `level` is the least grave one (empty: all, also lines that are no record). `components` are
    wanted names (none: all). `text` is looked for without regard to the case of A–Z, or as a
    regular expression. Times are local, as written in the log: YYYYMMDDhhmmssmmm as a number.
    """

    level: str = ""
    components: tuple[str, ...] = ()
    text: str = ""
    is_regex: bool = False
    since: int | None = None
    until: int | None = None
    newest_first: bool = True


@dataclass(frozen=True, slots=True)
class LogLine:
    """A record as a list shows it: its first line, cut to a bearable length.

    `file` and `offset` say where it is. Level, component and time are empty for what is no record:
    the rest of one that was cut by a crash, garbage, another program's text.
    """

    file: str
    offset: int
    size: int
    """Bytes of the whole record, with all its lines."""
    time: str
    level: str
    component: str
    thread: str
    session_id: int | None
    turn_id: int | None
    message: str
    more_lines: bool


@dataclass(frozen=True, slots=True)
class LogOverview:
    """What there is to be seen: of `total` records `count` fit; the components that occur.

    `slow` counts records that the regular expression took too long for; they are not shown.
    `complete` is False while older records are still being looked through.
    """

    count: int
    total: int
    components: tuple[str, ...]
    bytes: int
    slow: int = 0
    complete: bool = True
    generation: int = 0
    """Another one: rows are other records than before. The same: records were only added."""
