"""The model client: AsyncAnthropic as a stream of our own events, with visible retries."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Mapping
from typing import Any

import anthropic
import httpx2

from aigc_desktop.agent.address import ANTHROPIC_URL, LOCAL_KEY
from aigc_desktop.agent.faults import RETRYABLE, retry_after, user_error
from aigc_desktop.agent.guard import Limits, guarded
from aigc_desktop.agent.models import ModelCatalog
from aigc_desktop.agent.proxy import transport_for
from aigc_desktop.core.clock import Clock
from aigc_desktop.core.content import block_to_api
from aigc_desktop.core.errors import StreamBroken, UserError
from aigc_desktop.core.ports import ModelEvent, ModelRequest, RetryPlanned

FIRST_BACKOFF = 1.0
MAX_BACKOFF = 60.0
WEB_SEARCH = {"type": "web_search_20260318", "name": "web_search", "max_uses": 8}
"""Anthropic's own search: it runs there, the queries and what they find never pass this machine."""

MAX_RETRY_AFTER = 600.0
"""Seconds; a server that asks for more is not waited for."""


class CappedTransport(httpx2.AsyncBaseTransport):
    """Ends a response that sends more bytes than any answer has."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, max_bytes: int) -> None:
        self._inner = inner
        self._max_bytes = max_bytes

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        response.stream = _CappedStream(response.stream, self._max_bytes)  # type: ignore[arg-type]
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _CappedStream(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, max_bytes: int) -> None:
        self._inner = inner
        self._left = max_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            self._left -= len(chunk)
            if self._left < 0:
                raise UserError("answer_too_large")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


class AnthropicModel:
    """Implements `core.ports.Model` for Anthropic's API and for servers that speak it.

    The key comes from the argument alone; the environment is not read.
    """

    def __init__(
        self,
        api_key: str | None,
        base_url: str | None,
        *,
        clock: Clock,
        transport: httpx2.AsyncBaseTransport | None = None,
        limits: Limits | None = None,
        max_attempts: int = 5,
    ) -> None:
        self._clock = clock
        self._limits = limits or Limits()
        self._max_attempts = max_attempts
        self._is_anthropic = base_url is None and transport is None
        self._base_url = base_url or ANTHROPIC_URL
        self._client = anthropic.AsyncAnthropic(
            api_key=api_key or LOCAL_KEY,
            auth_token=None,
            base_url=self._base_url,
            max_retries=0,
            default_headers={} if self._is_anthropic else _older_headers(api_key),
            http_client=httpx2.AsyncClient(
                transport=CappedTransport(
                    transport or transport_for(self._base_url), self._limits.max_bytes
                ),
                timeout=httpx2.Timeout(
                    connect=15, read=self._limits.first_event_timeout, write=60, pool=15
                ),
            ),
        )
        self.catalog = ModelCatalog(self._client, asks_server=self._is_anthropic)

    async def resolve(self, name: str) -> str:
        """Return the model id that `name` means now."""
        return await self.catalog.resolve(name)

    def context_of(self, model: str) -> int:
        """Return how many input tokens the model takes."""
        return self.catalog.context_of(model)

    def offers_web_search(self, model: str) -> bool:
        """Return whether the model can search the web on Anthropic's side."""
        return self._is_anthropic and self.catalog.can_search(model)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        """Yield the answer's events; see `core.ports.Model`.

        A call that failed before anything arrived is tried again when that can help.
        """
        attempt = 1
        while True:
            began = False
            try:
                async for event in guarded(self._open(request), self._limits, self._clock):
                    began = True
                    yield event
                return
            except Exception as error:
                fault = user_error(error, host=self._base_url, model=request.model)
                if began:
                    raise StreamBroken(fault.code, **fault.params) from error
                delay = self._delay(error, fault, attempt)
                if delay is None:
                    raise fault from error
            yield RetryPlanned(fault.code, delay, attempt, self._max_attempts - 1, fault.params)
            await self._clock.sleep(delay)
            attempt += 1

    def _delay(self, error: Exception, fault: UserError, attempt: int) -> float | None:
        """Return the seconds until the next try, or None if another try cannot help."""
        if fault.code not in RETRYABLE or attempt >= self._max_attempts:
            return None
        asked = retry_after(error)
        if asked is not None:
            return None if asked > MAX_RETRY_AFTER else asked + random.uniform(0, 0.5)  # noqa: S311
        backoff = min(FIRST_BACKOFF * 2.0 ** (attempt - 1), MAX_BACKOFF)
        return backoff * random.uniform(0.75, 1.25)  # noqa: S311

    async def _open(self, request: ModelRequest) -> Any:
        extra: dict[str, Any] = {}
        if self._is_anthropic:
            extra["cache_control"] = {"type": "ephemeral"}
        if request.tools or request.web_search:
            extra["tools"] = [
                {
                    "name": tool.name,
                    "description": tool.description,
                    "input_schema": dict(tool.input_schema),
                }
                for tool in request.tools
            ]
            if request.web_search:
                extra["tools"].append(WEB_SEARCH)
        if request.system:
            extra["system"] = request.system
        # `messages.create(stream=True)`, not `messages.stream()`: that one parses a growing tool
        # input anew at every delta (quadratic: 2 s for 140 KB) and we need only the whole one.
        return await self._client.messages.create(
            model=request.model,
            max_tokens=request.max_tokens,
            messages=[
                {"role": message.role, "content": [block_to_api(b) for b in message.blocks]}  # type: ignore[misc]
                for message in request.messages
            ],
            stream=True,
            **extra,
        )


def _older_headers(api_key: str | None) -> Mapping[str, str]:
    """Headers that servers expect which know the API as it was published first."""
    return {"anthropic-version": "2023-06-01", "x-api-key": api_key or LOCAL_KEY}
