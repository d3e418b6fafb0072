"""From the composer to the store: the session is made when the first thing is done in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QObject, Slot

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.session import Session
from aigc_desktop.gui import calls
from aigc_desktop.gui.bridge import Bridge, OnDone, OnError
from aigc_desktop.gui.chat.composer import Attachment, Composer
from aigc_desktop.gui.chat.edit_bar import EditBar

if TYPE_CHECKING:
    from aigc_desktop.gui.chat.chat_page import ChatPage

Service = Callable[..., Awaitable[Any]]


class Sending(QObject):
    """Sends, edits, attaches and keeps drafts for the chat page."""

    def __init__(
        self, bridge: Bridge, composer: Composer, edit_bar: EditBar, page: ChatPage
    ) -> None:
        super().__init__(page)
        self._bridge = bridge
        self._composer = composer
        self._edit_bar = edit_bar
        self._page = page
        self._messages: dict[int, str] = {}
        """What is being sent, by the page's generation: another chat may be shown meanwhile."""
        self._waiting: dict[int, list[tuple[Callable[[int], object], OnError]]] = {}
        """What is to be done in a chat, by generation, as soon as it has become a session."""
        self._drafts: dict[int, str] = {}
        """What was typed last, by session; the store may not have it yet."""
        composer.send_requested.connect(self.send)
        composer.draft_changed.connect(self._save_draft)
        composer.files_offered.connect(self._attach_files)
        composer.big_text_offered.connect(self._attach_text)
        edit_bar.cancelled.connect(self._cancel_edit)

    @property
    def on_its_way(self) -> str | None:
        """The message that is being stored for the shown chat."""
        return self._messages.get(self._page.generation)

    def in_session(
        self,
        service: Service,
        *args: Any,
        on_done: OnDone | None = None,
        on_error: OnError | None = None,
    ) -> None:
        """Call `service(app, session_id, *args)`; a new chat becomes a session first."""

        def go(session_id: int) -> None:
            self._bridge.call(
                self._page, service, session_id, *args, on_done=on_done, on_error=on_error
            )

        self._with_session(go, on_error)

    @Slot(str, list)
    def send(self, text: str, attachments: list[str]) -> None:
        """Send what is typed. The composer keeps it until it is stored."""
        generation = self._page.generation
        if generation in self._messages:
            return
        self._messages[generation] = text

        def failed(error: BaseException) -> None:
            del self._messages[generation]
            self._bridge.unhandled.emit(error)

        edited = self._edit_bar.turn_id

        def go(session_id: int) -> None:
            done = partial(self._sent, generation, session_id, text)
            call = partial(self._bridge.call, self._page, on_done=done, on_error=failed)
            if edited is None:
                call(calls.chat.send_message, session_id, text, attachments)
            else:
                names = "".join(f"\n- {path}" for path in attachments)
                call(calls.chat.edit_message, edited, text + names)

        self._with_session(go, failed)

    def _sent(self, generation: int, session_id: int, text: str, _result: Any) -> None:
        del self._messages[generation]
        if self._drafts.get(session_id, "").strip() == text:
            del self._drafts[session_id]
        if generation != self._page.generation:
            return
        self._composer.sent(text)
        if kept := self._edit_bar.end():
            self._composer.set_text(kept)

    def _with_session(self, then: Callable[[int], object], on_error: OnError | None) -> None:
        session_id, generation = self._page.session_id, self._page.generation
        if session_id is not None:
            then(session_id)
            return
        waiting = self._waiting.setdefault(generation, [])
        waiting.append((then, on_error or self._bridge.unhandled.emit))
        if len(waiting) == 1:
            self._create(generation)

    def _create(self, generation: int) -> None:
        page = self._page

        def made(session: Session) -> None:
            if page.generation == generation:
                page.adopt(session.id)
            for then, _ in self._waiting.pop(generation):
                then(session.id)

        def failed(error: BaseException) -> None:
            for _, on_error in self._waiting.pop(generation):
                on_error(error)

        self._bridge.call(page, calls.sessions.create_session, on_done=made, on_error=failed)

    @Slot(str)
    def _save_draft(self, text: str) -> None:
        if self._edit_bar.turn_id is not None or self._page.awaits_draft:
            return
        if text.strip() == self.on_its_way:
            return

        def save(session_id: int) -> None:
            self._drafts[session_id] = text
            self._bridge.call(self._page, calls.sessions.save_draft, session_id, text)

        if text.strip() or self._page.session_id is not None:
            self._with_session(save, None)

    def draft_of(self, session: Session) -> str:
        """Return what is typed in a session, also when the store does not have it yet."""
        return self._drafts.get(session.id, session.draft)

    def save_now(self, then: Callable[[], object]) -> None:
        """Save what is typed, then (also when that fails) go on; the program is being left."""
        unsaved = self._composer.has_unsaved_draft and self._edit_bar.turn_id is None
        if not unsaved or not self._bridge.is_ready:
            then()
            return
        work = partial(
            _store_draft,
            session_id=self._page.session_id,
            text=self._composer.text(),
            behind=self._page.awaits_draft,
        )
        self._bridge.submit(work, self._page, lambda _: then(), lambda _: then())

    @Slot(list)
    def _attach_files(self, paths: list[str]) -> None:
        for path in paths:
            name = path.replace("\\", "/").rpartition("/")[2]
            self._attach(name, calls.chat.attach_file, path)

    @Slot(object)
    def _attach_text(self, data: QByteArray) -> None:
        self._attach(tr("Pasted text"), _attach_bytes, data)

    def _attach(self, name: str, service: Service, content: Any) -> None:
        attachment = Attachment(name)
        self._composer.add_attachment(attachment)

        def done(path: str) -> None:
            self._composer.update_attachment(attachment, path)

        def failed(error: BaseException) -> None:
            self._composer.update_attachment(attachment, None)
            self._bridge.unhandled.emit(error)

        self.in_session(service, content, on_done=done, on_error=failed)

    @Slot()
    def _cancel_edit(self) -> None:
        kept = self._edit_bar.end()
        self._composer.load(kept, self._page.state.sent_texts)
        self._composer.setFocus()


async def _store_draft(app: Any, session_id: int | None, text: str, behind: bool) -> None:
    if session_id is None:
        session_id = (await calls.sessions.create_session(app)).id
    elif behind and (draft := (await calls.sessions.get_session(app, session_id)).draft):
        text = f"{draft}\n{text}"
    await calls.sessions.save_draft(app, session_id, text)


async def _attach_bytes(app: Any, session_id: int, data: QByteArray) -> str:
    import asyncio

    text = await asyncio.to_thread(lambda: bytes(data.data()).decode("utf-8", "replace"))
    return await calls.chat.attach_text(app, session_id, text)
