"""No secret in a log, whatever way it takes; a full disk does not stop the program (a18)."""

from __future__ import annotations

import asyncio
import errno
import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aigc_desktop.config.log import (
    PatientFileHandler,
    about_turn,
    install_crash_hooks,
    loop_handler,
    redact,
    register_secret,
    start_logging,
)

CANARY = "sk-ant-CANARY-abcdefgh"


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    factory = logging.getLogRecordFactory()
    stop = start_logging(tmp_path, "DEBUG")
    yield tmp_path / "backend.log"
    stop()
    logging.setLogRecordFactory(factory)


def test_keys_never_reach_the_file(log_file: Path, allow_log: set[str]) -> None:
    allow_log.add("")
    register_secret("hunter2-hunter2")
    logger = logging.getLogger("aigc_desktop.some.ScenarioMatcher")
    logger.info("key %s and %(x)s", CANARY)
    logger.info("header Authorization: Bearer %s", "abc.def.ghi")
    logger.info({"x-api-key": "plain-value"})
    logger.warning("password hunter2-hunter2")
    try:
        raise ValueError(f"bad key {CANARY}")
    except ValueError:
        logger.exception("failed with %s", CANARY)
    text = log_file.read_text()
    assert "abcdefgh" not in text
    assert "abc.def.ghi" not in text
    assert "plain-value" not in text
    assert "hunter2" not in text
    assert "ValueError" in text
    assert "ScenarioMatcher" in text


def test_redact_leaves_the_rest() -> None:
    assert redact("the task-force met; sk-ant-api03-abc123 said") == (
        "the task-force met; [redacted] said"
    )


@pytest.mark.parametrize(
    "line",
    [
        "proxy http://user:hunter2-x@proxy:8080 refused",
        "postgresql+psycopg://me:hunter2-x@localhost/db",
        "MINIO_SECRET_KEY=hunter2-x",
        '{"password": "hunter2-x", "port": 1}',
        "passphrase='hunter2-x'",
        "GET /stats?token=hunter2-x&page=1",
        "aws_secret_access_key = hunter2-x",
        "Authorization: Basic hunter2-x",
        "ANTHROPIC_AUTH_TOKEN=hunter2-x",
        "made eyJhbGciOiJI.hunter2-xyz.AAAAbbbbCCCC",
    ],
)
def test_what_is_called_a_secret_is_redacted(line: str) -> None:
    assert "hunter2" not in redact(line)


@pytest.mark.parametrize(
    "line",
    [
        "max_tokens=4096 input_tokens: 33 token 7",
        "http://127.0.0.1:8000/api/v1/health",
        "passphrase_missing",
        "secrets are kept in the keyring",
        "basic functions",
    ],
)
def test_what_only_looks_like_one_stays(line: str) -> None:
    assert redact(line) == line


def test_a_full_disk_drops_lines_and_says_how_many(
    log_file: Path, monkeypatch: pytest.MonkeyPatch, allow_log: set[str]
) -> None:
    logger = logging.getLogger("aigc_desktop.test")
    logger.info("before")
    handler = next(h for h in logging.getLogger().handlers if isinstance(h, PatientFileHandler))

    def full(*_args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(handler.stream, "write", full)
        for _ in range(3):
            logger.info("lost")
    logger.info("after")
    text = log_file.read_text()
    assert "lost" not in text
    assert "after" in text
    assert "3 log lines were dropped" in text


@pytest.fixture
def hooked() -> Iterator[list[BaseException]]:
    """Crash hooks in place; what they were told."""
    told: list[BaseException] = []
    undo = install_crash_hooks(told.append)
    yield told
    undo()


def test_errors_that_nobody_catches_are_logged_and_told(
    hooked: list[BaseException], allow_log: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    allow_log.add("unhandled")
    error = ValueError("a")
    sys.excepthook(ValueError, error, None)
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)

    def fail(error: BaseException) -> None:
        raise error

    other = ValueError("b")
    for raised in (other, SystemExit(3)):
        thread = threading.Thread(target=fail, args=(raised,))
        thread.start()
        thread.join()
    assert hooked == [error, other]


async def test_errors_of_the_loop_are_told(
    hooked: list[BaseException], allow_log: set[str]
) -> None:
    allow_log.add("never awaited for")
    handle = loop_handler(hooked.append)
    loop = asyncio.get_running_loop()
    error = ValueError("c")
    handle(loop, {"message": "never awaited for", "exception": error})
    handle(loop, {"message": "never awaited for"})
    assert hooked == [error]


def test_bad_log_calls_and_foreign_records_are_redacted_too(log_file: Path) -> None:
    register_secret("short")
    logging.getLogger("aigc_desktop.x").info("%d", CANARY)
    raw = f"raw {CANARY}"
    record = logging.LogRecord("other.lib", logging.INFO, "", 0, raw, None, None)
    logging.getLogger().handle(record)
    text = log_file.read_text()
    assert "abcdefgh" not in text
    assert "lib" in text
    assert redact("short") == "short"


def test_a_secret_that_is_part_of_another_hides_nothing_of_it() -> None:
    for secret in ("sk-ant-CANARY", "overlapping", "ping-pong"):
        register_secret(secret)
    assert redact(f"key {CANARY}!") == "key [redacted]!"
    assert redact("an overlapping-pong b") == "an [redacted] b"


def test_lines_of_a_turn_say_whose_they_are(log_file: Path) -> None:
    logger = logging.getLogger("aigc_desktop.agent.loop")
    logger.info("outside")
    with about_turn(3, 7):
        logger.info("inside")
    logger.info("outside again")
    outside, inside, again = log_file.read_text().splitlines()
    assert inside.endswith("[MainThread] session=3 turn=7 inside")
    assert outside.endswith("[MainThread] outside")
    assert again.endswith("[MainThread] outside again")


async def test_tasks_of_a_turn_inherit_it(log_file: Path) -> None:
    logger = logging.getLogger("aigc_desktop.agent.loop")

    async def work() -> None:
        await asyncio.to_thread(logger.info, "in a thread")

    with about_turn(1, 2):
        task = asyncio.create_task(work())
    await task
    assert "session=1 turn=2 in a thread" in log_file.read_text()


def test_a_message_cannot_pass_for_a_record_of_its_own(log_file: Path) -> None:
    forged = "2026-01-01 00:00:00.000 ERROR login [MainThread] forged"
    logging.getLogger("aigc_desktop.x").info("from a server:\n%s\0", forged)
    text = log_file.read_text()
    assert f"\n {forged}" in text
    assert "\0" not in text
