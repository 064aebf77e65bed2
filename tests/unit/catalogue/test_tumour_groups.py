from __future__ import annotations

import pytest

from linkage_engine.catalogue.analysis_templates import analysis_template
from linkage_engine.catalogue.tumour_groups import group_of, tumour_groups
from linkage_engine.contract.controlled_table import TOTAL


def test_the_groups_cut_all_cancers_into_parts_that_share_no_code() -> None:
    codes = [code for group in tumour_groups().groups for code in group.categories]
    assert len(codes) == len(set(codes))
    assert set(codes) == set(tumour_groups().all_cancers.categories)


def test_all_cancers_are_c00_to_c97_without_c44() -> None:
    expected = {f"C{n:02}" for n in range(98)} - {"C44"}
    assert set(tumour_groups().all_cancers.categories) == expected


@pytest.mark.parametrize(
    ("icd10", "name"),
    [
        ("C509", "breast"),
        ("C50", "breast"),
        ("C19", "bowel"),
        ("C960", "blood"),
        ("C43", "melanoma"),
        ("C17", "other"),
    ],
)
def test_a_diagnosis_belongs_to_the_group_of_its_first_three_characters(icd10: str, name: str) -> None:
    group = group_of(icd10)
    assert group is not None
    assert group.name == name


@pytest.mark.parametrize("icd10", ["C440", "D050", "I21", "", "C5"])
def test_what_is_not_counted_here_has_no_group(icd10: str) -> None:
    assert group_of(icd10) is None


def test_names_and_titles_are_used_once_and_none_is_the_margin() -> None:
    groups = tumour_groups().groups
    assert len({g.name for g in groups}) == len({g.title for g in groups}) == len(groups)
    assert TOTAL not in {g.title for g in groups}
    assert tumour_groups().named("breast") in groups
    assert tumour_groups().named("nothing") is None


def test_groups_of_one_sex_name_a_label_of_the_sex_breakdown() -> None:
    labels = {sex.label for sex in analysis_template("prevalence").sexes}
    only = {group.only_sex for group in tumour_groups().groups} - {None}
    assert only == {"Male", "Female"}
    assert only <= labels


def test_the_map_says_its_version_and_that_it_is_the_broad_one() -> None:
    assert tumour_groups().version == "ndrs-other-main-2023-broad"
    assert "not yet compared" in tumour_groups().note
