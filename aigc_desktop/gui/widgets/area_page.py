"""A page whose parts are modules, each imported when it is first shown."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.widgets.parts_page import Part, PartsPage


class AreaPage(PartsPage):
    """The part called `name` is the class `NamePane(page)` of the module `name_pane`.

    A pane takes the page as its parent and finds `page.bridge` there.
    """

    session_wanted = Signal(int)
    """Somebody wants to see the session with this id."""

    turn_wanted = Signal(int, int)
    """Somebody wants to see a turn: the ids of its session and its own."""

    def __init__(
        self, package: str, title: str, parts: Sequence[tuple[str, str, str]], bridge: Bridge
    ) -> None:
        """`parts` are (name, icon, title), in the order of the navigation."""
        super().__init__(title)
        self.bridge = bridge
        self._package = package
        for name, icon, text in parts:
            self.add_part(Part(name, icon, text, partial(self._make, name)))

    def _make(self, name: str) -> QWidget:
        module = importlib.import_module(f"{self._package}.{name}_pane")
        made = getattr(module, f"{name.capitalize()}Pane")(self)
        assert isinstance(made, QWidget)
        return made
