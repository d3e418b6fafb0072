"""Every text that a user sees is a literal with a translation that fits it."""

from __future__ import annotations

import ast
import errno
import json
import os
import string
from pathlib import Path

from aigc_desktop.config import settings
from aigc_desktop.config.i18n import listing, sentences, set_language, tr, tr_n
from aigc_desktop.config.messages import MESSAGES, describe, refusal_text
from aigc_desktop.config.texts import (
    backup,
    learning,
    migrations,
    operations,
    program,
    takeover,
)
from aigc_desktop.config.texts.reasons import REASONS

ROOT = Path(__file__).parents[2]
COMPUTED = {"messages.py", "i18n.py"}
"""Files that translate declared texts, which are checked here by their declaration."""


def catalog() -> dict[str, str]:
    merged: dict[str, str] = {}
    for file in sorted((ROOT / "resources/translations/zh_CN").glob("*.json")):
        for key, value in json.loads(file.read_text(encoding="utf-8")).items():
            assert merged.setdefault(key, value) == value, f"{key!r} is translated in two ways"
    return merged


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def used_in_code() -> dict[str, str]:
    """Return each literal that is translated, with the place of its use."""
    found: dict[str, str] = {}
    for file in sorted((ROOT / "aigc_desktop").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            count = {"tr": 1, "tr_n": 2}.get(node.func.id, 0)
            for argument in node.args[:count]:
                place = f"{file.relative_to(ROOT)}:{node.lineno}"
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    found[argument.value] = place
                else:
                    assert file.name in COMPUTED or _is_declared(argument), place
    return found


def _is_declared(argument: ast.expr) -> bool:
    """`setting.description` is declared in settings.py; constants are marked where they stand."""
    return isinstance(argument, ast.Attribute) and argument.attr in ("description", "text")


def test_everything_is_translated() -> None:
    translated = catalog()
    wanted = used_in_code()
    for code, message in MESSAGES.items():
        wanted |= dict.fromkeys(message, f"messages.py: {code}")
    wanted |= dict.fromkeys(REASONS, "reasons.py")
    wanted |= {setting.description: f"settings.py: {setting.key}" for setting in settings.ALL}
    missing = {text: place for text, place in wanted.items() if text not in translated}
    assert not missing
    for text in wanted:
        assert placeholders(text) == placeholders(translated[text]), text


def test_no_code_has_two_messages() -> None:
    areas = (program, learning, backup, operations, migrations, takeover)
    assert sum(len(area.MESSAGES) for area in areas) == len(MESSAGES)


def test_values_stay_as_they_are() -> None:
    set_language("zh_CN")
    title, _ = describe("file_missing", {"path": "%s {x} {}"})
    assert title == "没有文件 %s {x} {}。"
    assert tr("no such text {a}", a="{b}") == "no such text {b}"
    assert describe("no_such_code", {})[0] == "程序内部出错。"
    set_language("en")


def test_sentences_stand_apart_as_their_language_does_it() -> None:
    assert sentences("Gone.", "", "Try again.") == "Gone. Try again."
    assert sentences("不见了。", "请重试。") == "不见了。请重试。"
    assert sentences("路径：/tmp", "请重试。") == "路径：/tmp 请重试。"


def test_large_counts_have_their_thousands_apart() -> None:
    assert tr_n("{count} chat", "{count} chats", 1) == "1 chat"
    assert tr_n("{count} chat", "{count} chats", 8000) == "8,000 chats"


def test_things_are_listed_as_their_language_does_it() -> None:
    assert listing(("a", "b")) == "a, b"
    set_language("zh_CN")
    assert listing(("甲", "乙")) == "甲、乙"
    set_language("en")


def test_why_something_is_refused_is_in_the_users_language() -> None:
    """All reasons that are given are declared; what follows a colon stays as it is."""
    given = {
        reason
        for name in (
            "files/archive.py",
            "files/adopt.py",
            "files/names.py",
            "ops/backup/portable.py",
        )
        for reason in _reasons_in(ROOT / "aigc_desktop" / name)
    }
    assert len(given) > 25
    assert {reason.partition(": ")[0] for reason in given} <= REASONS
    set_language("zh_CN")
    assert (
        describe("archive_refused", {"reason": "damaged: CRC"})[0] == "不接受此文件：已损坏: CRC。"
    )
    assert refusal_text("is a link") == "是链接"
    assert refusal_text("No such thing") == "No such thing"
    assert refusal_text(os.strerror(errno.ENOENT)) == "没有这个文件或文件夹"
    set_language("en")


def _reasons_in(file: Path) -> set[str]:
    """Return what is handed to `refuse` and `refused`, and what `_objection` returns."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            arguments = node.args[-1:] if name in ("refuse", "refused", "_refuse") else []
            found |= {text for argument in arguments if (text := _beginning(argument))}
        elif isinstance(node, ast.FunctionDef) and node.name == "_objection":
            returned = (each.value for each in ast.walk(node) if isinstance(each, ast.Return))
            found |= {text for each in returned if each and (text := _beginning(each))}
    return found


def _beginning(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr) and node.values:
        return _beginning(node.values[0])
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ""
