"""Markdown → the HTML that QTextDocument draws. Nothing in it can load, run or hide anything."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aigc_desktop.gui.chat import highlight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

LINK_SCHEMES = ("http", "https", "mailto")

MAX_LINK = 2_000
"""Characters of a link that is still active."""

ImageHtml = Callable[[str, str], str]
"""Given an image's source and its alternative text, returns what is shown for it."""

_DONE, _OPEN = "☑", "☐"

_SIMPLE = {
    "strong_open": "<b>",
    "strong_close": "</b>",
    "em_open": "<i>",
    "em_close": "</i>",
    "s_open": "<s>",
    "s_close": "</s>",
    "softbreak": "\n",
    "hardbreak": "<br>",
    "bullet_list_open": "<ul>",
    "bullet_list_close": "</ul>",
    "ordered_list_close": "</ol>",
    "list_item_close": "</li>",
    "blockquote_open": '<table width="100%" cellspacing="0" cellpadding="0"><tr><td class="quote">',
    "blockquote_close": "</td></tr></table>",
    "table_open": '<table class="grid" cellspacing="0">',
    "table_close": "</table>",
    "thead_open": "<thead>",
    "thead_close": "</thead>",
    "tbody_open": "<tbody>",
    "tbody_close": "</tbody>",
    "tr_open": "<tr>",
    "tr_close": "</tr>",
    "th_close": "</th>",
    "td_close": "</td>",
    "hr": "<hr>",
}


def to_html(source: str, definitions: str, image: ImageHtml) -> str:
    """Return the HTML of Markdown; `definitions` are link definitions from elsewhere in it."""
    text = f"{source}\n\n{definitions}" if definitions else source
    return _Writer(image).block(_parser().parse(text, {}))


def is_safe_link(target: str) -> bool:
    """Return whether a click may follow the link."""
    if len(target) > MAX_LINK:
        return False
    try:
        parts = urlsplit(target)
        host = parts.hostname
    except ValueError:
        return False
    if parts.scheme == "mailto":
        return True
    return parts.scheme in LINK_SCHEMES and bool(host) and "%" not in str(host)


def link_host(target: str) -> str:
    """Return where a link really goes: its host in ASCII (no look-alikes), or the mail address."""
    try:
        parts = urlsplit(target)
        host = parts.hostname or parts.path
        return host.encode("idna").decode("ascii") if parts.hostname else host
    except ValueError:
        return target[:80]


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    class Parser(MarkdownIt):
        def validateLink(self, url: str) -> bool:
            return True  # decided in _Writer, which keeps the text of a refused link

    parser = Parser("commonmark", {"html": False, "maxNesting": 40})
    parser.enable(["table", "strikethrough"])
    return parser


class _Writer:
    """Writes one token stream as HTML."""

    def __init__(self, image: ImageHtml) -> None:
        self._image = image
        self._inert: list[bool] = []

    def block(self, tokens: Sequence[Token]) -> str:
        out: list[str] = []
        for index, token in enumerate(tokens):
            kind = token.type
            if kind == "inline":
                out.append(self._inline(token.children or []))
            elif kind in _SIMPLE:
                out.append(_SIMPLE[kind])
            elif kind == "list_item_open":
                out.append(_list_item(tokens, index))
            elif kind in ("fence", "code_block"):
                out.append(_nested_code(token.content, token.info))
            else:
                out.append(_block_tag(token))
        return "".join(out)

    def _inline(self, tokens: Sequence[Token]) -> str:
        out: list[str] = []
        for token in tokens:
            kind = token.type
            if kind == "text":
                out.append(escape(token.content))
            elif kind == "code_inline":
                out.append(f"<code>{escape(token.content)}</code>")
            elif kind == "link_open":
                out.append(self._link(str(token.attrGet("href") or "")))
            elif kind == "link_close":
                out.append("" if self._inert.pop() else "</a>")
            elif kind == "image":
                alt = "".join(child.content for child in token.children or [])
                out.append(self._image(str(token.attrGet("src") or ""), alt))
            elif kind in _SIMPLE:
                out.append(_SIMPLE[kind])
            else:
                out.append(escape(token.content))
        return "".join(out)

    def _link(self, target: str) -> str:
        inert = not is_safe_link(target)
        self._inert.append(inert)
        return "" if inert else f'<a href="{escape(target)}">'


def _block_tag(token: Token) -> str:
    """Return the tag of a token that needs a look at its details."""
    match token.type:
        case "paragraph_open":
            return "" if token.hidden else "<p>"
        case "paragraph_close":
            return "" if token.hidden else "</p>"
        case "heading_open":
            return f"<{token.tag}>"
        case "heading_close":
            return f"</{token.tag}>"
        case "ordered_list_open":
            return f'<ol start="{int(token.attrGet("start") or 1)}">'
        case "th_open" | "td_open":
            style = str(token.attrGet("style") or "")
            align = style.removeprefix("text-align:") if style else "left"
            return f'<{token.tag} align="{escape(align)}">'
        case _:
            return escape(token.content)


def _list_item(tokens: Sequence[Token], index: int) -> str:
    inline = tokens[index + 2] if index + 2 < len(tokens) else None
    if inline is None or inline.type != "inline" or not inline.children:
        return "<li>"
    first = inline.children[0]
    mark = first.content[:4].lower()
    if first.type != "text" or mark not in ("[ ] ", "[x] "):
        return "<li>"
    first.content = first.content[4:]
    return f'<li style="list-style-type: none">{_DONE if mark == "[x] " else _OPEN}&nbsp; '


def _nested_code(code: str, info: str) -> str:
    language = info.split(maxsplit=1)[0] if info.strip() else ""
    spans = "".join(
        f'<span style="color:{color}">{escape(text)}</span>' if color else escape(text)
        for text, color in highlight.tokens(code.rstrip("\n"), language)
    )
    return (
        '<table width="100%" cellspacing="0" cellpadding="8"><tr><td class="code">'
        f"<pre>{spans}</pre></td></tr></table>"
    )
