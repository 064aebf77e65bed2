"""How many linked records are to be expected, on the edges."""

from __future__ import annotations

import pydantic
import pytest

from linkage_engine.contract.permit_parts import MatchRate
from linkage_engine.contract.refusals import CannotLink, RefusalCode
from linkage_engine.disclosure.linkage import ExactLinkage
from linkage_engine.linkage_runs.match_rates import check_match_rates

PAIR = "council:registry"


def linked(links: int, council: int = 10_000, registry: int = 10_000) -> dict[str, ExactLinkage]:
    figures = ExactLinkage(
        records_a=council,
        records_b=registry,
        links=links,
        candidate_pairs=0,
        decoys=0,
        left_out={},
        match_weight_threshold=0.0,
        estimated_false_link_rate=0.0,
        untrained_comparisons=(),
        seconds={},
    )
    return {PAIR: figures}


def held_back(now: dict[str, ExactLinkage], before: dict[str, ExactLinkage], *expected: MatchRate) -> bool:
    try:
        check_match_rates(now, before, expected)
    except CannotLink as refusal:
        return refusal.code is RefusalCode.MATCH_RATE_UNEXPECTED
    return False


def test_a_share_may_move_by_twenty_points() -> None:
    tried = (999, 1_000, 5_000, 5_001)
    assert [links for links in tried if held_back(linked(links), linked(3_000))] == [999, 5_001]


def test_of_small_files_chance_moves_more() -> None:
    # Of 100 records each, .3 and .5: five standard errors are 35 points.
    assert not held_back(linked(50, 100, 100), linked(30, 100, 100))
    assert held_back(linked(90, 100, 100), linked(30, 100, 100))


def test_each_provider_is_looked_at_by_itself() -> None:
    # Half as many records that are all linked: the other's share stays.
    assert held_back(linked(3_000, council=3_000), linked(3_000, council=9_000))


def test_what_was_never_linked_before_is_held_to_nothing_but_the_permit() -> None:
    assert not held_back(linked(10_000), {})
    assert not held_back(linked(0, council=0, registry=0), linked(3_000))
    assert not held_back(linked(3_000), linked(0, council=0, registry=0))
    most = MatchRate(provider_id="council", linked_to="registry", most_percent=80)
    assert held_back(linked(8_001), {}, most)
    assert not held_back(linked(8_000), {}, most)


def test_what_the_permit_says_takes_the_place_of_the_run_before() -> None:
    both = [
        MatchRate(provider_id="council", linked_to="registry", least_percent=60),
        MatchRate(provider_id="registry", linked_to="council", least_percent=60),
    ]
    assert not held_back(linked(9_000), linked(1_000), *both)
    assert held_back(linked(9_000), linked(1_000), both[0])
    assert held_back(linked(5_999), linked(6_000), *both)


@pytest.mark.parametrize(
    "said",
    [
        {"linked_to": "council"},
        {"linked_to": "registry", "least_percent": 60, "most_percent": 50},
        {"linked_to": "registry", "most_percent": 101},
    ],
)
def test_no_range_of_two_providers_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(pydantic.ValidationError):
        MatchRate.model_validate({"provider_id": "council", **said})
