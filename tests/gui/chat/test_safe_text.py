from __future__ import annotations

import pytest

from aigc_desktop.gui.chat.safe_text import one_line, terminal_text, visible


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("a\u2066b\u2069", "a⟨U+2066⟩b⟨U+2069⟩"),
        ("a\u200bb\ufeff", "a⟨U+200B⟩b⟨U+FEFF⟩"),
        ("bell\x07", "bell␇"),
        ("\x7f\x00", "␡␀"),
        ("\U000e0041", "⟨U+E0041⟩"),
        ("\udc80", "⟨U+DC80⟩"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("one\r\ntwo\rthree", "one\ntwo␍three"),
        ("👨\u200d👩\u200d👧 نص", "👨\u200d👩\u200d👧 نص"),
    ],
)
def test_hidden_characters_are_seen(text: str, seen: str) -> None:
    assert visible(text) == seen


def test_terminal_colours_go_and_other_escapes_show() -> None:
    assert terminal_text("\x1b[31mred\x1b[0m \x1b]0;title\x07") == "red ␛]0;title␇"


def test_one_line() -> None:
    assert one_line("a\n  b\tc") == "a b c"
    assert one_line("x" * 500, 10) == "x" * 9 + "…"
