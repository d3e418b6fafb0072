"""Takes the checkpoints around a turn: before its first effect, and when it has ended."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aigc_desktop.core.files import ChangeKind, FileChange
from aigc_desktop.files.trees import Change, Kind
from aigc_desktop.services.app import App
from aigc_desktop.store import effects


class TurnCheckpoint:
    """One turn's checkpoints. A turn that only reads takes none."""

    def __init__(self, app: App, turn_id: int, root: Path) -> None:
        self._app = app
        self._turn_id = turn_id
        self._root = root
        self._before: str | None = None

    async def before_effect(self) -> None:
        """Make sure that everything can be undone. Raises UserError if it cannot."""
        if self._before is not None:
            return
        taken = await asyncio.to_thread(self._app.checkpoints.take, self._root)
        turn_id, root = self._turn_id, str(self._root)
        await self._app.store.write(
            lambda db: effects.begin(db, turn_id, root, taken.tree, taken.skipped)
        )
        self._before = taken.tree

    async def finish(self) -> list[FileChange]:
        """Note what the turn has done to the work directory; return it."""
        if self._before is None:
            return []
        checkpoints = self._app.checkpoints
        taken = await asyncio.to_thread(checkpoints.take, self._root)
        changes = await asyncio.to_thread(checkpoints.differences, self._before, taken.tree)
        files = file_changes(changes)
        counts = [sum(file.kind is kind for file in files) for kind in ChangeKind]
        await self._app.store.write(
            lambda db: effects.finish(db, self._turn_id, taken.tree, *counts)
        )
        await asyncio.to_thread(checkpoints.save)
        return files


async def prune(app: App) -> int:
    """Delete stored contents that no turn needs any more; return how many bytes that freed."""
    kept = await app.store.read(effects.all_trees)
    return await asyncio.to_thread(app.checkpoints.forget_all_but, kept)


def file_changes(changes: list[Change]) -> list[FileChange]:
    """Return what happened to files and links; folders only when they are all there is to say."""
    found = []
    for path, was, now in changes:
        both_folders = was is not None and now is not None and was.kind == now.kind == Kind.FOLDER
        only = now if was is None else was if now is None else None
        if only is not None and only.kind == Kind.FOLDER:
            inside = f"{path}/"
            if any(other.startswith(inside) for other, _, _ in changes):
                continue
        if both_folders:
            kind = ChangeKind.CHANGED
        else:
            kind = (
                ChangeKind.CREATED
                if was is None
                else ChangeKind.DELETED
                if now is None
                else ChangeKind.CHANGED
            )
        found.append(FileChange(path, kind))
    return found
