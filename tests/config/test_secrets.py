"""Keys in a real keyring: gnome-keyring on a D-Bus of the test's own, in a child process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aigc_desktop.config.paths import Paths
from aigc_desktop.config.secrets import SecretStore
from aigc_desktop.core.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
KEY = "sk-ant-CANARY-0123456789abcdef"
START = "gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null"
UNLOCKED = ("dbus-run-session", "--", "sh", "-c", f'printf right | {START}; exec "$@"', "sh")
LOCKED = ("dbus-run-session", "--", "sh", "-c", f'printf wrong | {START}; exec "$@"', "sh")
NONE = ("env", "DBUS_SESSION_BUS_ADDRESS=disabled:")


def in_session(home: Path, prefix: tuple[str, ...], *lines: str, **extra: str) -> str:
    """Run Python lines with a keyring; `store` is a SecretStore, `UserError` is imported."""
    assert shutil.which("dbus-run-session"), "scripts/test.sh installs dbus"
    head = (
        "import sys",
        "from aigc_desktop.config.paths import Paths",
        "from aigc_desktop.config.secrets import SecretStore",
        "from aigc_desktop.core.errors import UserError",
        "paths = Paths.default(); paths.create(); store = SecretStore(paths)",
        "name, key = 'anthropic_api_key', sys.argv[1]",
    )
    runtime = home / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    done = subprocess.run(
        [
            *prefix,
            *(sys.executable, "-c", "\n".join((*head, *lines)), KEY),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "XDG_DATA_HOME": str(home / "share"),
            "XDG_RUNTIME_DIR": str(runtime),
            "DISPLAY": "",
            **extra,
        },
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


TRY = (
    "def attempt(call):",
    "    try: print(call())",
    "    except UserError as error: print(error.code)",
)


def test_a_key_is_kept_found_again_and_forgotten(home: Path) -> None:
    said = in_session(
        home,
        UNLOCKED,
        "print(store.state(), store.set(name, key))",
        "print(SecretStore(paths).get(name) == key)",
        "store.delete(name); print(SecretStore(paths).get(name))",
        "store.set(name, key)",
    )
    assert said.split() == ["ok", "keyring", "True", "None"]
    assert in_session(home, UNLOCKED, "print(store.get(name) == key)") == "True"
    files = [path for path in (home / "aigc").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


def test_without_a_keyring_nothing_is_stored_unasked(home: Path) -> None:
    said = in_session(
        home,
        NONE,
        *TRY,
        "attempt(lambda: store.set(name, key))",
        "store.set_for_this_session(name, key); attempt(lambda: store.get(name) == key)",
    )
    assert said.split() == ["keyring_unavailable", "True"]
    assert not [p for p in home.rglob("*") if p.is_file() and KEY.encode() in p.read_bytes()]


def test_a_keyring_that_is_gone_is_told_apart_from_no_key(home: Path) -> None:
    in_session(home, UNLOCKED, "store.set(name, key)")
    said = in_session(home, NONE, *TRY, "attempt(lambda: store.get(name))")
    assert said == "keyring_changed"


@pytest.mark.parametrize("backend", ["fail.Keyring", "null.Keyring"])
def test_backends_that_store_nothing_are_refused(
    backend: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = in_session(
        home,
        NONE,
        *TRY,
        "attempt(lambda: store.set(name, key))",
        PYTHON_KEYRING_BACKEND=f"keyring.backends.{backend}",
    )
    assert said == "keyring_unavailable"


def test_a_locked_keyring_leaves_the_key_for_this_session(home: Path) -> None:
    in_session(home, UNLOCKED, "store.set(name, key)")
    said = in_session(
        home,
        LOCKED,
        *TRY,
        "attempt(lambda: store.get(name))",
        "store.set_for_this_session(name, key)",
        "attempt(lambda: store.get(name) == key)",
    )
    assert said.split() == ["keyring_locked", "True"]


def test_a_file_only_by_consent_and_for_the_user_alone(paths: Paths) -> None:
    store = SecretStore(paths)
    store.allow_file("anthropic_api_key", KEY)
    assert paths.key_file.stat().st_mode & 0o777 == 0o600
    assert SecretStore(paths).get("anthropic_api_key") == KEY
    paths.key_file.write_text("junk")
    with pytest.raises(UserError, match="settings_unreadable"):
        SecretStore(paths).get("anthropic_api_key")
    assert paths.key_file.read_text() == "junk"
