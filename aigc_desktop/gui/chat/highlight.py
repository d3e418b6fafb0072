"""Syntax colours by Pygments, in slices, so that long code never holds up the window."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aigc_desktop.gui import theme

if TYPE_CHECKING:
    from pygments.lexer import Lexer

MAX_CODE = 200_000
"""Characters of code beyond which it stays uncoloured."""

LIGHT_STYLE = "xcode"
DARK_STYLE = "github-dark"


def tokens(code: str, language: str) -> Iterator[tuple[str, str]]:
    """Yield (text, colour as #rrggbb, or an empty string for the normal one), lazily."""
    lexer = _lexer(language) if language and len(code) <= MAX_CODE else None
    if lexer is None:
        yield code, ""
        return
    colors = _colors(DARK_STYLE if theme.current().dark else LIGHT_STYLE)
    for _, kind, text in lexer.get_tokens_unprocessed(code):
        yield text, _color(colors, kind)


def is_known(language: str) -> bool:
    """Return whether there are syntax colours for `language`."""
    return _lexer(language) is not None


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language.lower(), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


@lru_cache(maxsize=4)
def _colors(style: str) -> dict[Any, str]:
    from pygments.styles import get_style_by_name

    found = get_style_by_name(style)
    return {kind: f"#{look['color']}" if look["color"] else "" for kind, look in found}


def _color(colors: dict[Any, str], kind: Any) -> str:
    while kind is not None and kind not in colors:
        kind = kind.parent
    return colors.get(kind, "")
