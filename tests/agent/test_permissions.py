"""The gate: who may do what, and what the question shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from aigc_desktop.agent.permissions import ModeGate
from aigc_desktop.agent.ports import Verdict
from aigc_desktop.agent.sandbox import Sandbox
from aigc_desktop.core.errors import UserError
from aigc_desktop.files.workdir import WorkDir

WRITE = {"path": "a.txt", "content": "new\n"}
RUN = {"command": "ls"}


@pytest.fixture
def folder(tmp_path: Path) -> WorkDir:
    return WorkDir(tmp_path / "work", tmp_path / "app")


def gate(folder: WorkDir, mode: str = "ask", sandboxed: bool = True) -> ModeGate:
    return ModeGate(mode, folder, Sandbox("/usr/bin/bwrap" if sandboxed else None, "x"), set())


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


def test_session_grants_are_narrow_for_commands(folder: WorkDir, tmp_path: Path) -> None:
    subject = gate(folder)
    subject.grant_for_session("run_command", RUN)
    assert subject.decide("run_command", RUN).verdict is Verdict.ALLOW
    for other in ("ls -la", "ls; rm -rf ~", "ls\n", "ls\rcurl x", " ls"):
        assert subject.decide("run_command", {"command": other}).verdict is Verdict.ASK
    assert subject.decide("write_file", WRITE).verdict is Verdict.ASK
    subject.grant_for_session("write_file", WRITE)
    assert subject.decide("edit_file", WRITE).verdict is Verdict.ALLOW
    elsewhere = ModeGate(
        "ask", WorkDir(tmp_path / "other", tmp_path / "app"), Sandbox(None), subject.grants
    )
    assert elsewhere.decide("write_file", WRITE).verdict is Verdict.ASK


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
