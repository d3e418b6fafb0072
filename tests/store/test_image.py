"""A backup's view of the database: one consistent state, whatever others write meanwhile.

Two processes move amounts between accounts, grow and shrink a table, and checkpoint the log; each
image is written into a file, which must be whole and have every amount exactly once. AIGC_IMAGES
sets how many images are taken.
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from aigc_desktop.store.image import DatabaseImage

IMAGES = int(os.environ.get("AIGC_IMAGES", "60"))
ACCOUNTS = 400
TOTAL = ACCOUNTS * 1000

WRITER = """
import random, sys
from sqlcipher3 import dbapi2
chance = random.Random(int(sys.argv[2]))
db = dbapi2.connect(sys.argv[1], isolation_level=None, timeout=30)
db.execute("PRAGMA journal_mode=WAL")
db.execute(f"PRAGMA wal_autocheckpoint={chance.choice((5, 40, 400))}")
db.execute("PRAGMA synchronous=NORMAL")
print("ready", flush=True)
number = 0
while True:
    number += 1
    db.execute("BEGIN IMMEDIATE")
    for _ in range(chance.randrange(1, 30)):
        one, other = chance.sample(range(400), 2)
        amount = chance.randrange(50)
        db.execute("UPDATE accounts SET amount = amount - ? WHERE id = ?", (amount, one))
        db.execute("UPDATE accounts SET amount = amount + ? WHERE id = ?", (amount, other))
    for _ in range(chance.randrange(20)):
        text = "x" * chance.randrange(6000)
        db.execute("INSERT INTO notes (text, length) VALUES (?, ?)", (text, len(text)))
    if chance.random() < 0.3:
        db.execute("DELETE FROM notes WHERE id % 3 = ?", (chance.randrange(3),))
    db.execute(chance.choice(("COMMIT", "COMMIT", "COMMIT", "ROLLBACK")))
    if chance.random() < 0.1:
        mode = chance.choice(("PASSIVE", "FULL", "RESTART", "TRUNCATE"))
        db.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    file = tmp_path / "bank.db"
    with contextlib.closing(dbapi2.connect(str(file), isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE accounts (id INTEGER PRIMARY KEY, amount INTEGER)")
        db.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT, length INTEGER)")
        db.execute("CREATE INDEX ix_notes ON notes (length)")
        db.executemany("INSERT INTO accounts VALUES (?, 1000)", [(n,) for n in range(ACCOUNTS)])
    return file


@pytest.fixture
def writers(database: Path) -> Iterator[None]:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(database), str(seed)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in (1, 2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    yield
    assert [process.poll() for process in processes] == [None, None], "the writers still write"
    for process in processes:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def save(image: DatabaseImage, file: Path, chance: random.Random) -> None:
    """Write the image into a file, in pieces of any size, as slowly as a backup does."""
    with file.open("wb") as out:
        first = 0
        while first < image.pages:
            count = chance.randrange(1, 40)
            out.write(image.read(first, count))
            first += count


def check(file: Path, notes: int) -> None:
    with contextlib.closing(dbapi2.connect(f"file:{file}?immutable=1", uri=True)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("SELECT sum(amount) FROM accounts").fetchone() == (TOTAL,)
        assert db.execute("SELECT count(*) FROM notes").fetchone() == (notes,)
        wrong = db.execute("SELECT count(*) FROM notes WHERE length(text) != length").fetchone()
        assert wrong == (0,)


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("writers")
def test_every_image_is_one_state(database: Path, tmp_path: Path) -> None:
    chance = random.Random(20261125)
    sizes = set()
    for number in range(IMAGES):
        file = tmp_path / f"image-{number % 2}.db"
        with DatabaseImage(database) as image:
            [(notes,)] = image.query("SELECT count(*) FROM notes")
            save(image, file, chance)
            assert file.stat().st_size == image.size
            sizes.add(image.pages)
        check(file, notes)
    assert len(sizes) > 1, "something was written meanwhile"
