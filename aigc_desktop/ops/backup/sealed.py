"""Files of the repository: a plain header, a compressed and perhaps encrypted body, a checksum.

magic · kind · encrypted · header length · header (JSON) · body · SHA-256 of all before it
The header is authenticated together with an encrypted body.
"""

from __future__ import annotations

import hashlib
import json
import struct
from typing import Any

import zstandard

from aigc_desktop.core.errors import UserError
from aigc_desktop.ops.backup.keys import Key

MAGIC = b"AIGCBK1\n"
_START = struct.Struct(">8scBI")
_DIGEST = 32
INDEX, SNAPSHOT = b"i", b"s"

MAX_BODY = 2 * 1024**3
"""Bytes of a body, uncompressed: more is not ours."""


def damaged(what: str) -> UserError:
    """Return the error for a part of a repository that is not as it was written."""
    return UserError("backup_damaged", what=what)


def seal(kind: bytes, header: dict[str, Any], body: bytes, key: Key | None) -> bytes:
    """Return a file's content."""
    head = json.dumps(header, ensure_ascii=False, sort_keys=True).encode()
    start = _START.pack(MAGIC, kind, key is not None, len(head)) + head
    body = zstandard.ZstdCompressor(level=3).compress(body)
    if key is not None:
        body = key.seal(body, start)
    content = start + body
    return content + hashlib.sha256(content).digest()


def header_of(kind: bytes, content: bytes, what: str) -> tuple[dict[str, Any], bool]:
    """Return (header, encrypted?) of a whole file. Raises UserError("backup_damaged")."""
    if len(content) < _START.size + _DIGEST:
        raise damaged(what)
    if hashlib.sha256(content[:-_DIGEST]).digest() != content[-_DIGEST:]:
        raise damaged(what)
    magic, found, encrypted, length = _START.unpack_from(content)
    if magic != MAGIC or found != kind or encrypted > 1:
        raise damaged(what)
    try:
        header = json.loads(content[_START.size : _START.size + length])
    except ValueError as error:
        raise damaged(what) from error
    if not isinstance(header, dict):
        raise damaged(what)
    return header, bool(encrypted)


def body_of(kind: bytes, content: bytes, key: Key | None, what: str) -> bytes:
    """Return the body. Raises UserError: `backup_damaged`, `passphrase_missing`."""
    _, encrypted = header_of(kind, content, what)
    *_, length = _START.unpack_from(content)
    start = content[: _START.size + length]
    body = content[_START.size + length : -_DIGEST]
    if encrypted:
        if key is None:
            raise UserError("passphrase_missing")
        body = key.open(body, start, what)
    try:
        with zstandard.ZstdDecompressor().stream_reader(body) as reader:
            found = reader.read(MAX_BODY + 1)
    except zstandard.ZstdError as error:
        raise damaged(what) from error
    if len(found) > MAX_BODY:
        raise damaged(what)
    return found
