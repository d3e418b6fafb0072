"""One take-over from the first byte to the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlcipher3 import dbapi2

from aigc_desktop.config.paths import Paths
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.takeover import Step, TakeOverReport
from aigc_desktop.store import migration, snapshots
from aigc_desktop.store.takeover import source, staging
from aigc_desktop.store.takeover.merge import merge
from aigc_desktop.store.takeover.source import Stop

SPACE_FACTOR = 6
"""Room for the copy, the staging database, its rows anew, and their way into ours (measured)."""

OnStep = Callable[[Step, str, float], None]

__all__ = ["Options", "Stop", "take_over"]


@dataclass(frozen=True, slots=True)
class Options:
    """`now` in epoch ms; see `services.takeover.Wish`."""

    user: str | None
    dry: bool
    now: int


def take_over(
    paths: Paths, path: Path, folder: Path, options: Options, on_step: OnStep, stop: Stop
) -> TakeOverReport:
    """Take a database over into ours, with `folder` (private, empty) to work in.

    Raises UserError as `services.takeover.take_over`.
    """
    try:
        return _take_over(paths, path, folder, options, on_step, stop)
    except dbapi2.DatabaseError as error:
        stop()
        raise migration.told(error, paths.database) from error
    except OSError as error:
        code = "disk_full" if error.errno == 28 else "data_dir_read_only"
        raise UserError(code, path=str(paths.data_dir), reason=error.strerror or "") from error


def _take_over(
    paths: Paths, path: Path, folder: Path, options: Options, on_step: OnStep, stop: Stop
) -> TakeOverReport:
    on_step(Step.READ, path.name, 0.0)
    size = sum(part.stat().st_size for suffix in source.PARTS if (part := _part(path, suffix)))
    own = paths.database.stat().st_size
    snapshots.require_space(paths.data_dir, size * SPACE_FACTOR + own * 2)
    web = source.bring(path, folder, stop)
    staged = staging.build(web, folder / "staging.db", on_step, stop)
    snapshots.discard(web.copy)
    on_step(Step.SNAPSHOT, "", 0.0)
    target, kept = paths.database, None
    if options.dry:
        target = folder / "ours.db"
        snapshots.copy_database(paths.database, target)
    else:
        kept = snapshots.take(paths, snapshots.TAKE_OVER)
    try:
        merged = merge(
            target,
            staged.path,
            user=options.user,
            now=options.now,
            on_share=lambda what, share: on_step(Step.MERGE, what, share),
            stop=stop,
        )
    except BaseException:
        if kept is not None:
            snapshots.discard(kept)
        raise
    changed = any(each.came for each in merged.arrived)
    if kept is not None and not changed:
        snapshots.discard(kept)
        kept = None
    snapshots.prune(paths)
    if source.digest_of(path, stop) != web.sha256:
        staged.left_out.append(source.CHANGED)
    return TakeOverReport(
        source=str(path),
        sha256=web.sha256,
        step=web.step,
        arrived=merged.arrived,
        left_out=(*staged.left_out, *merged.left_out),
        user=merged.user,
        dry=options.dry,
        snapshot=str(kept) if kept else "",
        taken_at=options.now,
    )


def _part(path: Path, suffix: str) -> Path | None:
    part = Path(f"{path}{suffix}")
    return part if part.exists() else None
