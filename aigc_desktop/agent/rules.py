"""Which rule matches which call. Parsing a command may only lead to more questions (rule 3)."""

from __future__ import annotations

import re
import shlex
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from aigc_desktop.agent.egress import host_named, host_of
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.rules import Area, Effect, Match, Rule, Scope

MAX_SUBJECT = 500

AREAS: Mapping[str, Area] = {
    "read_file": Area.READ,
    "list_files": Area.READ,
    "glob": Area.READ,
    "grep": Area.READ,
    "write_file": Area.WRITE,
    "edit_file": Area.WRITE,
    "delete_path": Area.WRITE,
    "run_command": Area.RUN,
    "web_fetch": Area.FETCH,
}
"""What each tool does; a tool that is not here is denied."""

_PLAIN = re.compile(r"[A-Za-z0-9_./:=@%+,-]+( [A-Za-z0-9_./:=@%+,-]+)*")
"""A command of words alone: nothing that a shell expands, joins, quotes or redirects."""

_WRAPPERS = frozenset(
    (
        *("sudo", "su", "doas", "pkexec", "env", "nohup", "time", "timeout", "nice", "setsid"),
        *("xargs", "parallel", "watch", "strace", "command", "builtin", "exec", "eval", "source"),
        *("sh", "bash", "dash", "zsh", "fish", "ksh", "csh", "busybox", "awk", "gawk", "sed"),
        *("perl", "ruby", "node", "deno", "bun", "php", "lua", "find", "fd", "rg", "ssh", "scp"),
    )
)
"""Programs that run what they are told to; only word for word the same is the same."""

_DESTRUCTIVE = frozenset(
    ("rm", "mv", "dd", "chmod", "chown", "ln", "cp", "truncate", "shred", "tee", "install")
)
_INTERPRETER = re.compile(r"(python|pypy|pip)[0-9.]*$")
_WITH_SUBCOMMANDS = frozenset(
    (
        *("git", "npm", "pnpm", "yarn", "cargo", "go", "uv", "docker", "podman", "kubectl", "gh"),
        *("apt", "brew", "poetry", "dotnet", "conda", "terraform", "make", "just"),
    )
)
_SUBCOMMAND = re.compile(r"[a-z][a-z0-9-]*$")


@dataclass(frozen=True, slots=True)
class Action:
    """What a call would do: its area, and to what (path beneath the folder, command, host)."""

    area: Area
    subject: str
    folder: str
    session_id: int
    scenario_id: int | None = None


def actions_of(
    name: str,
    input: Mapping[str, Any],
    folder: str,
    session_id: int,
    scenario_id: int | None = None,
) -> tuple[Action, ...]:
    """Return all that a call would do; () for a tool that nobody knows.

    A command that asks for hosts does one thing more for each of them.
    """
    area = AREAS.get(name)
    if area is None:
        return ()
    wanted: list[tuple[Area, str]]
    if area is Area.RUN:
        wanted = [(Area.RUN, str(input.get("command", "")))]
        wanted += [(Area.CONNECT, _named(host)) for host in hosts_of(input)]
    elif area is Area.FETCH:
        wanted = [(area, _host(str(input.get("url", ""))))]
    else:
        wanted = [(area, _beneath(str(input.get("path", ".")), folder))]
    return tuple(Action(area, subject, folder, session_id, scenario_id) for area, subject in wanted)


def hosts_of(input: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the hosts that a command asks for, as the model wrote them."""
    hosts = input.get("hosts")
    return tuple(str(host) for host in hosts) if isinstance(hosts, list) else ()


def _named(host: str) -> str:
    try:
        return host_named(host)
    except UserError:
        return ""


def _host(url: str) -> str:
    try:
        return host_of(url)
    except UserError:
        return ""


def _beneath(path: str, folder: str) -> str:
    """Return a path as rules name it: from the folder on, without `.` and doubled slashes."""
    pure = PurePosixPath(path)
    if pure.is_relative_to(folder):
        pure = pure.relative_to(folder)
    return "/".join(pure.parts) or "."


def words_of(command: str) -> tuple[str, ...]:
    """Return the words of a command that is nothing but words, else ()."""
    return tuple(shlex.split(command)) if _PLAIN.fullmatch(command) else ()


def prefix_of(command: str) -> tuple[str, ...]:
    """Return the first words that stand for a command and others like it; () if none do."""
    words = words_of(command)
    if not words or "=" in words[0]:
        return ()
    program = words[0].rpartition("/")[2]
    if program in _WRAPPERS | _DESTRUCTIVE or _INTERPRETER.match(program):
        return ()
    if program in _WITH_SUBCOMMANDS:
        named = len(words) > 1 and _SUBCOMMAND.match(words[1])
        return words[:2] if named else ()
    return words[:1]


def matches(rule: Rule, action: Action) -> bool:
    """Return whether a rule speaks about an action."""
    if rule.area is not action.area or rule.folder != action.folder:
        return False
    if rule.scope is Scope.SESSION and rule.session_id != action.session_id:
        return False
    if rule.scope is Scope.SCENARIO and (
        rule.scenario_id is None or rule.scenario_id != action.scenario_id
    ):
        return False
    if rule.match is Match.ANY:
        return True
    resource, subject = rule.resource, action.subject
    if rule.effect is not Effect.ALLOW and action.area is not Area.RUN:
        # Some file systems take A for a: a rule that forbids covers both.
        resource, subject = resource.casefold(), subject.casefold()
    if rule.match is Match.EXACT:
        return resource == subject
    if action.area is Area.RUN:
        prefix = words_of(resource)
        return bool(prefix) and prefix_of(subject)[: len(prefix)] == prefix
    return subject == resource or subject.startswith(f"{resource}/")


def rule_for(action: Action, scope: Scope) -> Rule:
    """Return the narrow rule that allows an action and others like it in the same folder.

    Writing: anywhere in the folder. Commands: the same first words, or word for word the same.
    Hosts: the same host.
    """
    session_id = action.session_id if scope is Scope.SESSION else None
    match, resource = Match.ANY, ""
    if action.area is Area.RUN:
        prefix = prefix_of(action.subject)
        match = Match.PREFIX if prefix else Match.EXACT
        resource = " ".join(prefix) if prefix else action.subject
    elif action.area in (Area.FETCH, Area.CONNECT):
        match, resource = Match.EXACT, action.subject
    return Rule(
        Effect.ALLOW,
        action.area,
        match,
        resource,
        action.folder,
        scope,
        session_id,
        scenario_id=action.scenario_id if scope is Scope.SCENARIO else None,
    )


class RuleBook:
    """All rules that hold now. Callable from any thread."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._lock = threading.Lock()
        self._rules = list(rules)
        self._used: set[int] = set()

    def add(self, rule: Rule) -> None:
        """From now on the rule holds."""
        with self._lock:
            self._rules.append(rule)

    def withdraw(self, rule: Rule) -> None:
        """From now on the rule does not hold. Compared by what it says, not by its use."""
        with self._lock:
            self._rules = [each for each in self._rules if not _same(each, rule)]

    def rules(self) -> list[Rule]:
        """Return all rules, oldest first."""
        with self._lock:
            return list(self._rules)

    def find(self, action: Action, effect: Effect, now: int) -> Rule | None:
        """Return a rule with that effect that matches, and note that it was used."""
        with self._lock:
            for at, rule in enumerate(self._rules):
                if rule.effect is effect and matches(rule, action):
                    self._rules[at] = replace(
                        rule,
                        used_at=now,
                        uses=rule.uses + 1,
                        last_subject=action.subject[:MAX_SUBJECT],
                    )
                    self._used.add(rule.id)
                    return rule
        return None

    def take_used(self) -> list[Rule]:
        """Return the stored rules that were used since this was last asked."""
        with self._lock:
            used, self._used = self._used, set()
            return [rule for rule in self._rules if rule.id in used and rule.id]


def _same(one: Rule, other: Rule) -> bool:
    blank: dict[str, Any] = {"id": 0, "created_at": 0, "used_at": None, "uses": 0}
    return replace(one, last_subject="", **blank) == replace(other, last_subject="", **blank)
