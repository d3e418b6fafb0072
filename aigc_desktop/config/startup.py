"""What comes first, with a window or without one."""

from __future__ import annotations

from aigc_desktop.config.i18n import set_language
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.settings import LANGUAGE, Settings, take_key_out_of_environment
from aigc_desktop.core.bus import EventBus


def prepare(paths: Paths) -> tuple[Settings, EventBus]:
    """Make the directories, read the settings, choose the language.

    Light: nothing of this delays the first paint.

    Raises:
        UserError: `data_dir_read_only`, `settings_unreadable`.
    """
    paths.create()
    bus = EventBus()
    settings = Settings(paths, bus)
    take_key_out_of_environment()
    set_language(settings.get(LANGUAGE))
    return settings, bus
