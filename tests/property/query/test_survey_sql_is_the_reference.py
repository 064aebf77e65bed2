"""Any people, invitations and answers: the SQL and the plain engine give everybody the same scores."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage_engine.contract.query_spec import Breakdown, QualityOfLifeSpec, Score
from linkage_engine.query.quality_of_life.reference import quality_of_life_reference
from tests.spec.drawn import Rows, people
from tests.spec.drawn_survey import a_survey_spec, by_sql, same, surveyed

FIRST, LAST = date(2022, 1, 1), date(2022, 12, 31)
LINKS = st.integers(1, 8).map("p{}".format)
DAYS = st.one_of(
    st.sampled_from([FIRST, LAST]).flatmap(
        lambda day: st.integers(-2, 2).map(lambda by: day + timedelta(days=by))
    ),
    st.dates(date(2019, 1, 1), date(2024, 1, 1)),
)
BOARDS = {"A00001": "E54000008", "A00002": "E54000010", "A00003": "E54999999"}


@st.composite
def specs(draw: st.DrawFn) -> QualityOfLifeSpec:
    possible = [Breakdown.TUMOUR_GROUP, Breakdown.SEX, Breakdown.AGE_BAND, Breakdown.AREA]
    breakdowns = draw(st.lists(st.sampled_from(possible), unique=True, max_size=3))
    some = Breakdown.AREA in breakdowns and draw(st.booleans())
    groups = ("breast", "lung") if Breakdown.TUMOUR_GROUP in breakdowns else None
    return a_survey_spec(
        *breakdowns,
        invited_to=draw(st.sampled_from([LAST, FIRST, date(2022, 7, 1)])),
        age_bands=draw(st.sampled_from(["broad", "ten_year"])),
        areas=("E54000008", "E54000010") if some else None,
        tumour_groups=groups,
        scores=draw(st.lists(st.sampled_from(Score), unique=True, min_size=1).map(tuple)),
    )


def rows(size: int = 10, **columns: st.SearchStrategy[Any]) -> st.SearchStrategy[Rows]:
    return st.lists(st.fixed_dictionaries({"link_id": LINKS} | columns), max_size=size)


@st.composite
def invitations(draw: st.DrawFn) -> Rows:
    """Answers by chance from a drawn seed: item by item they would take most of the time."""
    drawn = draw(
        rows(
            16,
            invite_date=DAYS,
            response_date=st.none() | DAYS,
            linkage_consent=st.sampled_from([None, "yes", "yes", "no"]),
            seed=st.integers(0, 2**16),
            missing=st.sampled_from([0.0, 0.1, 0.5, 1.0]),
        )
    )
    return [_with_answers(row, row.pop("seed"), row.pop("missing")) for row in drawn]


def _with_answers(row: dict[str, Any], seed: int, missing: float) -> dict[str, Any]:
    chance = np.random.default_rng(seed)
    highest = {f"eq_{name}": 5 for name in ("mo", "sc", "ua", "pd", "ad")}
    highest |= {f"q{n}": 4 for n in range(1, 29)} | {"q29": 7, "q30": 7}
    answers = {name: int(chance.integers(1, most + 1)) for name, most in highest.items()}
    answers["eq_vas"] = int(chance.integers(0, 101))
    return row | {name: None if chance.random() < missing else given for name, given in answers.items()}


TABLES = st.fixed_dictionaries(
    {
        "person_index": st.integers(1, 7).map(people),
        "cancer_registration": rows(
            diagnosis_date=DAYS,
            primary_diagnosis_icd10=st.sampled_from(["C509", "C341", "C441", "C97", "D050", "C81X"]),
        ),
        "gp_registration": rows(
            gp_practice_code=st.sampled_from(sorted(BOARDS)),
            registration_start=DAYS,
            registration_end=st.none() | DAYS,
            year_of_birth=st.integers(1930, 2010),
            sex=st.sampled_from(["0", "1", "2", "9", "X"]),
        ).map(lambda drawn: [row | {"icb_code": BOARDS[row["gp_practice_code"]]} for row in drawn]),
        "death": rows(3, date_of_death=DAYS),
        "qol_response": invitations(),
    }
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(spec=specs(), tables=TABLES)
def test_the_sql_and_the_reference_give_everybody_the_same_scores(
    spec: QualityOfLifeSpec, tables: dict[str, Rows]
) -> None:
    table = by_sql(spec, tables)
    assert same(surveyed(table), quality_of_life_reference(spec, tables))
    for cell in table.cells:
        for name, values in cell.values.items():
            assert values.shape == cell.population.shape
            assert not values[~np.isin(cell.population, cell.parts[name.removesuffix("_norm")])].any() or (
                name.endswith("_norm")
            )
