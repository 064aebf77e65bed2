"""FEBRL's people, found again by every profile that is served: names, dates, postcodes and streets alone."""

from __future__ import annotations

import pytest

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.laboratory.linkage import evaluate_linkage
from tests.benchmarks.linkage.one import Case, files

pytestmark = pytest.mark.outside(tool="febrl")
LEAST_RECALL, LEAST_F1 = 0.998, 0.998


@pytest.mark.parametrize("profile", [LinkageProfile.TOKENS, LinkageProfile.TOKENS_STRICT])
def test_the_fourth_data_set_is_linked_at_a_threshold_that_nobody_guessed(profile: LinkageProfile) -> None:
    a, b = files(Case(layout="febrl4", size=0, dirt="", overlap=0.0))
    found = evaluate_linkage(a, b, profile=profile, threads=2, seed=1)
    assert found.true_pairs == 5000
    assert found.blocking_recall >= LEAST_RECALL
    assert found.one_to_one.f1 >= LEAST_F1
