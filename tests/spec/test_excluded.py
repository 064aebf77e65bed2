"""What becomes of everybody whom the registry has in the period: nobody is left out in silence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.contract.excluded import Exclusion, Oddity
from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.query.excluded import statement
from linkage_engine.query.linkage_quality_plan import linkage_quality_plan
from linkage_engine.query.plan import AnyPlan, plan
from linkage_engine.query.run import answer, excluded, inputs
from tests.examples import one_in
from tests.spec.drawn import Rows, a_spec, locked, people, registered
from tests.spec.drawn_emergency import an_emergency_spec, emergency_plan
from tests.spec.drawn_linkage import a_linkage_spec


def tumour(number: int, day: str = "2020-03-10", site: str = "C50") -> dict[str, Any]:
    return {
        "link_id": f"p{number}",
        "diagnosis_date": date.fromisoformat(day),
        "primary_diagnosis_icd10": site,
    }


def died(number: int, day: str) -> dict[str, Any]:
    return {"link_id": f"p{number}", "date_of_death": date.fromisoformat(day)}


def found(made: AnyPlan, tables: Mapping[str, Rows]) -> dict[str, int]:
    arrow = {
        name: pa.Table.from_pylist(tables.get(name, []), schema=schema)
        for name, schema in inputs(made).items()
    }
    return {each.reason.value: each.persons for each in excluded(locked(), made, arrow)}


def lives(*registrations: dict[str, Any], deaths: Rows | None = None, sites: str = "C50") -> dict[str, Rows]:
    """Two people with a tumour on 10 March 2020: somebody ordinary, and whoever the test is about."""
    return {
        "person_index": people(2),
        "cancer_registration": [tumour(1), tumour(2, site=sites)],
        "gp_registration": [registered("p1", icb_code="E54000027"), *registrations],
        "death": deaths or [],
    }


def second(**changed: object) -> dict[str, Any]:
    return registered("p2", **{"icb_code": "E54000027", **changed})


CASES: dict[str, tuple[dict[str, Rows], str]] = {
    "a tumour without a person": (lives(), "on-no-list"),
    "death before diagnosis": (lives(second(), deaths=[died(2, "2020-03-09")]), "died-before-diagnosis"),
    "death before diagnosis of nobody listed": (
        lives(deaths=[died(2, "2020-03-09")]),
        "died-before-diagnosis",
    ),
    "death on the day": (lives(second(), deaths=[died(2, "2020-03-10")]), "not-alive-that-day"),
    "born after the diagnosis": (lives(second(year_of_birth=2021)), "born-later"),
    "born in no year": (lives(second(year_of_birth=None)), "born-later"),
    "listed later": (lives(second(registration_start=date(2020, 3, 11))), "not-listed-that-day"),
    "listed for no day": (
        lives(second(registration_start=date(2020, 1, 1), registration_end=date(2020, 1, 1))),
        "not-listed-that-day",
    ),
    "a sex of no label": (lives(second(sex="7")), "sex-unknown-to-the-template"),
    "no sex": (lives(second(sex=None)), "sex-unknown-to-the-template"),
}


@pytest.mark.parametrize("case", CASES)
def test_whoever_is_not_counted_has_a_reason(case: str) -> None:
    tables, reason = CASES[case]
    assert found(emergency_plan(an_emergency_spec()), tables) == {"counted": 1, reason: 1}


def test_who_is_diagnosed_after_the_data_end_has_one() -> None:
    made = emergency_plan(an_emergency_spec(), date(2020, 3, 10))
    assert found(made, lives(second())) == {"after-the-data": 2}


def test_other_skin_cancers_are_not_in_the_period_at_all() -> None:
    assert found(emergency_plan(an_emergency_spec()), lives(second(), sites="C44")) == {"counted": 1}


def test_several_deaths_are_named_and_the_first_counts() -> None:
    deaths = [died(2, "2021-01-02"), died(2, "2021-01-01"), died(1, "2021-01-01"), died(1, "2021-01-01")]
    told = found(emergency_plan(an_emergency_spec()), lives(second(), deaths=deaths))
    assert told == {"counted": 2, "several-deaths": 1}


@pytest.mark.parametrize("code", [None, "E99999999"])
def test_an_area_outside_the_hierarchy_is_named_where_areas_are_asked_for(code: str | None) -> None:
    tables = lives(second(icb_code=code))
    by_area = emergency_plan(an_emergency_spec(Breakdown.AREA))
    assert found(by_area, tables) == {"counted": 2, "area-outside-the-hierarchy": 1}
    assert found(emergency_plan(an_emergency_spec(Breakdown.SEX)), tables) == {"counted": 2}


def test_an_area_that_was_not_asked_for_is_none_outside() -> None:
    asked = an_emergency_spec(Breakdown.AREA, areas=("E54000028",))
    assert found(emergency_plan(asked), lives(second())) == {"counted": 2}


@pytest.mark.parametrize(
    ("changed", "deaths", "reason"),
    [
        ({"registration_end": date(2020, 12, 31)}, [], "not-listed-that-day"),
        ({}, [died(2, "2020-12-31")], "not-alive-that-day"),
        ({}, [died(2, "2020-03-09")], "died-before-diagnosis"),
        ({"year_of_birth": 2021}, [], "born-later"),
        ({"sex": "7"}, [], "sex-unknown-to-the-template"),
    ],
)
def test_prevalence_names_them_by_its_index_date(
    changed: dict[str, object], deaths: Rows, reason: str
) -> None:
    tables = lives(second(**changed), deaths=deaths)
    assert found(plan(a_spec()), tables) == {"counted": 1, reason: 1}


def test_a_question_without_a_period_leaves_nobody_out() -> None:
    made = linkage_quality_plan(a_linkage_spec())
    assert statement(made) is None
    assert excluded(locked(), made, {}) == ()


DAYS = st.dates(date(2020, 2, 20), date(2020, 4, 10))
SPELL = st.fixed_dictionaries(
    {
        "registration_start": DAYS,
        "registration_end": st.none() | DAYS,
        "year_of_birth": st.sampled_from([1950, 2020, 2021, None]),
        "sex": st.sampled_from(["1", "2", "9", "7", None]),
        "icb_code": st.sampled_from(["E54000027", "E99999999", None]),
    }
)
LIFE = st.tuples(st.lists(DAYS, max_size=2), st.lists(DAYS, max_size=2), st.lists(SPELL, max_size=2))


@one_in(4)
@given(st.lists(LIFE, min_size=1, max_size=6), st.booleans())
def test_everybody_of_the_period_is_counted_or_has_a_reason(
    drawn: list[Any],
    of_prevalence: bool,  # noqa: FBT001  # a case
) -> None:
    tables: dict[str, Rows] = {"person_index": people(len(drawn))}
    for number, (diagnoses, deaths, spells) in enumerate(drawn, start=1):
        for day in diagnoses:
            tables.setdefault("cancer_registration", []).append(tumour(number, day.isoformat()))
        for day in deaths:
            tables.setdefault("death", []).append(died(number, day.isoformat()))
        for spell in spells:
            tables.setdefault("gp_registration", []).append(registered(f"p{number}", **spell))
    made: AnyPlan = (
        plan(a_spec(index_date=date(2020, 3, 31), lookback_years=1))
        if of_prevalence
        else emergency_plan(an_emergency_spec())
    )
    arrow = {
        name: pa.Table.from_pylist(tables.get(name, []), schema=schema)
        for name, schema in inputs(made).items()
    }
    reasons = {each.reason: each.persons for each in excluded(locked(), made, arrow)}
    [cell] = answer(locked(), made, arrow).cells
    counted = cell.parts["numerator"] if of_prevalence else cell.population
    assert reasons.get(Exclusion.COUNTED, 0) == counted.size
    first = [min(diagnoses) for diagnoses, _, _ in drawn if diagnoses]
    begins = date(2020, 2, 1) if of_prevalence else date(2020, 3, 1)
    of_period = sum(begins <= day <= date(2020, 3, 31) for day in first)
    assert sum(n for reason, n in reasons.items() if isinstance(reason, Exclusion)) == of_period
    assert Exclusion.OTHERWISE not in reasons
    assert reasons.get(Oddity.SEVERAL_DEATHS, 0) <= counted.size
