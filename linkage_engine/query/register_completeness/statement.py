"""Who is in the registry, on a practice's register or both, as one DuckDB statement."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.query.prevalence_sql import INPUTS as PERSONS
from linkage_engine.query.register_completeness.plan import RegisterPlan
from linkage_engine.query.registered import REGISTERED, registered
from linkage_engine.query.sql import LISTS, Statement, lists

INPUTS: Mapping[str, pa.Schema] = {
    **PERSONS,
    "gp_registration": PERSONS["gp_registration"].append(pa.field("icb_code", pa.string())),
    "gp_event": pa.schema(
        {
            "link_id": pa.string(),
            "event_date": pa.date32(),
            "concept_type": pa.string(),
            "condition": pa.string(),
        }
    ),
}
"""The only tables that the statement reads, and their columns."""

EVERYBODY = ""
"""Part of the population itself."""

_TEXT = """
in_registry AS (
  SELECT DISTINCT cancer_registration.link_id
  FROM cancer_registration
  JOIN group_code ON group_code.code = substr(cancer_registration.primary_diagnosis_icd10, 1, 3)
  WHERE group_code.label = $total AND diagnosis_date >= $diagnosed_from AND diagnosis_date <= $index_date
),
on_register AS (
  SELECT DISTINCT link_id
  FROM gp_event
  WHERE concept_type = 'diagnosis' AND condition = 'cancer'
    AND event_date >= $diagnosed_from AND event_date <= $index_date
),
counted AS (
  SELECT $everybody AS part, sex, age_band, area, person FROM population
  UNION ALL
  SELECT
    CASE
      WHEN on_register.link_id IS NULL THEN 'registry_only'
      WHEN in_registry.link_id IS NULL THEN 'register_only'
      ELSE 'both'
    END AS part,
    sex, age_band, area, person
  FROM population
  LEFT JOIN in_registry ON in_registry.link_id = population.link_id
  LEFT JOIN on_register ON on_register.link_id = population.link_id
  WHERE in_registry.link_id IS NOT NULL OR on_register.link_id IS NOT NULL
)
SELECT part, sex, age_band, area, list(person ORDER BY person) AS persons
FROM counted
GROUP BY part, CUBE (sex, age_band, area)
"""


def statement(plan: RegisterPlan) -> Statement:
    """The statement that answers a plan.

    Columns: `part` (empty: the population itself), `sex`, `age_band`, `area` (null: the margin) and
    `persons`, a sorted list of the project's own numbers. Empty cells have no row.
    """
    return Statement(
        text=LISTS + REGISTERED + _TEXT,
        parameters=lists(plan)
        | registered(plan.index_date, plan.areas)
        | {
            "everybody": EVERYBODY,
            "total": TOTAL,
            "diagnosed_from": plan.diagnosed_from,
        },
    )
