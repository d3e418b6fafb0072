"""Opening: the window is up at once, what it holds is loaded behind it.

Light on purpose: everything imported here delays the first paint.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication

from aigc_desktop.config.paths import Paths
from aigc_desktop.config.settings import PROVIDER, THEME, Settings
from aigc_desktop.config.startup import prepare
from aigc_desktop.core.errors import UserError
from aigc_desktop.gui import theme
from aigc_desktop.gui.collector import Collector
from aigc_desktop.gui.main_window import MainWindow
from aigc_desktop.gui.single_instance import SingleInstance

if TYPE_CHECKING:
    from aigc_desktop.core.bus import EventBus
    from aigc_desktop.gui.app import Program


class Opening(QObject):
    """Shows the window, loads the program in a thread, and puts it into the window."""

    painted = Signal()
    """The window has been painted for the first time and takes typing."""

    opened = Signal(object)
    """The `Program` is in the window."""

    finished = Signal()
    """The window has been left."""

    _loaded = Signal()

    def __init__(
        self,
        app: QApplication,
        paths: Paths,
        settings: Settings,
        bus: EventBus,
        make_backend: Callable[..., Any],
    ) -> None:
        super().__init__(app)
        self._app = app
        self._paths = paths
        self._settings = settings
        self._bus = bus
        self._make_backend = make_backend
        self._left = False
        self.program: Program | None = None
        theme.apply(app, settings.get(THEME))
        self.window = MainWindow(settings, composing=bool(settings.get(PROVIDER)))
        self.window.closing.connect(self._leave)
        self.window.installEventFilter(self)
        self._loaded.connect(self._put_in)

    def show(self) -> None:
        """Show the window."""
        self.window.show()

    def close(self) -> None:
        """The event loop has ended."""
        if self.program is not None:
            self.program.close()
        self.window.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.window.removeEventFilter(self)
            QTimer.singleShot(0, self, self._after_first_paint)
        return False

    @Slot()
    def _after_first_paint(self) -> None:
        self.painted.emit()
        threading.Thread(target=self._load, name="opening", daemon=True).start()

    def _load(self) -> None:
        try:
            importlib.import_module("aigc_desktop.gui.app")
        finally:
            self._loaded.emit()

    @Slot()
    def _put_in(self) -> None:
        if self._left:
            return
        from aigc_desktop.gui.app import Program

        self.window.closing.disconnect(self._leave)
        self.program = Program(
            self._app, self.window, self._paths, self._settings, self._bus, self._make_backend
        )
        self.program.finished.connect(self.finished)
        self.program.start()
        self.opened.emit(self.program)

    @Slot()
    def _leave(self) -> None:
        """Left before there was anything to leave."""
        self._left = True
        self.window.let_close()
        self.window.close()
        self.finished.emit()


def run(paths: Paths, make_backend: Callable[..., Any]) -> int:
    """Open the window and return the exit code when it has been left.

    `make_backend(paths, settings, bus, on_crash)` returns `bootstrap.Backend` or one like it.
    """
    app = make_application()
    collector = Collector(app)
    prepared = _prepared(paths)
    if prepared is None:
        collector.stop()
        return 1
    settings, bus = prepared
    instance = SingleInstance(paths.home, app)
    if not instance.acquire():
        return 0
    opening = Opening(app, paths, settings, bus, make_backend)
    instance.raise_requested.connect(opening.window.raise_window)
    opening.painted.connect(instance.listen)
    opening.opened.connect(lambda program: program.bridge.ready.connect(collector.settle))
    opening.finished.connect(app.quit)
    opening.show()
    try:
        return app.exec()
    finally:
        opening.close()
        instance.release()
        collector.stop()
        app.setStyleSheet("")


def _prepared(paths: Paths) -> tuple[Settings, EventBus] | None:
    """Prepare; ask the user what to do as long as that fails. None: the user gave up."""
    while True:
        try:
            return prepare(paths)
        except UserError as error:
            from aigc_desktop.gui.problem_page import ask_to_retry

            if not ask_to_retry(error, paths):
                return None


def make_application() -> QApplication:
    """Return the application object, named."""
    app = QApplication.instance() or QApplication(["aigc-desktop"])
    assert isinstance(app, QApplication)
    app.setApplicationName("aigc-desktop")
    app.setApplicationDisplayName("AIGC Desktop")
    app.setDesktopFileName("aigc-desktop")
    app.setQuitOnLastWindowClosed(False)
    return app
