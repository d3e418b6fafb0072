"""A number on a button or in a list: how many things wait there."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from aigc_desktop.gui import theme

COUNT_ROLE = Qt.ItemDataRole.UserRole + 7
HEIGHT = 18
PAD = 6
EDGE = 10
MOST = 99


def count_text(count: int) -> str:
    """Return the number as it is shown; large ones are cut."""
    return str(count) if count <= MOST else f"{MOST}+"


def paint_badge(painter: QPainter, right: float, middle: float, count: int) -> None:
    """Draw the number in a pill that ends at `right`."""
    text, font = count_text(count), theme.font(8.5, QFont.Weight.DemiBold)
    wide = max(HEIGHT, QFontMetricsF(font).horizontalAdvance(text) + 2 * PAD)
    pill = QRectF(right - wide, middle - HEIGHT / 2, wide, HEIGHT)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("accent"))
    painter.drawRoundedRect(pill, HEIGHT / 2, HEIGHT / 2)
    painter.setPen(theme.color("accent_text"))
    painter.setFont(font)
    painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


class BadgeDelegate(QStyledItemDelegate):
    """Draws the number that an item has under COUNT_ROLE."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().paint(painter, option, index)
        count = index.data(COUNT_ROLE)
        if count:
            paint_badge(painter, option.rect.right() - EDGE, option.rect.center().y() + 1, count)


class ButtonBadge(QWidget):
    """Lies over the right end of a button; clicks go through."""

    def __init__(self, target: QAbstractButton) -> None:
        super().__init__(target)
        self.count = 0
        self._target = target
        self._name = target.text()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        target.installEventFilter(self)
        self.resize(target.size())

    def show_count(self, count: int) -> None:
        """Show the number; nothing for 0."""
        self.count = count
        named = f"{self._name} ({count})" if count else self._name
        self._target.setAccessibleName(named)
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize:
            self.resize(self._target.size())
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.count:
            paint_badge(QPainter(self), self.width() - EDGE, self.height() / 2, self.count)
