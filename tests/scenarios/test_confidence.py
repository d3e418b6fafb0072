"""The percentages that are shown beside each other agree."""

from __future__ import annotations

import numpy as np
import pytest

from aigc_desktop.scenarios.matching.confidence import probabilities


@pytest.mark.parametrize("belief", [[0.45, 0.44, 0.11], [0.02, 0.97, 0.01], [1.0, 0.0, 0.0]])
@pytest.mark.parametrize("sure", [0.05, 0.3, 0.62, 0.999])
def test_they_agree_with_how_sure_the_matcher_is(belief: list[float], sure: float) -> None:
    before = np.array(belief, np.float32)
    found = probabilities(before, sure)
    assert found.max() == found[before.argmax()] == pytest.approx(sure)
    assert found.sum() <= 1 + 1e-6
    assert list(found.argsort(kind="stable")) == list(before.argsort(kind="stable"))
