from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_desktop.gui.chat.blocks import BlockKind, Splitter, references, split

PIECES = (
    *("# Title\n", "\n", "text here\n", "- item\n", "  more\n", "```python\n", "```\n", "x = 1\n"),
    *("    indented\n", "> quote\n", "|a|b|\n|-|-|\n", "1. one\n", "~~~\n", "   ```\n", "  \n"),
)


def kinds(text: str) -> list[tuple[str, str]]:
    return [(block.kind.value, block.text) for block in split(text)]


def test_cuts_at_blank_lines_and_fences() -> None:
    text = "# T\n\npara\nmore\n```py\nx\n\ny\n```\nafter"
    assert kinds(text) == [
        ("prose", "# T"),
        ("prose", "para\nmore"),
        ("code", "x\n\ny"),
        ("prose", "after"),
    ]


def test_a_list_keeps_its_indented_parts_and_inner_fences() -> None:
    text = "1. a\n\n   ```js\n   x\n\n   y\n   ```\n2. b"
    assert kinds(text) == [("prose", text)]


def test_an_open_fence_is_code_to_the_end() -> None:
    assert kinds("```rust\nfn main() {\n\n}") == [("code", "fn main() {\n\n}")]


def test_a_long_tight_list_is_cut_between_items() -> None:
    blocks = split("\n".join(f"- item {n} with some words in it" for n in range(200)))
    assert len(blocks) > 2
    assert all(block.tight for block in blocks[1:])
    assert sum(block.text.count("- item") for block in blocks) == 200


@given(st.lists(st.sampled_from(PIECES), max_size=30), st.lists(st.integers(1, 9), max_size=60))
def test_growing_text_is_cut_as_whole_text_is(pieces: list[str], steps: list[int]) -> None:
    text = "".join(pieces)
    splitter, at = Splitter(), 0
    seen: list[object] = []
    for step in steps:
        splitter.feed(text[at : at + step])
        at += step
        assert splitter.done[: len(seen)] == seen, "a finished block changed"
        seen = list(splitter.done)
    splitter.feed(text[at:])
    assert splitter.finish() == split(text)


@pytest.mark.parametrize(
    "text",
    [
        ">" * 100_000 + " deep",
        "\n".join(">" * n for n in range(1, 400)),
        "> " * 100_000,
        "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 50_000,
        "x" * 10_000_000,
        "- " * 50_000,
    ],
)
def test_what_is_too_much_becomes_plain_text(text: str) -> None:
    began = time.process_time()
    assert {block.kind for block in split(text)} == {BlockKind.PLAIN}
    assert time.process_time() - began < 20, "must not be quadratic"


def test_references_are_found_wherever_they_are() -> None:
    assert references("see [a]\n\n[a]: https://a.example\n") == "[a]: https://a.example"
    assert references("no such thing") == ""
