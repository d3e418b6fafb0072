"""Keys in the operating system's keyring; never in the database, the settings or a log."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from aigc_desktop.config.atomic import write_atomically
from aigc_desktop.config.log import register_secret
from aigc_desktop.config.paths import Paths
from aigc_desktop.core.errors import UserError

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

SERVICE = "aigc-desktop"
TIMEOUT = 30.0
"""Seconds for one keyring call; it may be waiting for the user to unlock."""

TRUSTED_MODULES = (
    "keyring.backends.SecretService",
    "keyring.backends.libsecret",
    "keyring.backends.kwallet",
    "keyring.backends.macOS",
    "keyring.backends.Windows",
)
"""Everything else (keyrings.alt, plain text, null, fail) stores nothing or stores it readable."""


class Place(StrEnum):
    """Where a key is kept."""

    KEYRING = "keyring"
    MEMORY = "memory"
    FILE = "file"


class SecretStore:
    """Reads and writes keys. All methods block (a D-Bus call, a prompt): call them off the loop."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._memory: dict[str, str] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> str | None:
        """Return the key, or None if there is none.

        Raises:
            UserError: `keyring_locked`; `keyring_changed` when it was stored in a keyring that is
                not there any more.
        """
        value = self._memory.get(name) or self._read_file().get(name)
        if value is None:
            value = self._from_keyring(name)
        if value:
            register_secret(value)
        return value

    def set(self, name: str, value: str) -> Place:
        """Store the key in the keyring, or where the user allowed it to be.

        Raises:
            UserError: `keyring_locked`, `keyring_unavailable`; nothing is stored then.
        """
        register_secret(value)
        if self._paths.key_file.exists():
            self._write_file({**self._read_file(), name: value})
            return Place.FILE
        backend = self._backend()
        self._call(lambda: backend.set_password(SERVICE, name, value))
        if self._call(lambda: backend.get_password(SERVICE, name)) != value:
            raise UserError("keyring_unavailable", backend=_backend_name(backend))
        self._memory.pop(name, None)
        self._remember(name)
        return Place.KEYRING

    def set_for_this_session(self, name: str, value: str) -> None:
        """Keep the key in memory until the program ends."""
        register_secret(value)
        self._memory[name] = value

    def allow_file(self, name: str, value: str) -> None:
        """Store the key in a file of the user's own (0600); only after the user has agreed."""
        register_secret(value)
        self._write_file({**self._read_file(), name: value})

    def delete(self, name: str) -> None:
        """Forget the key everywhere."""
        self._memory.pop(name, None)
        if name in (content := self._read_file()):
            content.pop(name)
            self._write_file(content)
        try:
            backend = self._backend()
            if self._call(lambda: backend.get_password(SERVICE, name)) is not None:
                self._call(lambda: backend.delete_password(SERVICE, name))
        except UserError as error:
            if error.code != "keyring_unavailable":
                raise
        self._forget(name)

    def state(self) -> str:
        """Return `ok`, `keyring_locked` or `keyring_unavailable`."""
        try:
            backend = self._backend()
            self._call(lambda: backend.get_password(SERVICE, "probe"))
        except UserError as error:
            return error.code
        return "ok"

    def _from_keyring(self, name: str) -> str | None:
        try:
            backend = self._backend()
        except UserError:
            if name in self._remembered():
                raise UserError("keyring_changed") from None
            return None
        value = self._call(lambda: backend.get_password(SERVICE, name))
        if value is None and name in self._remembered():
            raise UserError("keyring_changed")
        return value

    def _backend(self) -> KeyringBackend:
        import keyring
        from keyring.backends import chainer

        backend = keyring.get_keyring()
        choices = backend.backends if isinstance(backend, chainer.ChainerBackend) else [backend]
        for candidate in choices:
            if type(candidate).__module__ in TRUSTED_MODULES:
                return candidate
        raise UserError("keyring_unavailable", backend=_backend_name(backend))

    def _call(self, call: Callable[[], T]) -> T:
        from keyring.errors import InitError, KeyringError, KeyringLocked

        executor = ThreadPoolExecutor(1, thread_name_prefix="keyring")
        try:
            return executor.submit(call).result(TIMEOUT)
        except (KeyringLocked, InitError, FutureTimeout) as error:
            raise UserError("keyring_locked") from error
        except KeyringError as error:
            raise UserError("keyring_unavailable", backend=type(error).__name__) from error
        finally:
            executor.shutdown(wait=False)

    def _remembered(self) -> list[str]:
        try:
            names = json.loads(self._index.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return names if isinstance(names, list) else []

    def _remember(self, name: str) -> None:
        write_atomically(self._index, json.dumps(sorted({*self._remembered(), name})).encode())

    def _forget(self, name: str) -> None:
        if name in self._remembered():
            names = [other for other in self._remembered() if other != name]
            write_atomically(self._index, json.dumps(names).encode())

    @property
    def _index(self) -> Path:
        return self._paths.home / "keys-in-keyring.json"

    def _read_file(self) -> dict[str, str]:
        try:
            content = json.loads(self._paths.key_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise UserError(
                "settings_unreadable", path=str(self._paths.key_file), reason=""
            ) from error
        return {str(key): str(value) for key, value in dict(content).items()}

    def _write_file(self, content: dict[str, str]) -> None:
        with self._lock:
            write_atomically(self._paths.key_file, json.dumps(content).encode(), mode=0o600)


def _backend_name(backend: object) -> str:
    return f"{type(backend).__module__}.{type(backend).__name__}"


def available_backends() -> list[str]:
    """Return the names of the trusted keyring backends that this build brings for this system."""
    import importlib

    found = []
    for name in TRUSTED_MODULES:
        try:
            backend = importlib.import_module(name).Keyring
            backend.priority  # noqa: B018 the property raises where the backend cannot work at all
        except (ImportError, AttributeError):
            continue
        except RuntimeError:
            # It is there, and only its service is not running now.
            pass
        found.append(name)
    return found
