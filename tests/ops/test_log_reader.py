"""The log reader: filters, rotation, hostile content, bounded time (CASES 79, 93, 94)."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aigc_desktop.config.log import PatientFileHandler, about_turn, register_secret, start_logging
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.logs import LEVELS, LogFilter
from aigc_desktop.ops import log_index, log_search
from aigc_desktop.ops.log_reader import LogBook
from aigc_desktop.services.logs import export_to


def record(second: int, level: str, component: str, message: str) -> str:
    clock = f"{second // 60:02}:{second % 60:02}"
    return f"2026-01-31 10:{clock}.000 {level} {component} [main] {message}\n"


def write(folder: Path, *lines: str, name: str = "backend.log") -> Path:
    path = folder / name
    with path.open("ab") as file:
        file.write("".join(lines).encode("utf-8", "surrogateescape"))
    return path


def shown(book: LogBook) -> list[str]:
    count = book.refresh().count
    return [line.message for line in book.page(0, count)]


def book(folder: Path, wanted: LogFilter | None = None) -> LogBook:
    return LogBook(folder, wanted or LogFilter(newest_first=False))


SAMPLE = (
    record(1, "INFO", "loop", "begins"),
    record(2, "DEBUG", "ScenarioMatcher", "candidates 3"),
    record(3, "ERROR", "store", "disk full") + "Traceback (most recent call last):\n  deep down\n",
    record(4, "WARNING", "loop", "retry 已保存 Äther"),
    record(5, "CRITICAL", "crash", "unhandled"),
)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (LogFilter(), ["begins", "candidates 3", "disk full", "retry 已保存 Äther", "unhandled"]),
        (LogFilter(level="WARNING"), ["disk full", "retry 已保存 Äther", "unhandled"]),
        (LogFilter(components=("loop",)), ["begins", "retry 已保存 Äther"]),
        (LogFilter(components=("loop", "crash"), level="ERROR"), ["unhandled"]),
        (LogFilter(components=("loo",)), []),
        (LogFilter(text="DISK"), ["disk full"]),
        (LogFilter(text="deep down"), ["disk full"]),
        (LogFilter(text="保存"), ["retry 已保存 Äther"]),
        (LogFilter(text="scenariomatcher"), ["candidates 3"]),
        (LogFilter(text="%s .* {}"), []),
        (LogFilter(text=r"^  deep|begins$", is_regex=True), ["begins", "disk full"]),
        (LogFilter(text=r"已[保存]+ ä", is_regex=True), ["retry 已保存 Äther"]),
        (LogFilter(text=r"full[\s\S]*unhandled", is_regex=True), []),
        (LogFilter(text=r"disk[\s\S]*down", is_regex=True), ["disk full"]),
        (
            LogFilter(since=20260131100002000, until=20260131100004000),
            ["candidates 3", "disk full", "retry 已保存 Äther"],
        ),
    ],
)
def test_filters(tmp_path: Path, wanted: LogFilter, found: list[str]) -> None:
    write(tmp_path, *SAMPLE)
    assert list(reversed(shown(book(tmp_path, wanted)))) == found
    oldest_first = LogFilter(**{**_fields(wanted), "newest_first": False})
    assert shown(book(tmp_path, oldest_first)) == found


def _fields(wanted: LogFilter) -> dict[str, object]:
    return {name: getattr(wanted, name) for name in LogFilter.__dataclass_fields__}


def test_a_record_keeps_its_traceback_and_its_parts(tmp_path: Path) -> None:
    write(tmp_path, *SAMPLE)
    reader = book(tmp_path)
    reader.refresh()
    line = reader.page(2, 1)[0]
    assert (line.time, line.level, line.component, line.thread) == (
        "2026-01-31 10:00:03.000",
        "ERROR",
        "store",
        "main",
    )
    assert line.more_lines
    assert reader.record(line) == SAMPLE[2].rstrip("\n")
    assert reader.refresh().components == ("ScenarioMatcher", "crash", "loop", "store")


@pytest.fixture
def program_log(tmp_path: Path) -> Iterator[Path]:
    factory = logging.getLogRecordFactory()
    stop = start_logging(tmp_path, "DEBUG")
    yield tmp_path
    stop()
    logging.setLogRecordFactory(factory)


def test_what_the_program_writes_is_read_with_its_turn(
    program_log: Path, allow_log: set[str]
) -> None:
    allow_log.add("went wrong")
    logger = logging.getLogger("aigc_desktop.agent.loop")
    for level in ("info", "warning", "error", "critical"):
        getattr(logger, level)("a %s that went wrong", level)
    with about_turn(12, 345):
        try:
            raise ValueError("why")
        except ValueError:
            logger.exception("went wrong\n2026-01-01 00:00:00.000 INFO x [y] forged")
    reader = book(program_log)
    lines = reader.page(0, reader.refresh().count)
    assert [line.level for line in lines] == [*LEVELS[1:], "ERROR"]
    assert {line.component for line in lines} == {"loop"}
    assert (lines[-1].session_id, lines[-1].turn_id) == (12, 345)
    assert lines[-1].message == "went wrong"
    assert "ValueError: why" in reader.record(lines[-1])


def test_what_comes_is_followed_through_rotation(program_log: Path, allow_log: set[str]) -> None:
    logger = logging.getLogger("aigc_desktop.agent.loop")
    reader = book(program_log)
    assert reader.refresh().count == 0
    [handler] = [h for h in logging.getLogger().handlers if isinstance(h, PatientFileHandler)]
    written = []
    for number in range(60):
        logger.info("line %s", number)
        written.append(f"line {number}")
        if number % 10 == 9:
            handler.doRollover()
        if number % 7 == 0:
            reader.refresh()
    kept = shown(reader)
    assert kept == written[-len(kept) :]
    assert len(kept) >= 40
    assert shown(book(program_log)) == kept


def test_a_half_written_record_grows(tmp_path: Path) -> None:
    reader = book(tmp_path)
    whole = record(1, "INFO", "loop", "first") + record(2, "ERROR", "store", "second")
    for byte in range(0, len(whole), 7):
        write(tmp_path, whole[byte : byte + 7])
        reader.refresh()
    assert shown(reader) == ["first", "second"]


def test_a_log_that_is_emptied_or_removed(tmp_path: Path) -> None:
    path = write(tmp_path, *SAMPLE)
    reader = book(tmp_path)
    reader.refresh()
    (stale,) = reader.page(4, 1)
    path.write_bytes(record(9, "INFO", "loop", "anew").encode())
    assert shown(reader) == ["anew"]
    assert reader.record(stale) == ""
    path.unlink()
    assert shown(reader) == []
    assert reader.peek().count == 0


def test_garbage_is_shown_and_ends_nothing(tmp_path: Path) -> None:
    write(tmp_path, "rest of a line that was cut\nmore\n", name="backend.log.1")
    path = write(tmp_path, SAMPLE[0])
    with path.open("ab") as file:
        file.write(b"\0" * 5000 + SAMPLE[1].encode() + b"\xff\xfe\xc3(\n\x80")
        file.write(b"\n" + SAMPLE[2].encode() + b"2026-01-31 10:00:09.000 INFO")
    reader = book(tmp_path)
    assert shown(reader) == ["rest of a line that was cut", "begins", "candidates 3", "disk full"]
    assert reader.page(0, 1)[0].level == ""
    assert "\N{REPLACEMENT CHARACTER}" in reader.record(reader.page(2, 1)[0])
    assert shown(book(tmp_path, LogFilter(level="DEBUG", newest_first=False)))[0] == "begins"


def test_a_ten_megabyte_line_is_cut_to_a_bearable_length(tmp_path: Path) -> None:
    big = record(2, "ERROR", "loop", "x" * 10_000_000 + " needle")
    write(tmp_path, SAMPLE[0], big, SAMPLE[3])
    reader = book(tmp_path)
    assert reader.refresh().count == 3
    line = reader.page(1, 1)[0]
    assert len(line.message) < 5000
    assert line.size == len(big)
    assert len(reader.record(line)) == 1024 * 1024
    for wanted in (LogFilter(text="retry"), LogFilter(text="re.ry", is_regex=True)):
        assert shown(book(tmp_path, wanted)) == ["retry 已保存 Äther"]


@pytest.mark.parametrize("slow", [r"(a|aa)+$", r"(.*a){25}b"])
def test_a_pattern_that_never_ends_is_given_up(tmp_path: Path, slow: str) -> None:
    write(tmp_path, *(record(n, "INFO", "loop", "a" * 60 + "!") for n in range(60)))
    reader = book(tmp_path)
    reader.refresh()
    with pytest.raises(UserError) as raised:
        reader.use(LogFilter(text=slow, is_regex=True))
    assert raised.value.code == "log_pattern_slow"
    assert len(shown(reader)) == 60, "the filter before stays"


def test_one_slow_record_is_left_out_and_counted(tmp_path: Path) -> None:
    write(tmp_path, *SAMPLE, record(6, "INFO", "loop", "a" * 60 + "!"))
    reader = book(tmp_path)
    reader.refresh()
    overview = reader.use(LogFilter(text=r"(a|aa)+\$|disk", is_regex=True))
    assert (overview.count, overview.slow) == (1, 1)


@pytest.mark.parametrize("broken", ["(", "[a", "*", r"\p{nonsense}"])
def test_a_broken_pattern_is_said(tmp_path: Path, broken: str) -> None:
    with pytest.raises(UserError) as raised:
        book(tmp_path, LogFilter(text=broken, is_regex=True))
    assert raised.value.code == "log_pattern_invalid"


def test_the_newest_come_at_once_then_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aigc_desktop.ops.log_reader.TAIL", 500)
    write(
        tmp_path, *(record(n, "INFO", "loop", f"old {n}") for n in range(30)), name="backend.log.1"
    )
    write(tmp_path, *(record(n, "INFO", "loop", f"new {n}") for n in range(30)))
    reader = LogBook(tmp_path)
    peeked = reader.peek()
    assert not peeked.complete
    assert 0 < peeked.count < 30
    assert [line.message for line in reader.page(0, 3)] == ["new 29", "new 28", "new 27"]
    whole = reader.refresh()
    assert whole.complete
    assert whole.count == 60
    assert [line.message for line in reader.page(28, 4)] == ["new 1", "new 0", "old 29", "old 28"]


def test_an_export_holds_what_fits_and_no_secret(tmp_path: Path, home: Path) -> None:
    register_secret("correct-horse-battery")
    folder = tmp_path / "logs"
    folder.mkdir()
    write(
        folder,
        SAMPLE[2],
        record(7, "ERROR", "loop", f"key sk-ant-CANARY-1234 in {home}/x correct-horse-battery"),
        SAMPLE[0],
    )
    target = tmp_path / "out.log"
    size = export_to(book(folder, LogFilter(level="ERROR")), target)
    assert size == 0, "nothing is looked at before the first look"
    reader = book(folder, LogFilter(level="ERROR"))
    reader.refresh()
    assert export_to(reader, target) == target.stat().st_size
    text = target.read_text()
    assert text.startswith(SAMPLE[2])
    assert "CANARY" not in text
    assert "horse" not in text
    assert str(home) not in text
    assert "begins" not in text
    assert target.stat().st_mode & 0o777 == 0o600


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10**6), block=st.integers(64, 900))
def test_blocks_of_any_size_find_the_same(
    seed: int, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)
    lines = [
        record(
            n, rng.choice(LEVELS), rng.choice("abc") * rng.randint(1, 40), "x" * rng.randint(0, 200)
        )
        if rng.random() < 0.8
        else rng.choice(["junk\n", "\n", "2026-01-31 10:00:00.000 INFO\n", "\0\0"])
        for n in range(40)
    ]
    path = tmp_path / "backend.log"
    path.write_text("".join(lines))
    with monkeypatch.context() as patch:
        patch.setattr(log_index, "BLOCK", block)
        patch.setattr(log_search, "TEXT_BLOCK", block)
        patch.setattr(log_search, "PATTERN_BLOCK", block)
        small = [
            [(line.offset, line.level, line.component) for line in _lines(tmp_path, wanted)]
            for wanted in (
                LogFilter(),
                LogFilter(text="xx"),
                LogFilter(text="x{9}$", is_regex=True),
            )
        ]
    large = [
        [(line.offset, line.level, line.component) for line in _lines(tmp_path, wanted)]
        for wanted in (LogFilter(), LogFilter(text="xx"), LogFilter(text="x{9}$", is_regex=True))
    ]
    assert small == large
    wanted = sum(1 for line in lines if line.startswith("2026") and "[main]" in line)
    assert sum(1 for each in large[0] if each[1]) == wanted
    path.unlink()


def _lines(folder: Path, wanted: LogFilter) -> list[object]:
    reader = LogBook(folder, wanted)
    return list(reader.page(0, reader.refresh().count))  # type: ignore[arg-type]
