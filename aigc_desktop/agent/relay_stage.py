"""Brings a gateway's socket to 127.0.0.1 inside a sandbox that has a network of its own.

Started as a script (or by the built program with `--relayed`), with the socket, a port and the
command as arguments; the command replaces it. It stands alone: nothing of ours is imported.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Listen on `arguments[1]`, relay to the socket `arguments[0]`, become the rest."""
    path, port, *command = arguments
    listener = socket.create_server(("127.0.0.1", int(port)))
    if os.fork() == 0:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        _serve(listener, path)
    listener.close()
    os.execv(command[0], command)  # noqa: S606 the command that the sandbox was made for
    return 1


def _serve(listener: socket.socket, path: str) -> None:
    while True:
        here, _ = listener.accept()
        there = socket.socket(socket.AF_UNIX)
        try:
            there.connect(path)
        except OSError:
            here.close()
            continue
        for pair in ((here, there), (there, here)):
            threading.Thread(target=_pump, args=pair, daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, target):
            end.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
