"""Finds model servers on this machine and checks a connection."""

from __future__ import annotations

import asyncio

import httpx2

from aigc_desktop.agent.address import ANTHROPIC_URL, LOCAL_KEY
from aigc_desktop.agent.proxy import transport_for
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.ports import FoundServer

USUAL_SERVERS = (
    ("Ollama", "http://127.0.0.1:11434"),
    ("LM Studio", "http://127.0.0.1:1234"),
    ("llama.cpp", "http://127.0.0.1:8080"),
    ("vLLM", "http://127.0.0.1:8000"),
)
PROBE_TIMEOUT = 1.5
CHECK_TIMEOUT = 15.0


async def find_servers(
    candidates: tuple[tuple[str, str], ...] = USUAL_SERVERS,
) -> list[FoundServer]:
    """Ask the usual loopback ports, all at once; return those that list models."""
    async with httpx2.AsyncClient(timeout=PROBE_TIMEOUT, trust_env=False) as client:
        found = await asyncio.gather(*(_probe(client, name, url) for name, url in candidates))
    return [server for server in found if server is not None]


async def check_connection(api_key: str | None, base_url: str | None) -> tuple[str, ...]:
    """Ask the server for its models and return their ids.

    A server without such a list that is not Anthropic's own is taken as it is (no ids).

    Raises:
        UserError: `api_key_invalid`, `network_unreachable`, `bad_response`, `server_error`, ….
    """
    url = base_url or ANTHROPIC_URL
    key = api_key or LOCAL_KEY
    headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
    if base_url is not None:
        headers["Authorization"] = f"Bearer {key}"
    try:
        transport = transport_for(url)
        async with httpx2.AsyncClient(transport=transport, timeout=CHECK_TIMEOUT) as client:
            response = await client.get(f"{url}/v1/models", headers=headers)
    except httpx2.InvalidURL as error:
        raise UserError("base_url_invalid", base_url=url) from error
    except (httpx2.TransportError, OSError) as error:
        raise UserError("network_unreachable", host=url) from error
    if response.status_code in (401, 403):
        raise UserError("api_key_invalid")
    if response.status_code in (404, 405) and base_url is not None:
        return ()
    if response.status_code != 200:
        raise UserError("server_error", status=response.status_code)
    models = _models(response)
    if models is None:
        raise UserError("bad_response", content_type=response.headers.get("content-type", "?"))
    return models


async def _probe(client: httpx2.AsyncClient, name: str, url: str) -> FoundServer | None:
    try:
        response = await client.get(f"{url}/v1/models")
    except (httpx2.HTTPError, OSError):
        return None
    models = _models(response) if response.status_code == 200 else None
    return FoundServer(name, url, models) if models is not None else None


def _models(response: httpx2.Response) -> tuple[str, ...] | None:
    try:
        data = response.json().get("data")
    except (ValueError, AttributeError):
        return None
    if not isinstance(data, list):
        return None
    return tuple(str(entry["id"]) for entry in data if isinstance(entry, dict) and "id" in entry)
