"""The services as the window calls them: imported in the backend's thread, at the first call.

The services bring SQLAlchemy and more along, which must not happen before the first paint nor in
the main thread. Type checkers see the real modules.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aigc_desktop.services import backup as backup
    from aigc_desktop.services import chat as chat
    from aigc_desktop.services import connection as connection
    from aigc_desktop.services import diagnostics as diagnostics
    from aigc_desktop.services import feedback as feedback
    from aigc_desktop.services import http as http
    from aigc_desktop.services import jobs as jobs
    from aigc_desktop.services import learning as learning
    from aigc_desktop.services import lessons as lessons
    from aigc_desktop.services import logs as logs
    from aigc_desktop.services import permissions as permissions
    from aigc_desktop.services import preferences as preferences
    from aigc_desktop.services import prompts as prompts
    from aigc_desktop.services import proofs as proofs
    from aigc_desktop.services import restore as restore
    from aigc_desktop.services import scenarios as scenarios
    from aigc_desktop.services import sessions as sessions
    from aigc_desktop.services import statistics as statistics
    from aigc_desktop.services import tokens as tokens
    from aigc_desktop.services import undo as undo
    from aigc_desktop.services import why as why
    from aigc_desktop.services import work_files as work_files
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
