"""`aigc-desktop stats`: a table, JSON, CSV."""

from __future__ import annotations

import csv
import io
import json

import pytest

from aigc_desktop.cli.main import parse, run_command
from aigc_desktop.config.paths import Paths
from benchmarks.data import fill, spread_usage


def run(*arguments: str) -> int:
    return run_command(parse(["stats", *arguments]))


def test_a_table_json_and_csv_say_the_same(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(paths, 4, 80)
    spread_usage(paths, 1_790_000_000_000, 60)
    assert run("--json", "--by", "month", "--split", "model") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["total"]["turns"] == 40
    assert found["totals"]["total_messages"] == 80
    assert sum(part["turns"] for part in found["parts"]) == 40
    assert sum(period["turns"] for period in found["periods"]) == 40
    assert run("--csv", "--by", "day", "--rebuild") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert sum(int(row["requests"]) for row in rows) == 40
    assert run("--split", "model") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1].split()[:3] == ["Total", "4", "40"]


def test_a_date_that_is_none_is_refused() -> None:
    with pytest.raises(SystemExit):
        parse(["stats", "--since", "soon"])
