"""The prompt library: reusable templates with variables, and collections taken over."""

from __future__ import annotations

import asyncio

from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import ScenariosChanged
from aigc_desktop.core.scenario import Prompt
from aigc_desktop.scenarios import templates
from aigc_desktop.services.app import App
from aigc_desktop.services.scenario_files import read_capped
from aigc_desktop.store import prompts as rows
from aigc_desktop.store.store import Db

MAX_BYTES = 20_000_000


async def list_prompts(app: App) -> list[Prompt]:
    """Return the whole library by name."""
    return await app.store.read(rows.all_prompts)


async def save_prompt(app: App, prompt: Prompt) -> Prompt:
    """Store a prompt (a new one has id 0). Raises UserError("prompt_invalid")."""
    if not prompt.name.strip() or not prompt.content.strip():
        raise UserError("prompt_invalid")
    saved = await app.store.write(lambda db: rows.save(db, prompt))
    app.bus.publish(ScenariosChanged())
    return saved


async def remove_prompt(app: App, prompt_id: int) -> None:
    """Delete a prompt."""
    await app.store.write(lambda db: rows.remove(db, prompt_id))
    app.bus.publish(ScenariosChanged())


async def use_prompt(app: App, prompt: Prompt, values: dict[str, str]) -> str:
    """Return a prompt with its variables filled in, and count the use."""
    await app.store.write(lambda db: rows.count_use(db, prompt.id))
    return templates.fill(prompt.content, values)


async def import_collection(app: App, path: str) -> int:
    """Take over a collection (CSV or Markdown); return how many prompts were new.

    Raises UserError: `file_not_readable`, `import_too_large`, `collection_unreadable`.
    """
    data = await asyncio.to_thread(read_capped, path, MAX_BYTES)
    if len(data) > MAX_BYTES:
        raise UserError("import_too_large", limit=MAX_BYTES // 1_000_000)
    try:
        found = templates.read_collection(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UserError("collection_unreadable") from error

    def write(db: Db) -> int:
        known = {(prompt.name, prompt.content) for prompt in rows.all_prompts(db)}
        new = [prompt for prompt in found if (prompt.name, prompt.content) not in known]
        for prompt in new:
            rows.save(db, prompt)
        return len(new)

    count = await app.store.write(write)
    app.bus.publish(ScenariosChanged())
    return count
