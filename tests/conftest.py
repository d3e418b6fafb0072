"""What every test stands on: a home of its own, no key in sight, no unexpected log, no leaks."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

import pytest

from aigc_desktop import bootstrap
from aigc_desktop.config import i18n, log
from aigc_desktop.config.paths import Paths, resource
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.clock import Clock
from aigc_desktop.scenarios.matching.embedding import SentenceEncoder
from aigc_desktop.services import matching
from aigc_desktop.services.app import App
from aigc_desktop.store import migration

KEY_VARIABLES = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "DEFAULT_MODEL")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory and a data directory of the test's own."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AIGC_HOME", str(home / "aigc"))
    monkeypatch.setenv("AIGC_DEMO_DELAY", "0")
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    for name in (*KEY_VARIABLES, "LC_ALL", "LC_MESSAGES", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    i18n.set_language("en")
    return home


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an earlier test has registered as secret is none to this one."""
    monkeypatch.setattr(log, "_secrets", set())


@pytest.fixture(autouse=True)
def cold_matcher(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is loaded for matching unless the test asks for it: that takes both cores."""
    monkeypatch.setattr(matching, "WARM_UP_DELAY", 3600.0)
    matching.shared_encoder.cache_clear()


@pytest.fixture
def paths(home: Path) -> Paths:
    paths = Paths(home / "aigc")
    paths.create()
    return paths


@pytest.fixture
def bus() -> EventBus:
    return EventBus()


@pytest.fixture
def settings(paths: Paths, bus: EventBus) -> Settings:
    return Settings(paths, bus)


@pytest.fixture
def allow_log() -> set[str]:
    """Words; a warning or error that has one of them is expected."""
    return set()


@pytest.fixture(autouse=True)
def quiet_log(caplog: pytest.LogCaptureFixture, allow_log: set[str]) -> Iterator[None]:
    """An unexpected warning or error in the log fails the test."""
    yield
    unexpected = [
        record
        for record in caplog.get_records("call")
        if record.levelno >= logging.WARNING
        and record.name.startswith(("aigc_desktop", "asyncio", "crash"))
        and not any(word in record.getMessage() for word in allow_log)
    ]
    assert not unexpected, [record.getMessage() for record in unexpected]


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """A thread of ours that outlives its test fails it."""
    before = set(threading.enumerate())
    yield
    ours = ("store-", "search-index", "backend", "command-output")
    for thread in set(threading.enumerate()) - before:
        if thread.name.startswith(ours):
            thread.join(5)
            assert not thread.is_alive(), thread.name


@pytest.fixture(scope="session")
def encoder() -> SentenceEncoder:
    """The embedding, loaded once."""
    encoder = SentenceEncoder(resource("matching/centres.npy"))
    encoder.load()
    return encoder


class OpenApp(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[App]: ...


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database at the newest revision, made once: running all migrations takes a while."""
    made = tmp_path_factory.mktemp("migrated") / "sessions.db"
    migration.make_database(made)
    return made


@pytest.fixture
def prepared(paths: Paths, migrated: Path) -> Paths:
    """The test's own directories with an empty database in them."""
    shutil.copy(migrated, paths.database)
    return paths


@pytest.fixture
def clock() -> Clock | None:
    """The program's clock; None: the machine's. Tests that turn it give their own."""
    return None


@pytest.fixture
def open_app(prepared: Paths, settings: Settings, bus: EventBus, clock: Clock | None) -> OpenApp:
    """Open the whole program without a window; may be called again to see a restart."""
    return lambda: bootstrap.open_app(prepared, settings, bus, clock)


@pytest.fixture
async def app(open_app: OpenApp) -> AsyncIterator[App]:
    async with open_app() as app:
        yield app
