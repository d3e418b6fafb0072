"""What a row draws, as a list of simple things; drawn, hit and focused in one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QBrush,
    QFont,
    QPainter,
    QPalette,
    QPen,
    QTextDocument,
)

from aigc_desktop.gui.chat.style import ChatStyle

Selections = Sequence[QAbstractTextDocumentLayout.Selection]

ICON = 16
"""Side of an icon, in device-independent pixels."""


@dataclass(slots=True)
class Fill:
    """A rounded area; colours are names of theme tokens."""

    rect: QRectF
    tint: str = ""
    border: str = ""
    radius: float = 0


@dataclass(slots=True)
class Text:
    """A document at a place. `source` is what copying all of it gives."""

    rect: QRectF
    document: QTextDocument
    source: str
    tint: str = "text"


@dataclass(slots=True)
class Label:
    """One line that is not selected; too long, it is elided."""

    rect: QRectF
    text: str
    font: QFont
    tint: str = "text_muted"
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft
    elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight


@dataclass(slots=True)
class Icon:
    """An icon of the theme."""

    x: float
    y: float
    name: str
    tint: str = "text_muted"


@dataclass(slots=True)
class Button:
    """Something to press. `look`: primary, plain, quiet (an icon), or area (drawn by others).

    `hidden` ones appear when the pointer is on the turn, or when they have the focus.
    """

    rect: QRectF
    action: str
    name: str
    label: str = ""
    icon: str = ""
    look: str = "plain"
    tint: str = "text"
    hidden: bool = False


@dataclass(slots=True)
class Scene:
    """A row laid out at one width; all places are relative to its top left corner."""

    width: float
    height: float = 0
    fills: list[Fill] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    icons: list[Icon] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)
    opacity: float = 1.0

    def button_at(self, point: QPointF) -> Button | None:
        """Return the button at `point`; small ones lie above areas."""
        found = [button for button in self.buttons if button.rect.contains(point)]
        return min(found, key=lambda button: button.rect.width(), default=None)

    def button(self, action: str) -> Button | None:
        """Return the button that does `action`."""
        return next((button for button in self.buttons if button.action == action), None)

    def text_near(self, point: QPointF) -> int | None:
        """Return the index of the text at or next to `point`, None if there is no text."""
        best, least = None, 0.0
        for index, text in enumerate(self.texts):
            rect = text.rect
            away = max(rect.top() - point.y(), point.y() - rect.bottom(), 0)
            if best is None or away < least:
                best, least = index, away
        return best


@dataclass(slots=True)
class Look:
    """How a scene is drawn this time."""

    style: ChatStyle
    ratio: float
    clip: QRectF
    selections: Callable[[int], Selections]
    hover: str = ""
    focus: str = ""
    done: str = ""
    """The copy button that has just been used."""
    reveal: bool = False


def paint(painter: QPainter, scene: Scene, look: Look) -> None:
    """Draw `scene` with its top left corner at the painter's origin."""
    painter.setOpacity(scene.opacity)
    for fill in scene.fills:
        if fill.rect.intersects(look.clip):
            _fill(painter, fill, look.style)
    for button in scene.buttons:
        if button.look == "area" and button.action == look.focus:
            _ring(painter, button.rect, look.style)
    for index, text in enumerate(scene.texts):
        if text.rect.intersects(look.clip):
            _text(painter, text, look, look.selections(index))
    for label in scene.labels:
        _label(painter, label, look.style)
    for icon in scene.icons:
        pixmap = look.style.icon(icon.name, icon.tint, ICON, look.ratio)
        painter.drawPixmap(QPointF(icon.x, icon.y), pixmap)
    for button in scene.buttons:
        if button.look != "area":
            _button(painter, button, look)
    painter.setOpacity(1)


def _fill(painter: QPainter, fill: Fill, style: ChatStyle) -> None:
    painter.setPen(QPen(style.color(fill.border), 1) if fill.border else Qt.PenStyle.NoPen)
    painter.setBrush(style.color(fill.tint) if fill.tint else Qt.BrushStyle.NoBrush)
    inset = 0.5 if fill.border else 0
    rect = fill.rect.adjusted(inset, inset, -inset, -inset)
    painter.drawRoundedRect(rect, fill.radius, fill.radius)


def _text(painter: QPainter, text: Text, look: Look, selections: Selections) -> None:
    context = QAbstractTextDocumentLayout.PaintContext()
    palette = QPalette(context.palette)
    palette.setColor(QPalette.ColorRole.Text, look.style.color(text.tint))
    context.palette = palette
    context.clip = look.clip.intersected(text.rect).translated(-text.rect.topLeft())
    if selections:
        context.selections = list(selections)
    painter.save()
    painter.translate(text.rect.topLeft())
    painter.setClipRect(QRectF(0, 0, text.rect.width(), text.rect.height()))
    text.document.documentLayout().draw(painter, context)
    painter.restore()


def _label(painter: QPainter, label: Label, style: ChatStyle) -> None:
    painter.setFont(label.font)
    painter.setPen(style.color(label.tint))
    shown = label.text
    metrics = style.metrics(label.font)
    if metrics.horizontalAdvance(shown) > label.rect.width():
        shown = metrics.elidedText(shown, label.elide, label.rect.width())
    painter.drawText(label.rect, int(label.align | Qt.AlignmentFlag.AlignVCenter), shown)


def _button(painter: QPainter, button: Button, look: Look) -> None:
    hovered, focused = button.action == look.hover, button.action == look.focus
    if button.hidden and not (look.reveal or focused):
        return
    style, tint = look.style, button.tint
    painter.setPen(Qt.PenStyle.NoPen)
    if button.look == "primary":
        painter.setBrush(style.color("accent_hover" if hovered else "accent"))
        painter.drawRoundedRect(button.rect, 8, 8)
        tint = "accent_text"
    elif button.look == "plain":
        painter.setBrush(style.color("hover" if hovered else "bg"))
        painter.setPen(QPen(style.color("border"), 1))
        painter.drawRoundedRect(button.rect.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
    elif hovered:
        painter.setBrush(QBrush(style.color("hover")))
        painter.drawRoundedRect(button.rect, 6, 6)
        tint = "text"
    _button_face(painter, button, tint, look)
    if focused:
        _ring(painter, button.rect, style)


def _button_face(painter: QPainter, button: Button, tint: str, look: Look) -> None:
    style, rect = look.style, button.rect
    font = style.small_strong if button.look == "primary" else style.small
    wide = style.width(button.label, font) if button.label else 0
    inner = wide + (ICON if button.icon else 0) + (6 if wide and button.icon else 0)
    x = rect.center().x() - inner / 2
    if button.icon:
        pixmap = style.icon(button.icon, tint, ICON, look.ratio)
        painter.drawPixmap(QPointF(x, rect.center().y() - ICON / 2), pixmap)
        x += ICON + 6
    if button.label:
        painter.setFont(font)
        painter.setPen(style.color(tint))
        box = QRectF(x, rect.top(), wide + 2, rect.height())
        painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), button.label)


def _ring(painter: QPainter, rect: QRectF, style: ChatStyle) -> None:
    painter.setPen(QPen(style.color("accent"), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect.adjusted(-1, -1, 1, 1), 8, 8)
