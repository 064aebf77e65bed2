from __future__ import annotations

import json
from typing import Any

import pytest

from linkage_engine.catalogue.policies import POLICIES, policy_text
from linkage_engine.contract.refusals import NotTrusted, QueryRefused, RefusalCode
from linkage_engine.contract.statements import Tightened
from linkage_engine.contract.value import Value
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.strictest import strictest
from linkage_engine.disclosure.threshold import effective_threshold
from linkage_engine.policy_in_force import policy_in_force
from tests.unit.disclosure.tables import a_cell, controlled

TEXT = policy_text("nhs-cancer-default")


def changed(*path: str, to: Any) -> str:
    document = json.loads(TEXT)
    place = document
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = to
    return json.dumps(document)


@pytest.mark.parametrize(
    "text",
    [
        changed("treshold", to=10),
        changed("threshold", "person", to=10),
        changed("threshold", "persons", to=0),
        changed("threshold", "persons", to=1),
        changed("counts", "method", to="none"),
        changed("counts", "method", to="nearest7"),
        changed("counts", to={"mechanism": "round"}),
        changed("counts", to={"mechanism": "dp"}),
        changed("dp", "enabled", to=True),
        changed("counts", "margins", to="summed"),
        changed("magnitude", "nk", to=[[1, 0.8], [1, 0.9]]),
        changed("magnitude", "p_percent", to=101),
        changed("symbols", "low", to="[c]"),
        changed("symbols", "high", to="[low]"),
        changed("history", "on_undecided", to="publish"),
        changed("release", "checkers", to=1),
        changed("release", "checkers", to=3),
        changed("release", "requester_cannot_check", to=False),
        changed("sdc_policy", to=2),
        "{}",
        "not json",
    ],
)
def test_an_unknown_key_or_a_value_out_of_bounds_is_refused(text: str) -> None:
    with pytest.raises(NotTrusted) as refusal:
        Policy.from_json(text)
    assert refusal.value.code is RefusalCode.POLICY_INVALID
    assert refusal.value.counts["faults"] >= 1


FIGURES = {
    # persons, complement, zeros, mechanism, method, first count told
    "nhs-cancer-default": (10, True, "suppress", "round", "midpoint6", 13),
    "nhse-sde": (10, True, "suppress", "round", "nearest5", 13),
    "hes-2018": (8, False, "show", "round", "nearest5", 8),
    "opensafely": (8, True, "suppress", "round", "midpoint6", 13),
    "acro-default": (10, False, "suppress", "suppress", "none", 10),
    "cell-key": (10, True, "suppress", "cellkey", "none", 10),
    "public-dashboard": (10, True, "suppress", "dp", "none", 10),
}


@pytest.mark.parametrize("profile", POLICIES)
def test_every_shipped_profile_has_the_figures_that_it_is_named_for(profile: str) -> None:
    policy = Policy.from_json(policy_text(profile))
    threshold, counts = policy.threshold, policy.counts
    first_told = effective_threshold(threshold.persons, counts.method)
    told = (threshold.persons, threshold.complement, threshold.zero.sampling)
    assert (*told, counts.mechanism, counts.method, first_told) == FIGURES[profile]


@pytest.mark.parametrize("profile", POLICIES)
def test_every_shipped_profile_says_everything_itself(profile: str) -> None:
    document = json.loads(policy_text(profile))
    assert document.keys() == Policy.model_fields.keys()
    assert all(
        document[name].keys() >= set(part.model_dump()) - {"method"}
        for name, part in Policy.from_json(policy_text(profile))
        if isinstance(part, Value)
    )
    assert document["release"] == {"checkers": 2, "requester_cannot_check": True, "sign": "ed25519"}


def test_acro_has_its_own_dominance_and_the_dashboard_a_budget() -> None:
    acro, dashboard = (Policy.from_json(policy_text(name)) for name in ("acro-default", "public-dashboard"))
    assert (acro.magnitude.nk, acro.magnitude.p_percent, acro.models.min_residual_dof) == (
        ((2, 0.9),),
        10,
        10,
    )
    assert (dashboard.dp.enabled, dashboard.dp.epsilon_total) == (True, 1.0)


def test_a_method_beside_another_mechanism_says_nothing() -> None:
    text = changed("counts", to={"mechanism": "suppress", "method": "midpoint6"})
    assert Policy.from_json(text).counts.method == "none"


def test_control_refuses_a_mechanism_that_it_does_not_have() -> None:
    with pytest.raises(QueryRefused) as refusal:
        controlled(a_cell(20, 50), policy=Policy.from_json(policy_text("public-dashboard")))
    assert refusal.value.code is RefusalCode.MECHANISM_NOT_AVAILABLE


@pytest.mark.parametrize("profile", POLICIES)
@pytest.mark.parametrize("persons", [0, 2, 12, 1000])
def test_no_fewer_people_than_asked_for_and_never_fewer_than_before(profile: str, persons: int) -> None:
    before = Policy.from_json(policy_text(profile))
    after = before.at_least(persons)

    def fewest(policy: Policy) -> tuple[int, ...]:
        return (
            policy.threshold.persons,
            policy.history.min_difference,
            policy.quantiles.each_side_min,
            policy.models.min_per_level,
            policy.survival.at_risk_min,
        )

    assert fewest(after) == tuple(max(each, persons) for each in fewest(before))
    assert (after == before) == (fewest(after) == fewest(before))
    assert strictest([before, after]).threshold == after.threshold


def test_a_project_is_held_to_the_strictest_and_to_a_name_where_one_is() -> None:
    def held(policy: str, *others: str, persons: int = 0) -> Policy:
        return policy_in_force(policy, Tightened(policies=others, least_persons=persons))

    default = Policy.from_json(policy_text("nhs-cancer-default"))
    assert held("nhs-cancer-default") == default
    assert held("hes-2018", "nhs-cancer-default", "nhse-sde") == default
    both = held("hes-2018", "nhse-sde", "opensafely", persons=50)
    assert (both.profile, both.threshold.persons) == ("strictest", 50)
    with pytest.raises(NotTrusted):
        held("hes-2018", "not-shipped")


def test_the_digest_depends_on_what_the_policy_says_and_not_on_its_layout() -> None:
    policy = Policy.from_json(TEXT)
    assert Policy.from_json(json.dumps(json.loads(TEXT), sort_keys=True)).sha256 == policy.sha256
    assert Policy.from_json(changed("threshold", "persons", to=11)).sha256 != policy.sha256
    assert policy.sha256 == "d20fb9184a9a3dc64ee0883a5f3a14d152ca7fd744530138c3c946c23b748780"
