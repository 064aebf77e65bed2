from __future__ import annotations

import json
from typing import Any

import pytest

from linkage_engine.catalogue.policies import policy_text
from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.disclosure.policy import Policy

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
        changed("threshold", "persons", to=4),
        changed("counts", "method", to="none"),
        changed("counts", "margins", to="summed"),
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


def test_the_default_is_what_the_reference_says() -> None:
    policy = Policy.from_json(TEXT)
    assert (policy.profile, policy.threshold.persons, policy.threshold.complement) == (
        "nhs-cancer-default",
        10,
        True,
    )
    assert policy.threshold.zero.sampling == "suppress"
    assert (policy.counts.method, policy.release.checkers) == ("midpoint6", 2)


def test_the_digest_depends_on_what_the_policy_says_and_not_on_its_layout() -> None:
    policy = Policy.from_json(TEXT)
    assert Policy.from_json(json.dumps(json.loads(TEXT), sort_keys=True)).sha256 == policy.sha256
    assert Policy.from_json(changed("threshold", "persons", to=11)).sha256 != policy.sha256
    assert policy.sha256 == "cd78aa3f5254004b268279567a4cd77b9a36afb9a4ac04f58a5e796c1568dd71"
