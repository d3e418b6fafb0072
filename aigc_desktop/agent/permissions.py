"""Who may do what: deny → ask → mode → allow → question. The seam of the permission system."""

from __future__ import annotations

import difflib
import hashlib
import json
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aigc_desktop.agent.ports import Decision, Verdict
from aigc_desktop.agent.sandbox import Sandbox
from aigc_desktop.agent.tools.edit import edited
from aigc_desktop.agent.tools.folder import WorkFolder
from aigc_desktop.agent.tools.look import text_of
from aigc_desktop.core.errors import UserError

READING = frozenset({"read_file", "list_files", "glob", "grep"})
WRITING = frozenset({"write_file", "edit_file"})
RUNNING = frozenset({"run_command"})

MAX_DIFF_BYTES = 2 * 1024 * 1024
"""Of larger files the question shows their sizes only."""

MAX_PREVIEW = 100_000


@dataclass(slots=True)
class SessionGrants:
    """What the user allowed until the program is closed, per session. Nothing is stored."""

    _granted: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))

    def of(self, session_id: int) -> set[str]:
        """Return the session's grants, to be added to."""
        return self._granted[session_id]


@dataclass(frozen=True, slots=True)
class ModeGate:
    """Implements `agent.ports.Gate` for one turn: a mode and the session's grants."""

    mode: str
    folder: WorkFolder
    sandbox: Sandbox
    grants: set[str]

    def decide(self, name: str, input: Mapping[str, Any]) -> Decision:
        """Return the verdict on a call; a tool that nobody knows is denied."""
        if name in READING:
            return Decision(Verdict.ALLOW, "reading")
        if name not in WRITING | RUNNING:
            return Decision(Verdict.DENY, "This tool is not known to the permission rules.")
        if self.mode == "plan":
            return Decision(
                Verdict.DENY, "Plan mode: nothing is changed or run. Describe the plan instead."
            )
        if self.mode == "accept_edits" and name in WRITING:
            return Decision(Verdict.ALLOW, "mode:accept_edits")
        if self.mode == "auto" and (name in WRITING or self.sandbox.available):
            return Decision(Verdict.ALLOW, "mode:auto")
        if self._grant(name, input) in self.grants:
            return Decision(Verdict.ALLOW, "session")
        return Decision(Verdict.ASK, "ask")

    def preview(self, name: str, input: Mapping[str, Any]) -> tuple[str, str]:
        """Return what will happen, as text and kind.

        Raises:
            UserError: the call could not work anyway (a path outside, text that is not there).
        """
        if name in WRITING:
            return self._diff(name, input)[:MAX_PREVIEW], "diff"
        if name in RUNNING:
            where = "" if self.sandbox.available else f"# not sandboxed: {self.sandbox.reason}\n"
            return where + visible(str(input.get("command", "")))[:MAX_PREVIEW], "command"
        return visible(json.dumps(dict(input), ensure_ascii=False, indent=2))[:MAX_PREVIEW], "text"

    def fingerprint(self, name: str, input: Mapping[str, Any]) -> str:
        """Return the hash that binds an answer to tool, arguments and directory."""
        subject = json.dumps([name, dict(input), str(self.folder.root)], sort_keys=True)
        return hashlib.sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()

    def grant_for_session(self, name: str, input: Mapping[str, Any]) -> None:
        """Allow calls like this one until the program is closed."""
        self.grants.add(self._grant(name, input))

    def _grant(self, name: str, input: Mapping[str, Any]) -> str:
        """Writing in this folder is one grant; a command is allowed word for word only."""
        subject = name if name in RUNNING else "write"
        detail = str(input.get("command", "")) if name in RUNNING else ""
        return f"{subject}\0{self.folder.root}\0{detail}"

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
