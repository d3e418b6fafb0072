"""The embedding, loaded once."""

from __future__ import annotations

import pytest

from aigc_desktop.config.paths import resource
from aigc_desktop.scenarios.matching.embedding import SentenceEncoder


@pytest.fixture(scope="session")
def encoder() -> SentenceEncoder:
    encoder = SentenceEncoder(resource("matching/centres.npy"))
    encoder.load()
    return encoder
