"""The connection to a model: Anthropic's API, another server, or the built-in demo model."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from aigc_desktop.config import settings as config
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import ConnectionChanged

if TYPE_CHECKING:
    from aigc_desktop.config.secrets import SecretStore
    from aigc_desktop.config.settings import Settings
    from aigc_desktop.core.bus import EventBus
    from aigc_desktop.core.clock import Clock
    from aigc_desktop.core.ports import FoundServer, Model
    from aigc_desktop.services.app import App

ANTHROPIC = "anthropic"
SERVER = "server"
DEMO = "demo"

ANTHROPIC_KEY = "anthropic_api_key"
SERVER_KEY = "server_api_key"
_KEY_NAMES = {ANTHROPIC: ANTHROPIC_KEY, SERVER: SERVER_KEY}


def key_name(settings: Settings) -> str | None:
    """Return the name of the chosen provider's key; None for one that has no key."""
    return _KEY_NAMES.get(settings.get(config.PROVIDER))


class Keep(StrEnum):
    """Where a key is to be kept; anything but the keyring only when the user has chosen it."""

    KEYRING = "keyring"
    SESSION = "session"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """What the settings page shows. `key_state` is `stored`, `missing` or the keyring's state."""

    provider: str
    key_state: str
    base_url: str
    model: str


class Connection:
    """Hands out the model client for the chosen provider and keeps one of each."""

    def __init__(
        self, settings: Settings, secrets: SecretStore, bus: EventBus, clock: Clock
    ) -> None:
        self._settings = settings
        self._secrets = secrets
        self._bus = bus
        self._clock = clock
        self._models: dict[str, Model] = {}

    def provider_for(self, model: str) -> str:
        """Return the provider that answers for `model`; the name `demo` is the demo model's."""
        return DEMO if model == DEMO else self._settings.get(config.PROVIDER) or ANTHROPIC

    async def model_for(self, provider: str) -> Model:
        """Return the provider's client.

        Raises:
            UserError("api_key_missing"): Anthropic's API is chosen and there is no key.
        """
        if provider not in self._models:
            self._models[provider] = await self._build(provider)
        return self._models[provider]

    def context_of(self, provider: str, model: str) -> int:
        """Return how many input tokens the model takes."""
        return self._models[provider].context_of(model)

    async def changed(self) -> None:
        """Forget the clients; the next call builds new ones. Running calls end on their own."""
        self._models.clear()
        self._bus.publish(ConnectionChanged(self._settings.get(config.PROVIDER)))

    async def close(self) -> None:
        """Close the clients."""
        for model in self._models.values():
            await model.aclose()
        self._models.clear()

    async def _build(self, provider: str) -> Model:
        from aigc_desktop.agent.client import AnthropicModel

        if provider == DEMO:
            from aigc_desktop.agent.demo import demo_model

            return demo_model(self._clock)
        key = await asyncio.to_thread(self._secrets.get, _KEY_NAMES[provider])
        if provider == SERVER:
            base_url = self._settings.get(config.BASE_URL)
            if not base_url:
                raise UserError("base_url_missing")
            return AnthropicModel(key, base_url, clock=self._clock)
        if not key:
            raise UserError("api_key_missing")
        return AnthropicModel(key, None, clock=self._clock)


async def state(app: App) -> ConnectionState:
    """Return what is connected now; never a key."""
    provider = app.settings.get(config.PROVIDER)
    name = _KEY_NAMES.get(provider)
    key_state = "not_needed"
    if name is not None:
        try:
            key = await asyncio.to_thread(app.secrets.get, name)
            key_state = "stored" if key else "missing"
        except UserError as error:
            key_state = error.code
    return ConnectionState(
        provider, key_state, app.settings.get(config.BASE_URL), app.settings.get(config.MODEL)
    )


async def use_anthropic(app: App, key: str, keep: Keep = Keep.KEYRING) -> tuple[str, ...]:
    """Check the key with Anthropic, store it in the keyring, use it. Returns the models' ids.

    Raises UserError: `api_key_invalid`, `network_unreachable`, `keyring_*` and others; nothing
    is changed then.
    """
    from aigc_desktop.agent.discovery import check_connection

    key = _clean_key(key)
    models = await check_connection(key, None)
    await _store_key(app, ANTHROPIC_KEY, key, keep)
    await _choose(app, ANTHROPIC)
    return models


async def use_server(
    app: App, base_url: str, key: str | None = None, keep: Keep = Keep.KEYRING
) -> tuple[str, ...]:
    """Check a server that speaks the Anthropic Messages API and use it. Returns its models' ids.

    When the chosen model is none of the server's and the server names some, its first is chosen.
    """
    from aigc_desktop.agent.discovery import check_connection

    base_url = base_url.strip().rstrip("/")
    if not base_url.startswith(("http://", "https://")):
        raise UserError("base_url_invalid", base_url=base_url)
    key = _clean_key(key) if key else None
    models = await check_connection(key, base_url)
    if key:
        await _store_key(app, SERVER_KEY, key, keep)
    await asyncio.to_thread(app.settings.set, config.BASE_URL, base_url)
    if models and app.settings.get(config.MODEL) not in models:
        await asyncio.to_thread(app.settings.set, config.MODEL, models[0])
    await _choose(app, SERVER)
    return models


async def forget_key(app: App) -> None:
    """Delete the chosen provider's key everywhere it is kept."""
    name = _KEY_NAMES.get(app.settings.get(config.PROVIDER))
    if name is not None:
        await asyncio.to_thread(app.secrets.delete, name)
        await app.connection.changed()


async def use_demo(app: App) -> None:
    """Use the demo model."""
    await _choose(app, DEMO)


async def check(app: App) -> tuple[str, ...]:
    """Ask the chosen provider for its models; raises UserError with what is wrong."""
    from aigc_desktop.agent.discovery import check_connection

    provider = app.settings.get(config.PROVIDER)
    if provider == DEMO:
        return (DEMO,)
    if not provider:
        raise UserError("provider_not_chosen")
    key = await asyncio.to_thread(app.secrets.get, _KEY_NAMES[provider])
    if provider == ANTHROPIC and not key:
        raise UserError("api_key_missing")
    base_url = app.settings.get(config.BASE_URL) if provider == SERVER else None
    return await check_connection(key, base_url)


async def list_models(app: App) -> list[str]:
    """Return what the model picker offers: the aliases, then what the provider names."""
    provider = app.settings.get(config.PROVIDER)
    if provider == DEMO:
        return [DEMO]
    aliases = ["sonnet", "opus", "haiku"] if provider == ANTHROPIC else []
    try:
        return [*aliases, *await check(app)]
    except UserError:
        return aliases or [app.settings.get(config.MODEL)]


async def find_servers(app: App) -> list[FoundServer]:
    """Look for model servers on this machine's usual ports."""
    from aigc_desktop.agent.discovery import find_servers as find

    return await find()


async def offered_key(app: App) -> tuple[str, str] | None:
    """Return (masked key, where it was found) of a key that can be taken over."""
    found = await asyncio.to_thread(app.settings.found_api_key)
    if found is None:
        return None
    key, origin = found
    return f"{key[:7]}…{key[-4:]}" if len(key) > 16 else "…", origin


async def take_over_key(app: App, keep: Keep = Keep.KEYRING) -> tuple[str, ...]:
    """Check the key that was found and move it to the keyring."""
    found = await asyncio.to_thread(app.settings.found_api_key)
    if found is None:
        raise UserError("api_key_missing")
    return await use_anthropic(app, found[0], keep)


def _clean_key(key: str) -> str:
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise UserError("api_key_invalid")
    return key


async def _store_key(app: App, name: str, key: str, keep: Keep) -> None:
    match keep:
        case Keep.SESSION:
            app.secrets.set_for_this_session(name, key)
        case Keep.FILE:
            await asyncio.to_thread(app.secrets.allow_file, name, key)
        case Keep.KEYRING:
            await asyncio.to_thread(app.secrets.set, name, key)


async def _choose(app: App, provider: str) -> None:
    await asyncio.to_thread(app.settings.set, config.PROVIDER, provider)
    await app.connection.changed()
