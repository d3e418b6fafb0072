"""The program behind the window: backend, events, crashes; leaving in stages."""

from __future__ import annotations

import importlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any, Protocol

from PySide6.QtCore import (
    QLibraryInfo,
    QObject,
    QSocketNotifier,
    QTimer,
    QTranslator,
    Signal,
    Slot,
)
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from aigc_desktop.config import settings as config
from aigc_desktop.config.i18n import CHINESE, current_language, set_language
from aigc_desktop.config.log import install_crash_hooks, start_logging
from aigc_desktop.config.paths import Paths, resource
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import (
    Event,
    MigrationProgressed,
    RestoreStaged,
    SafetyBackupDeclined,
    SettingChanged,
)
from aigc_desktop.gui import notices, theme
from aigc_desktop.gui.bridge import BackendLike, Bridge
from aigc_desktop.gui.crash import CrashReporter
from aigc_desktop.gui.main_window import MainWindow
from aigc_desktop.gui.watchdog import Watchdog
from aigc_desktop.gui.workspace import Workspace

logger = logging.getLogger(__name__)

LEAVE_SECONDS = 4.0
"""How long leaving may take before the program ends anyway; what is stored is safe by then."""


class BackendThread(BackendLike, Protocol):
    """The backend as `bootstrap.Backend` is: starts at once, `ready` says how it went."""

    ready: Any

    def start(self) -> None: ...

    def stop(self, timeout: float = ...) -> bool: ...


REOPEN_MS = 300
"""After a restore was prepared: time for its result to reach whoever asked for it."""

DRAFT_MS = 1000
"""How long saving the draft may keep the program from leaving."""

MakeBackend = Callable[..., Any]


class Program(QObject):
    """Everything between the window's first paint and the end."""

    finished = Signal()
    """Everything is stored and stopped; the window is closed."""

    _backend_settled = Signal(object)

    def __init__(
        self,
        app: QApplication,
        window: MainWindow,
        paths: Paths,
        settings: Settings,
        bus: EventBus,
        make_backend: MakeBackend,
    ) -> None:
        super().__init__(app)
        self._app = app
        self._paths = paths
        self._settings = settings
        self._bus = bus
        self._make_backend = make_backend
        self._leaving = False
        self._stopping = False
        self._reopening = False
        self._translator: QTranslator | None = None
        self.backend: BackendThread | None = None
        self.window = window
        self._stop_logging = start_logging(paths.logs_dir, settings.get(config.LOG_LEVEL))
        self.crashes = CrashReporter(self)
        self.crashes.set_window(window)
        self._uninstall_crash_hooks = install_crash_hooks(self.crashes.report)
        self.bridge = Bridge(bus, self)
        self.bridge.unhandled.connect(notices.say_error)
        self.bridge.bug.connect(self.crashes.report)
        self.bridge.arrived.connect(self._on_event)
        self._backend_settled.connect(self._on_backend_settled)
        self._install_translator()
        app.setWindowIcon(QIcon(os.fspath(resource("icons/app.svg"))))
        typed = window.opening.typed()
        self.workspace = Workspace(self.bridge, settings, paths, window, typed)
        self.workspace.return_wanted.connect(self._go_back)
        self.workspace.backup_declined.connect(lambda: bus.publish(SafetyBackupDeclined()))
        window.setCentralWidget(self.workspace)
        self.workspace.take_focus()
        window.closing.connect(self.leave)
        self._watch = SignalWatch(self)
        self._watch.arrived.connect(self.leave)
        app.commitDataRequest.connect(self.leave)
        self._watchdog = Watchdog(self)

    def start(self) -> None:
        """Start the backend; the workspace fills when it is there."""
        threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()
        self._start_backend()

    def close(self) -> None:
        """The event loop has ended: give back what the program had taken."""
        self._watchdog.stop()
        self._watch.close()
        self._uninstall_crash_hooks()
        self._stop_logging()

    @Slot()
    def leave(self) -> None:
        """Leave in stages: save what is typed, hide, stop the backend, quit."""
        if self._leaving:
            return
        self._leaving = True
        try:
            self.window.store_state()
            self.workspace.store_state()
        except UserError as error:
            logger.warning("the window's state was not stored: %s", error)
        self.window.hide()
        QTimer.singleShot(DRAFT_MS, self, self._stop_backend)
        self.workspace.chat.sending.save_now(self._stop_backend)

    @Slot()
    def _start_backend(self) -> None:
        self.backend = self._make_backend(
            self._paths, self._settings, self._bus, self.crashes.report
        )
        self.backend.ready.add_done_callback(self._backend_settled.emit)
        self.backend.start()

    @Slot(object)
    def _on_backend_settled(self, ready: Any) -> None:
        if self._leaving or self.backend is None or ready is not self.backend.ready:
            return
        error = ready.exception()
        if error is None:
            self.bridge.set_backend(self.backend)
            if self._reopening:
                self._reopening = False
                self._take_over_appearance()
                self.workspace.rebuild(keep_session=False)
                QTimer.singleShot(REOPEN_MS, self.window, self._take_keyboard)
            else:
                self.workspace.start()
            return
        logger.error("the program could not start", exc_info=error)
        page = self.workspace.show_problem(error)
        page.retry.connect(self._retry)
        page.quit.connect(self.leave)

    @Slot()
    def _reopen(self) -> None:
        """Stop the backend and start another one, which puts a prepared restore in."""
        if self._leaving or self._reopening or self.backend is None:
            return
        self._reopening = True
        backend, self.backend = self.backend, None
        self.bridge.drop_backend()
        self._join(backend, self._check_reopened)

    @Slot()
    def _check_reopened(self) -> None:
        if not self._stopper.is_alive():
            self._poll.stop()
            if not self._leaving:
                self._start_backend()

    @Slot(str)
    def _go_back(self, snapshot: str) -> None:
        """Stop the backend; when nobody has the database any more, go back to a copy of it."""
        if self._leaving or self._reopening or self.backend is None:
            return
        self._reopening = True
        self._snapshot = snapshot
        backend, self.backend = self.backend, None
        self.bridge.drop_backend()
        self._join(backend, self._check_free)

    @Slot()
    def _check_free(self) -> None:
        if self._stopper.is_alive():
            return
        self._poll.stop()
        if not self._leaving:
            page = self.workspace.show_return(self._snapshot)
            page.retry.connect(self._retry)
            page.quit.connect(self.leave)

    @Slot()
    def _take_keyboard(self) -> None:
        """The dialog that asked for the reopening is gone, and the keyboard with it."""
        self.window.activateWindow()
        self.workspace.take_focus()

    def _take_over_appearance(self) -> None:
        """What was restored may name another theme or language."""
        theme.apply(self._app, self._settings.get(config.THEME))
        set_language(self._settings.get(config.LANGUAGE))
        self._install_translator()

    @Slot()
    def _retry(self) -> None:
        self.workspace.hide_problem()
        if self.backend is not None:
            self.backend.stop(1.0)
        self._start_backend()

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        if isinstance(event, MigrationProgressed):
            self.workspace.migration.show_progress(event.progress)
        if isinstance(event, RestoreStaged):
            QTimer.singleShot(REOPEN_MS, self, self._reopen)
        if not isinstance(event, SettingChanged):
            return
        if event.key == config.THEME.key:
            theme.apply(self._app, event.value)
        elif event.key == config.LANGUAGE.key:
            before = current_language()
            if set_language(event.value) != before:
                self._install_translator()
                QTimer.singleShot(0, self.workspace, self.workspace.rebuild)

    def _install_translator(self) -> None:
        """Put Qt's own dialogs into the language."""
        if self._translator is not None:
            self._app.removeTranslator(self._translator)
            self._translator = None
        if current_language() == CHINESE:
            translator = QTranslator(self)
            folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
            if translator.load("qtbase_zh_CN", folder):
                self._app.installTranslator(translator)
                self._translator = translator

    @Slot()
    def _stop_backend(self) -> None:
        """Join off the main thread: what the backend still says is heard meanwhile."""
        if self._stopping:
            return
        self._stopping = True
        if self.backend is None:
            self._finish()
            return
        self.bridge.drop_backend()
        self._join(self.backend, self._check_stopped)

    def _join(self, backend: BackendThread, check: Callable[[], None]) -> None:
        """Stop a backend in a thread of its own; `check` looks whether it has stopped."""
        self._stopper = threading.Thread(
            target=backend.stop, args=(LEAVE_SECONDS,), name="leaving", daemon=True
        )
        self._stopper.start()
        self._poll = QTimer(self)
        self._poll.timeout.connect(check)
        self._poll.start(20)

    @Slot()
    def _check_stopped(self) -> None:
        if not self._stopper.is_alive():
            self._poll.stop()
            self._finish()

    def _finish(self) -> None:
        self.bridge.close()
        self.window.let_close()
        self.window.close()
        self.finished.emit()


def _warm_up() -> None:
    """Import what the first session needs while the window is already there."""
    importlib.import_module("aigc_desktop.gui.chat.transcript_view")


class SignalWatch(QObject):
    """Turns SIGTERM, SIGINT and SIGHUP into a call in the main thread."""

    arrived = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)
        self._notifier = QSocketNotifier(self._read.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._wake)
        self._old_fd = signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)
        names = ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK")
        self._old = {
            number: signal.signal(number, self._note)
            for name in names
            if (number := getattr(signal, name, None)) is not None
        }

    def close(self) -> None:
        """Give the signals back."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._old_fd)
        for number, handler in self._old.items():
            signal.signal(number, handler)
        self._read.close()
        self._write.close()

    def _note(self, _number: int, _frame: Any) -> None:
        """Python's side of the handler; the byte in the socket does the work."""

    @Slot()
    def _wake(self) -> None:
        self._read.recv(64)
        self.arrived.emit()
