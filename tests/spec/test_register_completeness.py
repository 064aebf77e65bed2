"""Registers and registry compared, told in small tables; both engines must agree on each."""

from __future__ import annotations

from datetime import date

import pydantic
import pytest

from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.query.plan import plan
from tests.spec.drawn import Rows, drawn, people
from tests.spec.drawn_registers import a_register_spec, agreed, coded, registered

DAY = date(2020, 12, 31)


def diagnosed(text: str) -> Rows:
    return drawn("link_id | diagnosis_date | primary_diagnosis_icd10\n" + text.strip())


def test_everybody_is_in_both_lists_in_one_or_in_none() -> None:
    """Two in both, one in the registry alone, one on a register alone, one in neither."""
    tables = {
        "person_index": people(5),
        "gp_registration": [registered(f"p{n}") for n in range(1, 6)],
        "cancer_registration": diagnosed("""
            p1 | 2010-05-05 | C509
            p2 | 2015-05-05 | C61
            p3 | 2018-05-05 | C341
        """),
        "gp_event": [
            coded("p1", date(2010, 6, 1)),
            coded("p1", date(2011, 6, 1)),
            coded("p2", date(2015, 5, 1)),
            coded("p4", date(2012, 1, 1)),
        ],
    }
    cell = agreed(a_register_spec(), tables)[()]
    assert cell == {"population": {1, 2, 3, 4, 5}, "both": {1, 2}, "registry_only": {3}, "register_only": {4}}


def test_lists_begin_with_their_first_day_and_end_with_the_index_date() -> None:
    tables = {
        "person_index": people(6),
        "gp_registration": [registered(f"p{n}") for n in range(1, 7)],
        "cancer_registration": diagnosed("""
            p1 | 2003-03-31 | C509
            p2 | 2003-04-01 | C509
            p3 | 2020-12-31 | C509
            p4 | 2021-01-01 | C509
        """),
        "gp_event": [
            coded("p1", date(2003, 4, 1)),
            coded("p2", date(2003, 3, 31)),
            coded("p5", DAY),
            coded("p6", date(2021, 1, 1)),
        ],
    }
    cell = agreed(a_register_spec(), tables)[()]
    assert cell["registry_only"] == {2, 3}
    assert cell["register_only"] == {1, 5}
    earlier = agreed(a_register_spec(diagnosed_from=date(2003, 3, 31)), tables)[()]
    assert earlier["both"] == {1, 2}


def test_only_a_coded_diagnosis_of_cancer_is_on_a_register_and_skin_is_on_neither() -> None:
    tables = {
        "person_index": people(5),
        "gp_registration": [registered(f"p{n}") for n in range(1, 6)],
        "cancer_registration": diagnosed("""
            p1 | 2010-05-05 | C441
            p2 | 2010-05-05 | D050
            p3 | 2010-05-05 | C97
        """),
        "gp_event": [
            coded("p1", date(2010, 6, 1), kind="review"),
            coded("p2", date(2010, 6, 1), condition="copd"),
            coded("p4", date(2010, 6, 1), condition=None),
            coded("p5", date(2010, 6, 1)),
        ],
    }
    cell = agreed(a_register_spec(), tables)[()]
    assert not cell["both"]
    assert cell["registry_only"] == {3}
    assert cell["register_only"] == {5}


def test_who_left_died_or_is_on_no_roll_is_in_no_list() -> None:
    """A board that is not on the list of areas is in the total alone."""
    tables = {
        "person_index": people(4),
        "gp_registration": [
            registered("p1", registration_end=DAY),
            registered("p2"),
            registered("p3", icb_code="E54999999"),
            registered("p4", sex="1"),
            registered("p9"),
        ],
        "death": [{"link_id": "p2", "date_of_death": DAY}],
        "cancer_registration": [
            {"link_id": f"p{n}", "diagnosis_date": date(2010, 1, 1), "primary_diagnosis_icd10": "C61"}
            for n in (1, 2, 3, 4, 9)
        ],
    }
    cells = agreed(a_register_spec(Breakdown.AREA, Breakdown.SEX), tables)
    assert cells["Total", "Total"]["registry_only"] == {3, 4}
    inner = {at: cell["registry_only"] for at, cell in cells.items() if "Total" not in at}
    assert {number for who in inner.values() for number in who} == {4}


def test_a_day_that_the_data_do_not_reach_is_refused() -> None:
    for end in (None, DAY):
        with pytest.raises(QueryRefused) as refused:
            plan(a_register_spec(), data_end=end)
        assert refused.value.code is RefusalCode.NO_LINKED_DATA


def test_a_day_before_the_first_diagnosis_and_a_site_of_tumour_are_no_question() -> None:
    with pytest.raises(pydantic.ValidationError):
        a_register_spec(index_date=date(2003, 3, 31))
    with pytest.raises(pydantic.ValidationError):
        a_register_spec(Breakdown.TUMOUR_GROUP)


def test_some_areas_can_be_asked_for_and_unknown_ones_are_refused() -> None:
    some = a_register_spec(Breakdown.AREA, areas=("E54000008",))
    assert len(agreed(some, {"person_index": people(1)})) == 2
    with pytest.raises(QueryRefused) as refused:
        plan(a_register_spec(Breakdown.AREA, areas=("E54999999",)), data_end=date(2025, 1, 1))
    assert refused.value.code is RefusalCode.SPECIFICATION_INVALID
