"""What models cost: the bundled table, and `prices.json` of the user's own beside the settings."""

from __future__ import annotations

import asyncio
import functools
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from aigc_desktop.agent import prices
from aigc_desktop.config.i18n import tr
from aigc_desktop.core.errors import UserError
from aigc_desktop.services.app import App
from aigc_desktop.store import unpriced
from aigc_desktop.store.store import Db

FILE_NAME = "prices.json"
MAX_FILE = 1_000_000
BATCH = 500


def own_prices_file(app: App) -> Path:
    """Return where the user's own prices are looked for."""
    return app.paths.home / FILE_NAME


async def load_own_prices(app: App) -> int:
    """Use the user's own prices; return for how many models there are any.

    Raises UserError("prices_invalid"); those in use before then stay.
    """
    found = await asyncio.to_thread(_read, own_prices_file(app))
    prices.use_own(found)
    return len(found)


async def update_prices(app: App) -> dict[str, Any]:
    """Read the user's prices again and price what had none. Nothing is asked of the network.

    Returns `table` (name and version), `own` (models) and `priced` (answers priced now).
    """
    own = await load_own_prices(app)
    priced, after = 0, 0
    while True:
        batch = await app.store.read(functools.partial(_next_batch, after))
        if not batch:
            return {"table": prices.table_name(), "own": own, "priced": priced}
        after = batch[-1].turn_id
        costs = [
            (each.turn_id, cost)
            for each in batch
            if (cost := prices.cost(each.model, each.usage, each.provider)) is not None
        ]
        if costs:
            await app.store.write(functools.partial(_set_costs, costs))
            priced += len(costs)


def _next_batch(after: int, db: Db) -> list[unpriced.Unpriced]:
    return unpriced.find(db, after, BATCH)


def _set_costs(costs: list[tuple[int, Decimal]], db: Db) -> None:
    unpriced.set_costs(db, costs)


def _read(path: Path) -> dict[str, prices.Price]:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UserError("prices_invalid", problem=error.strerror or "") from error
    if len(text) > MAX_FILE:
        raise UserError("prices_invalid", problem=tr("The file is too large."))
    try:
        return prices.read_own(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise UserError("prices_invalid", problem=str(error)[:80]) from error
