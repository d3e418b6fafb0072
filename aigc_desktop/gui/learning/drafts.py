"""Corrections that were typed but not saved; kept as long as the program runs."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt

from aigc_desktop.core.learning import Fault

MAX_DRAFTS = 50


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed for one answer."""

    text: str
    fault: Fault | None = None


class Drafts(QObject):
    """By turn; the oldest are dropped. Not written to disk, where answers may be encrypted."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._drafts: dict[int, Draft] = {}

    @staticmethod
    def of(owner: QObject) -> Drafts:
        """Return the drafts that live as long as `owner` (a page may be built anew meanwhile)."""
        found = owner.findChild(Drafts, options=Qt.FindChildOption.FindDirectChildrenOnly)
        return Drafts(owner) if found is None else found

    def get(self, turn_id: int) -> Draft | None:
        """Return what was typed, None if there is nothing."""
        return self._drafts.get(turn_id)

    def keep(self, turn_id: int, draft: Draft) -> None:
        """Keep it, in place of an earlier one."""
        self._drafts.pop(turn_id, None)
        self._drafts[turn_id] = draft
        while len(self._drafts) > MAX_DRAFTS:
            del self._drafts[next(iter(self._drafts))]

    def forget(self, turn_id: int) -> None:
        """It was saved, or is not wanted any more."""
        self._drafts.pop(turn_id, None)
