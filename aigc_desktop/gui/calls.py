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
        http,
        jobs,
        logs,
        permissions,
        preferences,
        prompts,
        restore,
        scenarios,
        sessions,
        statistics,
        tokens,
        undo,
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

    backup = _Service("backup")
    chat = _Service("chat")
    connection = _Service("connection")
    diagnostics = _Service("diagnostics")
    logs = _Service("logs")
    http = _Service("http")
    jobs = _Service("jobs")
    permissions = _Service("permissions")
    preferences = _Service("preferences")
    prompts = _Service("prompts")
    restore = _Service("restore")
    scenarios = _Service("scenarios")
    sessions = _Service("sessions")
    statistics = _Service("statistics")
    tokens = _Service("tokens")
    undo = _Service("undo")
    work_files = _Service("work_files")

__all__ = [
    "backup",
    "chat",
    "connection",
    "diagnostics",
    "http",
    "jobs",
    "logs",
    "permissions",
    "preferences",
    "prompts",
    "restore",
    "scenarios",
    "sessions",
    "statistics",
    "tokens",
    "undo",
    "work_files",
]
