from __future__ import annotations

import pytest

from linkage_engine.catalogue.analysis_templates import TEMPLATES, analysis_template
from linkage_engine.catalogue.data_sets import DATA_SETS, code_list, data_set
from linkage_engine.catalogue.policies import POLICIES, policy_text
from linkage_engine.contract.refusals import NotTrusted, QueryRefused, RefusalCode
from linkage_engine.disclosure.policy import Policy


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_reads_columns_that_the_catalogue_has(name: str) -> None:
    for table, columns in analysis_template(name).inputs.items():
        assert table in DATA_SETS
        assert set(columns) <= set(data_set(table).columns)


def test_the_sexes_of_the_breakdown_cover_the_code_list_once() -> None:
    codes = [code for sex in analysis_template("prevalence").sexes for code in sex.codes]
    assert sorted(codes) == sorted(code_list("sex").codes)


def test_an_unknown_template_is_refused() -> None:
    with pytest.raises(QueryRefused) as refusal:
        analysis_template("../prevalence")
    assert refusal.value.code is RefusalCode.SPECIFICATION_INVALID


@pytest.mark.parametrize("profile", POLICIES)
def test_a_shipped_policy_is_one_and_bears_its_name(profile: str) -> None:
    assert Policy.from_json(policy_text(profile)).profile == profile


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(NotTrusted) as refusal:
        policy_text("none-at-all")
    assert refusal.value.code is RefusalCode.UNKNOWN_POLICY
