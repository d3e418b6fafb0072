"""A store with one session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aigc_desktop.config.paths import Paths
from aigc_desktop.store import migration
from aigc_desktop.store.store import Store


@pytest.fixture
def troubles() -> list[str]:
    return []


@pytest.fixture
def store(paths: Paths, troubles: list[str]) -> Iterator[Store]:
    migration.prepare(paths)
    store = Store.open(
        paths,
        on_trouble=lambda code, _params: troubles.append(code),
        on_recovered=lambda code: troubles.append(f"over:{code}"),
    )
    yield store
    store.close()
