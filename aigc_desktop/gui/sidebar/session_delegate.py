"""How a session looks in the list."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from aigc_desktop.config.i18n import tr
from aigc_desktop.gui import icons, theme
from aigc_desktop.gui.chat.safe_text import one_line
from aigc_desktop.gui.sidebar.session_model import ACTIVITY_ROLE, HEADING_ROLE, SESSION_ROLE

ROW_HEIGHT = 36
MARGIN = 8
PADDING = 10
Index = QModelIndex | QPersistentModelIndex


class SessionDelegate(QStyledItemDelegate):
    """Draws headings and sessions; `current_id` is the session that the chat page shows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.current_id: int | None = None

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        heading = index.data(HEADING_ROLE)
        if heading is not None:
            _paint_heading(painter, option.rect, heading)
        else:
            self._paint_session(painter, option, index)
        painter.restore()

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> QLineEdit:
        editor = QLineEdit(parent)
        editor.setMaxLength(200)
        editor.setAccessibleName(tr("Title"))
        editor.setStyleSheet("padding: 2px 8px; min-height: 0;")
        return editor

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        editor.setGeometry(option.rect.adjusted(MARGIN, 2, -MARGIN, -2))

    def _paint_session(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        session = index.data(SESSION_ROLE)
        box = option.rect.adjusted(MARGIN, 1, -MARGIN, -1)
        state = option.state
        if session.id == self.current_id:
            _fill(painter, box, "pressed")
        elif state & QStyle.StateFlag.State_MouseOver:
            _fill(painter, box, "hover")
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(theme.color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        text = box.adjusted(PADDING, 0, -PADDING, 0)
        if session.pinned:
            text.setRight(text.right() - 20)
            _draw_icon(painter, "pin", "text_muted", text.right() + 4, box)
        if index.data(ACTIVITY_ROLE):
            text.setRight(text.right() - 16)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent"))
            painter.drawEllipse(QRectF(text.right() + 6, box.center().y() - 3, 7, 7))
        font = QFont(option.font)
        painter.setFont(font)
        painter.setPen(theme.color("text"))
        title = QFontMetrics(font).elidedText(
            one_line(session.title), Qt.TextElideMode.ElideRight, text.width()
        )
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, title)


def _paint_heading(painter: QPainter, rect: QRect, heading: str) -> None:
    painter.setFont(theme.font(9, QFont.Weight.DemiBold))
    painter.setPen(theme.color("text_muted"))
    box = rect.adjusted(MARGIN + PADDING, 0, -MARGIN, -5)
    painter.drawText(box, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, heading)


def _fill(painter: QPainter, box: QRect, token: str) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color(token))
    painter.drawRoundedRect(box, 8, 8)


def _draw_icon(painter: QPainter, name: str, token: str, left: int, box: QRect) -> None:
    icons.icon(name, token).paint(painter, QRect(left, box.center().y() - 8, 16, 16))
