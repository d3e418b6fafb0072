"""How a database file is named to SQLite. Light: without SQLAlchemy."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote


def database_uri(database: Path, options: str) -> str:
    """Return the URI of a database file, whatever its path is made of; options: `mode=ro`, ….

    A drive letter gets the slash before it that SQLite wants.
    """
    path = database.absolute().as_posix()
    return f"file://{quote(os.fsencode(path if path.startswith('/') else '/' + path))}?{options}"


def read_only_mode(database: Path) -> str:
    """Return the URI option with which a database that cannot be written to is read.

    Without a -wal, in a folder where none can be made, SQLite reads it only as immutable.
    """
    alone = not Path(f"{database}-wal").exists()
    return "immutable=1" if alone and not os.access(database.parent, os.W_OK) else "mode=ro"
