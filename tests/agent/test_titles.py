from __future__ import annotations

import pytest

from aigc_desktop.agent.titles import title_from


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("100% of a_b", "100% of a_b"),
        ("**bold** _it_ is __x__", "Bold it is x"),
        ("请帮我分析一下数据。谢谢", "分析一下数据"),
        ("Hello, could you fix main.py? It fails", "Fix main.py"),
        ("hi", "Hi"),
        ("", ""),
    ],
)
def test_a_title_is_what_the_request_is_about(text: str, title: str) -> None:
    assert title_from(text) == title
