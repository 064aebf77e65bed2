"""Twins, father and son, households, moves, remarriage: no worse than plaintext behind the same pairs."""

from __future__ import annotations

import pytest

from linkage_engine.contract.profiles import LinkageProfile
from tests.linkage.hard_cases.sets import SETS, Found, found_in_sets, hard_files

Both = tuple[dict[str, Found], dict[str, Found]]
ONE_SET, ALL_SETS = 0.055, 0.015
"""By how much a share may be behind: 4 of a set's 75 pairs, and what four seeds showed of all sets together."""


@pytest.fixture(scope="module")
def both() -> Both:
    """The sets as tokens find them, and as plaintext does."""
    hard = hard_files(seed=1)
    return found_in_sets(hard, LinkageProfile.TOKENS), found_in_sets(hard, LinkageProfile.PLAINTEXT)


@pytest.mark.parametrize("name", SETS)
def test_of_each_set_tokens_find_as_much_as_plaintext_and_as_rightly(name: str, both: Both) -> None:
    tokens, plaintext = (found[name] for found in both)
    assert tokens.true == plaintext.true == 75
    assert tokens.precision >= plaintext.precision - ONE_SET
    assert tokens.recall >= plaintext.recall - ONE_SET


def test_of_all_sets_together_tokens_lose_little(both: Both) -> None:
    tokens, plaintext = (
        Found(*(sum(getattr(one, name) for one in found.values()) for name in ("links", "right", "true")))
        for found in both
    )
    assert tokens.precision >= plaintext.precision - ALL_SETS
    assert tokens.recall >= plaintext.recall - ALL_SETS
    assert tokens.recall > 0.94
