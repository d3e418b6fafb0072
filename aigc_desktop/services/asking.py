"""One question to a model outside any conversation: no tools that act, no history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from aigc_desktop.agent import prices
from aigc_desktop.config import settings as config
from aigc_desktop.core.content import TextBlock, ToolUseBlock
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.ports import ApiMessage, ModelAnswer, ModelRequest, ToolSpec
from aigc_desktop.core.session import Usage
from aigc_desktop.services.app import App

SMALL_MODEL = "haiku"


@dataclass(frozen=True, slots=True)
class Said:
    """What a model said. `form` is the input of the tool call it made, if it made one."""

    text: str
    form: Mapping[str, Any] | None
    model: str
    usage: Usage
    cost_usd: Decimal | None


def small_model(app: App) -> str:
    """Return the name of the model for side questions: Anthropic's small one, else the usual."""
    provider = app.connection.provider_for(SMALL_MODEL)
    return SMALL_MODEL if provider == "anthropic" else app.settings.get(config.MODEL)


async def ask_model(
    app: App,
    system: str,
    question: str,
    *,
    model: str,
    max_tokens: int,
    tools: Sequence[ToolSpec] = (),
) -> Said:
    """Ask and return the whole answer. `tools` are forms to fill in; nothing runs.

    Raises UserError as `core.ports.Model.stream` does; `api_key_missing`, `provider_not_chosen`.
    """
    if not app.settings.get(config.PROVIDER):
        raise UserError("provider_not_chosen")
    provider = app.connection.provider_for(model)
    client = await app.connection.model_for(provider)
    request = ModelRequest(
        model=await client.resolve(model),
        messages=(ApiMessage("user", (TextBlock(question),)),),
        system=system,
        tools=tuple(tools),
        max_tokens=max_tokens,
    )
    answer: ModelAnswer | None = None
    async for event in client.stream(request):
        if isinstance(event, ModelAnswer):
            answer = event
    if answer is None:
        raise UserError("internal_error")
    forms = [b.input for b in answer.blocks if isinstance(b, ToolUseBlock)]
    return Said(
        "".join(block.text for block in answer.blocks if isinstance(block, TextBlock)),
        forms[0] if forms else None,
        answer.model,
        answer.usage,
        prices.cost(answer.model, answer.usage, provider),
    )
