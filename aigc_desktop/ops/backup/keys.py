"""The repository's key: random, and wrapped with one that scrypt makes of the passphrase.

AES-256-GCM (NIST SP 800-38D) with random 96-bit nonces: fit for 2^32 chunks under one key.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import Any

from aigc_desktop.core.errors import UserError

NONCE = 12
TAG = 16
SCRYPT_N = 2**16
SCRYPT_R = 8
SCRYPT_P = 1
"""64 MB and about 0.2 s for each guess (RFC 7914, section 2)."""

_SCRYPT_MEMORY = 256 * 1024 * 1024
_WRAPPING = b"aigc-backup key"


@dataclass(frozen=True, slots=True)
class Key:
    """Encrypts and decrypts with the repository's key."""

    secret: bytes = field(repr=False)

    def seal(self, data: bytes, context: bytes) -> bytes:
        """Return nonce, ciphertext and tag; `context` has to be the same when it is opened."""
        nonce = os.urandom(NONCE)
        sealed: bytes = self._cipher().encrypt(nonce, data, context)
        return nonce + sealed

    def open(self, data: bytes | memoryview, context: bytes, what: str) -> bytes:
        """Return the plaintext. Raises UserError("backup_damaged")."""
        from cryptography.exceptions import InvalidTag

        try:
            plain: bytes = self._cipher().decrypt(bytes(data[:NONCE]), data[NONCE:], context)
        except (InvalidTag, ValueError) as error:
            raise UserError("backup_damaged", what=what) from error
        return plain

    def _cipher(self) -> Any:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self.secret)


def make(passphrase: str) -> tuple[Key, dict[str, Any]]:
    """Return a new key and how it is kept in the repository's configuration."""
    key = Key(os.urandom(32))
    return key, wrap(key, passphrase)


def wrap(key: Key, passphrase: str) -> dict[str, Any]:
    """Return the key, wrapped with a passphrase."""
    kept: dict[str, Any] = {
        "kdf": "scrypt",
        "n": SCRYPT_N,
        "r": SCRYPT_R,
        "p": SCRYPT_P,
        "salt": os.urandom(16).hex(),
    }
    wrapped = Key(_derive(passphrase, kept)).seal(key.secret, _WRAPPING)
    return {**kept, "wrapped": wrapped.hex()}


def unwrap(kept: dict[str, Any], passphrase: str | None) -> Key:
    """Return the key. Raises UserError: `passphrase_missing`, `passphrase_wrong`."""
    if passphrase is None:
        raise UserError("passphrase_missing")
    try:
        wrapped = bytes.fromhex(kept["wrapped"])
        secret = Key(_derive(passphrase, kept)).open(wrapped, _WRAPPING, "key")
    except (UserError, KeyError, ValueError, TypeError) as error:
        raise UserError("passphrase_wrong") from error
    return Key(secret)


def _derive(passphrase: str, kept: dict[str, Any]) -> bytes:
    n, r, p = int(kept["n"]), int(kept["r"]), int(kept["p"])
    if 128 * n * r * p > _SCRYPT_MEMORY:
        raise ValueError("scrypt parameters out of bounds")
    return hashlib.scrypt(
        passphrase.encode(),
        salt=bytes.fromhex(kept["salt"]),
        n=n,
        r=r,
        p=p,
        maxmem=2 * _SCRYPT_MEMORY,
        dklen=32,
    )
