"""Definitions as data: each has version and source, reads into its value, and holds what is said of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from importlib.resources import files

import pydantic
import pytest

from linkage_engine.catalogue.age_bands import age_bandings
from linkage_engine.catalogue.areas import areas
from linkage_engine.catalogue.data_sets import DATA_SETS, code_list, data_set
from linkage_engine.catalogue.definitions.cancer_indicators import (
    CancerIndicators,
    ReasonKind,
    cancer_indicators,
)
from linkage_engine.catalogue.definitions.eq_5d_5l import eq_5d_5l
from linkage_engine.catalogue.definitions.geography import AreaLevel, Geography, codes_at, geography
from linkage_engine.catalogue.definitions.long_term_conditions import long_term_conditions
from linkage_engine.catalogue.definitions.qlq_c30 import qlq_c30
from linkage_engine.catalogue.definitions.quality_of_life_norms import quality_of_life_norms
from linkage_engine.catalogue.definitions.shipped import Definition, shipped
from linkage_engine.catalogue.definitions.social_care import social_care
from linkage_engine.catalogue.definitions.standard_population import StandardPopulation, standard_population
from linkage_engine.catalogue.tumour_groups import tumour_groups
from linkage_engine.laboratory.england.council_extract import COUNCILS
from linkage_engine.laboratory.england.places import AREAS

SHIPPED: dict[str, Callable[[], Definition]] = {
    "geography": geography,
    "social_care": social_care,
    "standard_population": standard_population,
    "long_term_conditions": long_term_conditions,
    "cancer_indicators": cancer_indicators,
    "qlq_c30": qlq_c30,
    "eq_5d_5l": eq_5d_5l,
    "quality_of_life_norms": quality_of_life_norms,
}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_definition_says_its_version_and_source_and_cannot_be_changed(name: str) -> None:
    definition = SHIPPED[name]()
    assert (definition.name, definition is SHIPPED[name]()) == (name, True)
    assert definition.version
    assert definition.source
    assert definition.note
    with pytest.raises(pydantic.ValidationError):
        definition.version = "2"  # type: ignore[misc]  # frozen


def test_every_file_of_the_room_is_read_by_code() -> None:
    room = files("linkage_engine.catalogue.definitions").iterdir()
    assert {f.name.removesuffix(".json") for f in room if f.name.endswith(".json")} == set(SHIPPED)


# --- areas


def test_there_are_as_many_areas_of_each_level_as_in_2023() -> None:
    placed = geography()
    found = {level: len([a for a in placed.at(level) if a.succeeds is None]) for level in AreaLevel}
    assert found == {
        AreaLevel.NHS_REGION: 7,
        AreaLevel.ICB: 42,
        AreaLevel.CANCER_ALLIANCE: 20,
        AreaLevel.REGION: 9,
        AreaLevel.COUNCIL: 153,
    }
    assert placed.boundary_year == 2023


def test_each_code_begins_as_its_level_does() -> None:
    starts = {
        AreaLevel.NHS_REGION: {"E40"},
        AreaLevel.ICB: {"E54"},
        AreaLevel.CANCER_ALLIANCE: {"E56"},
        AreaLevel.REGION: {"E12"},
        AreaLevel.COUNCIL: {"E06", "E08", "E09", "E10"},
    }
    assert all({code[:3] for code in codes_at(level)} == starts[level] for level in AreaLevel)


def test_an_area_is_found_by_its_code_and_lies_in_one_of_the_level_above() -> None:
    leeds, board = geography().coded("E08000035"), geography().coded("E54000054")
    assert leeds is not None
    assert board is not None
    assert (leeds.name, leeds.parent) == ("Leeds", "E12000003")
    assert (board.name, board.parent) == ("West Yorkshire", "E40000012")
    assert geography().coded("E06000028") is None


@pytest.mark.parametrize(
    "change",
    [
        {"level": "icb", "code": "E54000001", "name": "x"},
        {"level": "icb", "code": "E54000001", "name": "x", "parent": "E99999999"},
        {"level": "icb", "code": "E54000001", "name": "x", "parent": "E12000003"},
        {"level": "region", "code": "E12000099", "name": "x", "parent": "E40000012"},
        {"level": "region", "code": "E12000003", "name": "x"},
        {"level": "region", "code": "E12000099", "name": "x", "succeeds": "E54000054"},
    ],
    ids=[
        "no parent",
        "unknown parent",
        "parent of another level",
        "top with parent",
        "twice",
        "succeeds another",
    ],
)
def test_an_area_that_lies_nowhere_makes_no_hierarchy(change: dict[str, str]) -> None:
    told = json.loads(shipped("geography"))
    told["areas"].append(change)
    with pytest.raises(pydantic.ValidationError, match="level above"):
        Geography.model_validate(told)


def test_the_boards_of_tables_are_those_of_the_hierarchy() -> None:
    assert [area.code for area in areas().areas] == list(codes_at(AreaLevel.ICB))
    assert areas().version == "icb-2023"


def test_synthetic_england_lies_in_the_hierarchy() -> None:
    boards, alliances = codes_at(AreaLevel.ICB), codes_at(AreaLevel.CANCER_ALLIANCE)
    for _, town, board, alliance in AREAS:
        assert board in boards
        assert alliance in alliances
        assert COUNCILS[town, board] in codes_at(AreaLevel.COUNCIL)


def test_every_area_code_of_a_data_set_is_held_to_the_hierarchy() -> None:
    held = {
        f"{name}.{f.name}": f.area_level for name in DATA_SETS for f in data_set(name).fields if f.area_level
    }
    assert held == {
        "cancer_registration.cancer_alliance_code": AreaLevel.CANCER_ALLIANCE,
        "gp_registration.icb_code": AreaLevel.ICB,
        "asc_cld_event.la_code": AreaLevel.COUNCIL,
    }


# --- standard population


def test_the_standard_population_is_the_published_one() -> None:
    weights = [band.weight for band in standard_population().bands]
    assert len(weights) == 19
    assert weights[0] == 5000
    assert weights[-1] == 1000
    assert sum(weights) == 100_000
    assert standard_population().weight_between(0, None) == 100_000
    assert standard_population().weight_between(65, 74) == 5500 + 5000
    assert standard_population().weight_between(85, None) == 1500 + 1000


@pytest.mark.parametrize(("youngest", "oldest"), [(1, None), (0, 16), (18, 64)])
def test_a_band_is_never_cut(youngest: int, oldest: int | None) -> None:
    with pytest.raises(ValueError, match="begin and end with bands"):
        standard_population().weight_between(youngest, oldest)


def test_bands_that_the_service_uses_are_whole_bands_of_the_standard() -> None:
    for banding in age_bandings().bandings:
        total = sum(standard_population().weight_between(b.youngest, b.oldest) for b in banding.bands)
        assert total == 100_000


@pytest.mark.parametrize("change", [{"weight": 1}, {"youngest": 1}, {"oldest": 120}])
def test_a_population_that_is_not_everybody_once_is_none(change: dict[str, int]) -> None:
    told = json.loads(shipped("standard_population"))
    told["bands"][-1 if "oldest" in change else 0].update(change)
    with pytest.raises(pydantic.ValidationError, match="add up"):
        StandardPopulation.model_validate(told)


# --- conditions and indicators


def test_conditions_are_those_that_events_may_name_and_share_no_diagnosis() -> None:
    conditions = long_term_conditions().conditions
    assert {each.name for each in conditions} == set(code_list("long_term_condition").codes)
    told = [category for each in conditions for category in each.categories]
    assert len(told) == len(set(told))
    assert {each.name for each in conditions if not each.categories} == {"palliative_care"}


@pytest.mark.parametrize(
    ("icd10", "name"),
    [("I48X", "atrial_fibrillation"), ("C509", "cancer"), ("E119", "diabetes"), ("G459", "stroke")],
)
def test_a_diagnosis_tells_of_one_condition(icd10: str, name: str) -> None:
    found = long_term_conditions().told_by(icd10)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("icd10", ["C449", "Z515", "J189"])
def test_other_diagnoses_tell_of_none(icd10: str) -> None:
    assert long_term_conditions().told_by(icd10) is None


def test_cancer_is_all_cancers_of_the_tumour_groups() -> None:
    [cancer] = [each for each in long_term_conditions().conditions if each.is_all_cancers]
    assert cancer.categories == set(tumour_groups().all_cancers.categories)
    assert cancer.disease_register == cancer_indicators().cancer_register.name == "CAN001"


def test_the_register_of_cancer_begins_in_april_2003() -> None:
    assert cancer_indicators().cancer_register.first_diagnosis == date(2003, 4, 1)


def test_each_year_has_its_indicators() -> None:
    rules = cancer_indicators()
    years = {year: [each.name for each in rules.of_year(year)] for year in ("2013/14", "2018/19", "2023/24")}
    assert years == {"2013/14": ["CAN002"], "2018/19": ["CAN003"], "2023/24": ["CAN004", "CAN005"]}
    assert rules.of_year("2012/13") == ()
    assert {each.name: each.points for each in rules.of_year("2023/24")} == {
        "CAN004": {"2023/24": 6},
        "CAN005": {"2023/24": 2},
    }


def test_what_is_done_is_a_kind_of_event_and_reasons_stand_in_order() -> None:
    field = data_set("gp_event").field("concept_type")
    assert field is not None
    for each in cancer_indicators().indicators:
        assert each.done in field.codes
        names = [reason.name for reason in each.reasons]
        assert len(set(names)) == len(names)
    review, support = cancer_indicators().of_year("2023/24")
    assert [r.name for r in review.reasons if r.kind is ReasonKind.EXCLUSION] == [
        "CAN_DAT24M",
        "MDRV_DAT",
        "DIAGCRV12M",
    ]
    assert [r.name for r in support.reasons if r.kind is ReasonKind.ADJUSTMENT] == [
        "CANINVITE",
        "CANPCADEC",
        "CANPCAPU",
        "DIAG1_DAT",
        "REG1_DAT3",
    ]


def test_an_adjustment_before_an_exclusion_is_no_order() -> None:
    told = json.loads(shipped("cancer_indicators"))
    told["indicators"][-1]["reasons"].reverse()
    with pytest.raises(pydantic.ValidationError, match="before adjustments"):
        CancerIndicators.model_validate(told)
