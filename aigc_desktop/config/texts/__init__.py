"""What the user is told for each error code, a module per area; translated when shown."""

from __future__ import annotations

from typing import NamedTuple


class MessageText(NamedTuple):
    """English templates; translated and filled in when shown."""

    title: str
    remedy: str
