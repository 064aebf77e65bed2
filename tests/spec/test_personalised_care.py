"""Personalised care by trust, told in small cohorts worked by hand; both engines must agree on each."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pydantic
import pytest

from linkage_engine.contract.query_spec import SIX_MONTHS, Breakdown, CareItem
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.query.personalised_care.plan import personalised_care_plan
from linkage_engine.query.personalised_care.statement import INPUTS
from linkage_engine.query.run import excluded
from tests.spec.drawn import Rows, locked, people
from tests.spec.drawn_personalised_care import DATA_END, DIAGNOSED, a_care_spec, agreed, record, tumour

NEEDS = "needs_assessment"
AFTER = timedelta(days=1)


def of(cell: dict[str, frozenset[int]], item: str) -> dict[str, set[int]]:
    """The parts of one item that somebody is in."""
    named = {name.removeprefix(f"{item}_"): who for name, who in cell.items() if name.startswith(item)}
    return {name: set(who) for name, who in named.items() if who}


def everybody(count: int, *records: dict[str, Any], **tables: Rows) -> dict[str, Rows]:
    """So many women with the same diagnosis, and what records say of them."""
    registered = [tumour(f"p{n}") for n in range(1, count + 1)]
    return {
        "person_index": people(count),
        "cancer_registration": registered,
        "cosd_personalised_care": list(records),
    } | tables


def test_offered_refused_and_never_told_of_are_three_different_things() -> None:
    """First cohort: four kinds of offer, one who was offered none, one blank, one without any record."""
    tables = everybody(
        7,
        record("p1", hna_status="offered_accepted", hna_date=DIAGNOSED + timedelta(days=30)),
        record("p2", hna_status="offered_declined"),
        record("p3", hna_status="offered_undecided"),
        record("p4", hna_status="offered_unable"),
        record("p5", hna_status="not_offered"),
        record("p6"),
    )
    cell = agreed(a_care_spec(), tables)[()]
    assert cell["population"] == {1, 2, 3, 4, 5, 6, 7}
    assert of(cell, NEEDS) == {
        "offered": {1, 2, 3, 4},
        "not_offered": {5},
        "no_submission": {6, 7},
        "accepted": {1},
        "completed": {1},
        "timely": {1},
    }
    assert of(cell, "care_plan") == {"no_submission": {1, 2, 3, 4, 5, 6, 7}}


def test_a_trust_that_submits_nothing_is_told_apart_from_one_that_offers_nothing() -> None:
    """Second cohort: RAA offers, RBB does not, RCC says nothing, RDD has nobody."""
    tables = everybody(
        5,
        record("p1", hna_status="offered_accepted"),
        record("p2", organisation_site_identifier="RBB99", hna_status="not_offered"),
        record("p3", organisation_site_identifier="RCC"),
        record("p4", organisation_site_identifier="RCC01"),
    )
    spec = a_care_spec(Breakdown.ORGANISATION, organisations=("RAA", "RBB", "RCC", "RDD"))
    cells = agreed(spec, tables)
    assert of(cells["RAA",], NEEDS) == {"offered": {1}, "accepted": {1}}
    assert of(cells["RBB",], NEEDS) == {"not_offered": {2}}
    assert of(cells["RCC",], NEEDS) == {"no_submission": {3, 4}}
    assert not cells["RDD",]["population"]
    assert cells["Total",]["population"] == {1, 2, 3, 4, 5}, "who is at no trust is in the total"


def test_a_summary_is_due_half_a_year_after_treatment_where_the_trust_writes_any() -> None:
    """Third cohort: in time, on the last day, late, none, ended too lately, still treated, elsewhere."""
    ended = date(2020, 12, 1)
    last = ended + timedelta(days=SIX_MONTHS)
    observed = DATA_END - timedelta(days=SIX_MONTHS)
    tables = everybody(
        8,
        record("p1", treatment_end_date=ended, end_of_treatment_summary_date=ended),
        record("p2", treatment_end_date=ended, end_of_treatment_summary_date=last),
        record("p3", treatment_end_date=ended, end_of_treatment_summary_date=last + AFTER),
        record("p4", treatment_end_date=ended),
        record("p5", treatment_end_date=observed),
        record("p6"),
        record("p7", treatment_end_date=ended, organisation_site_identifier="RBB01"),
        record("p8", treatment_end_date=observed - AFTER),
    )
    cell = agreed(a_care_spec(items=(CareItem.TREATMENT_SUMMARY,)), tables)[()]
    assert of(cell, "treatment_summary") == {
        "due": {1, 2, 3, 4, 8},
        "completed": {1, 2, 3},
        "timely": {1, 2},
        "no_submission": {7},
    }
    assert not of(cell, NEEDS)


def test_the_period_and_the_half_year_of_life_have_their_last_days() -> None:
    start, end = date(2020, 1, 1), date(2020, 12, 31)
    days = [start - AFTER, start, end, end + AFTER, DIAGNOSED, DIAGNOSED]
    tables = everybody(
        6,
        cancer_registration=[tumour(f"p{n}", diagnosis_date=day) for n, day in enumerate(days, start=1)],
        death=[
            {"link_id": "p5", "date_of_death": DIAGNOSED + timedelta(days=SIX_MONTHS)},
            {"link_id": "p6", "date_of_death": DIAGNOSED + timedelta(days=SIX_MONTHS + 1)},
        ],
    )
    assert agreed(a_care_spec(), tables)[()]["population"] == {2, 3, 6}


def test_what_contradicts_itself_completes_nothing() -> None:
    """Completed before it was offered, or before the diagnosis, completes nothing; unknown words are none."""
    tables = everybody(
        5,
        record("p1", hna_status="offered_accepted", hna_date=DIAGNOSED - AFTER),
        record("p2", hna_status="not_offered", hna_date=DIAGNOSED),
        record("p3", hna_date=DIAGNOSED),
        record("p4", hna_status="promised", hna_date=DIAGNOSED),
        record("p5", treatment_end_date=DIAGNOSED - AFTER, end_of_treatment_summary_date=DIAGNOSED - AFTER),
    )
    cell = agreed(a_care_spec(), tables)[()]
    assert of(cell, NEEDS) == {
        "offered": {1}, "accepted": {1}, "not_offered": {2}, "no_submission": {3, 4, 5},
    }  # fmt: skip
    assert not of(cell, "treatment_summary")


def test_of_several_records_the_one_that_went_furthest_counts_and_the_first_treatment_names_the_trust() -> (
    None
):
    first, second = date(2020, 7, 1), date(2020, 8, 1)
    tables = everybody(
        1,
        record("p1", personalised_care_record_id="R1", hna_status="not_offered", treatment_start_date=second),
        record(
            "p1",
            personalised_care_record_id="R2",
            organisation_site_identifier="RBB01",
            hna_status="offered_accepted",
            hna_date=DIAGNOSED + timedelta(days=100),
            treatment_start_date=first,
        ),
        record("p1", personalised_care_record_id="R3", hna_status="offered_accepted", hna_date=DIAGNOSED),
    )
    cells = agreed(a_care_spec(Breakdown.ORGANISATION, organisations=("RAA", "RBB"), within_days=28), tables)
    assert of(cells["RBB",], NEEDS) == {name: {1} for name in ("offered", "accepted", "completed", "timely")}
    assert not cells["RAA",]["population"]


def test_the_record_of_another_registered_tumour_is_not_about_this_one() -> None:
    bowel = tumour("p1", tumour_id="B1", primary_diagnosis_icd10="C18", diagnosis_date=DIAGNOSED + AFTER)
    tables = everybody(
        2,
        record("p1", tumour_id="B1", hna_status="offered_declined"),
        record("p2", tumour_id="not-registered", hna_status="offered_declined"),
        cancer_registration=[tumour("p1"), tumour("p2"), bowel],
    )
    spec = a_care_spec(Breakdown.TUMOUR_GROUP, tumour_groups=("breast", "bowel", "prostate"))
    cells = {label: of(cell, NEEDS) for (label,), cell in agreed(spec, tables).items()}
    assert cells["Breast"] == {"offered": {2}, "no_submission": {1}}
    assert cells["Bowel"] == {"offered": {1}}
    assert cells["Prostate"] == {}, "a group with nobody"
    assert cells["Total"] == cells["Breast"]


def test_of_tumours_of_one_day_the_most_advanced_says_the_stage() -> None:
    tables = everybody(
        2,
        cancer_registration=[
            tumour("p1", tumour_id="A", stage_best="X"),
            tumour("p1", tumour_id="B", stage_best="3"),
            tumour("p1", tumour_id="C", stage_best="2"),
            tumour("p2", stage_best=None, age_at_diagnosis=None, person_stated_gender_code=None),
        ],
    )
    cells = agreed(a_care_spec(Breakdown.STAGE, Breakdown.SEX, Breakdown.AGE_BAND), tables)
    inside = {labels: set(cell["population"]) for labels, cell in cells.items() if cell["population"]}
    assert inside["Stage 3", "Female", "Total"] == {1}
    assert inside["Stage not recorded", "Not known or not specified", "Total"] == {2}
    assert not any(2 in who for labels, who in inside.items() if labels[2] != "Total")


def test_data_that_end_before_everybody_of_the_period_was_followed_are_refused() -> None:
    last = date(2020, 12, 31) + timedelta(days=SIX_MONTHS)
    assert personalised_care_plan(a_care_spec(), last + AFTER).data_end == last + AFTER
    for end in (None, last):
        with pytest.raises(QueryRefused) as refused:
            personalised_care_plan(a_care_spec(), end)
        assert refused.value.code is RefusalCode.NO_LINKED_DATA


def test_trusts_are_named_where_they_are_asked_for_and_nowhere_else() -> None:
    with pytest.raises(pydantic.ValidationError, match="named"):
        a_care_spec(Breakdown.ORGANISATION)
    with pytest.raises(pydantic.ValidationError, match="named"):
        a_care_spec(organisations=("RAA",))
    for organisations in (("RAA", "RAA"), ("RAA01",), ()):
        with pytest.raises(pydantic.ValidationError):
            a_care_spec(Breakdown.ORGANISATION, organisations=organisations)
    for wrong in (
        {"within_days": 27},
        {"within_days": 184},
        {"items": ()},
        {"diagnosed_to": date(2019, 1, 1)},
    ):
        with pytest.raises(pydantic.ValidationError):
            a_care_spec(**wrong)


def test_checkers_see_what_became_of_everybody_of_the_period() -> None:
    """Nobody is left out in silence (ADR 0048): exact numbers of each reason, which do not leave."""
    spec, alive = a_care_spec(), DIAGNOSED + timedelta(days=SIX_MONTHS + 1)
    tables = everybody(
        5,
        record("p1"),
        record("p5"),
        cancer_registration=[
            *(tumour(f"p{n}") for n in range(1, 6)),
            tumour("p6", diagnosis_date=date(2019, 1, 1)),
        ],
        death=[
            {"link_id": "p2", "date_of_death": DIAGNOSED - AFTER},
            {"link_id": "p3", "date_of_death": alive - AFTER},
            {"link_id": "p4", "date_of_death": alive},
            {"link_id": "p4", "date_of_death": alive + AFTER},
        ],
    )
    made = personalised_care_plan(spec, DATA_END)
    arrow = {
        name: pa.Table.from_pylist(tables.get(name, []), schema=schema) for name, schema in INPUTS.items()
    }
    told = {each.reason.value: each.persons for each in excluded(locked(), made, arrow)}
    odd = {"several-deaths": 1, "at-no-trust": 1}
    assert told == {"counted": 3, "died-before-diagnosis": 1, "not-alive-that-day": 1} | odd
    assert len(agreed(spec, tables)[()]["population"]) == told["counted"]
