"""The files that a session's turns made or changed: list, preview, open, show in the folder."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.config.i18n import tr
from aigc_desktop.config.operation_words import size_text
from aigc_desktop.core.events import NoticeLevel
from aigc_desktop.gui import calls, icons, notices
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.chat.file_preview import FilePreviewView
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.widgets.build import button, icon_button, label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aigc_desktop.core.files import ChangedFile

PATH_ROLE = Qt.ItemDataRole.UserRole
WIDTH = 320
_IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".svg")
_STARTS_SOMETHING = frozenset(
    (
        *("app", "appimage", "bat", "cmd", "com", "command", "desktop", "exe", "jar", "js"),
        *("jse", "lnk", "msi", "ps1", "py", "pyw", "reg", "scr", "sh", "url", "vbs"),
        *("workflow", "wsf"),
    )
)
"""Files that a double-click may run: they are shown in their folder instead."""


class FilesPanel(QWidget):
    """The side panel of the chat page."""

    closed = Signal()

    def __init__(self, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("filesPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(280)
        self._bridge = bridge
        self._session_id: int | None = None
        self.list = QListWidget()
        self.list.setIconSize(QSize(18, 18))
        self.list.setAccessibleName(tr("Files of this chat"))
        self.list.setObjectName("filesList")
        self.list.itemClicked.connect(self._preview_item)
        self.list.itemActivated.connect(self._open_item)
        self.preview = FilePreviewView()
        self._empty = label(tr("Files that the agent makes or changes appear here."), "muted", True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._empty.setContentsMargins(24, 32, 24, 0)
        self._stack = QStackedWidget()
        for page in (self.list, self._empty, self.preview):
            self._stack.addWidget(page)
        self._build()
        self._show_list()

    def set_session(self, session_id: int | None) -> None:
        """Show the files of another session."""
        self._session_id = session_id
        self.list.clear()
        self._show_list()
        self.reload()

    def reload(self) -> None:
        """Ask which files there are."""
        if self._session_id is not None:
            session_id = self._session_id
            self._bridge.call(self, calls.chat.changed_files, session_id, on_done=self._show_files)

    def open_path(self, path: str) -> None:
        """Show a file of the work directory (a link in the transcript)."""
        self._preview(path)

    def _build(self) -> None:
        self._back = icon_button("arrow-left", tr("Back to the list"), self._show_list)
        self._title = label(tr("Files"), "heading")
        head = QHBoxLayout()
        head.setContentsMargins(12, 8, 8, 0)
        head.addWidget(self._back)
        head.addWidget(self._title, 1)
        self._refresh = icon_button("refresh", tr("Refresh"), self.reload)
        head.addWidget(self._refresh)
        head.addWidget(icon_button("close", tr("Close"), self.closed))
        self._open = button(tr("Open"), self._open_shown, "", "open-external")
        self._folder = button(tr("Show in folder"), self._show_in_folder, "", "folder")
        bottom = QHBoxLayout()
        bottom.setContentsMargins(12, 0, 12, 0)
        bottom.addWidget(self._open)
        bottom.addWidget(self._folder)
        bottom.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 12)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self._stack, 1)
        layout.addLayout(bottom)
        self.list.currentItemChanged.connect(self._update_buttons)

    @Slot(object)
    def _show_files(self, files: Sequence[ChangedFile]) -> None:
        chosen = self._chosen_path()
        self.list.clear()
        for file in sorted(files, key=lambda f: (-f.modified_ms, f.path)):
            self.list.addItem(_list_item(file))
            if file.path == chosen:
                self.list.setCurrentRow(self.list.count() - 1)
        if self._stack.currentWidget() is not self.preview:
            self._show_list()

    @Slot()
    def _show_list(self) -> None:
        self._title.setText(tr("Files"))
        self._back.hide()
        self._stack.setCurrentWidget(self.list if self.list.count() else self._empty)
        self._update_buttons()

    @Slot()
    def _update_buttons(self) -> None:
        there = bool(self._chosen_path())
        self._open.setVisible(there)
        self._folder.setVisible(there)

    def _chosen_path(self) -> str:
        if self._stack.currentWidget() is self.preview:
            return self.preview.path
        item = self.list.currentItem()
        return str(item.data(PATH_ROLE)) if item is not None else ""

    @Slot(QListWidgetItem)
    def _preview_item(self, item: QListWidgetItem) -> None:
        self._preview(item.data(PATH_ROLE))

    def _preview(self, path: str) -> None:
        if self._session_id is not None:
            self._bridge.call(
                self,
                calls.work_files.preview_file,
                self._session_id,
                path,
                on_done=self._show_preview,
            )

    @Slot(object)
    def _show_preview(self, preview: Any) -> None:
        self.preview.show_preview(preview)
        self._title.setText(one_line(preview.path.rpartition("/")[2], 40))
        self._back.show()
        self._stack.setCurrentWidget(self.preview)
        self._update_buttons()

    @Slot(QListWidgetItem)
    def _open_item(self, item: QListWidgetItem) -> None:
        self._find(item.data(PATH_ROLE), self._open_file)

    @Slot()
    def _open_shown(self) -> None:
        self._find(self._chosen_path(), self._open_file)

    @Slot()
    def _show_in_folder(self) -> None:
        self._find(self._chosen_path(), self._open_folder)

    def _find(self, path: str, then: Any) -> None:
        if path and self._session_id is not None:
            self._bridge.call(
                self, calls.work_files.find_file, self._session_id, path, on_done=then
            )

    def _open_file(self, path: str) -> None:
        if path.rpartition(".")[2].lower() in _STARTS_SOMETHING:
            self._open_folder(path)
        elif not QDesktopServices.openUrl(QUrl.fromLocalFile(path)):
            notices.say(NoticeLevel.WARNING, "cannot_open", path=one_line(path))

    def _open_folder(self, path: str) -> None:
        folder = path.replace("\\", "/").rpartition("/")[0]
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(folder)):
            notices.say(NoticeLevel.WARNING, "cannot_open", path=one_line(folder))


def _list_item(file: ChangedFile) -> QListWidgetItem:
    folder, _, name = file.path.rpartition("/")
    when = datetime.datetime.fromtimestamp(file.modified_ms / 1000).astimezone()
    clock = when.strftime("%H:%M")
    same_day = when.date() == datetime.datetime.now().astimezone().date()
    time = clock if same_day else when.strftime("%Y-%m-%d")
    size = size_text(file.size)
    details = " · ".join(part for part in (one_line(folder, 60), size, time) if part)
    image = file.path.lower().endswith(_IMAGES)
    item = QListWidgetItem(
        icons.icon("image" if image else "file"), f"{one_line(name, 80)}\n{details}"
    )
    item.setData(PATH_ROLE, file.path)
    item.setToolTip(one_line(file.path, 300))
    return item
