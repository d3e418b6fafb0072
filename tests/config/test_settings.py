"""Settings: origins, validation, damage, and many writers (CASES a30, a32)."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from aigc_desktop.config import settings as config
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.setting import Setting
from aigc_desktop.config.settings import Settings, take_key_out_of_environment
from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.errors import UserError


def test_origins(paths: Paths, bus: EventBus, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(paths, bus)
    assert (settings.get(config.MODEL), settings.origin(config.MODEL)) == ("sonnet", "default")
    settings.set(config.MODEL, "opus")
    assert settings.origin(config.MODEL) == "file"
    (paths.home / ".env").write_text("DEFAULT_MODEL=haiku\nANTHROPIC_API_KEY=sk-ant-${HOME}x\n")
    settings = Settings(paths, bus)
    assert (settings.get(config.MODEL), settings.origin(config.MODEL)) == ("haiku", "env")
    assert settings.found_api_key() == ("sk-ant-${HOME}x", str(paths.home / ".env"))
    monkeypatch.setenv("DEFAULT_MODEL", "fable")
    settings = Settings(paths, bus)
    assert settings.origin(config.MODEL) == "environment"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (config.MAX_TURNS, 0),
        (config.MAX_TURNS, "many"),
        (config.MAX_TURNS, True),
        (config.THEME, "pink"),
        (config.COST_LIMIT_USD, "NaN"),
        (config.COST_LIMIT_USD, "-1"),
    ],
)
def test_what_does_not_fit_is_refused(
    settings: Settings, setting: Setting[object], value: object
) -> None:
    with pytest.raises(UserError, match="setting_invalid"):
        settings.set(setting, value)
    assert settings.get(setting) == setting.default


def test_values_survive_a_restart(paths: Paths, bus: EventBus, settings: Settings) -> None:
    settings.set(config.COST_LIMIT_USD, Decimal("1.50"))
    assert Settings(paths, bus).get(config.COST_LIMIT_USD) == Decimal("1.50")
    assert stat.S_IMODE(paths.settings_file.stat().st_mode) == 0o600


def test_unknown_newer_fields_stay(paths: Paths, bus: EventBus) -> None:
    paths.settings_file.write_text('{"from_the_future": {"a": 1}, "theme": "dark"}')
    Settings(paths, bus).set(config.MODEL, "opus")
    assert json.loads(paths.settings_file.read_text()) == {
        "from_the_future": {"a": 1},
        "theme": "dark",
        "model": "opus",
    }


@pytest.mark.parametrize("content", ["{broken", "[1, 2]", "\x00\xff", "[" * 100_000])
def test_a_damaged_file_is_set_aside(paths: Paths, bus: EventBus, content: str) -> None:
    paths.settings_file.write_text(content)
    settings = Settings(paths, bus)
    assert settings.damaged is not None
    assert settings.damaged.read_text() == content
    settings.set(config.THEME, "dark")
    assert Settings(paths, bus).damaged is None


def test_fifty_writers_lose_no_key(paths: Paths) -> None:
    code = (
        "import sys; from pathlib import Path; from aigc_desktop.config.paths import Paths;"
        "from aigc_desktop.config.settings import Settings;"
        "from aigc_desktop.core.bus import EventBus;"
        "s = Settings(Paths(Path(sys.argv[1])), EventBus());"
        "[s.set_state(f'{n}', n) for n in range(int(sys.argv[2]), int(sys.argv[2]) + 5)]"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(paths.home), str(n * 5)])
        for n in range(50)
    ]
    assert [writer.wait() for writer in writers] == [0] * 50
    stored = json.loads(paths.settings_file.read_text())
    assert {stored[f"state.{n}"] for n in range(250)} == set(range(250))


def test_keys_leave_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-x")
    take_key_out_of_environment()
    assert "ANTHROPIC_API_KEY" not in os.environ


def test_a_home_that_is_a_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="data_dir_read_only"):
        Paths(tmp_path / "file" / "x").create()
