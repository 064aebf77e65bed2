from __future__ import annotations

import numpy as np
import pytest

from linkage_engine.link.captures import matches_at_least


def test_two_independent_ways_tell_how_many_both_missed() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.random(20_000) < 0.9, rng.random(20_000) < 0.7
    seen = first | second
    assert matches_at_least(first[seen], second[seen]) == pytest.approx(20_000, rel=0.01)


def test_ways_that_fail_together_tell_too_few() -> None:
    rng = np.random.default_rng(2)
    careless = rng.random(20_000) < 0.2
    first, second = (rng.random(20_000) < np.where(careless, 0.4, 0.95) for _ in range(2))
    seen = first | second
    assert seen.sum() < matches_at_least(first[seen], second[seen]) < 20_000
