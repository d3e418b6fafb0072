"""Rows of `system_prompts`: the prompt library."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from aigc_desktop.core.scenario import Prompt
from aigc_desktop.store.tables import system_prompts as table


def all_prompts(db: Connection) -> list[Prompt]:
    """Return the whole library by name."""
    return [_prompt(row) for row in db.execute(select(table).order_by(table.c.name, table.c.id))]


def save(db: Connection, prompt: Prompt) -> Prompt:
    """Store a prompt: a new one when its id is 0, else over the old one."""
    values = {
        "name": prompt.name,
        "description": prompt.description,
        "category": prompt.category,
        "content": prompt.content,
    }
    if prompt.id:
        db.execute(update(table).where(table.c.id == prompt.id).values(**values))
        prompt_id = prompt.id
    else:
        prompt_id = db.execute(insert(table).values(**values).returning(table.c.id)).scalar_one()
    return _prompt(db.execute(select(table).where(table.c.id == prompt_id)).one())


def remove(db: Connection, prompt_id: int) -> None:
    """Delete a prompt."""
    db.execute(delete(table).where(table.c.id == prompt_id))


def count_use(db: Connection, prompt_id: int) -> None:
    """Note that a prompt was used."""
    db.execute(
        update(table).where(table.c.id == prompt_id).values(usage_count=table.c.usage_count + 1)
    )


def _prompt(row: Any) -> Prompt:
    return Prompt(
        row.id,
        row.name,
        row.description or "",
        row.category or "",
        row.content,
        row.usage_count or 0,
    )
