"""Where things are: the user's data and the program's own resources."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from aigc_desktop.core.errors import UserError

APP_NAME = "aigc-desktop"


@dataclass(frozen=True)
class Paths:
    """The user's data, all beneath `home`: data/, work_dir/, logs/ as in the manual's 3.3."""

    home: Path

    @classmethod
    def default(cls) -> Paths:
        """Return the paths beneath `AIGC_HOME` or, without it, the platform's data directory."""
        if home := os.environ.get("AIGC_HOME"):
            return cls(Path(home).expanduser().absolute())
        import platformdirs

        return cls(Path(platformdirs.user_data_dir(APP_NAME, appauthor=False, roaming=False)))

    @property
    def data_dir(self) -> Path:
        return self.home / "data"

    @property
    def work_dir(self) -> Path:
        return self.home / "work_dir"

    @property
    def logs_dir(self) -> Path:
        return self.home / "logs"

    @property
    def database(self) -> Path:
        return self.data_dir / "sessions.db"

    @property
    def suspect_mark(self) -> Path:
        """Is there when the whole database is to be checked at the next start."""
        return self.data_dir / "sessions.db.suspect"

    @property
    def search_database(self) -> Path:
        return self.data_dir / "search.db"

    @property
    def outputs_dir(self) -> Path:
        """Untruncated outputs of tools."""
        return self.data_dir / "outputs"

    @property
    def checkpoints_dir(self) -> Path:
        """What work directories held before turns changed them."""
        return self.data_dir / "checkpoints"

    @property
    def backups_dir(self) -> Path:
        """Where backups go unless the settings name another folder."""
        return self.home / "backups"

    @property
    def settings_file(self) -> Path:
        return self.home / "settings.json"

    @property
    def key_file(self) -> Path:
        """Keys of a user who has no keyring and agreed to a file."""
        return self.home / "keys.json"

    @property
    def lock_file(self) -> Path:
        return self.home / "app.lock"

    def create(self) -> None:
        """Make the directories, for this user only.

        Raises:
            UserError("data_dir_read_only"): they cannot be made or written to.
        """
        try:
            for directory in (
                self.home,
                self.data_dir,
                self.work_dir,
                self.logs_dir,
                self.outputs_dir,
            ):
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                "data_dir_read_only", path=str(self.home), reason=error.strerror or ""
            ) from error


def _bundle_root() -> Path:
    frozen = getattr(sys, "_MEIPASS", None)
    return Path(frozen) if frozen else Path(__file__).resolve().parents[2]


def resource(name: str) -> Path:
    """Return the path of a file or folder in resources/, in the source tree or in the bundle."""
    return _bundle_root() / "resources" / name


def migrations_dir() -> Path:
    """Return the folder of the Alembic migrations."""
    return _bundle_root() / "migrations"
