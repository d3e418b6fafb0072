"""Settings: each declared once; the form, the command line and the documentation follow from it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from aigc_desktop.config.atomic import write_atomically
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.setting import Setting
from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.errors import UserError

logger = logging.getLogger(__name__)

T = TypeVar("T")

KEY_VARIABLE = "ANTHROPIC_API_KEY"
MINIO_SECRET_VARIABLE = "MINIO_SECRET_KEY"  # noqa: S105 a name
LOCK_TIMEOUT = 20.0
"""Seconds to wait for another process that writes the settings."""


LANGUAGE = Setting("language", str, "auto", "Language", choices=("auto", "zh_CN", "en"))
THEME = Setting("theme", str, "system", "Theme", choices=("system", "light", "dark"))
SEND_KEY = Setting("send_key", str, "enter", "Send with", choices=("enter", "ctrl_enter"))
PROVIDER = Setting("provider", str, "", "Connection", choices=("", "anthropic", "server", "demo"))
BASE_URL = Setting("base_url", str, "", "Server address", env="ANTHROPIC_BASE_URL")
MODEL = Setting("model", str, "sonnet", "Model", env="DEFAULT_MODEL")
PERMISSION_MODE = Setting(
    "permission_mode",
    str,
    "ask",
    "When the agent wants to write or run",
    env="PERMISSION_MODE",
    choices=("plan", "ask", "accept_edits", "auto"),
)
WEB_SEARCH = Setting(
    "web_search",
    str,
    "off",
    "Web search by Anthropic (what is searched for leaves this machine)",
    choices=("off", "on"),
)
WHEN_UNSURE = Setting(
    "when_unsure",
    str,
    "ask",
    "When it is unclear which scenario a request belongs to",
    choices=("ask", "best", "model"),
)
MATCH_QUESTIONS = Setting(
    "match_questions",
    int,
    50,
    "Questions to a small model about scenarios, at most per day",
    minimum=0,
    maximum=10_000,
)
LEARNING = Setting("learning", str, "on", "Learning from feedback", choices=("on", "off"))
LESSONS_APPLY = Setting(
    "lessons_apply",
    str,
    "ask",
    "Lessons about style, length and language",
    choices=("ask", "trusted"),
)
LESSON_PROOF = Setting(
    "lesson_proof",
    str,
    "off",
    "A lesson must pass its test before it is accepted",
    choices=("off", "on"),
)
TRIAL_BUDGET_USD = Setting(
    "trial_budget_usd",
    Decimal,
    Decimal("0.50"),
    "Cost of one test of a lesson in US dollars, at most",
    minimum=0,
    maximum=1000,
)
WORK_DIR = Setting("work_dir", str, "", "Work directory")
COMMAND_TIMEOUT = Setting(
    "command_timeout", int, 120, "Time limit of a command (seconds)", minimum=1, maximum=3600
)
MAX_TURNS = Setting(
    "max_turns",
    int,
    50,
    "Model calls per request, at most",
    env="MAX_TURNS",
    minimum=1,
    maximum=1000,
)
MAX_TOKENS = Setting(
    "max_tokens", int, 16000, "Output tokens per model call, at most", minimum=256, maximum=128000
)
TOKEN_LIMIT = Setting(
    "token_limit", int, 0, "Tokens per request, at most (0: no limit)", minimum=0, maximum=10**9
)
COST_LIMIT_USD = Setting(
    "cost_limit_usd",
    Decimal,
    Decimal(0),
    "Cost per request in US dollars, at most (0: no limit)",
    minimum=0,
    maximum=10**6,
)
LOG_LEVEL = Setting(
    "log_level",
    str,
    "INFO",
    "Log level",
    env="LOG_LEVEL",
    choices=("DEBUG", "INFO", "WARNING", "ERROR"),
)
BACKUP_ENABLED = Setting("backup_enabled", bool, True, "Back up by itself")
BACKUP_INTERVAL = Setting(
    "backup_interval_hours", int, 24, "Hours between two backups", minimum=1, maximum=24 * 31
)
BACKUP_HOUR = Setting(
    "backup_hour", int, 12, "Hour of the day for daily backups", minimum=0, maximum=23
)
BACKUP_FOLDER = Setting("backup_folder", str, "", "Backup folder")
BACKUP_WORK_DIRS = Setting(
    "backup_work_dirs", bool, False, "Also back up work directories of single chats and scenarios"
)
BACKUP_TARGET = Setting(
    "backup_target", str, "folder", "Where backups go", choices=("folder", "bucket")
)
BACKUP_ENCRYPT = Setting("backup_encrypt", bool, False, "Encrypt backups with a passphrase")
BACKUP_KEEP_DAILY = Setting(
    "backup_keep_daily", int, 7, "Daily backups that are kept", minimum=1, maximum=366
)
BACKUP_KEEP_WEEKLY = Setting(
    "backup_keep_weekly", int, 4, "Weekly backups that are kept", minimum=0, maximum=260
)
BACKUP_KEEP_MONTHLY = Setting(
    "backup_keep_monthly", int, 6, "Monthly backups that are kept", minimum=0, maximum=240
)
MINIO_ENDPOINT = Setting(
    "minio_endpoint", str, "", "S3 or MinIO server (host:port)", env="MINIO_ENDPOINT"
)
MINIO_BUCKET = Setting("minio_bucket", str, "", "Bucket", env="MINIO_BUCKET")
MINIO_ACCESS_KEY = Setting("minio_access_key", str, "", "Access key", env="MINIO_ACCESS_KEY")
MINIO_SECURE = Setting("minio_secure", bool, True, "Encrypted connection (TLS)", env="MINIO_SECURE")
MINIO_REGION = Setting("minio_region", str, "us-east-1", "Region", env="MINIO_REGION")
RETENTION = Setting(
    "retention", str, "off", "Tidy old chats away automatically", choices=("off", "on")
)
RETENTION_DAYS = Setting(
    "retention_days",
    int,
    180,
    "Days without activity after which a chat goes to the trash",
    minimum=7,
    maximum=3650,
)
TRASH_DAYS = Setting(
    "trash_days",
    int,
    30,
    "Days in the trash after which a chat is deleted for good",
    minimum=7,
    maximum=3650,
)
HTTP_SERVER = Setting(
    "http_server", str, "off", "Local HTTP server (this machine only)", choices=("off", "on")
)
HTTP_HOST = Setting("http_host", str, "127.0.0.1", "Address of the local HTTP server", env="HOST")
HTTP_PORT = Setting(
    "http_port",
    int,
    8000,
    "Port of the local HTTP server",
    env="PORT",
    minimum=1,
    maximum=65535,
)

ALL: tuple[Setting[Any], ...] = (
    LANGUAGE,
    THEME,
    SEND_KEY,
    PROVIDER,
    BASE_URL,
    MODEL,
    PERMISSION_MODE,
    WEB_SEARCH,
    WHEN_UNSURE,
    MATCH_QUESTIONS,
    LEARNING,
    LESSONS_APPLY,
    LESSON_PROOF,
    TRIAL_BUDGET_USD,
    WORK_DIR,
    COMMAND_TIMEOUT,
    MAX_TURNS,
    MAX_TOKENS,
    TOKEN_LIMIT,
    COST_LIMIT_USD,
    LOG_LEVEL,
    BACKUP_ENABLED,
    BACKUP_INTERVAL,
    BACKUP_HOUR,
    BACKUP_FOLDER,
    BACKUP_WORK_DIRS,
    BACKUP_TARGET,
    BACKUP_ENCRYPT,
    BACKUP_KEEP_DAILY,
    BACKUP_KEEP_WEEKLY,
    BACKUP_KEEP_MONTHLY,
    MINIO_ENDPOINT,
    MINIO_BUCKET,
    MINIO_ACCESS_KEY,
    MINIO_SECURE,
    MINIO_REGION,
    RETENTION,
    RETENTION_DAYS,
    TRASH_DAYS,
    HTTP_SERVER,
    HTTP_HOST,
    HTTP_PORT,
)


class Settings:
    """The values: default < settings.json < .env < environment. Safe across processes."""

    def __init__(self, paths: Paths, bus: EventBus) -> None:
        self._paths = paths
        self._bus = bus
        self.damaged: Path | None = None
        """Where an unreadable settings file was set aside at this start."""
        self.turn = asyncio.Lock()
        """Who sets from a thread takes turns here: the last choice must be the last one stored."""
        self._file = self._read()
        self._dotenv, self._dotenv_path = _read_dotenv((paths.home / ".env", Path.cwd() / ".env"))
        self._environment = dict(os.environ)

    def get(self, setting: Setting[T]) -> T:
        """Return the value; one that does not fit is passed over with a warning in the log."""
        for _, value in self._candidates(setting):
            try:
                return setting.parse(value)
            except UserError as error:
                logger.warning("ignored: %s", error)
        return setting.default

    def origin(self, setting: Setting[T]) -> str:
        """Return where the value comes from: `default`, `file`, `env` (.env) or `environment`."""
        for origin, value in self._candidates(setting):
            try:
                setting.parse(value)
            except UserError:
                continue
            return origin
        return "default"

    def set(self, setting: Setting[T], value: T) -> None:
        """Validate and store a value, keeping what other processes and newer versions wrote.

        Raises:
            UserError: `setting_invalid`; `data_dir_read_only` or `disk_full` when it cannot be
                stored (the old value stays).
        """
        from aigc_desktop.core.events import SettingChanged

        parsed = setting.parse(value)
        self._update({setting.key: str(parsed) if isinstance(parsed, Decimal) else parsed})
        self._bus.publish(SettingChanged(setting.key, parsed))

    def unfitting(self) -> dict[str, Any]:
        """Return the entries of the file whose value does not fit their setting."""
        found = {}
        for setting in ALL:
            if setting.key in self._file:
                try:
                    setting.parse(self._file[setting.key])
                except UserError:
                    found[setting.key] = self._file[setting.key]
        return found

    def drop_unfitting(self) -> dict[str, Any]:
        """Take them out of the file; return what they were, for `put_back`. Raises as `set`."""
        found = self.unfitting()
        self._update(dict.fromkeys(found))
        return found

    def put_back(self, entries: Mapping[str, Any]) -> None:
        """Write entries of settings as `drop_unfitting` found them. Raises as `set`."""
        known = {setting.key for setting in ALL}
        self._update({key: value for key, value in entries.items() if key in known})

    def reload(self) -> None:
        """Read the file again: a restore has put another in its place."""
        self._file = self._read()

    def set_state(self, key: str, value: Any) -> None:
        """Store something that is remembered but not a setting (window geometry and the like)."""
        self._update({f"state.{key}": value})

    def state(self, key: str, default: Any = None) -> Any:
        """Return what `set_state` stored."""
        return self._file.get(f"state.{key}", default)

    def found_api_key(self) -> tuple[str, str] | None:
        """Return (key, where it was found) from the environment or a .env file."""
        if key := self._environment.get(KEY_VARIABLE):
            return key, KEY_VARIABLE
        if key := self._dotenv.get(KEY_VARIABLE):
            return key, str(self._dotenv_path)
        return None

    def found_minio_secret(self) -> str | None:
        """Return the bucket's secret key from the environment or a .env file."""
        return self._environment.get(MINIO_SECRET_VARIABLE) or self._dotenv.get(
            MINIO_SECRET_VARIABLE
        )

    def _candidates(self, setting: Setting[Any]) -> list[tuple[str, Any]]:
        found: list[tuple[str, Any]] = []
        if setting.env and self._environment.get(setting.env):
            found.append(("environment", self._environment[setting.env]))
        if setting.env and self._dotenv.get(setting.env):
            found.append(("env", self._dotenv[setting.env]))
        if setting.key in self._file:
            found.append(("file", self._file[setting.key]))
        return found

    def _read(self) -> dict[str, Any]:
        path = self._paths.settings_file
        try:
            content = json.loads(path.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise UserError(
                "settings_unreadable", path=str(path), reason=error.strerror or ""
            ) from error
        except (ValueError, RecursionError):
            content = None
        if isinstance(content, dict):
            return content
        self.damaged = _set_aside(path)
        return {}

    def _update(self, changes: Mapping[str, Any]) -> None:
        """Write `changes` over what is in the file now; None takes an entry out."""
        from filelock import FileLock, Timeout

        path = self._paths.settings_file
        try:
            with FileLock(path.with_suffix(".lock"), timeout=LOCK_TIMEOUT):
                gone = {key for key, value in changes.items() if value is None}
                merged = {**self._read(), **changes}
                self._file = {key: value for key, value in merged.items() if key not in gone}
                text = json.dumps(self._file, ensure_ascii=False, indent=2, sort_keys=True)
                write_atomically(path, text.encode())
        except Timeout as error:
            raise UserError("settings_locked", path=str(path)) from error
        except OSError as error:
            code = "disk_full" if error.errno == 28 else "data_dir_read_only"
            raise UserError(code, path=str(path), reason=error.strerror or "") from error


def take_key_out_of_environment() -> None:
    """Remove keys from this process's environment, so that no child inherits them."""
    os.environ.pop(KEY_VARIABLE, None)
    os.environ.pop("ANTHROPIC_AUTH_TOKEN", None)
    os.environ.pop(MINIO_SECRET_VARIABLE, None)


def _read_dotenv(candidates: tuple[Path, ...]) -> tuple[Mapping[str, str], Path | None]:
    for path in candidates:
        if path.is_file():
            from dotenv import dotenv_values

            try:
                values = dotenv_values(path, interpolate=False)
            except (OSError, UnicodeDecodeError) as error:
                logger.warning("cannot read %s: %s", path, error)
                continue
            return {key: value for key, value in values.items() if value}, path
    return {}, None


def _set_aside(path: Path) -> Path:
    number = 1
    while (target := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.replace(target)
    return target
