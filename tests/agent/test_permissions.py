"""The gate: who may do what, and what the question shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_desktop.agent import permissions
from aigc_desktop.agent.permissions import Permissions
from aigc_desktop.agent.ports import Verdict
from aigc_desktop.agent.rules import Action, RuleBook, prefix_of
from aigc_desktop.agent.sandbox import Sandbox
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.rules import Area, Effect, Match, Rule, Scope
from aigc_desktop.files.workdir import WorkDir

WRITE = {"path": "a.txt", "content": "new\n"}
RUN = {"command": "ls"}


@pytest.fixture
def folder(tmp_path: Path) -> WorkDir:
    return WorkDir(tmp_path / "work", tmp_path / "app")


def gate(
    folder: WorkDir, mode: str = "ask", sandboxed: bool = True, book: RuleBook | None = None
) -> Permissions:
    sandbox = Sandbox("/usr/bin/bwrap" if sandboxed else None, "x")
    return Permissions(mode, folder, sandbox, book or RuleBook(), 1, lambda: 5)


@pytest.mark.parametrize(
    ("mode", "sandboxed", "read", "write", "run"),
    [
        ("plan", True, "allow", "deny", "deny"),
        ("ask", True, "allow", "ask", "ask"),
        ("accept_edits", True, "allow", "allow", "ask"),
        ("auto", True, "allow", "allow", "allow"),
        ("auto", False, "allow", "allow", "ask"),
    ],
)
def test_modes(
    folder: WorkDir, mode: str, sandboxed: bool, read: str, write: str, run: str
) -> None:
    subject = gate(folder, mode, sandboxed)
    assert subject.decide("read_file", {"path": "a"}).verdict == read
    assert subject.decide("write_file", WRITE).verdict == write
    assert subject.decide("run_command", RUN).verdict == run
    assert subject.decide("unheard_of", {}).verdict is Verdict.DENY


def allow(subject: Permissions, name: str, input: dict[str, str], scope: Scope) -> None:
    for rule in subject.rules_for(name, input, scope):
        subject.rules.add(rule)


@pytest.mark.parametrize(
    ("granted", "allowed", "asked"),
    [
        ("ls", ["ls", "ls -la src"], ["ls; rm -rf ~", "ls\n", "ls\rx", " ls", "lsof", "ls $(x)"]),
        ("git status", ["git status -s"], ["git push", "git -c a=b status", "git status;x"]),
        ("pytest -q", ["pytest tests/a.py"], ["pytest > x", "pytest `x`", "python -m pytest"]),
        ("rm a.txt", ["rm a.txt"], ["rm b.txt", "rm -rf a.txt"]),
        ("bash x.sh", ["bash x.sh"], ["bash y.sh", "bash -c x"]),
        ("sudo ls", ["sudo ls"], ["sudo rm x", "ls"]),
        ("A=1 ls", ["A=1 ls"], ["A=2 ls", "ls"]),
        ("ls | wc", ["ls | wc"], ["ls", "ls | sh"]),
        ("find . -name x", ["find . -name x"], ["find . -exec rm x", "find"]),
    ],
)
def test_what_a_lasting_answer_covers(
    folder: WorkDir, granted: str, allowed: list[str], asked: list[str]
) -> None:
    subject = gate(folder)
    allow(subject, "run_command", {"command": granted}, Scope.SESSION)
    for command in allowed:
        assert subject.decide("run_command", {"command": command}).verdict is Verdict.ALLOW
    for command in asked:
        assert subject.decide("run_command", {"command": command}).verdict is Verdict.ASK, command
    assert subject.decide("write_file", WRITE).verdict is Verdict.ASK


def test_rules_hold_where_and_for_whom_they_were_made(folder: WorkDir, tmp_path: Path) -> None:
    book = RuleBook()
    subject = gate(folder, book=book)
    allow(subject, "write_file", WRITE, Scope.SESSION)
    assert subject.decide("edit_file", WRITE).verdict is Verdict.ALLOW
    other_session = replace(subject, session_id=2)
    assert other_session.decide("write_file", WRITE).verdict is Verdict.ASK
    allow(subject, "write_file", WRITE, Scope.ALWAYS)
    assert other_session.decide("write_file", WRITE).verdict is Verdict.ALLOW
    elsewhere = gate(WorkDir(tmp_path / "other", tmp_path / "app"), book=book)
    assert elsewhere.decide("write_file", WRITE).verdict is Verdict.ASK
    for rule in book.rules():
        book.withdraw(rule)
    assert subject.decide("write_file", WRITE).verdict is Verdict.ASK


@pytest.mark.parametrize("mode", ["plan", "ask", "accept_edits", "auto"])
def test_deny_wins_over_everything_and_ask_over_mode_and_allow(folder: WorkDir, mode: str) -> None:
    where = str(folder.root)
    subject = gate(folder, mode)
    subject.rules.add(Rule(Effect.ALLOW, Area.WRITE, Match.ANY, "", where, Scope.ALWAYS))
    subject.rules.add(Rule(Effect.ASK, Area.WRITE, Match.PREFIX, "docs", where, Scope.ALWAYS))
    subject.rules.add(Rule(Effect.DENY, Area.READ, Match.EXACT, ".env", where, Scope.ALWAYS))
    for path in (".env", "./.env", ".//.env", f"{where}/.env", ".ENV"):
        assert subject.decide("read_file", {"path": path}).verdict is Verdict.DENY
    assert subject.decide("read_file", {"path": "env"}).verdict is Verdict.ALLOW
    assert subject.decide("write_file", {"path": "docs/a"}).verdict is Verdict.ASK
    expected = Verdict.DENY if mode == "plan" else Verdict.ALLOW
    assert subject.decide("write_file", {"path": "docsx"}).verdict is expected


def test_a_rule_remembers_its_use(folder: WorkDir) -> None:
    subject = gate(folder)
    allow(subject, "run_command", {"command": "ls"}, Scope.SESSION)
    subject.decide("run_command", {"command": "ls -la"})
    [rule] = subject.rules.rules()
    assert (rule.uses, rule.used_at, rule.last_subject) == (1, 5, "ls -la")
    assert subject.rules.take_used() == []


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_prefix_never_allows_what_a_shell_would_take_apart(granted: str, command: str) -> None:
    prefix = prefix_of(granted)
    if prefix and prefix_of(command)[: len(prefix)] == prefix:
        assert not set(command) & set(";|&$`<>(){}[]*?!~#'\"\\\n\r\t")


def test_preview_is_a_diff(folder: WorkDir) -> None:
    folder.write_bytes("a.txt", b"old\nsame\n")
    text, kind = gate(folder).preview("write_file", {"path": "a.txt", "content": "new\nsame\n"})
    assert kind == "diff"
    assert "-old" in text
    assert "+new" in text
    edit = {"path": "a.txt", "old_text": "same", "new_text": "other"}
    assert "+other" in gate(folder).preview("edit_file", edit)[0]
    with pytest.raises(UserError, match="edit_refused"):
        gate(folder).preview("edit_file", {**edit, "old_text": "nowhere"})
    with pytest.raises(UserError, match="path_refused"):
        gate(folder).preview("write_file", {"path": "../x", "content": ""})


def test_preview_makes_the_invisible_visible(folder: WorkDir) -> None:
    text, kind = gate(folder).preview("run_command", {"command": "echo \u202eevil\u200b\x1b[2K\r"})
    assert kind == "command"
    assert text == "echo \\u202eevil\\u200b\\u001b[2K\\u000d"
    assert "not sandboxed" in gate(folder, sandboxed=False).preview("run_command", RUN)[0]


def test_fingerprint_binds_tool_arguments_and_folder(folder: WorkDir, tmp_path: Path) -> None:
    subject = gate(folder)
    same = subject.fingerprint("write_file", {"content": "new\n", "path": "a.txt"})
    assert subject.fingerprint("write_file", WRITE) == same
    assert subject.fingerprint("edit_file", WRITE) != same
    assert subject.fingerprint("write_file", {**WRITE, "content": "new"}) != same
    other = gate(WorkDir(tmp_path / "other", tmp_path / "app"))
    assert other.fingerprint("write_file", WRITE) != same


FETCH = {"url": "https://Docs.Example.com/page"}


@pytest.mark.parametrize("mode", ["plan", "ask", "accept_edits", "auto"])
def test_a_host_is_asked_about_in_every_mode_until_it_is_allowed(
    folder: WorkDir, mode: str
) -> None:
    subject = gate(folder, mode)
    assert subject.decide("web_fetch", FETCH).verdict is Verdict.ASK
    assert subject.covered("web_fetch", FETCH) == "docs.example.com"
    allow(subject, "web_fetch", FETCH, Scope.SESSION)
    assert subject.decide("web_fetch", {"url": "http://docs.example.com."}).verdict is Verdict.ALLOW
    for url in ("https://example.com", "https://docs.example.com.evil.com", "https://10.0.0.1"):
        assert subject.decide("web_fetch", {"url": url}).verdict is Verdict.ASK


def test_the_question_about_a_page_names_the_real_host(folder: WorkDir) -> None:
    text, kind = gate(folder).preview("web_fetch", {"url": "https://bücher.example/\u202eok"})
    assert kind == "text"
    assert text == "xn--bcher-kva.example\nhttps://bücher.example/\\u202eok"
    with pytest.raises(UserError, match="url_refused"):
        gate(folder).preview("web_fetch", {"url": "https://ok.com@evil.com"})


def test_no_rule_for_a_tool_that_nobody_knows(folder: WorkDir) -> None:
    with pytest.raises(UserError, match="approval_outdated"):
        gate(folder).rules_for("unheard_of", {}, Scope.ALWAYS)


def test_previews_of_what_is_no_plain_change(
    folder: WorkDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = gate(folder)
    assert subject.preview("read_file", {"path": "a"}) == ('{\n  "path": "a"\n}', "text")
    with pytest.raises(UserError, match="file_missing"):
        subject.preview("edit_file", {"path": "gone", "old_text": "a", "new_text": "b"})
    folder.write_bytes("bin", bytes(range(256)))
    over = subject.preview("write_file", {**WRITE, "path": "bin"})[0]
    assert "a binary file of 256 bytes" in over
    assert "no change" in subject.preview("write_file", {"path": "x", "content": ""})[0]
    monkeypatch.setattr(permissions, "MAX_DIFF_BYTES", 3)
    assert subject.preview("write_file", WRITE)[0] == "a.txt: 0 → 4 bytes"
    plain = gate(folder, sandboxed=False)
    assert plain.preview("run_command", RUN)[0] == "# not sandboxed: x\nls"


def test_withdrawing_what_is_not_there_changes_nothing(folder: WorkDir) -> None:
    subject = gate(folder)
    allow(subject, "write_file", WRITE, Scope.ALWAYS)
    subject.rules.withdraw(*subject.rules_for("run_command", RUN, Scope.ALWAYS))
    assert len(subject.rules.rules()) == 1
    assert subject.rules.find(Action(Area.RUN, "x", str(folder.root), 1), Effect.ALLOW, 1) is None


def test_the_question_about_a_deletion_names_every_target(
    folder: WorkDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("d/a", "d/b\u00adc", "d/e/f", "single"):
        folder.write_bytes(name, b"x")
    subject = gate(folder)
    assert subject.decide("delete_path", {"path": "d"}).verdict is Verdict.ASK
    assert subject.preview("delete_path", {"path": "d"}) == ("d/a\nd/b\\u00adc\nd/e/f", "text")
    assert subject.preview("delete_path", {"path": "single"})[0] == "single"
    for path in ("gone", "../x"):
        with pytest.raises(UserError):
            subject.preview("delete_path", {"path": path})
    monkeypatch.setattr(permissions, "MAX_TARGETS", 2)
    assert subject.preview("delete_path", {"path": "d"})[0].endswith("… 1 more")


REACHING = {"command": "pip install x", "hosts": ["PyPI.org", "files.example.com"]}


def test_a_command_that_reaches_hosts_asks_for_each(folder: WorkDir) -> None:
    subject = gate(folder, "auto", True)
    assert subject.decide("run_command", {"command": "pip install x"}).verdict is Verdict.ALLOW
    assert subject.decide("run_command", REACHING).verdict is Verdict.ASK
    shown, _ = subject.preview("run_command", REACHING)
    assert shown.endswith("files.example.com, pypi.org\npip install x")
    assert subject.covered("run_command", REACHING) == (
        "pip install x · pypi.org · files.example.com"
    )
    allow(subject, "run_command", REACHING, Scope.SESSION)
    assert subject.decide("run_command", REACHING).verdict is Verdict.ALLOW
    more = {**REACHING, "hosts": [*REACHING["hosts"], "third.example"]}
    assert subject.decide("run_command", more).verdict is Verdict.ASK
    assert subject.decide("web_fetch", {"url": "https://pypi.org/"}).verdict is Verdict.ASK


def test_a_host_to_fetch_from_is_none_to_send_to(folder: WorkDir) -> None:
    subject = gate(folder, "auto", True)
    allow(subject, "web_fetch", {"url": "https://pypi.org/"}, Scope.SESSION)
    assert subject.decide("run_command", REACHING).verdict is Verdict.ASK


def test_a_denied_host_denies_the_command(folder: WorkDir) -> None:
    subject = gate(folder, "auto", True)
    allow(subject, "run_command", REACHING, Scope.SESSION)
    denied = Rule(
        Effect.DENY, Area.CONNECT, Match.EXACT, "pypi.org", str(folder.root), Scope.ALWAYS
    )
    subject.rules.add(denied)
    assert subject.decide("run_command", REACHING).verdict is Verdict.DENY


@pytest.mark.parametrize("hosts", [["127.0.0.1"], ["*"], ["a.example/x"], [5], ["x"] * 30])
def test_what_is_no_host_is_not_asked_about(folder: WorkDir, hosts: list[object]) -> None:
    subject = gate(folder, "auto", True)
    call = {"command": "ls", "hosts": hosts}
    assert subject.decide("run_command", call).verdict is Verdict.ASK
    with pytest.raises(UserError, match="url_refused"):
        subject.preview("run_command", call)


def test_a_rule_of_a_scenario_holds_where_that_scenario_answers(folder: WorkDir) -> None:
    book = RuleBook()
    inside = replace(gate(folder, book=book), scenario_id=7)
    allow(inside, "write_file", WRITE, Scope.SCENARIO)
    assert inside.decide("write_file", WRITE).reason == "rule:scenario"
    assert replace(inside, session_id=2).decide("write_file", WRITE).verdict is Verdict.ALLOW
    for other in (8, None):
        elsewhere = replace(inside, scenario_id=other)
        assert elsewhere.decide("write_file", WRITE).verdict is Verdict.ASK
    nowhere = replace(inside, scenario_id=None, rules=RuleBook())
    allow(nowhere, "write_file", WRITE, Scope.SCENARIO)
    assert nowhere.decide("write_file", WRITE).verdict is Verdict.ASK
