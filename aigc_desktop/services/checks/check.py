"""What a check is, where it looks, and the time that it may take."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from aigc_desktop.config import settings as config
from aigc_desktop.core.diagnostics import Group, State, WindowFacts
from aigc_desktop.core.errors import UserError
from aigc_desktop.services import connection
from aigc_desktop.store import health

if TYPE_CHECKING:
    from aigc_desktop.agent.reach import Reached
    from aigc_desktop.config.paths import Paths
    from aigc_desktop.config.secrets import SecretStore
    from aigc_desktop.config.settings import Settings
    from aigc_desktop.core.clock import Clock
    from aigc_desktop.services.app import App
    from aigc_desktop.store.store import Db

T = TypeVar("T")

LIMIT = 12.0
"""Seconds that a check may take, if it does not say otherwise."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. `mendable`: the check's mend would help now."""

    state: State
    reason: str
    remedy: str = ""
    detail: str = ""
    mendable: bool = False
    place: str = ""


@dataclass(frozen=True, slots=True)
class Mend:
    """Something that is done when the user wants it. `text` is on the button.

    `apply` returns what `undo` needs, as JSON can hold it; None when there is nothing to undo.
    """

    text: str
    description: str
    apply: Callable[[Place], Awaitable[Any]]
    undo: Callable[[Place, Any], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is looked at. `text` is its title; `limit` in seconds."""

    name: str
    group: Group
    text: str
    run: Callable[[Place], Awaitable[Finding]]
    limit: float = LIMIT
    mend: Mend | None = None


class NoDatabase(Exception):
    """There is none that could be read: what is asked of it does not apply."""


class Place:
    """Where checks look: the files, the settings, and the running program if there is one.

    `failure` is why the program could not be opened, when that is known.
    """

    def __init__(
        self,
        paths: Paths,
        settings: Settings,
        secrets: SecretStore,
        clock: Clock,
        app: App | None = None,
        facts: WindowFacts | None = None,
    ) -> None:
        self.paths = paths
        self.settings = settings
        self.secrets = secrets
        self.clock = clock
        self.app = app
        self.facts = facts
        self._reaching: asyncio.Task[Reached | None] | None = None

    async def read(self, run: Callable[[Db], T]) -> T:
        """Read from the database, through the store if it is open.

        Raises UserError for a database that cannot be read, NoDatabase where none is.
        """
        if self.app is not None:
            return await self.app.store.read(run)
        if not await blocking(self.paths.database.exists):
            raise NoDatabase
        return await blocking(lambda: health.read(self.paths, run))

    async def write(self, run: Callable[[Db], T]) -> T:
        """Change the database, through the store if it is open."""
        if self.app is not None:
            return await self.app.store.write(run)
        return await blocking(lambda: health.write(self.paths, run))

    async def reached(self) -> Reached | None:
        """Ask the configured server, once for all checks; None: no server is configured.

        Raises UserError when the key cannot be read.
        """
        if self._reaching is None:
            self._reaching = asyncio.create_task(self._reach(), name="reach")
        return await asyncio.shield(self._reaching)

    async def close(self) -> None:
        """End the question to the server, if nobody waits for it any more."""
        if self._reaching is not None:
            self._reaching.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._reaching

    async def key(self) -> str | None:
        """Return the configured provider's key. Raises UserError: `keyring_*`."""
        name = connection.key_name(self.settings)
        return await blocking(lambda: self.secrets.get(name)) if name else None

    async def _reach(self) -> Reached | None:
        provider = self.settings.get(config.PROVIDER)
        base_url = self.settings.get(config.BASE_URL) if provider == connection.SERVER else None
        if provider != connection.ANTHROPIC and not base_url:
            return None
        try:
            key = await self.key()
        except UserError:
            key = None
        module = await blocking(lambda: importlib.import_module("aigc_desktop.agent.reach"))
        reached: Reached = await module.reach(key, base_url)
        return reached


async def blocking(work: Callable[[], T]) -> T:
    """Do `work` in a thread that holds nobody up when it never comes back."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result: T | None = None
        failed: BaseException | None = None
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 the caller gets it
            failed = error
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, result, failed)

    threading.Thread(target=run, name="check", daemon=True).start()
    return await future
