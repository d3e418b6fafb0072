"""Prompt templates with `{{variables}}`, and collections of prompts in CSV and Markdown."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping

from aigc_desktop.core.content import scrub
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.scenario import Prompt

MAX_PROMPTS = 5_000
MAX_NAME = 200
MAX_CONTENT = 40_000

_VARIABLE = re.compile(r"\{\{\s*([^\s{}|][^{}|\n]{0,60}?)\s*\}\}")
_HEADING = re.compile(r"^#{1,3}\s+(.+?)\s*#*$", re.MULTILINE)
_NAME_COLUMNS = ("name", "act", "title", "名称", "标题", "角色")
_CONTENT_COLUMNS = ("prompt", "content", "text", "system_prompt", "提示词", "内容")
_DESCRIPTION_COLUMNS = ("description", "remark", "描述", "说明")
_CATEGORY_COLUMNS = ("category", "tag", "tags", "类别", "分类")


def variables(content: str) -> tuple[str, ...]:
    """Return the names of a template's variables in the order of their first use."""
    return tuple(dict.fromkeys(_VARIABLE.findall(content)))


def fill(content: str, values: Mapping[str, str]) -> str:
    """Put values in their places; a variable without one stays as it is."""
    return _VARIABLE.sub(lambda found: values.get(found.group(1), found.group(0)), content)


def read_collection(text: str) -> tuple[Prompt, ...]:
    """Return the prompts of a collection: CSV with a header, or Markdown with headings.

    Raises UserError("collection_unreadable") when it is neither or has none.
    """
    text = scrub(text.removeprefix("\ufeff"))
    try:
        found = _from_csv(text) or _from_markdown(text)
    except csv.Error as error:
        raise UserError("collection_unreadable") from error
    if not found:
        raise UserError("collection_unreadable")
    return tuple(found[:MAX_PROMPTS])


def _from_csv(text: str) -> list[Prompt]:
    reader = csv.DictReader(io.StringIO(text))
    columns = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
    name = _column(columns, _NAME_COLUMNS)
    content = _column(columns, _CONTENT_COLUMNS)
    if name is None or content is None:
        return []
    description = _column(columns, _DESCRIPTION_COLUMNS)
    category = _column(columns, _CATEGORY_COLUMNS)
    prompts = (
        _prompt(
            _cell(row, name), _cell(row, content), _cell(row, description), _cell(row, category)
        )
        for row in reader
    )
    return [prompt for prompt in prompts if prompt is not None]


def _from_markdown(text: str) -> list[Prompt]:
    headings = list(_HEADING.finditer(text))
    ends = [*(heading.start() for heading in headings), len(text)][1:]
    prompts = (
        _prompt(heading.group(1), _body(text[heading.end() : end]))
        for heading, end in zip(headings, ends, strict=True)
    )
    return [prompt for prompt in prompts if prompt is not None]


def _body(text: str) -> str:
    """Return a section's prompt: without quotation marks of Markdown or the fence around it."""
    lines = [line.removeprefix("> ").removeprefix(">") for line in text.strip().splitlines()]
    if len(lines) > 2 and lines[0].startswith("```") and lines[-1].strip() == "```":
        lines = lines[1:-1]
    return "\n".join(lines).strip()


def _prompt(name: str, content: str, description: str = "", category: str = "") -> Prompt | None:
    name, content = name.strip()[:MAX_NAME], content.strip()[:MAX_CONTENT]
    if not name or not content:
        return None
    return Prompt(0, name, description.strip()[:1000], category.strip()[:100], content)


def _column(columns: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((columns[name] for name in names if name in columns), None)


def _cell(row: Mapping[str, object], column: str | None) -> str:
    value = row.get(column) if column else None
    return value if isinstance(value, str) else ""
