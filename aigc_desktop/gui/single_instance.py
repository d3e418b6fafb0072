"""One window per data directory: a second start raises the first and ends."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, Signal, Slot
from PySide6.QtNetwork import QLocalServer, QLocalSocket

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
        digest = hashlib.sha256(os.fsencode(home.absolute())).hexdigest()[:24]
        self.name = f"aigc-desktop-{digest}"
        self._lock = QLockFile(str(home / "window.lock"))
        self._lock.setStaleLockTime(0)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._greet)

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
        QLocalServer.removeServer(self.name)
        if not self._server.listen(self.name):
            logger.warning("cannot listen for later starts: %s", self._server.errorString())
        return True

    def release(self) -> None:
        """Let the next start become the first."""
        self._server.close()
        self._lock.unlock()

    def _take_lock(self) -> bool:
        if self._lock.tryLock(100):
            return True
        if self._lock.error() == QLockFile.LockError.LockFailedError:
            return False
        return not self._raise_other()

    def _raise_other(self) -> bool:
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
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.readyRead.connect(self._answer)
            socket.disconnected.connect(socket.deleteLater)

    @Slot()
    def _answer(self) -> None:
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
