from __future__ import annotations

import re

import pytest

from linkage_engine.catalogue.analysis_templates import (
    analysis_template,
    around_diagnosis_template,
    event_data_sets,
)
from linkage_engine.catalogue.areas import areas
from linkage_engine.catalogue.data_sets import DATA_SETS, code_list, data_set
from linkage_engine.catalogue.events import events
from linkage_engine.catalogue.policies import POLICIES, policy_text
from linkage_engine.contract.query_spec import TEMPLATES, Breakdown, EventKind
from linkage_engine.contract.refusals import NotTrusted, QueryRefused, RefusalCode
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.statistics.computed import key_of
from linkage_engine.disclosure.statistics.registry import COMPUTED, TOLD
from tests.spec.drawn import a_spec
from tests.spec.drawn_emergency import an_emergency_spec


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


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_a_measure_is_computed_from_is_a_measure_too(name: str) -> None:
    measures = analysis_template(name).measures
    told = {key_of(each.statistic, each) for each in measures}
    for measure in measures:
        rule = COMPUTED.get(measure.statistic)
        assert (rule is None) is (measure.statistic in TOLD)
        if rule is not None:
            assert set(rule.sources(measure)) <= told
    assert len({m.name for m in measures}) == len(measures)


def test_measures_are_those_of_the_parts_asked_for() -> None:
    template = around_diagnosis_template("emergency_15m")
    assert len(template.measures_of({"emergency_admission"})) == 1 + 9
    assert template.measures_of({kind.value for kind in EventKind}) == template.measures


def test_admission_methods_are_codes_of_the_list_and_each_set_leaves_out_what_it_says() -> None:
    template = events()
    sets = {methods.name: set(methods.codes) for methods in template.admission_methods}
    assert sets["all"] <= set(code_list("admission_method").codes)
    assert {name: sets["all"] - codes for name, codes in sets.items()} == {
        "all": set(),
        "without_transfers": {"2B"},
        "without_other_means": {"28"},
        "without_either": {"2B", "28"},
    }
    assert template.methods("nothing") is None


def test_the_breakdowns_and_sexes_of_emergency_care_are_those_of_prevalence_and_areas() -> None:
    prevalence = analysis_template("prevalence")
    assert around_diagnosis_template("emergency_15m").breakdowns == (*prevalence.breakdowns, Breakdown.AREA)
    assert around_diagnosis_template("emergency_15m").sexes == prevalence.sexes
    assert analysis_template("emergency_15m") == around_diagnosis_template("emergency_15m")


def test_hospital_data_are_those_of_the_events_asked_about() -> None:
    assert event_data_sets(a_spec()) == ()
    assert event_data_sets(an_emergency_spec()) == ("apc_spell", "ecds_attendance")
    assert event_data_sets(an_emergency_spec(events=("emergency_attendance",))) == ("ecds_attendance",)


def test_areas_are_forty_two_boards_whose_codes_a_registration_may_hold() -> None:
    field = data_set("gp_registration").field("icb_code")
    assert field is not None
    assert len(areas().areas) == len({area.code for area in areas().areas}) == 42
    assert all(re.fullmatch(str(field.constraints.pattern), area.code) for area in areas().areas)
    assert areas().coded("E54000001") is None
