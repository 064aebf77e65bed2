"""Limited-duration prevalence, told in small tables; both engines must agree on each."""

from __future__ import annotations

from datetime import date

import pytest

from linkage_engine.contract.query_spec import Breakdown
from tests.spec.drawn import Rows, a_spec, agreed, drawn, people, registered

ALL = ("Total",)


def diagnosed(text: str) -> Rows:
    return drawn("link_id | diagnosis_date | primary_diagnosis_icd10\n" + text.strip())


def test_a_registration_covers_its_first_day_but_not_the_day_it_ends() -> None:
    """Of the people registered with a practice on the index date."""
    tables = {
        "person_index": people(5),
        "gp_registration": drawn("""
            link_id | gp_practice_code | registration_start | registration_end | year_of_birth | sex
            p1      | A00001           | 2020-12-31         |                  | 1950          | 1
            p2      | A00001           | 2021-01-01         |                  | 1950          | 1
            p3      | A00001           | 2010-01-01         | 2020-12-31       | 1950          | 1
            p4      | A00001           | 2010-01-01         | 2021-01-01       | 1950          | 1
        """),
    }
    assert agreed(a_spec(), tables)[()].denominator == {1, 4}


def test_who_died_on_the_index_date_is_not_alive_on_it() -> None:
    """Alive on the index date; of several dates of death the earliest counts."""
    tables = {
        "person_index": people(4),
        "gp_registration": [registered(f"p{n}") for n in range(1, 5)],
        "death": drawn("""
            link_id | date_of_death
            p1      | 2020-12-31
            p2      | 2021-01-01
            p3      | 2022-05-05
            p3      | 2019-05-05
        """),
    }
    assert agreed(a_spec(), tables)[()].denominator == {2, 4}


def test_the_window_opens_after_its_first_day_and_closes_with_the_index_date() -> None:
    tables = {
        "person_index": people(5),
        "gp_registration": [registered(f"p{n}") for n in range(1, 6)],
        "cancer_registration": diagnosed("""
            p1 | 2015-12-31 | C509
            p2 | 2016-01-01 | C509
            p3 | 2020-12-31 | C509
            p4 | 2021-01-01 | C509
        """),
    }
    cell = agreed(a_spec(lookback_years=5), tables)[()]
    assert cell.numerator == {2, 3}
    assert cell.denominator == {1, 2, 3, 4, 5}


@pytest.mark.parametrize(("first", "is_counted"), [(date(2019, 2, 28), False), (date(2019, 3, 1), True)])
def test_a_year_before_29_february_is_28_february(first: date, is_counted: bool) -> None:  # noqa: FBT001 (a parameter of the test)
    tables = {
        "person_index": people(1),
        "gp_registration": [registered("p1")],
        "cancer_registration": [{"link_id": "p1", "diagnosis_date": first, "primary_diagnosis_icd10": "C61"}],
    }
    cell = agreed(a_spec(index_date=date(2020, 2, 29), lookback_years=1), tables)[()]
    assert (cell.numerator == {1}) is is_counted


def test_only_the_first_diagnosis_within_a_group_counts_for_it() -> None:
    """An older lung cancer takes nobody out of breast, but out of all cancers."""
    tables = {
        "person_index": people(2),
        "gp_registration": [registered("p1"), registered("p2")],
        "cancer_registration": diagnosed("""
            p1 | 2001-05-05 | C509
            p1 | 2018-05-05 | C504
            p2 | 2001-05-05 | C341
            p2 | 2018-05-05 | C509
        """),
    }
    cells = agreed(a_spec(Breakdown.TUMOUR_GROUP, tumour_groups=("breast",), lookback_years=10), tables)
    assert cells[("Breast",)].numerator == {2}
    assert cells[ALL].numerator == set()


def test_all_cancers_are_c00_to_c97_without_c44() -> None:
    tables = {
        "person_index": people(5),
        "gp_registration": [registered(f"p{n}") for n in range(1, 6)],
        "cancer_registration": diagnosed("""
            p1 | 2018-05-05 | C000
            p2 | 2018-05-05 | C97
            p3 | 2018-05-05 | C441
            p4 | 2018-05-05 | D050
            p5 | 2018-05-05 | C43
        """),
    }
    assert agreed(a_spec(), tables)[()].numerator == {1, 2, 5}


def test_a_person_with_two_cancers_is_in_both_groups_and_once_in_the_total() -> None:
    tables = {
        "person_index": people(1),
        "gp_registration": [registered("p1")],
        "cancer_registration": diagnosed("""
            p1 | 2018-05-05 | C509
            p1 | 2019-05-05 | C180
        """),
    }
    cells = agreed(a_spec(Breakdown.TUMOUR_GROUP), tables)
    assert [labels for labels, cell in cells.items() if cell.numerator] == [("Bowel",), ("Breast",), ALL]


def test_of_several_registrations_the_latest_that_covers_the_date_says_sex_and_age() -> None:
    """A tie goes to the lower practice code, then sex, then year of birth."""
    tables = {
        "person_index": people(2),
        "gp_registration": drawn("""
            link_id | gp_practice_code | registration_start | registration_end | year_of_birth | sex
            p1      | A00001           | 2010-01-01         |                  | 1950          | 1
            p1      | A00002           | 2012-01-01         |                  | 1990          | 2
            p1      | A00003           | 2015-01-01         | 2016-01-01       | 1930          | 1
            p2      | A00002           | 2012-01-01         |                  | 1930          | 1
            p2      | A00001           | 2012-01-01         |                  | 1930          | 9
            p2      | A00001           | 2012-01-01         |                  | 1960          | 1
            p2      | A00001           | 2012-01-01         |                  | 1950          | 1
        """),
    }
    cells = agreed(a_spec(Breakdown.SEX, Breakdown.AGE_BAND), tables)
    inner = {labels: cell.denominator for labels, cell in cells.items() if "Total" not in labels}
    assert {labels: who for labels, who in inner.items() if who} == {
        ("Female", "0 to 44"): {1},
        ("Male", "65 to 74"): {2},
    }


def test_age_is_the_year_of_the_index_date_less_the_year_of_birth() -> None:
    tables = {
        "person_index": people(5),
        "gp_registration": [
            registered(f"p{n}", year_of_birth=year)
            for n, year in enumerate([2020, 1976, 1975, 1935, 2021], start=1)
        ],
    }
    cells = agreed(a_spec(Breakdown.AGE_BAND), tables)
    assert cells[("0 to 44",)].denominator == {1, 2}
    assert cells[("45 to 64",)].denominator == {3}
    assert cells[("85 and over",)].denominator == {4}
    assert cells[ALL].denominator == {1, 2, 3, 4}, "born after the index date: in no band, in no total"


def test_who_is_not_on_the_roll_is_not_counted() -> None:
    """People who opted out are on no roll."""
    tables = {"person_index": people(1), "gp_registration": [registered("p1"), registered("p2")]}
    assert agreed(a_spec(), tables)[()].denominator == {1}


def test_every_cell_stands_in_the_answer_even_when_it_is_empty() -> None:
    cells = agreed(
        a_spec(Breakdown.AGE_BAND, Breakdown.TUMOUR_GROUP, Breakdown.SEX, tumour_groups=("lung", "bowel")),
        {"person_index": people(1)},
    )
    assert len(cells) == (5 + 1) * (2 + 1) * (3 + 1)
    assert next(iter(cells)) == ("0 to 44", "Lung", "Male")
