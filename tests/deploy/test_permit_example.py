"""The example permit names what there is: data sets, templates and a policy profile of the catalogue."""

from __future__ import annotations

import json
from typing import Any

import pytest

from linkage_engine.catalogue.analysis_templates import analysis_template
from linkage_engine.catalogue.data_sets import data_set
from linkage_engine.catalogue.policies import policy_text
from linkage_engine.contract.permit import Permit, Role
from tests.factories import a_grant, a_person


@pytest.fixture(scope="module")
def example(pytestconfig: pytest.Config) -> dict[str, Any]:
    return dict(json.loads((pytestconfig.rootpath / "deploy" / "permit.example.json").read_text()))


def test_filled_in_with_the_parties_it_is_a_permit(example: dict[str, Any]) -> None:
    senders = {grant["provider_id"] for grant in example["data_sets"]}
    parties = [a_person(name, Role.PROVIDER).party.model_dump(mode="json") for name in sorted(senders)]
    filled = [a_grant(**each).model_dump(mode="json") for each in example["data_sets"]]
    permit = Permit.model_validate_json(json.dumps(example | {"parties": parties, "data_sets": filled}))
    assert permit.party(permit.lead_provider) is not None


def test_what_it_names_is_in_the_catalogue(example: dict[str, Any]) -> None:
    for grant in example["data_sets"]:
        assert data_set(grant["data_set"]).name == grant["data_set"]
    for template in example["templates"]:
        assert analysis_template(template).name == template
    assert json.loads(policy_text(example["policy"]))["profile"] == example["policy"]
