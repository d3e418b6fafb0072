"""A look into a file: text, Markdown, picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt, Slot
from PySide6.QtGui import QImage, QImageReader, QPixmap, QResizeEvent, QTextOption
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QStackedWidget, QTextBrowser, QWidget

from aigc_desktop.config.i18n import tr
from aigc_desktop.gui import theme
from aigc_desktop.gui.chat.safe_text import visible
from aigc_desktop.gui.widgets.build import label

if TYPE_CHECKING:
    from aigc_desktop.services.work_files import FilePreview

MAX_SHOWN = 200_000
"""Characters of a text that are shown; a longer one is opened in its own program."""

MAX_LINE = 5_000
MAX_SIDE = 16_000
"""Pixels; a larger picture is not decoded."""

FORMATS = (b"png", b"jpeg", b"gif", b"webp", b"bmp")


class _Browser(QTextBrowser):
    """Shows Markdown without HTML and loads nothing."""

    def loadResource(self, kind: int, name: Any) -> Any:
        return None


class FilePreviewView(QStackedWidget):
    """Shows one file."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path = ""
        self._image = QImage()
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self._text.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self._text.setAccessibleName(tr("Content of the file"))
        self._markdown = _Browser()
        self._markdown.setOpenLinks(False)
        self._markdown.setAccessibleName(tr("Content of the file"))
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._picture.setMinimumSize(1, 1)
        self._none = label(tr("There is no preview of this file. It can be opened."), "muted", True)
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for page in (self._text, self._markdown, self._picture, self._none):
            self.addWidget(page)
        theme.changed.connect(self._fonts)
        self._fonts()

    def show_preview(self, preview: FilePreview) -> None:
        """Show the file's content, or that there is nothing to be shown."""
        self.path = preview.path
        if preview.kind == "image" and self._decode(preview.data):
            self._fit()
            self.setCurrentWidget(self._picture)
        elif preview.kind in ("text", "markdown"):
            self._show_text(preview)
        else:
            self.setCurrentWidget(self._none)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _show_text(self, preview: FilePreview) -> None:
        text = preview.text
        lines = text[:MAX_SHOWN].splitlines()
        shown = "\n".join(visible(line[:MAX_LINE]) for line in lines)
        if len(text) > MAX_SHOWN:
            shown += "\n\n" + tr("… (only the beginning is shown)")
        if preview.kind == "markdown" and len(shown) < MAX_SHOWN // 4:
            document = self._markdown.document()
            document.setMarkdown(shown, document.MarkdownFeature.MarkdownNoHTML)
            self.setCurrentWidget(self._markdown)
        else:
            self._text.setPlainText(shown)
            self.setCurrentWidget(self._text)

    def _decode(self, data: bytes) -> bool:
        buffer = QBuffer()
        buffer.setData(QByteArray(data))
        buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        reader = QImageReader(buffer)
        size = reader.size()
        fits = not size.isEmpty() and max(size.width(), size.height()) <= MAX_SIDE
        if reader.format().data() not in FORMATS or not fits:
            return False
        reader.setAutoTransform(True)
        if max(size.width(), size.height()) > 2000:
            reader.setScaledSize(size.scaled(QSize(2000, 2000), Qt.AspectRatioMode.KeepAspectRatio))
        self._image = reader.read()
        return not self._image.isNull()

    def _fit(self) -> None:
        if self._image.isNull():
            return
        room = self.size() - QSize(16, 16)
        shown = self._image
        if shown.width() > room.width() or shown.height() > room.height():
            shown = shown.scaled(
                room,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        self._picture.setPixmap(QPixmap.fromImage(shown))

    @Slot()
    def _fonts(self) -> None:
        self._text.setFont(theme.mono_font(9.5))
        self._markdown.setFont(theme.font(10))
