"""Who was reviewed and told about support, and who does not count and why, as one DuckDB statement."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pyarrow as pa

from linkage_engine.contract.query_spec import FIRST_ON_REGISTER
from linkage_engine.query.cancer_care_review.plan import CareReviewPlan
from linkage_engine.query.register_completeness.statement import INPUTS as REGISTERS
from linkage_engine.query.registered import REGISTERED, registered
from linkage_engine.query.sql import LISTS, Statement, lists

INPUTS: Mapping[str, pa.Schema] = {
    name: schema for name, schema in REGISTERS.items() if name != "cancer_registration"
}
"""The only tables that the statement reads, and their columns."""

EVERYBODY = ""
"""Part of the population itself."""

_TEXT = """
entry AS (
  SELECT link_id, event_date AS day, concept_type AS kind
  FROM gp_event
  WHERE event_date <= $index_date AND (condition = 'cancer'
    OR (condition IS NULL AND concept_type IN ('support_info', 'dissent', 'unsuitable')))
),
diagnosed AS (
  SELECT link_id, min(day) AS first_day, max(day) AS last_day
  FROM entry
  WHERE kind = 'diagnosis' AND day >= $first_on_register
  GROUP BY link_id
),
fact AS (
  SELECT person, sex, age_band, area, registration_start, first_day, last_day,
    min(day) FILTER (WHERE kind = 'review' AND day >= last_day) AS reviewed,
    max(day) FILTER (WHERE kind = 'review' AND day >= last_day) AS last_reviewed,
    min(day) FILTER (WHERE kind = 'support_info' AND day >= last_day) AS supported,
    max(day) FILTER (WHERE kind = 'support_info' AND day >= last_day) AS last_supported,
    min(day) FILTER (WHERE kind = 'review' AND day >= first_day) AS first_reviewed,
    min(day) FILTER (WHERE kind = 'support_info' AND day >= first_day) AS first_supported,
    max(day) FILTER (WHERE kind = 'invitation' AND day >= $since_a_year)
      - min(day) FILTER (WHERE kind = 'invitation' AND day >= $since_a_year) >= 7 AS is_invited,
    bool_or(kind = 'dissent' AND day >= $since_a_year) AS has_declined,
    bool_or(kind = 'unsuitable' AND day >= $since_a_year) AS is_unsuitable
  FROM population
  JOIN diagnosed ON diagnosed.link_id = population.link_id
  JOIN entry ON entry.link_id = population.link_id
  GROUP BY person, sex, age_band, area, registration_start, first_day, last_day
),
adjusted AS (
  SELECT *, CASE
      WHEN is_invited THEN 'caninvite'
      WHEN has_declined THEN 'canpcadec'
      WHEN is_unsuitable THEN 'canpcapu'
      WHEN last_day >= $since_three_months THEN 'diag1_dat'
      WHEN registration_start >= $since_three_months THEN 'reg1_dat3'
      ELSE 'unmet'
    END AS adjustment
  FROM fact
),
reasoned AS (
  SELECT *,
    CASE
      WHEN last_day < $since_two_years THEN 'can_dat24m'
      WHEN last_reviewed < $since_a_year THEN 'mdrv_dat'
      WHEN last_day >= $since_a_year AND reviewed IS NULL THEN 'diagcrv12m'
      WHEN reviewed <= last_day + 365 THEN 'numerator'
      ELSE adjustment
    END AS can004,
    CASE
      WHEN last_day < $since_fifteen_months THEN 'candat15m'
      WHEN last_supported < $since_a_year THEN 'cansup12m'
      WHEN last_day >= $since_three_months AND supported IS NULL THEN 'diagcsup3m'
      WHEN supported <= last_day + 93 THEN 'numerator'
      ELSE adjustment
    END AS can005
  FROM adjusted
),
counted AS (
  SELECT person, sex, age_band, area, unnest([
    $everybody,
    'can004_' || can004,
    CASE WHEN can004 IN ('numerator', 'unmet') THEN 'can004_denominator' END,
    CASE WHEN can004 NOT IN ('can_dat24m', 'mdrv_dat', 'diagcrv12m') THEN 'can004_den_plus_pca' END,
    'can005_' || can005,
    CASE WHEN can005 IN ('numerator', 'unmet') THEN 'can005_denominator' END,
    CASE WHEN can005 NOT IN ('candat15m', 'cansup12m', 'diagcsup3m') THEN 'can005_den_plus_pca' END,
    CASE WHEN first_day >= $since_two_years AND first_day < $since_a_year THEN 'review_due' END,
    CASE WHEN first_day >= $since_two_years AND first_day < $since_a_year
      AND first_reviewed <= first_day + 365 THEN 'reviewed' END,
    CASE WHEN first_day > $support_from AND first_day <= $support_to THEN 'support_due' END,
    CASE WHEN first_day > $support_from AND first_day <= $support_to AND first_supported <= first_day + 93
      THEN 'supported' END
  ]) AS part
  FROM reasoned
)
SELECT part, sex, age_band, area, list(person ORDER BY person) AS persons
FROM counted
WHERE part IS NOT NULL
GROUP BY part, CUBE (sex, age_band, area)
"""


_SINCE = {
    "since_three_months": 3,
    "since_a_year": 12,
    "since_fifteen_months": 15,
    "since_two_years": 24,
}


def statement(plan: CareReviewPlan) -> Statement:
    """The statement that answers a plan.

    Columns: `part` (empty: the population itself), `sex`, `age_band`, `area` (null: the margin) and
    `persons`, a sorted list of the project's own numbers. Empty cells have no row.
    """
    support_to = plan.last_day - timedelta(days=93)
    return Statement(
        text=LISTS + REGISTERED + _TEXT,
        parameters=lists(plan)
        | registered(plan.last_day, plan.areas)
        | {name: plan.first_day(months) for name, months in _SINCE.items()}
        | {
            "everybody": EVERYBODY,
            "first_on_register": FIRST_ON_REGISTER,
            "support_from": support_to - timedelta(days=365),
            "support_to": support_to,
        },
    )
