"""The learning page: proposals, what is in use, how learning goes."""

from __future__ import annotations

from aigc_desktop.config.i18n import tr
from aigc_desktop.gui.bridge import Bridge
from aigc_desktop.gui.widgets.area_page import AreaPage


class LearningPage(AreaPage):
    """The lesson inbox, lessons in use, the state of learning."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__("aigc_desktop.gui.learning", tr("Learning"), _parts(), bridge)


def _parts() -> tuple[tuple[str, str, str], ...]:
    return ()
