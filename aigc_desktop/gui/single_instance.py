"""One window per data directory: a second start raises the first and ends."""

from __future__ import annotations

import logging
import os
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLockFile, QObject, Signal, Slot

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer

logger = logging.getLogger(__name__)

ANSWER_MS = 2000
"""How long the first instance may take to answer before it counts as not there."""

TAKE_OVER_SECONDS = 4.0
MAX_MESSAGE = 4096
_RAISE = b"raise"
_TOKEN = "XDG_ACTIVATION_TOKEN"  # noqa: S105 Wayland's name for the right to raise a window


class SingleInstance(QObject):
    """Holds the lock of `home` and listens for later starts."""

    raise_requested = Signal()

    def __init__(self, home: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._home = home
        self._lock = QLockFile(str(home / "window.lock"))
        self._lock.setStaleLockTime(0)
        self._server: QLocalServer | None = None

    @cached_property
    def name(self) -> str:
        """Name of the socket on which the first instance listens."""
        import hashlib

        digest = hashlib.sha256(os.fsencode(self._home.absolute())).hexdigest()[:24]
        return f"aigc-desktop-{digest}"

    def acquire(self) -> bool:
        """Become the first instance, or raise the one that is there and return False.

        A lock whose process is dead is reclaimed. A data directory that cannot be written to has
        no lock; there the socket alone decides.
        """
        deadline = time.monotonic() + TAKE_OVER_SECONDS
        while not self._take_lock():
            if self._raise_other():
                return False
            if time.monotonic() > deadline:
                logger.warning("the running window does not answer")
                return False
        return True

    @Slot()
    def listen(self) -> None:
        """Hear of later starts from now on; one that comes before waits."""
        from PySide6.QtNetwork import QLocalServer

        self._server = server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        server.newConnection.connect(self._greet)
        QLocalServer.removeServer(self.name)
        if not server.listen(self.name):
            logger.warning("cannot listen for later starts: %s", server.errorString())

    def release(self) -> None:
        """Let the next start become the first."""
        if self._server is not None:
            self._server.close()
        self._lock.unlock()

    def _take_lock(self) -> bool:
        if self._lock.tryLock(100):
            return True
        if self._lock.error() == QLockFile.LockError.LockFailedError:
            return False
        return not self._raise_other()

    def _raise_other(self) -> bool:
        from PySide6.QtNetwork import QLocalSocket

        socket = QLocalSocket()
        socket.connectToServer(self.name)
        if not socket.waitForConnected(200):
            return False
        token = os.environ.get(_TOKEN, "").encode()[:1024]
        socket.write(_RAISE + b" " + token + b"\n")
        answered = socket.waitForReadyRead(ANSWER_MS)
        socket.abort()
        return answered

    @Slot()
    def _greet(self) -> None:
        while self._server and (socket := self._server.nextPendingConnection()) is not None:
            socket.readyRead.connect(self._answer)
            socket.disconnected.connect(socket.deleteLater)

    @Slot()
    def _answer(self) -> None:
        from PySide6.QtNetwork import QLocalSocket

        socket = self.sender()
        if not isinstance(socket, QLocalSocket):
            return
        message = bytes(socket.read(MAX_MESSAGE).data())
        if not message.startswith(_RAISE):
            socket.abort()
            return
        token = message[len(_RAISE) :].strip().decode("ascii", "ignore")
        if token:
            os.environ[_TOKEN] = token
        socket.write(b"ok")
        socket.flush()
        self.raise_requested.emit()
