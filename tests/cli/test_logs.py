"""`aigc-desktop logs` on the program's own files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aigc_desktop.cli.main import parse, run_command
from aigc_desktop.config.paths import Paths

LINES = (
    "2026-01-31 10:00:01.000 INFO loop [main] session=3 turn=4 begins\n"
    "2026-01-31 10:00:02.000 ERROR store [main] disk \x1b[31mfull sk-ant-CANARY-12345678\n"
    "Traceback: deep\n"
    "2026-01-31 10:00:03.000 INFO ScenarioMatcher [main] three candidates\n"
)


@pytest.fixture(autouse=True)
def logs(paths: Paths) -> Path:
    path = paths.logs_dir / "backend.log"
    path.write_text(LINES)
    return path


def run(*arguments: str) -> int:
    return run_command(parse(["logs", *arguments]))


def test_everything_is_printed_and_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    said = capsys.readouterr().out
    assert len(said.splitlines()) == 4
    assert "\x1b" not in said
    assert "CANARY" not in said
    assert "Traceback: deep" in said


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--level", "error"), ["disk"]),
        (("--component", "ScenarioMatcher"), ["three"]),
        (("--grep", "BEGINS"), ["begins"]),
        (("--grep", "^Trace.*p$", "--regex"), ["disk"]),
        (("--tail", "1"), ["three"]),
        (("--since", "2026-01-31T10:00:03"), ["three"]),
        (("--since", "1h"), []),
    ],
)
def test_filters(
    options: tuple[str, ...], found: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*options, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert [each["message"].split()[0] for each in said] == found


def test_json_tells_the_turn(capsys: pytest.CaptureFixture[str]) -> None:
    run("--json", "--tail", "3")
    first = json.loads(capsys.readouterr().out)[0]
    assert (first["session_id"], first["turn_id"]) == (3, 4)


def test_bad_options_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("--since", "yesterday")
    assert run("--grep", "(", "--regex") == 1
    assert "regular expression" in capsys.readouterr().err
