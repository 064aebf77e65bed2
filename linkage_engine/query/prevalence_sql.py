"""Limited-duration prevalence as one DuckDB statement."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.query.prevalence_plan import PrevalencePlan
from linkage_engine.query.sql import LISTS, Statement, lists

INPUTS: Mapping[str, pa.Schema] = {
    "cancer_registration": pa.schema(
        {"link_id": pa.string(), "diagnosis_date": pa.date32(), "primary_diagnosis_icd10": pa.string()}
    ),
    "death": pa.schema({"link_id": pa.string(), "date_of_death": pa.date32()}),
    "gp_registration": pa.schema(
        {
            "link_id": pa.string(),
            "gp_practice_code": pa.string(),
            "registration_start": pa.date32(),
            "registration_end": pa.date32(),
            "year_of_birth": pa.int32(),
            "sex": pa.string(),
        }
    ),
    "person_index": pa.schema({"link_id": pa.string(), "person": pa.int32()}),
}
"""The only tables that the statement reads, and their columns."""

COUNTED = """
covering AS (
  SELECT link_id, year_of_birth, sex, row_number() OVER (
    PARTITION BY link_id
    ORDER BY registration_start DESC, gp_practice_code NULLS LAST, sex NULLS LAST, year_of_birth NULLS LAST
  ) AS turn
  FROM gp_registration
  WHERE registration_start <= $index_date AND (registration_end IS NULL OR registration_end > $index_date)
),
population AS (
  SELECT person_index.link_id, person_index.person, sex_code.label AS sex, band.label AS age_band
  FROM covering
  JOIN person_index ON person_index.link_id = covering.link_id
  JOIN sex_code ON sex_code.code = covering.sex
  JOIN band ON $index_year - covering.year_of_birth >= band.youngest
    AND (band.oldest IS NULL OR $index_year - covering.year_of_birth <= band.oldest)
  WHERE covering.turn = 1 AND NOT EXISTS (
    SELECT 1 FROM death WHERE death.link_id = covering.link_id AND death.date_of_death <= $index_date
  )
),
first_diagnosis AS (
  SELECT group_code.label AS tumour_group, cancer_registration.link_id
  FROM cancer_registration
  JOIN group_code ON group_code.code = substr(cancer_registration.primary_diagnosis_icd10, 1, 3)
  GROUP BY group_code.label, cancer_registration.link_id
  HAVING min(diagnosis_date) > $window_opens AND min(diagnosis_date) <= $index_date
),
counted AS (
  SELECT NULL AS tumour_group, sex, age_band, person FROM population
  UNION ALL
  SELECT first_diagnosis.tumour_group, population.sex, population.age_band, population.person
  FROM first_diagnosis JOIN population ON population.link_id = first_diagnosis.link_id
)
"""

_SEX, _AGE = Breakdown.SEX, Breakdown.AGE_BAND

_MARGINS: Mapping[frozenset[Breakdown], str] = {
    frozenset[Breakdown](): """
SELECT tumour_group, NULL AS sex, NULL AS age_band, list(person ORDER BY person) AS persons
FROM counted GROUP BY tumour_group
""",
    frozenset({_SEX}): """
SELECT tumour_group, sex, NULL AS age_band, list(person ORDER BY person) AS persons
FROM counted GROUP BY tumour_group, CUBE (sex)
""",
    frozenset({_AGE}): """
SELECT tumour_group, NULL AS sex, age_band, list(person ORDER BY person) AS persons
FROM counted GROUP BY tumour_group, CUBE (age_band)
""",
    frozenset({_SEX, _AGE}): """
SELECT tumour_group, sex, age_band, list(person ORDER BY person) AS persons
FROM counted GROUP BY tumour_group, CUBE (sex, age_band)
""",
}
"""The last lines, by the breakdowns of the population; a null label is the margin."""


def statement(plan: PrevalencePlan) -> Statement:
    """The statement that answers a plan.

    Columns: `tumour_group` (null: the population itself), `sex`, `age_band` (null: the margin)
    and `persons`, a sorted list of the project's own numbers. Empty cells have no row.
    """
    text = LISTS + COUNTED + _MARGINS[frozenset(plan.breakdowns) & {_SEX, _AGE}]
    return Statement(text, bound(plan))


def bound(plan: PrevalencePlan) -> dict[str, object]:
    """The parameters of `LISTS` and `COUNTED`."""
    return lists(plan) | {
        "index_date": plan.index_date,
        "index_year": plan.index_date.year,
        "window_opens": plan.window_opens,
    }
