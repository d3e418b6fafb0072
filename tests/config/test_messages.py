"""How sure the matcher is, in words."""

from __future__ import annotations

import pytest

from aigc_desktop.config.messages import confidence_text, percent_text
from aigc_desktop.core.matching import Match, Outcome


@pytest.mark.parametrize(
    ("probability", "shown"),
    [
        (0.0, "0%"),
        (0.0004, "<1%"),
        (0.01, "1%"),
        (0.624, "62%"),
        (0.99, "99%"),
        (0.9971, ">99%"),
        (1.0, "100%"),
    ],
)
def test_only_what_is_certain_is_shown_as_certain(probability: float, shown: str) -> None:
    assert percent_text(probability) == shown


def test_where_nothing_fits_no_number_is_shown() -> None:
    assert confidence_text(Match(Outcome.DEFAULT, 1, 0.15)) == ""
    assert confidence_text(Match(Outcome.UNSURE, 1, 0.15)) == "15%"
