"""Short-lived tokens for the local HTTP server: made, listed, revoked, checked."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from aigc_desktop.config.log import register_secret
from aigc_desktop.config.secrets import SecretStore
from aigc_desktop.core.clock import Clock
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import HttpChanged
from aigc_desktop.core.http import ApiToken, NewToken, TokenState
from aigc_desktop.store import api_tokens as rows

if TYPE_CHECKING:
    from aigc_desktop.services.app import App

logger = logging.getLogger(__name__)

KEY_NAME = "http-signing-key"
ALGORITHM = "HS256"
ISSUER = "aigc-desktop"
AUDIENCE = "aigc-desktop-http"
MAX_TOKEN = 2000
"""Characters; ours are about 400."""

DEFAULT_TTL = 3600
MIN_TTL = 60
MAX_TTL = 90 * 24 * 3600
MAX_NAME = 80
MAX_TOKENS = 200
"""Valid ones at a time."""

RELOAD_SECONDS = 5.0
"""A key that another process has made is looked for at most so often."""

USE_NOTED_MS = 10_000
_TTL = re.compile(r"(\d{1,7})\s*([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class SigningKey:
    """The key that signs tokens: in the keyring, or without one for this session only."""

    def __init__(self, secret_store: SecretStore, clock: Clock) -> None:
        self._secrets = secret_store
        self._clock = clock
        self._value: str | None = None
        self._looked_at = -RELOAD_SECONDS
        self.lasting = True

    async def find(self, key_id: str | None = None) -> str | None:
        """Return the key; one with another id than `key_id` is looked for anew, now and then."""
        if self._value is None or (key_id is not None and key_id_of(self._value) != key_id):
            now = self._clock.monotonic()
            if self._value is None or now - self._looked_at >= RELOAD_SECONDS:
                self._looked_at = now
                self._value = await asyncio.to_thread(self._secrets.get, KEY_NAME)
        return self._value

    async def find_or_make(self, lasting: bool) -> str:
        """Return the key, made if there is none. Raises UserError("token_needs_keyring")."""
        found = await self.find()
        if found is None:
            found = await self._make(lasting)
        if lasting and not self.lasting:
            raise UserError("token_needs_keyring")
        return found

    async def replace(self) -> None:
        """Make a new key: what the old one signed is worth nothing any more."""
        await self._make(lasting=False)

    async def _make(self, lasting: bool) -> str:
        value = secrets.token_hex(32)
        try:
            await asyncio.to_thread(self._secrets.set, KEY_NAME, value)
            self.lasting = True
        except UserError as error:
            if lasting:
                raise UserError("token_needs_keyring") from error
            logger.info("the signing key is kept for this session only: %s", error.code)
            self._secrets.set_for_this_session(KEY_NAME, value)
            self.lasting = False
        self._value = value
        return value


def key_id_of(key: str) -> str:
    """Return a name for a key that says nothing about it."""
    return hashlib.sha256(f"{ISSUER}:{key}".encode()).hexdigest()[:16]


def parse_ttl(text: str) -> int:
    """Return the seconds in `90m`, `1h` or `7d`. Raises UserError("ttl_invalid")."""
    found = _TTL.fullmatch(text.strip().lower())
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not MIN_TTL <= seconds <= MAX_TTL:
        raise UserError("ttl_invalid", ttl=text[:20])
    return seconds


async def create_token(
    app: App, ttl_seconds: int, name: str = "", *, lasting: bool = False
) -> NewToken:
    """Make a token and return it, the only time that it is seen.

    `lasting`: another process has to be able to check it.

    Raises:
        UserError: `ttl_invalid`, `token_needs_keyring`, `keyring_locked`, `too_many_tokens`.
    """
    import jwt

    if not MIN_TTL <= ttl_seconds <= MAX_TTL:
        raise UserError("ttl_invalid", ttl=f"{ttl_seconds}s")
    valid = [t for t in await list_tokens(app) if t.state is TokenState.VALID]
    if len(valid) >= MAX_TOKENS:
        raise UserError("too_many_tokens", count=len(valid))
    key = await app.signing_key.find_or_make(lasting)
    now = app.clock.now_ms()
    seconds = now // 1000
    about = ApiToken(
        id=secrets.token_hex(8),
        name=" ".join(name.split())[:MAX_NAME],
        created_at=now,
        expires_at=(seconds + ttl_seconds) * 1000,
        revoked_at=None,
        used_at=None,
    )
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "1",
        "jti": about.id,
        "iat": seconds,
        "nbf": seconds,
        "exp": seconds + ttl_seconds,
    }
    key_id = key_id_of(key)
    token = jwt.encode(claims, key, ALGORITHM, headers={"kid": key_id})
    register_secret(token)
    await app.store.write(lambda db: rows.add(db, about, key_id))
    app.bus.publish(HttpChanged(app.http.state))
    return NewToken(token, about, app.signing_key.lasting)


async def list_tokens(app: App) -> list[ApiToken]:
    """Return the tokens that were given out, newest first."""
    found = await app.store.read(rows.all_tokens)
    if not found:
        return []
    try:
        key = await app.signing_key.find()
    except UserError as error:
        logger.info("the signing key cannot be read: %s", error.code)
        key = None
    current = None if key is None else key_id_of(key)
    now = app.clock.now_ms()
    return [replace(row.token, state=_state(row, current, now)) for row in found]


async def revoke_token(app: App, token_id: str) -> None:
    """Refuse the token from now on. Raises UserError("token_unknown")."""
    now = app.clock.now_ms()
    if not await app.store.write(lambda db: rows.revoke(db, token_id, now)):
        raise UserError("token_unknown", id=token_id[:40])
    app.bus.publish(HttpChanged(app.http.state))


async def rotate_key(app: App) -> None:
    """Make a new signing key and refuse every token that was given out before."""
    now = app.clock.now_ms()
    await app.store.write(lambda db: rows.revoke_all(db, now))
    await app.signing_key.replace()
    app.bus.publish(HttpChanged(app.http.state))


async def check_token(app: App, token: str) -> str | None:
    """Return the id of a token that holds now, else None. Signatures compare in constant time."""
    import jwt

    if not token or len(token) > MAX_TOKEN or not token.isascii():
        return None
    try:
        key_id = jwt.get_unverified_header(token).get("kid")
        key = await app.signing_key.find(key_id if isinstance(key_id, str) else "")
        if key is None:
            return None
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={
                "require": ["exp", "nbf", "iat", "iss", "aud", "jti", "sub"],
                "strict_aud": True,
            },
        )
    except (jwt.PyJWTError, UserError) as error:
        logger.debug("a token was refused: %s", type(error).__name__)
        return None
    token_id = str(claims["jti"])
    row = await app.store.read(lambda db: rows.get(db, token_id))
    now = app.clock.now_ms()
    if row is None or _state(row, key_id_of(key), now) is not TokenState.VALID:
        return None
    if now - (row.token.used_at or 0) > USE_NOTED_MS and not app.store.read_only:
        await app.store.write(lambda db: rows.note_use(db, token_id, now))
    return token_id


def _state(row: rows.TokenRow, current_key: str | None, now: int) -> TokenState:
    if row.token.revoked_at is not None:
        return TokenState.REVOKED
    if row.token.expires_at <= now:
        return TokenState.EXPIRED
    return TokenState.VALID if row.key_id == current_key else TokenState.OLD_KEY
