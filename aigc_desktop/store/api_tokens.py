"""Rows of `api_tokens`: what tokens were given out. The tokens themselves are never stored."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from aigc_desktop.core.http import ApiToken
from aigc_desktop.store.tables import api_tokens

KEPT_MS = 30 * 24 * 3600 * 1000
"""How long a token is listed after it has expired."""


class TokenRow(NamedTuple):
    """A token and the id of the key that signed it."""

    token: ApiToken
    key_id: str


def add(db: Connection, token: ApiToken, key_id: str) -> None:
    """Note a token that is given out; forget those that expired long ago."""
    db.execute(delete(api_tokens).where(api_tokens.c.expires_at < token.created_at - KEPT_MS))
    db.execute(
        insert(api_tokens).values(
            id=token.id,
            name=token.name,
            created_at=token.created_at,
            expires_at=token.expires_at,
            key_id=key_id,
        )
    )


def all_tokens(db: Connection) -> list[TokenRow]:
    """Return all tokens, newest first."""
    rows = db.execute(select(api_tokens).order_by(api_tokens.c.created_at.desc(), api_tokens.c.id))
    return [_row(row) for row in rows]


def get(db: Connection, token_id: str) -> TokenRow | None:
    """Return one token, or None."""
    row = db.execute(select(api_tokens).where(api_tokens.c.id == token_id)).one_or_none()
    return None if row is None else _row(row)


def revoke(db: Connection, token_id: str, now: int) -> bool:
    """Revoke a token; return whether there is such a one."""
    found = get(db, token_id)
    if found is not None and found.token.revoked_at is None:
        db.execute(update(api_tokens).where(api_tokens.c.id == token_id).values(revoked_at=now))
    return found is not None


def revoke_all(db: Connection, now: int) -> None:
    """Revoke every token."""
    db.execute(update(api_tokens).where(api_tokens.c.revoked_at.is_(None)).values(revoked_at=now))


def note_use(db: Connection, token_id: str, now: int) -> None:
    """Note that a token was used."""
    db.execute(update(api_tokens).where(api_tokens.c.id == token_id).values(used_at=now))


def _row(row: Any) -> TokenRow:
    token = ApiToken(row.id, row.name, row.created_at, row.expires_at, row.revoked_at, row.used_at)
    return TokenRow(token, row.key_id)
