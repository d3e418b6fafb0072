"""Small helpers that make widgets look alike."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, SignalInstance
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from aigc_desktop.gui import icons

COLUMN_WIDTH = 560

OnClick = Callable[..., object] | SignalInstance


def label(text: str = "", role: str = "", wrap: bool = False) -> QLabel:
    """Return a label of plain text; `role` is a style: display, title, heading, muted, small."""
    made = QLabel()
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setText(text)
    made.setWordWrap(wrap)
    if role:
        made.setProperty("role", role)
    return made


def button(text: str, on_click: OnClick, kind: str = "", icon: str = "") -> QPushButton:
    """Return a push button; `kind` is a style: primary, danger, ghost, link."""
    made = QPushButton(text)
    if kind:
        made.setProperty("kind", kind)
    if icon:
        token = {"primary": "accent_text", "danger": "danger", "link": "accent"}.get(kind, "text")
        icons.bind(made, icon, token)
        made.setIconSize(QSize(18, 18))
    made.setAutoDefault(False)
    made.clicked.connect(on_click)
    return made


def icon_button(icon: str, tip: str, on_click: OnClick) -> QToolButton:
    """Return a button that is only an icon; `tip` says what it does."""
    made = QToolButton()
    icons.bind(made, icon)
    made.setIconSize(QSize(20, 20))
    made.setToolTip(tip)
    made.setAccessibleName(tip)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    made.clicked.connect(on_click)
    return made


def pill(icon: str, tip: str) -> QToolButton:
    """Return a button with an icon and a text that names a choice."""
    made = QToolButton()
    made.setProperty("kind", "pill")
    icons.bind(made, icon)
    made.setIconSize(QSize(17, 17))
    made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    made.setToolTip(tip)
    made.setAccessibleName(tip)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return made


def line() -> QFrame:
    """Return a thin horizontal line."""
    made = QFrame()
    made.setProperty("role", "line")
    return made


def beside(left: QWidget, right: QWidget, widths: tuple[int, int]) -> QSplitter:
    """Return two widgets side by side, in pixels at first; the right one takes what is to spare."""
    made = QSplitter(Qt.Orientation.Horizontal)
    made.setChildrenCollapsible(False)
    made.setHandleWidth(1)
    made.addWidget(left)
    made.addWidget(right)
    made.setStretchFactor(1, 1)
    made.setSizes(list(widths))
    return made


def scrolled(body: QWidget) -> QScrollArea:
    """Return an area that scrolls over `body`, which is as wide as the area."""
    body.setObjectName("scrollBody")
    made = QScrollArea()
    made.setWidgetResizable(True)
    made.setWidget(body)
    return made


def in_the_middle(page: QWidget, column: QWidget) -> None:
    """Put `column` into the middle of a page; it scrolls where it has no room.

    Not by an alignment: what is aligned is not asked how high it is where its words break.
    """
    column.setMaximumWidth(COLUMN_WIDTH)
    body = QWidget()
    row = QHBoxLayout()
    row.addStretch(1)
    row.addWidget(column, 100)
    row.addStretch(1)
    inside = QVBoxLayout(body)
    inside.setContentsMargins(24, 24, 24, 24)
    inside.addStretch(2)
    inside.addLayout(row)
    inside.addStretch(3)
    outer = QVBoxLayout(page)
    outer.setContentsMargins(0, 0, 0, 0)
    outer.addWidget(scrolled(body))


def spacer() -> QWidget:
    """Return a widget that takes the room that is left."""
    made = QWidget()
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    return made


def restyle(widget: QWidget) -> None:
    """Apply the style sheet again after a property that it asks for has changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()
