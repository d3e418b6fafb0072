"""Following a link: only the web, mail and files of the work directory."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from aigc_desktop.core.events import NoticeLevel
from aigc_desktop.gui import notices
from aigc_desktop.gui.chat.safe_text import one_line

ALLOWED = ("http", "https", "mailto")


def open_link(target: str | Path, relative: bool = False) -> bool:
    """Open a web address or (a Path: our own, not the model's) a folder.

    Returns False for a path without a scheme when `relative` says that somebody else opens those.
    Every other scheme is refused with a notice.
    """
    if isinstance(target, Path):
        return QDesktopServices.openUrl(QUrl.fromLocalFile(str(target)))
    try:
        scheme = urlsplit(target).scheme.lower()
    except ValueError:
        scheme = "?"
    if not scheme and relative and not target.startswith(("//", "\\\\")):
        return False
    if scheme in ALLOWED:
        QDesktopServices.openUrl(QUrl(target))
    else:
        notices.say(NoticeLevel.WARNING, "link_refused", target=one_line(target, 120))
    return True
