"""Scenarios, prompts, skills and users of the web version: few rows, taken one by one.

What came once is known by a hash of what it said, so that it does not come again, even if it was
edited or deleted here since. Nothing that comes can start anything: MCP servers arrive disabled
and without the values of their environment, modes that ask for nothing are not taken.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from aigc_desktop.config.i18n import tr

ALIASES = ("opus", "sonnet", "haiku", "fable")
_MODES = {"plan": "plan", "acceptEdits": "accept_edits", "default": "ask"}
_SECRET_PARTS = ("env", "headers", "env_vars", "environment", "auth", "token", "api_key")
_SCENARIO = (
    *("name", "description", "category", "meta", "system_prompt", "allowed_tools"),
    *("recommended_model", "custom_tools", "skills", "workflow", "permission_mode", "max_turns"),
    *("is_public", "created_at", "updated_at"),
)
_PROMPT = ("name", "description", "category", "content", "usage_count", "is_public", "created_at")
_SKILL = (
    *("name", "description", "category", "skill_content", "skill_config", "usage_count"),
    *("is_public", "created_at", "updated_at"),
)


class Library:
    """Takes the rows over on a connection that has the staging database attached as `web`."""

    def __init__(self, db: Any, now: int) -> None:
        self._db = db
        self._now = now
        self.came: Counter[str] = Counter()
        self.already: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.users: dict[int, int] = {}
        self.scenarios: dict[int, int] = {}

    def take_users(self, wanted: str | None) -> str:
        """Map the web version's users to ours; return the name of the one who is the local user.

        That is the one named, else the one with the most chats. Raises LookupError if nobody is
        called so.
        """
        me = self._local_user(wanted)
        roles = {}
        for role in self._rows("roles"):
            name = role["name"]
            known = self._db.execute("SELECT id FROM roles WHERE name = ?", (name,)).fetchone()
            roles[role["id"]] = known[0] if known else self._insert("roles", role, ("name",))
        for user in self._rows("users"):
            if me is not None and user["id"] == me["id"]:
                self.users[user["id"]] = 1
                continue
            name = user["username"]
            known = self._db.execute("SELECT id FROM users WHERE username = ?", (name,)).fetchone()
            if known:
                self.users[user["id"]] = known[0]
                self.already["users"] += 1
                continue
            kept = {**user, "role_id": roles.get(user["role_id"]), "is_active": 0}
            columns = ("username", "email", "full_name", "avatar_url", "role_id", "is_active")
            self.users[user["id"]] = self._insert("users", kept, (*columns, "created_at"))
            self.came["users"] += 1
        return str(me["username"]) if me is not None else ""

    def take_library(self) -> None:
        """Take scenarios, prompts and skills over."""
        for row in self._rows("business_scenarios"):
            local = self._take("scenarios", row, _SCENARIO, self._scenario)
            if local is not None:
                self.scenarios[row["id"]] = local
        for row in self._rows("system_prompts"):
            self._take("prompts", row, _PROMPT, self._prompt)
        for row in self._rows("skills"):
            self._take("skills", row, _SKILL, self._skill)
        self._take_default()
        self._take_user_config()

    def _local_user(self, wanted: str | None) -> dict[str, Any] | None:
        users = self._rows("users")
        if wanted is not None:
            found = next((user for user in users if user["username"] == wanted), None)
            if found is None:
                raise LookupError(", ".join(str(user["username"]) for user in users))
            return found
        counts = dict(
            self._db.execute("SELECT user_id, count(*) FROM web.sessions GROUP BY user_id")
        )
        return max(users, key=lambda user: (counts.get(user["id"], 0), -user["id"]), default=None)

    def _take(
        self, kind: str, row: dict[str, Any], said: tuple[str, ...], insert: Any
    ) -> int | None:
        """Return our id of a row: of the one that came before, else of a new one."""
        words = json.dumps([row[key] for key in said], default=str)
        origin = hashlib.sha256(f"{kind}\n{words}".encode()).hexdigest()
        known = self._db.execute(
            "SELECT local_id FROM takeover_origins WHERE kind = ? AND origin = ?", (kind, origin)
        ).fetchone()
        if known is None:
            local: int = insert(row)
            self.came[kind] += 1
            self._db.execute("INSERT INTO takeover_origins VALUES (?, ?, ?)", (kind, origin, local))
            return local
        self.already[kind] += 1
        table = {"scenarios": "business_scenarios", "prompts": "system_prompts"}.get(kind, "skills")
        found = self._db.execute(f"SELECT id FROM {table} WHERE id = ?", known).fetchone()
        return known[0] if found else None

    def _scenario(self, row: dict[str, Any]) -> int:
        mode = row["permission_mode"]
        if mode and mode not in _MODES:
            self.lost["takeover:modes"] += 1
        kept = {
            **row,
            "custom_tools": self.inert(row["custom_tools"]),
            "permission_mode": _MODES.get(mode),
            "recommended_model": alias_of(row["recommended_model"]),
            "created_by": self._owner(row["created_by"]),
            "changed_at": self._now,
        }
        if row["work_dir"]:
            self.lost["takeover:work_dirs"] += 1
        if not kept["is_public"] and kept["created_by"] not in (None, 1):
            self.lost["takeover:private"] += 1
        return self._insert("business_scenarios", kept, (*_SCENARIO, "created_by", "changed_at"))

    def _prompt(self, row: dict[str, Any]) -> int:
        kept = {**row, "created_by": self._owner(row["created_by"])}
        return self._insert("system_prompts", kept, (*_PROMPT, "created_by"))

    def _skill(self, row: dict[str, Any]) -> int:
        self.lost["takeover:skills"] += 1
        kept = {**row, "created_by": self._owner(row["created_by"])}
        return self._insert("skills", kept, (*_SKILL, "created_by"))

    def _owner(self, web_id: int | None) -> int | None:
        return None if web_id is None else self.users.get(web_id, 1)

    def _take_default(self) -> None:
        """The web version's default answers here too, unless the user has chosen one here."""
        row = self._db.execute("SELECT id FROM web.business_scenarios WHERE is_default").fetchone()
        local = self.scenarios.get(row[0]) if row else None
        if local is None or not self.came["scenarios"]:
            return
        own = self._db.execute(
            "SELECT 1 FROM business_scenarios WHERE is_default AND builtin IS NULL"
        ).fetchone()
        if own is None:
            self._db.execute("UPDATE business_scenarios SET is_default = (id = ?)", (local,))

    def _take_user_config(self) -> None:
        me = next((web for web, local in self.users.items() if local == 1), None)
        config = next((c for c in self._rows("user_configs") if c["user_id"] == me), None)
        if config is None:
            return
        if config["default_system_prompt"]:
            name = tr("Default prompt of the web version")
            said = {"name": name, "content": config["default_system_prompt"]}
            row = {**dict.fromkeys((*_PROMPT, "created_by")), **said}
            self._take("prompts", {**row, "usage_count": 0, "is_public": 0}, _PROMPT, self._prompt)
        settings = ("default_model", "permission_mode", "max_turns", "work_dir")
        if any(config[key] for key in settings):
            told = ", ".join(f"{key} = {config[key]}" for key in settings if config[key])
            self.lost[f"takeover:settings\n{told[:300]}"] += 1
        servers = self.inert(config["custom_tools"])
        known = self._db.execute("SELECT 1 FROM user_configs WHERE user_id = 1").fetchone()
        if servers and not known:
            kept = {**config, "user_id": 1, "custom_tools": servers}
            self._insert("user_configs", kept, ("user_id", "custom_tools", "custom_skills"))

    def inert(self, text: str | None) -> str | None:
        """Return MCP servers that start nothing and hold no secret."""
        if not text:
            return text
        value = json.loads(text)
        named = isinstance(value, dict) and all(isinstance(v, dict) for v in value.values())
        if named:
            return json.dumps({name: self._disabled(server) for name, server in value.items()})
        servers = value if isinstance(value, list) else [value]
        return json.dumps([self._disabled(server) for server in servers])

    def _disabled(self, server: Any) -> Any:
        if not isinstance(server, Mapping):
            return server
        self.lost["takeover:mcp"] += 1
        kept = {key: value for key, value in server.items() if key.lower() not in _SECRET_PARTS}
        for key in set(server) - set(kept):
            names = server[key]
            kept[key] = dict.fromkeys(names, "") if isinstance(names, dict) else ""
        return {**kept, "disabled": True}

    def _rows(self, table: str) -> list[dict[str, Any]]:
        cursor = self._db.execute(f"SELECT * FROM web.{table} ORDER BY id")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def _insert(self, table: str, row: Mapping[str, Any], columns: tuple[str, ...]) -> int:
        names, places = ", ".join(columns), ", ".join("?" * len(columns))
        cursor = self._db.execute(
            f"INSERT INTO {table} ({names}) VALUES ({places})",
            [row[column] for column in columns],
        )
        return int(cursor.lastrowid)


def alias_of(model: str | None) -> str | None:
    """Return the name that a model goes by for good; versions of the web's time are gone."""
    return next((alias for alias in ALIASES if model and alias in model.lower()), None)
