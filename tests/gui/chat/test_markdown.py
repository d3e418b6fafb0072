from __future__ import annotations

import pytest

from aigc_desktop.gui.chat.markdown import is_safe_link, link_host, to_html


def html(text: str, definitions: str = "") -> str:
    return to_html(text, definitions, lambda source, alt: f"<i>{alt}</i>")


def test_blocks() -> None:
    assert html("# A *b*") == "<h1>A <i>b</i></h1>"
    assert html("- [x] done\n- [ ] open") == (
        '<ul><li style="list-style-type: none">☑&nbsp; done</li>'
        '<li style="list-style-type: none">☐&nbsp; open</li></ul>'
    )
    assert '<ol start="3">' in html("3. c\n4. d")
    assert '<td align="right">2</td>' in html("|a|b|\n|-|-:|\n|1|2|")
    assert "~~" not in html("~~gone~~")


def test_html_is_literal() -> None:
    assert "<script" not in html("<script>alert(1)</script>\n\n<img src=x> <b>b</b>")
    assert "&lt;img src=x&gt;" in html("a <img src=x>")
    assert "%s {} {0} &lt;" in html("%s {} {0} <")


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "file:///etc/passwd",
        "file://host/share",
        "data:text/html,x",
        "vbscript:x",
        "ssh://host",
        "//host/path",
        "relative/path",
        "https:",
        "https://[broken",
        "http://" + "a" * 3000,
    ],
)
def test_only_known_links_are_active(target: str) -> None:
    assert not is_safe_link(target)
    assert "<a " not in html(f"[text]({target})")
    assert "text" in html(f"[text]({target})")


def test_links() -> None:
    assert '<a href="https://a.example/?x=1&amp;y=2">' in html("[a](https://a.example/?x=1&y=2)")
    assert '<a href="https://a.example">' in html("[a]", "[a]: https://a.example")
    assert is_safe_link("mailto:me@a.example")


def test_the_real_host_is_named() -> None:
    assert link_host("https://good.example@evil.example/x") == "evil.example"
    assert link_host("https://аpple.com").startswith("xn--")
    assert link_host("mailto:me@a.example") == "me@a.example"
    assert link_host("https://[broken")


def test_nested_code_is_coloured_and_escaped() -> None:
    written = html("- item\n\n  ```python\n  if a < b: pass\n  ```")
    assert "&lt;" in written
    assert "color:#" in written
