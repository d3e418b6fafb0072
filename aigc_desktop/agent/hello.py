"""Reads the server's name in the greeting of a TLS connection (RFC 8446 4.1.2, RFC 6066 3)."""

from __future__ import annotations

_HANDSHAKE, _CLIENT_HELLO = 22, 1
_SERVER_NAME, _HOST_NAME = 0, 0


class _Bytes:
    """Takes bytes off the front. Raises IndexError past the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __bool__(self) -> bool:
        return bool(self._data)

    def take(self, count: int) -> bytes:
        if count > len(self._data):
            raise IndexError(count)
        taken, self._data = self._data[:count], self._data[count:]
        return taken

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")

    def text(self) -> str:
        return self._data.decode("ascii").lower()

    def vector(self, width: int) -> _Bytes:
        """Take what has its length, of `width` bytes, before it."""
        return _Bytes(self.take(self.number(width)))


def server_name(record: bytes) -> str | None:
    """Return the one host that a ClientHello in one TLS record names, in lower case, else None."""
    try:
        return _server_name(_Bytes(record))
    except (IndexError, UnicodeDecodeError):
        return None


def _server_name(record: _Bytes) -> str | None:
    if record.number(1) != _HANDSHAKE:
        return None
    record.take(2)
    handshake = record.vector(2)
    if handshake.number(1) != _CLIENT_HELLO:
        return None
    hello = handshake.vector(3)
    hello.take(2 + 32)
    for width in (1, 2, 1):  # session id, cipher suites, compression methods
        hello.vector(width)
    extensions = hello.vector(2)
    names: list[str] = []
    while extensions:
        kind, body = extensions.number(2), extensions.vector(2)
        if kind == _SERVER_NAME:
            entries = body.vector(2)
            while entries:
                named, name = entries.number(1), entries.vector(2)
                if named == _HOST_NAME:
                    names.append(name.text())
    return names[0] if len(names) == 1 else None
