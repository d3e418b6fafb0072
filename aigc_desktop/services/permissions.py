"""The permission rules: listed with what they were last used for, added, withdrawn."""

from __future__ import annotations

from dataclasses import replace

from aigc_desktop.core.rules import Rule, Scope
from aigc_desktop.services.app import App
from aigc_desktop.store import rules as rule_rows


async def list_rules(app: App) -> list[Rule]:
    """Return all rules that hold now, also those of running sessions, oldest first."""
    return app.rules.rules()


async def add_rule(app: App, rule: Rule) -> Rule:
    """Let a rule hold from now on; a lasting one is stored first. Returns it with its id."""
    now = app.clock.now_ms()
    if rule.scope is not Scope.SESSION:
        rule = await app.store.write(lambda db: rule_rows.add(db, rule, now))
    else:
        rule = replace(rule, created_at=now)
    app.rules.add(rule)
    return rule


async def withdraw_rule(app: App, rule: Rule) -> None:
    """Let a rule hold no longer; calls that it would have allowed are asked about again."""
    app.rules.withdraw(rule)
    if rule.id:
        await app.store.write(lambda db: rule_rows.remove(db, rule.id))


async def save_uses(app: App) -> None:
    """Store for what the rules were used lately."""
    used = app.rules.take_used()
    if used:
        await app.store.write(lambda db: rule_rows.save_uses(db, used))
