"""Which models there are: aliases, context sizes, and what the server says of itself."""

from __future__ import annotations

import logging
from typing import Any

import anthropic

logger = logging.getLogger(__name__)

FALLBACK = {
    "opus": "claude-opus-5-5",
    "sonnet": "claude-sonnet-5-5",
    "haiku": "claude-haiku-5-5",
    "fable": "claude-fable-5-2",
}
"""What the aliases mean when the server cannot be asked (November 2026)."""

DEFAULT_CONTEXT = 200_000
"""Tokens; used for a model that says nothing about itself."""


class ModelCatalog:
    """Resolves aliases with the server's list, asked once; the table stands in for it."""

    def __init__(self, client: anthropic.AsyncAnthropic, *, asks_server: bool) -> None:
        self._client = client
        self._asks_server = asks_server
        self._newest: dict[str, str] | None = None
        self._context: dict[str, int] = {}
        self._without_search: set[str] = set()

    async def resolve(self, name: str) -> str:
        """Return the model id for an alias; anything else is an id already."""
        if name not in FALLBACK:
            return name
        if self._newest is None and self._asks_server:
            self._newest = await self._ask()
        return (self._newest or {}).get(name, FALLBACK[name])

    def context_of(self, model: str) -> int:
        """Return how many input tokens the model takes."""
        return self._context.get(model, DEFAULT_CONTEXT)

    def can_search(self, model: str) -> bool:
        """Return whether the model has web search; one that says nothing of it has."""
        return model not in self._without_search

    async def _ask(self) -> dict[str, str]:
        newest: dict[str, str] = {}
        try:
            page = await self._client.with_options(timeout=10).models.list(limit=100)
        except anthropic.AnthropicError as error:
            logger.info("model list not available: %s", type(error).__name__)
            return newest
        for model in page.data:
            self._learn(model, newest)
        return newest

    def _learn(self, model: Any, newest: dict[str, str]) -> None:
        size = getattr(model, "max_input_tokens", None)
        if isinstance(size, int) and size > 0:
            self._context[model.id] = size
        search = getattr(getattr(model, "capabilities", None), "server_tools", None)
        if getattr(getattr(search, "web_search", None), "supported", None) is False:
            self._without_search.add(model.id)
        lifecycle = str(getattr(model, "lifecycle", "") or "active")
        line = str(getattr(model, "line", "") or "")
        for alias in FALLBACK:
            # The list comes newest first.
            if (line == alias or f"-{alias}-" in model.id) and lifecycle in ("active", "ga"):
                newest.setdefault(alias, model.id)
