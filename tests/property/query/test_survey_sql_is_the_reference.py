"""Any people, invitations and answers: the SQL and the plain engine give everybody the same scores."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage_engine.contract.quality_of_life import RESPONDED
from linkage_engine.contract.query_spec import Breakdown, QualityOfLifeSpec, Score
from linkage_engine.query.quality_of_life.reference import quality_of_life_reference
from tests.spec.drawn import Rows, people
from tests.spec.drawn_survey import a_survey_spec, by_sql, same, surveyed

FIRST, LAST = date(2022, 1, 1), date(2022, 12, 31)
LINKS = st.integers(1, 5).map("p{}".format)
DAYS = st.one_of(
    st.sampled_from([FIRST, LAST]).flatmap(
        lambda day: st.integers(-2, 2).map(lambda by: day + timedelta(days=by))
    ),
    st.dates(date(2019, 1, 1), date(2024, 1, 1)),
)
LONG_BEFORE = st.one_of(st.just(date(2010, 1, 1)), st.just(date(2012, 3, 4)), DAYS)
"""Most are registered and diagnosed before they are invited: else nobody would be counted."""
IN_THE_PERIOD = st.one_of(st.dates(FIRST, LAST), DAYS)
MISSING = st.sampled_from([0.0, 0.1, 0.1, 0.5, 1.0])
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


def rows(least: int, most: int, **columns: st.SearchStrategy[Any]) -> st.SearchStrategy[Rows]:
    return st.lists(st.fixed_dictionaries({"link_id": LINKS} | columns), min_size=least, max_size=most)


@st.composite
def invitations(draw: st.DrawFn) -> Rows:
    """Answers by chance from a drawn seed: item by item they would take most of the time."""
    drawn = draw(
        rows(
            0,
            10,
            invite_date=IN_THE_PERIOD,
            response_date=st.one_of(DAYS, DAYS, st.none()),
            linkage_consent=st.sampled_from([None, "yes", "yes", "no"]),
            seed=st.integers(0, 2**16),
            missing=MISSING,
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


ANY_ROWS = st.fixed_dictionaries(
    {
        "person_index": st.integers(3, 7).map(people),
        "cancer_registration": rows(
            0,
            6,
            diagnosis_date=LONG_BEFORE,
            primary_diagnosis_icd10=st.sampled_from(["C509", "C341", "C441", "C97", "D050", "C81X"]),
        ),
        "gp_registration": rows(
            0,
            6,
            gp_practice_code=st.sampled_from(sorted(BOARDS)),
            registration_start=LONG_BEFORE,
            registration_end=st.one_of(st.none(), st.none(), DAYS),
            year_of_birth=st.integers(1930, 2010),
            sex=st.sampled_from(["0", "1", "2", "9", "X"]),
        ).map(lambda drawn: [row | {"icb_code": BOARDS[row["gp_practice_code"]]} for row in drawn]),
        "death": rows(0, 3, date_of_death=DAYS),
        "qol_response": invitations(),
    }
)


@st.composite
def tables_of_a_survey(draw: st.DrawFn) -> dict[str, Rows]:
    """Any rows, and beside them some people who were surely invited: else hardly anybody would be counted."""
    tables: dict[str, Rows] = draw(ANY_ROWS)
    for link in draw(st.lists(st.sampled_from(["p1", "p2", "p3", "p4"]), min_size=1, unique=True)):
        invitation = {"link_id": link, "invite_date": draw(st.dates(FIRST, LAST))}
        reply = {"response_date": date(2023, 1, 1), "linkage_consent": "yes"}
        own = _with_answers(invitation | reply, draw(st.integers(0, 2**16)), draw(MISSING))
        tables["qol_response"].append(own)
        tables["cancer_registration"].append(
            {"link_id": link, "diagnosis_date": date(2019, 1, 1), "primary_diagnosis_icd10": "C509"}
        )
        tables["gp_registration"].append(
            {
                "link_id": link,
                "gp_practice_code": "A00001",
                "icb_code": BOARDS["A00001"],
                "registration_start": date(2010, 1, 1),
                "registration_end": None,
                "year_of_birth": draw(st.integers(1930, 2008)),
                "sex": draw(st.sampled_from(["1", "2", "9"])),
            }
        )
    return tables


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(spec=specs(), tables=tables_of_a_survey())
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


def test_of_the_drawn_people_enough_are_invited_answer_and_have_a_score() -> None:
    """Where nobody is counted two engines agree about anything."""
    counted = {"invited": 0, "answered": 0, "scored": 0}

    @settings(max_examples=40, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(spec=specs(), tables=tables_of_a_survey())
    def count(spec: QualityOfLifeSpec, tables: dict[str, Rows]) -> None:
        cell = by_sql(spec, tables).cells[-1]
        scored = [part for name, part in cell.parts.items() if name != RESPONDED]
        counted["invited"] += bool(cell.population.size)
        counted["answered"] += bool(cell.parts[RESPONDED].size)
        counted["scored"] += any(part.size for part in scored)

    count()
    assert min(counted.values()) >= 10, counted
