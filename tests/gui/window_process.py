"""A real window in a process of its own, that sends one message and says when it streams."""

from __future__ import annotations

import sys
from typing import Any

from PySide6.QtCore import QTimer

from aigc_desktop.__main__ import main
from aigc_desktop.core.events import Event, TextDelta
from aigc_desktop.gui import opening

MESSAGE = "tell me something long"


def _say_when_streaming(event: Event) -> None:
    if isinstance(event, TextDelta):
        print("streaming", flush=True)


def _send(program: Any) -> None:
    def go() -> None:
        program.workspace.chat.composer.set_text(MESSAGE)
        program.workspace.chat.composer.send()

    program.bridge.arrived.connect(_say_when_streaming)
    program.bridge.ready.connect(lambda: QTimer.singleShot(0, go))


if __name__ == "__main__":
    show = opening.Opening.show

    def watched(self: opening.Opening) -> None:
        self.opened.connect(_send)
        self.window.raise_window = lambda: print("raised", flush=True)  # type: ignore[method-assign]
        show(self)

    opening.Opening.show = watched  # type: ignore[method-assign]
    sys.exit(main([]))
