"""The services as the window calls them: imported in the backend's thread, at the first call.

The services bring SQLAlchemy and more along, which must not happen before the first paint nor in
the main thread. Type checkers see the real modules.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aigc_desktop.services import (
        backup,
        chat,
        connection,
        diagnostics,
        feedback,
        http,
        jobs,
        learning,
        lessons,
        logs,
        migrations,
        permissions,
        preferences,
        prompts,
        proofs,
        restore,
        retention,
        scenario_files,
        scenarios,
        sessions,
        statistics,
        takeover,
        tokens,
        undo,
        why,
        work_files,
    )
else:

    class _Service:
        """Looks like the module `name`; its functions import it when they run."""

        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, function: str) -> Callable[..., Awaitable[Any]]:
            if function.startswith("__"):
                raise AttributeError(function)

            async def call(app: Any, *args: Any, **kwargs: Any) -> Any:
                module = importlib.import_module(f"aigc_desktop.services.{self._name}")
                return await getattr(module, function)(app, *args, **kwargs)

            call.__qualname__ = f"{self._name}.{function}"
            setattr(self, function, call)
            return call

    def __getattr__(name: str) -> _Service:
        if name.startswith("__"):
            raise AttributeError(name)
        return globals().setdefault(name, _Service(name))


__all__ = [
    "backup",
    "chat",
    "connection",
    "diagnostics",
    "feedback",
    "http",
    "jobs",
    "learning",
    "lessons",
    "logs",
    "migrations",
    "permissions",
    "preferences",
    "prompts",
    "proofs",
    "restore",
    "retention",
    "scenario_files",
    "scenarios",
    "sessions",
    "statistics",
    "takeover",
    "tokens",
    "undo",
    "why",
    "work_files",
]
