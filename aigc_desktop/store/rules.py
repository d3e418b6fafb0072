"""Rows of `permission_rules`: what the user allows or denies for good."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection, delete, insert, select, update

from aigc_desktop.core.rules import Area, Effect, Match, Rule, Scope
from aigc_desktop.store.tables import permission_rules


def all_rules(db: Connection) -> list[Rule]:
    """Return all stored rules, oldest first."""
    rows = db.execute(select(permission_rules).order_by(permission_rules.c.id))
    return [
        Rule(
            Effect(row.effect),
            Area(row.area),
            Match(row.match),
            row.resource,
            row.folder,
            Scope.ALWAYS if row.scenario_id is None else Scope.SCENARIO,
            None,
            row.id,
            row.created_at,
            row.used_at,
            row.uses,
            row.last_subject,
            row.scenario_id,
        )
        for row in rows
    ]


def add(db: Connection, rule: Rule, now: int) -> Rule:
    """Store a rule; return it with its id."""
    result = db.execute(
        insert(permission_rules)
        .values(
            effect=rule.effect.value,
            area=rule.area.value,
            match=rule.match.value,
            resource=rule.resource,
            folder=rule.folder,
            created_at=now,
            used_at=rule.used_at,
            uses=rule.uses,
            last_subject=rule.last_subject,
            scenario_id=rule.scenario_id,
        )
        .returning(permission_rules.c.id)
    )
    return replace(rule, id=result.scalar_one(), created_at=now)


def remove(db: Connection, rule_id: int) -> None:
    """Delete a rule."""
    db.execute(delete(permission_rules).where(permission_rules.c.id == rule_id))


def save_uses(db: Connection, rules: Iterable[Rule]) -> None:
    """Store when and for what the rules were last used."""
    for rule in rules:
        db.execute(
            update(permission_rules)
            .where(permission_rules.c.id == rule.id)
            .values(used_at=rule.used_at, uses=rule.uses, last_subject=rule.last_subject)
        )
