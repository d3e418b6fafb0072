"""Rows of `turn_effects`: the checkpoints before and after a turn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from aigc_desktop.core.errors import UserError
from aigc_desktop.store.tables import turn_effects


@dataclass(frozen=True, slots=True)
class EffectsRow:
    """Checkpoints are named by the hash of their tree; `after` is None if the turn broke off."""

    turn_id: int
    work_dir: str
    before: str
    after: str | None
    skipped: tuple[str, ...]
    undone: bool


def begin(db: Connection, turn_id: int, work_dir: str, before: str, skipped: Sequence[str]) -> None:
    """Note that a turn is about to have its first effect."""
    db.execute(
        insert(turn_effects).values(
            turn_id=turn_id, work_dir=work_dir, before=before, skipped=list(skipped)
        )
    )


def finish(
    db: Connection, turn_id: int, after: str, created: int, changed: int, deleted: int
) -> None:
    """Note how the work directory was when the turn ended."""
    db.execute(
        update(turn_effects)
        .where(turn_effects.c.turn_id == turn_id)
        .values(after=after, created=created, changed=changed, deleted=deleted)
    )


def set_undone(db: Connection, turn_id: int, undone_at: int | None) -> None:
    """Note that a turn's effects were undone, or (None) done again."""
    db.execute(
        update(turn_effects).where(turn_effects.c.turn_id == turn_id).values(undone_at=undone_at)
    )


def get(db: Connection, turn_id: int) -> EffectsRow:
    """Return a turn's checkpoints. Raises UserError("nothing_to_undo")."""
    found = of_turns(db, [turn_id])
    if not found:
        raise UserError("nothing_to_undo")
    return found[0]


def of_turns(db: Connection, turn_ids: Iterable[int]) -> list[EffectsRow]:
    """Return the checkpoints of those of the turns that have any, by turn."""
    rows = db.execute(
        select(turn_effects)
        .where(turn_effects.c.turn_id.in_(list(turn_ids)))
        .order_by(turn_effects.c.turn_id)
    )
    return [
        EffectsRow(
            row.turn_id,
            row.work_dir,
            row.before,
            row.after,
            tuple(row.skipped or ()),
            row.undone_at is not None,
        )
        for row in rows
    ]


def all_trees(db: Connection) -> set[str]:
    """Return the names of all checkpoints that a turn needs."""
    rows = db.execute(select(turn_effects.c.before, turn_effects.c.after))
    return {tree for row in rows for tree in row if tree is not None}
