from __future__ import annotations

from itertools import permutations

import pytest

from linkage_engine.catalogue.policies import POLICIES, policy_text
from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.strictest import CHOICES, strictest
from tests.unit.disclosure.tables import DEFAULT, HES

SHIPPED = {name: Policy.from_json(policy_text(name)) for name in POLICIES}
ROUNDED = [policy for policy in SHIPPED.values() if policy.counts.mechanism == "round"]


def with_part(policy: Policy, part: str, **figures: object) -> Policy:
    return policy.model_copy(update={part: getattr(policy, part).model_copy(update=figures)})


def test_the_strictest_of_one_is_itself() -> None:
    assert strictest([HES]) is HES
    assert strictest([HES, HES]) is HES


def test_the_strictest_takes_the_largest_threshold_the_widest_bins_and_hidden_zeros() -> None:
    both = strictest([HES, DEFAULT])
    assert (both.threshold.persons, both.threshold.complement) == (10, True)
    assert (both.threshold.zero.sampling, both.counts.method) == ("suppress", "midpoint6")
    assert (both.profile, both.title) == ("strictest", "Strictest of hes-2018 4, nhs-cancer-default 3")


def test_the_order_does_not_matter() -> None:
    assert len({strictest(order).sha256 for order in permutations(ROUNDED)}) == 1


def test_dominance_rules_are_joined_and_of_two_the_smaller_share_holds() -> None:
    one = with_part(HES, "magnitude", nk=((1, 0.7), (3, 0.95)), p_percent=15.0)
    assert strictest([one, DEFAULT]).magnitude.nk == ((1, 0.7), (2, 0.9), (3, 0.95))
    assert strictest([one, DEFAULT]).magnitude.p_percent == 15


@pytest.mark.parametrize(
    ("part", "figures"),
    [
        ("limits", {"cells": 99}),
        ("history", {"leverage_mean": 0.05}),
        ("history", {"over_budget": "refuse"}),
        ("survival", {"grid_days": 90}),
        ("models", {"min_per_level": 11}),
    ],
)
def test_the_stricter_figure_wins_from_either_side(part: str, figures: dict[str, object]) -> None:
    stricter = with_part(DEFAULT, part, **figures)
    for order in ([DEFAULT, stricter], [stricter, DEFAULT]):
        assert getattr(strictest(order), part) == getattr(stricter, part)


@pytest.mark.parametrize(
    "policies",
    [
        [],
        [DEFAULT, SHIPPED["acro-default"]],
        [DEFAULT, SHIPPED["public-dashboard"]],
        [DEFAULT, DEFAULT.model_copy(update={"unit": "provider"})],
        [DEFAULT, with_part(DEFAULT, "symbols", low="<10")],
    ],
    ids=["none", "round and suppress", "round and noise", "units", "symbols"],
)
def test_policies_that_contradict_each_other_are_refused(policies: list[Policy]) -> None:
    with pytest.raises(NotTrusted) as refusal:
        strictest(policies)
    assert refusal.value.code is RefusalCode.POLICIES_CONTRADICT


def test_every_choice_is_of_a_field_that_exists() -> None:
    for path in CHOICES:
        value: object = DEFAULT
        for name in path.split("."):
            value = getattr(value, name)
