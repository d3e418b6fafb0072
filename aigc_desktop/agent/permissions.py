"""Who may do what: deny → ask → mode → allow → question; and what the question shows."""

from __future__ import annotations

import difflib
import hashlib
import json
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aigc_desktop.agent.egress import host_of
from aigc_desktop.agent.gateway import granted_hosts
from aigc_desktop.agent.ports import Decision, Verdict
from aigc_desktop.agent.rules import AREAS, Action, RuleBook, actions_of, hosts_of, rule_for
from aigc_desktop.agent.sandbox import Sandbox
from aigc_desktop.agent.tools.edit import edited
from aigc_desktop.agent.tools.folder import WorkFolder
from aigc_desktop.agent.tools.look import text_of
from aigc_desktop.config.i18n import tr
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.rules import Area, Effect, Match, Rule, Scope

MAX_DIFF_BYTES = 2 * 1024 * 1024
"""Of larger files the question shows their sizes only."""

MAX_PREVIEW = 100_000
MAX_TARGETS = 200
"""Files that the question about a deletion names."""

_STRICTNESS = {Verdict.ALLOW: 0, Verdict.ASK: 1, Verdict.DENY: 2}


@dataclass(frozen=True, slots=True)
class Permissions:
    """Implements `agent.ports.Gate` for one turn: deny → ask → mode → allow → question."""

    mode: str
    folder: WorkFolder
    sandbox: Sandbox
    rules: RuleBook
    session_id: int
    now_ms: Callable[[], int]
    scenario_id: int | None = None

    def decide(self, name: str, input: Mapping[str, Any]) -> Decision:
        """Return the verdict on a call: the strictest on all that it would do."""
        actions = self._actions(name, input)
        if not actions:
            return Decision(Verdict.DENY, "This tool is not known to the permission rules.")
        decisions = [self._decide(action) for action in actions]
        return max(decisions, key=lambda decision: _STRICTNESS[decision.verdict])

    def _decide(self, action: Action) -> Decision:
        if self._rule(action, Effect.DENY):
            return Decision(Verdict.DENY, "A rule of the user's denies this.")
        if self._rule(action, Effect.ASK):
            return Decision(Verdict.ASK, "rule:ask")
        by_mode = self._by_mode(action)
        if by_mode is not None:
            return by_mode
        rule = self._rule(action, Effect.ALLOW)
        if rule is not None:
            return Decision(Verdict.ALLOW, f"rule:{rule.scope.value}")
        return Decision(Verdict.ASK, "ask")

    def rules_for(self, name: str, input: Mapping[str, Any], scope: Scope) -> tuple[Rule, ...]:
        """Return the rules that allow calls like this one in this folder."""
        actions = self._actions(name, input)
        if not actions:
            raise UserError("approval_outdated")
        return tuple(rule_for(action, scope) for action in actions)

    def covered(self, name: str, input: Mapping[str, Any]) -> str:
        """Return what rules for calls like this one cover, as resources; "" is everything."""
        return " · ".join(
            f"{rule.resource} …" if rule.match is Match.PREFIX else rule.resource
            for rule in self.rules_for(name, input, Scope.SESSION)
        )

    def _actions(self, name: str, input: Mapping[str, Any]) -> tuple[Action, ...]:
        folder = str(self.folder.root)
        return actions_of(name, input, folder, self.session_id, self.scenario_id)

    def _rule(self, action: Action, effect: Effect) -> Rule | None:
        return self.rules.find(action, effect, self.now_ms())

    def _by_mode(self, action: Action) -> Decision | None:
        if action.area is Area.READ:
            return Decision(Verdict.ALLOW, "reading")
        if self.mode == "plan" and action.area is not Area.FETCH:
            return Decision(
                Verdict.DENY, "Plan mode: nothing is changed or run. Describe the plan instead."
            )
        if action.area is Area.WRITE and self.mode in ("accept_edits", "auto"):
            return Decision(Verdict.ALLOW, f"mode:{self.mode}")
        if action.area is Area.RUN and self.mode == "auto" and self.sandbox.available:
            return Decision(Verdict.ALLOW, "mode:auto")
        return None

    def preview(self, name: str, input: Mapping[str, Any]) -> tuple[str, str]:
        """Return what will happen, as text and kind.

        Raises:
            UserError: the call could not work anyway (a path outside, text that is not there).
        """
        area = AREAS.get(name)
        if name == "delete_path":
            return self._targets(str(input.get("path", ""))), "text"
        if area is Area.WRITE:
            return self._diff(name, input)[:MAX_PREVIEW], "diff"
        if area is Area.FETCH:
            url = str(input.get("url", ""))
            return visible(f"{host_of(url)}\n{url}")[:MAX_PREVIEW], "text"
        if area is Area.RUN:
            return self._command(input), "command"
        return visible(json.dumps(dict(input), ensure_ascii=False, indent=2))[:MAX_PREVIEW], "text"

    def _command(self, input: Mapping[str, Any]) -> str:
        """Return the exact command, with what it may reach before it."""
        lines = []
        if not self.sandbox.available:
            lines.append(f"# {tr('not sandboxed: {reason}', reason=self.sandbox.reason)}")
        hosts = sorted(granted_hosts(hosts_of(input)))
        if hosts:
            lines.append(f"# {tr('may send to and read from: {hosts}', hosts=', '.join(hosts))}")
        return "\n".join([*lines, visible(str(input.get("command", "")))[:MAX_PREVIEW]])

    def fingerprint(self, name: str, input: Mapping[str, Any]) -> str:
        """Return the hash that binds an answer to tool, arguments and directory."""
        subject = json.dumps([name, dict(input), str(self.folder.root)], sort_keys=True)
        return hashlib.sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()

    def _targets(self, path: str) -> str:
        """Return what a deletion would take away: every file, as far as they are shown."""
        if not self.folder.exists(path):
            raise UserError("file_missing", path=path)
        files = [entry.path for entry in self.folder.walk(path)]
        shown = [visible(file) for file in files[:MAX_TARGETS]]
        if len(files) > MAX_TARGETS:
            shown.append(f"… {len(files) - MAX_TARGETS} more")
        return "\n".join(shown) or visible(path)

    def _diff(self, name: str, input: Mapping[str, Any]) -> str:
        path = str(input.get("path", ""))
        try:
            old = self.folder.read_bytes(path)
        except UserError as error:
            if error.code != "file_missing" or name == "edit_file":
                raise
            old = b""
        new = (
            edited(old, input)[0]
            if name == "edit_file"
            else str(input.get("content", "")).encode("utf-8", "replace")
        )
        if max(len(old), len(new)) > MAX_DIFF_BYTES:
            return f"{path}: {len(old)} → {len(new)} bytes"
        try:
            before = text_of(old, path).splitlines()
        except UserError:
            return f"{path}: a binary file of {len(old)} bytes is replaced by text"
        after = text_of(new, path).splitlines()
        diff = difflib.unified_diff(before, after, f"a/{path}", f"b/{path}", lineterm="")
        return visible("\n".join(diff)) or f"{path}: no change"


def visible(text: str) -> str:
    """Return `text` with every control, bidi and invisible character as an escape."""
    return "".join(
        character
        if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co")
        else f"\\u{ord(character):04x}"
        for character in text
    )
