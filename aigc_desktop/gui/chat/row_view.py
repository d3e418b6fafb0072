"""The base of what draws a row: it keeps the row's documents and lays them out at a width."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF

from aigc_desktop.config.i18n import tr
from aigc_desktop.gui.chat.images import ImageLoader
from aigc_desktop.gui.chat.scene import Button, Label, Scene
from aigc_desktop.gui.chat.style import ChatStyle

if TYPE_CHECKING:
    from aigc_desktop.gui.chat.rows import Row

MAX_SHOWN = 60_000
"""Characters of a text that are shown at once; the rest on request, step by step."""

Slow = Callable[[float], bool]
"""Works for so many seconds; returns whether there is more to do."""

TEXT_BUTTON = 28
"""Height of a button with text, in pixels."""


@dataclass(slots=True)
class Context:
    """What all rows share. `later` takes work that is done in slices when there is time."""

    style: ChatStyle
    images: ImageLoader
    later: Callable[[RowView, Slow], None]


class RowView:
    """Draws one row; subclasses say what is in it."""

    def __init__(self, row: Row, context: Context) -> None:
        self.row = row
        self.context = context
        self._scene: Scene | None = None

    def scene(self, width: float) -> Scene:
        """Return the row laid out in a column of `width` pixels."""
        if self._scene is None or self._scene.width != width:
            scene = Scene(width)
            scene.height = round(self.lay_out(scene))
            self._scene = scene
        return self._scene

    def changed(self) -> None:
        """The row is different now: lay it out anew."""
        self._scene = None

    def flushed(self, arrived: str) -> None:
        """`arrived` was added to the row's text."""
        self.changed()

    def lay_out(self, scene: Scene) -> float:
        """Fill `scene`; return its height."""
        raise TypeError("a row is drawn by a subclass")

    def copy(self, what: str) -> str:
        """Return what the copy button `what` copies."""
        return self.row.text or ""

    def waits_for(self, image: str) -> bool:
        """Return whether the row shows the picture `image`."""
        return False

    def name(self) -> str:
        """Return what a screen reader calls the row."""
        return self.row.text or ""


def shown_part(row: Row, text: str, limit: int = MAX_SHOWN) -> str:
    """Return the part of a long text that is shown."""
    limit += row.shown
    if len(text) <= limit:
        return text
    head = text[:limit]
    line = head.rfind("\n", limit // 2)
    return head if line < 0 else head[:line]


def add_more_buttons(scene: Scene, style: ChatStyle, y: float, shown: int, total: int) -> float:
    """Say that a text goes on, and offer more of it; return the new height."""
    text = tr("{shown} of {total} characters shown", shown=f"{shown:,}", total=f"{total:,}")
    width = style.width(text, style.small) + 4
    scene.labels.append(Label(QRectF(0, y, width, TEXT_BUTTON), text, style.small))
    x = add_text_button(scene, style, width + 12, y, "show_more", tr("Show more"))
    add_text_button(scene, style, x + 8, y, "copy:all", tr("Copy all"))
    return y + TEXT_BUTTON + 8


def add_text_button(
    scene: Scene,
    style: ChatStyle,
    x: float,
    y: float,
    action: str,
    label: str,
    *,
    icon: str = "",
    look: str = "plain",
    tint: str = "text",
) -> float:
    """Add a button with text; return its right edge."""
    font = style.small_strong if look == "primary" else style.small
    width = style.width(label, font) + 24 + (22 if icon else 0)
    rect = QRectF(x, y, round(width), TEXT_BUTTON)
    scene.buttons.append(Button(rect, action, label, label, icon, look, tint))
    return rect.right()
