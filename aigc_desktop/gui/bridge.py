"""The one crossing between the main thread and the backend.

Work goes to the backend's asyncio loop; results and bus events come back through one ordered
queue that the main thread empties, so a result never overtakes the events published before it.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal, Slot

from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.errors import Cancelled, UserError
from aigc_desktop.core.events import Event

if TYPE_CHECKING:
    import asyncio
    import concurrent.futures

logger = logging.getLogger(__name__)

Work = Callable[[Any], Coroutine[Any, Any, Any]]
OnDone = Callable[[Any], object]
OnError = Callable[[BaseException], object]

DRAIN_SECONDS = 0.008
"""How long one emptying of the queue may hold the main thread before others get their turn."""


class BackendLike(Protocol):
    """What the bridge needs of the running backend."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop: ...

    @property
    def services(self) -> Any: ...


class Handle:
    """One submitted piece of work. Its result is dropped when it is cancelled or its owner gone.

    It and its future hold each other, so that only the collector ends it, on the main thread: its
    owner and callbacks must not end in the backend's.
    """

    def __init__(
        self, work: Work, owner: QObject, on_done: OnDone | None, on_error: OnError | None
    ) -> None:
        self.work = work
        self.owner = owner
        self.on_done = on_done
        self.on_error = on_error
        self.cancelled = False
        self.result: Any = None
        self.error: BaseException | None = None
        self._future: concurrent.futures.Future[Any] | None = None

    def start(self, backend: BackendLike, finished: Callable[[Handle], None]) -> None:
        """Run the work on the backend's loop; `finished` is called in the backend's thread."""
        if self.cancelled:
            return
        import asyncio

        self._finished = finished
        self._future = asyncio.run_coroutine_threadsafe(self._run(backend.services), backend.loop)
        self._future.add_done_callback(self._done)

    def cancel(self) -> None:
        """Stop the work if it still runs, and forget its result."""
        self.cancelled = True
        if self._future is not None:
            self._future.cancel()

    @property
    def wanted(self) -> bool:
        """Whether anybody still waits for the result."""
        return not self.cancelled and shiboken6.isValid(self.owner)

    async def _run(self, services: Any) -> Any:
        return await self.work(services)

    def _done(self, future: concurrent.futures.Future[Any]) -> None:
        if future.cancelled():
            self.cancelled = True
            return
        self.error = future.exception()
        if self.error is None:
            self.result = future.result()
        self._finished(self)


class Bridge(QObject):
    """Submits work to the backend and brings events and results to the main thread."""

    arrived = Signal(object)
    """An `Event` of the bus, in the main thread, in order."""

    ready = Signal()
    """The backend has started."""

    unhandled = Signal(object)
    """An error whose submitter had nothing to say about it."""

    bug = Signal(object)
    """An error that is none of the user's: for the crash dialog."""

    _wake = Signal()

    def __init__(self, bus: EventBus, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._backend: BackendLike | None = None
        self._waiting: list[Handle] = []
        self._queue: deque[Event | Handle] = deque()
        self._awake = False
        self._wake.connect(self._drain, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = bus.subscribe(self._put)

    @property
    def is_ready(self) -> bool:
        return self._backend is not None

    def set_backend(self, backend: BackendLike) -> None:
        """Start everything that was submitted before the backend was there."""
        self._backend = backend
        waiting, self._waiting = self._waiting, []
        for handle in waiting:
            handle.start(backend, self._put)
        self.ready.emit()

    def drop_backend(self) -> None:
        """The backend stops: what is submitted now waits for the next one, or is forgotten."""
        self._backend = None

    def submit(
        self,
        work: Work,
        owner: QObject,
        on_done: OnDone | None = None,
        on_error: OnError | None = None,
    ) -> Handle:
        """Run `work(app)` on the backend's loop; the callbacks run in the main thread.

        Without `on_error` an error goes to the notices. Cancellation is silent.
        """
        handle = Handle(work, owner, on_done, on_error)
        if self._backend is None:
            self._waiting.append(handle)
        else:
            handle.start(self._backend, self._put)
        return handle

    def call(
        self,
        owner: QObject,
        service: Callable[..., Awaitable[Any]],
        *args: Any,
        on_done: OnDone | None = None,
        on_error: OnError | None = None,
    ) -> Handle:
        """Submit `service(app, *args)`, a function of `gui.calls`."""

        async def work(app: Any) -> Any:
            return await service(app, *args)

        return self.submit(work, owner, on_done, on_error)

    def close(self) -> None:
        """Hear no more events and drop what has not been delivered."""
        self._unsubscribe()
        self._queue.clear()
        self._waiting.clear()
        self._backend = None

    def _put(self, entry: Event | Handle) -> None:
        self._queue.append(entry)
        if not self._awake:
            self._awake = True
            if shiboken6.isValid(self):
                self._wake.emit()

    @Slot()
    def _drain(self) -> None:
        self._awake = False
        deadline = time.perf_counter() + DRAIN_SECONDS
        while self._queue:
            entry = self._queue.popleft()
            if isinstance(entry, Handle):
                self._deliver(entry)
            else:
                self.arrived.emit(entry)
            if time.perf_counter() > deadline:
                break
        if self._queue and not self._awake:
            self._awake = True
            self._wake.emit()

    def _deliver(self, handle: Handle) -> None:
        error = handle.error
        if error is not None:
            self._report(handle, error)
        elif handle.wanted and handle.on_done is not None:
            handle.on_done(handle.result)

    def _report(self, handle: Handle, error: BaseException) -> None:
        import asyncio

        if isinstance(error, Cancelled | asyncio.CancelledError):
            return
        if not isinstance(error, UserError):
            logger.error("a service failed", exc_info=error)
            self.bug.emit(error)
        if handle.wanted and handle.on_error is not None:
            handle.on_error(error)
        elif isinstance(error, UserError):
            self.unhandled.emit(error)
