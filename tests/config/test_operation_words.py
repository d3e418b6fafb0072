"""Sizes as people read them."""

from __future__ import annotations

import pytest

from aigc_desktop.config.operation_words import size_text


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 KB"),
        (93_400, "93.4 KB"),
        (348_160, "348 KB"),
        (999_400, "999 KB"),
        (999_600, "1.0 MB"),
        (1_800_000_000, "1.8 GB"),
        (5_000_000_000_000_000, "5,000 TB"),
    ],
)
def test_sizes(size: int, shown: str) -> None:
    assert size_text(size) == shown
