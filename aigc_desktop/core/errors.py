"""The two kinds of error: what the user can do something about, and everything else (bugs)."""

from __future__ import annotations

from typing import Any


class UserError(Exception):
    """Something the user can act on.

    `code` names the message in `aigc_desktop.config.messages`, `params` fill it in. Callers match
    on `code`, never on message text. Params must never hold a secret.
    """

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        details = ", ".join(f"{key}={value}" for key, value in self.params.items())
        return f"{self.code}({details})"


class Cancelled(Exception):
    """The user stopped it: silent."""


class StreamBroken(UserError):
    """The model's answer broke off after something had arrived; what arrived is kept."""
