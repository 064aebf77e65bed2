"""Who was linked, told in small tables; both engines must agree on each."""

from __future__ import annotations

from datetime import date

import pytest

from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.query.plan import plan
from tests.spec.drawn import people
from tests.spec.drawn_linkage import EVERY, a_linkage_spec, agreed, by_sql, registered, whose

AGE, SEX, ETHNIC, DEPRIVATION, AREA = EVERY


def test_somebody_is_linked_by_a_record_of_another_provider_with_the_same_link_id() -> None:
    tables = {
        "person_index": people(3),
        "gp_registration": [registered("p1"), registered("p2"), registered("p3")],
        "cancer_registration": [whose("p1", "registry"), whose("p2", "practices")],
    }
    found = agreed(a_linkage_spec(), tables)[()]
    assert found.people == {1, 2, 3}
    assert found.parts["linked"] == {1}


def test_the_three_link_ids_are_counted_each_by_itself() -> None:
    tables = {
        "person_index": people(3),
        "gp_registration": [
            registered("p1"),
            registered("p2") | {"link_id_strict": "s2"},
            registered("p3") | {"link_id_lenient": "l3"},
        ],
        "cancer_registration": [
            whose("p1", "registry"),
            whose("p2", "registry", link_id_strict="s9"),
            whose("p9", "registry", link_id_lenient="l3"),
        ],
    }
    found = agreed(a_linkage_spec(), tables)[()]
    assert found.parts == {"linked_strict": {1}, "linked": {1, 2}, "linked_lenient": {1, 2, 3}}


def test_breakdowns_stand_beside_each_other() -> None:
    tables = {"person_index": people(1), "gp_registration": [registered("p1")]}
    assert set(agreed(a_linkage_spec(SEX, AGE), tables)) == {
        ("Total", "Total"),
        ("Female", "Total"),
        ("Total", "65 to 74"),
    }


def test_what_is_blank_or_in_no_list_is_not_known() -> None:
    strange = {"sex": "0", "ethnic_category": None, "imd_quintile": "7", "icb_code": "E54000001"}
    tables = {"person_index": people(1), "gp_registration": [registered("p1", year_of_birth=2021) | strange]}
    labels = {label for cell in agreed(a_linkage_spec(*EVERY), tables) for label in cell}
    assert labels == {"Total", "Not known", "Not known or not specified", "Not known or not stated"}


def test_the_latest_row_of_a_person_is_the_one_that_is_read() -> None:
    tables = {
        "person_index": people(2),
        "gp_registration": [
            registered("p1", sex="1"),
            registered("p1", sex="2", registration_start=date(2010, 1, 1)),
            registered("p2", sex="2", key="b"),
            registered("p2", sex="1", key="a"),
        ],
    }
    found = agreed(a_linkage_spec(SEX), tables)
    assert (found[("Female",)].people, found[("Male",)].people) == ({1}, {2})


def test_a_registration_of_cancer_tells_the_year_of_birth_by_the_age_at_diagnosis() -> None:
    tumour = {
        "diagnosis_date": date(2010, 6, 1),
        "age_at_diagnosis": 60,
        "person_stated_gender_code": "1",
        "ethnic_category": "M",
        "imd_quintile": "5",
    }
    tables = {"person_index": people(1), "cancer_registration": [whose("p1", "registry") | tumour]}
    asked = a_linkage_spec(*EVERY, data_set="cancer_registration", linked_to="gp_registration")
    labels = {label for cell in agreed(asked, tables) for label in cell}
    assert labels == {"Total", "65 to 74", "Male", "Black", "Least deprived fifth"}


def test_of_what_a_data_set_does_not_hold_there_is_no_cell() -> None:
    asked = a_linkage_spec(*EVERY, data_set="apc_spell", linked_to="gp_registration")
    tables = {"person_index": people(1), "apc_spell": [whose("p1", "trust")]}
    assert [cell.labels for cell in by_sql(asked, tables).cells] == [("Total",) * 5]
    assert set(agreed(asked, tables)) == {("Total",) * 5}


@pytest.mark.parametrize(
    "wrong", [{"data_set": "nothing"}, {"linked_to": "nothing"}, {"age_bands": "odd"}], ids=str
)
def test_a_name_that_the_catalogue_lacks_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(QueryRefused) as refusal:
        plan(a_linkage_spec(Breakdown.SEX, **wrong))
    assert refusal.value.code is RefusalCode.SPECIFICATION_INVALID
