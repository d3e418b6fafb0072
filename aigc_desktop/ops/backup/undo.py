"""Takes the newest restore back."""

from __future__ import annotations

from typing import Any

from aigc_desktop.core.errors import UserError
from aigc_desktop.ops.backup import manifest, planning, restore, source, state, verify
from aigc_desktop.ops.backup.repository import Repository
from aigc_desktop.ops.backup.staging import AreaPlan
from aigc_desktop.ops.backup.worker import Work
from aigc_desktop.store import merge


def run_plan_undo(work: Work) -> dict[str, Any]:
    """Say what kind of restore would be undone, and the snapshot of what was before it."""
    last = _last(work)[0]
    return {"everything": last["everything"], "safety_id": last["safety_id"]}


def run_undo_some(work: Work) -> dict[str, Any]:
    """Remove the restored sessions and put the files back as they were."""
    last, detail = _last(work)
    repository = Repository.open(work.root)
    verify.unlock(work, repository)
    with repository.locked():
        restore.discard_unfinished(work)
        found = manifest.load(repository, last["safety_id"])
        deleted = merge.delete_sessions(work.paths.database, detail["created"])
        plan = planning.chosen(work, found, detail["paths"] or ["\0"], foreign=False)
        _remove_new(work, found, plan, detail["paths"])
        record = {"last_restore": None, "last_restore_detail": None}
        problems = restore.put_files(work, repository, found, plan, record)
    return {
        "snapshot": last["snapshot_id"],
        "safety": last["safety_id"],
        "sessions": len(deleted),
        "files": sum(len(area.puts) + len(area.links) for area in plan.areas),
        "removed": sum(len(area.removes) for area in plan.areas),
        "restarts": False,
        "inert": [],
        "problems": problems,
        "created": [],
        "deleted": deleted,
    }


def _last(work: Work) -> tuple[dict[str, Any], dict[str, Any]]:
    known = state.read(work.root)
    last = known.get("last_restore")
    if not last:
        raise UserError("no_restore_to_undo")
    return last, known.get("last_restore_detail") or {"created": [], "paths": []}


def _remove_new(
    work: Work, found: manifest.Manifest, plan: planning.Plan, paths: list[str]
) -> None:
    """Files that the restore made and that were not there before go again."""
    before = {entry.path for entry in found.files} | {path for path, _ in found.links}
    roots = source.located(work.job, found.roots, foreign=False)
    for path in paths:
        name, inside = source.split(path)
        if path in before or name not in roots:
            continue
        if name not in plan.names:
            plan.names.append(name)
            plan.areas.append(AreaPlan(str(roots[name])))
            plan.entries.append([])
        plan.areas[plan.names.index(name)].removes.append(inside)
