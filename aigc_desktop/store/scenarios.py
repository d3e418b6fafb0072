"""Rows of `business_scenarios` and its versions as values. A published version never changes."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from aigc_desktop.core.errors import UserError
from aigc_desktop.core.scenario import Bundle, Scenario, ScenarioVersion
from aigc_desktop.store.tables import LOCAL_USER_ID, business_scenarios, scenario_versions

logger = logging.getLogger(__name__)

table = business_scenarios


def all_scenarios(db: Connection, *, trashed: bool = False) -> list[Scenario]:
    """Return all that the user sees (own and public ones), in or out of the trash, oldest first."""
    mine = table.c.created_by.is_(None) | (table.c.created_by == LOCAL_USER_ID)
    where = table.c.trashed_at.is_not(None) if trashed else table.c.trashed_at.is_(None)
    rows = db.execute(select(table).where(where, mine | table.c.is_public).order_by(table.c.id))
    return [_scenario(row) for row in rows]


def stamp(db: Connection) -> tuple[Any, ...]:
    """Return what changes whenever a scenario does; far cheaper to read than all of them."""
    state = (table.c.id, table.c.version, table.c.changed_at, table.c.trashed_at)
    flags = (table.c.is_default, table.c.is_public)
    return tuple(tuple(row) for row in db.execute(select(*state, *flags).order_by(table.c.id)))


def get(db: Connection, scenario_id: int) -> Scenario:
    """Return the scenario. Raises UserError("scenario_not_found")."""
    row = db.execute(select(table).where(table.c.id == scenario_id)).one_or_none()
    if row is None:
        raise UserError("scenario_not_found")
    return _scenario(row)


def exists(db: Connection, scenario_id: int) -> bool:
    """Return whether there is such a scenario, in the trash or not."""
    return db.execute(select(table.c.id).where(table.c.id == scenario_id)).first() is not None


def create(db: Connection, scenario: Scenario, now: int, note: str = "") -> Scenario:
    """Store a new scenario as its version 1; its id is given here."""
    result = db.execute(
        insert(table)
        .values(
            **_columns(scenario.bundle),
            is_public=scenario.is_public,
            created_by=LOCAL_USER_ID if scenario.created_by is None else scenario.created_by,
            builtin=scenario.builtin,
            follows_builtin=scenario.follows_builtin,
            version=1,
            changed_at=now,
        )
        .returning(table.c.id)
    )
    scenario_id = result.scalar_one()
    _add_version(db, ScenarioVersion(scenario_id, 1, scenario.bundle, now, note))
    return get(db, scenario_id)


def publish(
    db: Connection,
    scenario_id: int,
    bundle: Bundle,
    now: int,
    *,
    note: str = "",
    follows_builtin: bool = False,
) -> Scenario:
    """Make a bundle the scenario's newest version; the same bundle again changes nothing."""
    old = get(db, scenario_id)
    if old.bundle == bundle:
        return old
    first_stored = _newest_version(db, scenario_id)
    if first_stored is None:
        _add_version(db, ScenarioVersion(scenario_id, old.version, old.bundle, old.updated_at))
    version = max(old.version, first_stored or 0) + 1
    db.execute(
        update(table)
        .where(table.c.id == scenario_id)
        .values(
            **_columns(bundle), version=version, changed_at=now, follows_builtin=follows_builtin
        )
    )
    _add_version(db, ScenarioVersion(scenario_id, version, bundle, now, note))
    return get(db, scenario_id)


def versions(db: Connection, scenario_id: int) -> list[ScenarioVersion]:
    """Return all versions, the newest first; at least the present one."""
    rows = db.execute(
        select(scenario_versions)
        .where(scenario_versions.c.scenario_id == scenario_id)
        .order_by(scenario_versions.c.version.desc())
    ).all()
    if not rows:
        now = get(db, scenario_id)
        return [ScenarioVersion(now.id, now.version, now.bundle, now.updated_at)]
    return [
        ScenarioVersion(
            row.scenario_id, row.version, bundle_from(row.bundle), row.created_at, row.note
        )
        for row in rows
    ]


def set_default(db: Connection, scenario_id: int | None) -> None:
    """Make one scenario the default, or none."""
    db.execute(update(table).values(is_default=False).where(table.c.is_default))
    if scenario_id is not None:
        _set(db, scenario_id, is_default=True)


def set_public(db: Connection, scenario_id: int, is_public: bool) -> None:
    """Let other users of the same database see it, or not."""
    _set(db, scenario_id, is_public=is_public)


def trash(db: Connection, scenario_id: int, now: int) -> None:
    """Move to the trash; the default is then none."""
    _set(db, scenario_id, trashed_at=now, is_default=False)


def restore(db: Connection, scenario_id: int) -> None:
    """Take out of the trash."""
    _set(db, scenario_id, trashed_at=None)


def delete_forever(db: Connection, scenario_id: int) -> None:
    """Delete with all versions and labels."""
    db.execute(delete(table).where(table.c.id == scenario_id))


def builtin_rows(db: Connection) -> dict[str, Scenario]:
    """Return the scenarios that came with the program, also those in the trash, by their key."""
    rows = db.execute(select(table).where(table.c.builtin.is_not(None)))
    return {row.builtin: _scenario(row) for row in rows}


def bundle_data(bundle: Bundle) -> dict[str, Any]:
    """Return a bundle as JSON data."""
    data: dict[str, Any] = json.loads(json.dumps(asdict(bundle)))
    return data


def bundle_from(data: Mapping[str, Any]) -> Bundle:
    """Return the bundle of JSON data made by `bundle_data`; unknown keys are left out."""
    lists = ("tags", "keywords", "examples", "skills", "mcp_servers")
    known = {key: data[key] for key in data if key in Bundle.__slots__}
    known |= {key: tuple(known[key]) for key in lists if key in known}
    if known.get("allowed_tools") is not None:
        known["allowed_tools"] = tuple(known["allowed_tools"])
    return Bundle(**known)


def _add_version(db: Connection, version: ScenarioVersion) -> None:
    db.execute(
        insert(scenario_versions).values(
            scenario_id=version.scenario_id,
            version=version.version,
            bundle=bundle_data(version.bundle),
            note=version.note,
            created_at=version.created_at,
        )
    )


def _newest_version(db: Connection, scenario_id: int) -> int | None:
    newest = func.max(scenario_versions.c.version)
    where = scenario_versions.c.scenario_id == scenario_id
    number: int | None = db.execute(select(newest).where(where)).scalar()
    return number


def _set(db: Connection, scenario_id: int, **values: Any) -> None:
    db.execute(update(table).where(table.c.id == scenario_id).values(**values))


def _columns(bundle: Bundle) -> dict[str, Any]:
    tools = bundle.allowed_tools
    return {
        "name": bundle.name,
        "description": bundle.description,
        "category": bundle.category,
        "meta": {
            "tags": list(bundle.tags),
            "keywords": list(bundle.keywords),
            "examples": list(bundle.examples),
        },
        "system_prompt": bundle.system_prompt,
        "allowed_tools": None if tools is None else json.dumps(list(tools)),
        "recommended_model": bundle.model,
        "custom_tools": [dict(server) for server in bundle.mcp_servers],
        "skills": list(bundle.skills),
        "workflow": dict(bundle.workflow),
        "permission_mode": bundle.permission_mode,
        "max_turns": bundle.max_turns,
        "work_dir": bundle.work_dir,
    }


def _scenario(row: Any) -> Scenario:
    return Scenario(
        id=row.id,
        version=row.version,
        bundle=_bundle(row),
        is_default=row.is_default,
        is_public=row.is_public,
        created_by=row.created_by,
        builtin=row.builtin,
        follows_builtin=row.follows_builtin,
        trashed_at=row.trashed_at,
        updated_at=row.changed_at,
    )


def _bundle(row: Any) -> Bundle:
    meta = _decoded(row.meta)
    meta = meta if isinstance(meta, Mapping) else {}
    servers = _decoded(row.custom_tools)
    if isinstance(servers, Mapping):
        named = servers.items()
        servers = [{"name": name, **value} for name, value in named if isinstance(value, Mapping)]
    workflow = _decoded(row.workflow)
    bundle = Bundle(
        name=row.name,
        description=row.description or "",
        category=row.category or "",
        tags=_strings(meta.get("tags")),
        keywords=_strings(meta.get("keywords")),
        examples=_strings(meta.get("examples")),
        system_prompt=row.system_prompt or "",
        skills=_strings(row.skills),
        mcp_servers=tuple(s for s in servers or () if isinstance(s, Mapping)),
        workflow=workflow if isinstance(workflow, Mapping) else {},
        model=row.recommended_model or None,
        permission_mode=row.permission_mode or None,
        max_turns=row.max_turns,
        work_dir=row.work_dir or None,
    )
    tools = _decoded(row.allowed_tools)
    return replace(bundle, allowed_tools=_strings(tools)) if tools else bundle


def _decoded(value: Any) -> Any:
    """Return JSON that may have been encoded twice, as the web version did (TECH.md)."""
    for _ in range(2):
        if not isinstance(value, str):
            break
        try:
            value = json.loads(value)
        except ValueError:
            return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _strings(value: Any) -> tuple[str, ...]:
    decoded = _decoded(value)
    return tuple(str(part) for part in decoded) if isinstance(decoded, list) else ()
