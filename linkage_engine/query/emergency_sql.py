"""Emergency care after diagnosis as three DuckDB statements over the same people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa

from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.query.plan import EmergencyPlan
from linkage_engine.query.prevalence_sql import INPUTS as PEOPLE
from linkage_engine.query.sql import LISTS, Statement, lists

NOWHERE = ""
"""The area of somebody whose board is not on the list: in the total alone."""

PLANNED_FOLLOW_UP = "4"
"""The category of an attendance that is no emergency."""

NEVER = date(9999, 12, 31)

INPUTS: Mapping[str, pa.Schema] = {
    **PEOPLE,
    "gp_registration": PEOPLE["gp_registration"].append(pa.field("icb_code", pa.string())),
    "apc_spell": pa.schema(
        {
            "link_id": pa.string(),
            "start_date_hospital_provider_spell": pa.date32(),
            "admission_method_code": pa.string(),
        }
    ),
    "ecds_attendance": pa.schema(
        {"link_id": pa.string(), "arrival_date": pa.date32(), "attendance_category": pa.string()}
    ),
}
"""The only tables that the statements read, and their columns."""

_HAPPENINGS = """
age AS (
  SELECT unnest($age_youngest) AS youngest, unnest($age_oldest) AS oldest
),
calendar AS (
  SELECT unnest(range($first_year, $last_year + 1)) AS year
),
stratum AS (
  SELECT birth.year_of_birth, calendar.year, age.youngest AS age
  FROM (SELECT DISTINCT year_of_birth FROM gp_registration) AS birth
  CROSS JOIN calendar
  JOIN age ON calendar.year - birth.year_of_birth >= age.youngest
    AND (age.oldest IS NULL OR calendar.year - birth.year_of_birth <= age.oldest)
),
event AS (
  SELECT link_id, start_date_hospital_provider_spell AS day, 1 AS admissions, 0 AS attendances
  FROM apc_spell WHERE list_contains($admission_methods, admission_method_code)
  UNION ALL
  SELECT link_id, arrival_date AS day, 0 AS admissions, 1 AS attendances
  FROM ecds_attendance WHERE attendance_category IS DISTINCT FROM $planned_follow_up
),
died AS (
  SELECT link_id, min(date_of_death) AS day FROM death GROUP BY link_id
),
registered AS (
  SELECT *, coalesce(registration_end, $never) AS ends FROM gp_registration
  WHERE registration_end IS NULL OR registration_end > registration_start
),
reached AS (
  SELECT link_id, registration_start AS starts, ends, max(ends) OVER (
    PARTITION BY link_id ORDER BY registration_start, ends ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  ) AS reach
  FROM registered
),
numbered AS (
  SELECT link_id, starts, ends, count(*) FILTER (WHERE reach IS NULL OR reach < starts) OVER (
    PARTITION BY link_id ORDER BY starts, ends ROWS UNBOUNDED PRECEDING
  ) AS spell
  FROM reached
),
unbroken AS (
  SELECT link_id, min(starts) AS starts, max(ends) AS ends FROM numbered GROUP BY link_id, spell
),
"""
"""`stratum` says how old a year's births are in a year: few rows, so that others join by equality alone.

`unbroken` has one row for each time without a day off any practice's list.
"""

_CASES = """
area AS (
  SELECT unnest($area_labels) AS label, unnest($area_codes) AS code
),
first_diagnosis AS (
  SELECT group_code.label AS tumour_group, cancer_registration.link_id, min(diagnosis_date) AS diagnosed
  FROM cancer_registration
  JOIN group_code ON group_code.code = substr(cancer_registration.primary_diagnosis_icd10, 1, 3)
  GROUP BY group_code.label, cancer_registration.link_id
  HAVING min(diagnosis_date) >= $diagnosed_from AND min(diagnosis_date) <= $diagnosed_to
),
covering AS (
  SELECT tumour_group, first_diagnosis.link_id, diagnosed, year_of_birth, sex, icb_code, row_number() OVER (
    PARTITION BY tumour_group, first_diagnosis.link_id
    ORDER BY registration_start DESC, gp_practice_code NULLS LAST, sex NULLS LAST,
      year_of_birth NULLS LAST, icb_code NULLS LAST
  ) AS turn
  FROM first_diagnosis
  JOIN registered ON registered.link_id = first_diagnosis.link_id
    AND registered.registration_start <= diagnosed AND registered.ends > diagnosed
),
person_case AS (
  SELECT covering.tumour_group, covering.link_id, person_index.person, covering.diagnosed,
    covering.year_of_birth, sex_code.label AS sex, band.label AS age_band,
    coalesce(area.label, $nowhere) AS area,
    least(
      covering.diagnosed + CAST($window_days AS INTEGER), $data_end, unbroken.ends, coalesce(died.day, $never)
    ) AS ends
  FROM covering
  JOIN person_index ON person_index.link_id = covering.link_id
  JOIN sex_code ON sex_code.code = covering.sex
  JOIN band ON year(covering.diagnosed) - covering.year_of_birth >= band.youngest
    AND (band.oldest IS NULL OR year(covering.diagnosed) - covering.year_of_birth <= band.oldest)
  JOIN unbroken ON unbroken.link_id = covering.link_id
    AND unbroken.starts <= covering.diagnosed AND unbroken.ends > covering.diagnosed
  LEFT JOIN area ON area.code = covering.icb_code
  LEFT JOIN died ON died.link_id = covering.link_id
  WHERE covering.turn = 1
),
at_risk AS (
  SELECT * FROM person_case WHERE ends > diagnosed
)
"""

_PEOPLE = """,
happened AS (
  SELECT at_risk.tumour_group, at_risk.person,
    sum(event.admissions) AS admissions, sum(event.attendances) AS attendances
  FROM at_risk
  JOIN event ON event.link_id = at_risk.link_id
    AND event.day >= at_risk.diagnosed AND event.day < at_risk.ends
  GROUP BY at_risk.tumour_group, at_risk.person
)
SELECT at_risk.tumour_group, sex, age_band, area,
  list(at_risk.person ORDER BY at_risk.person) AS persons,
  list(at_risk.person ORDER BY at_risk.person) FILTER (WHERE admissions > 0) AS admission_persons,
  list(at_risk.person ORDER BY at_risk.person) FILTER (WHERE attendances > 0) AS attendance_persons,
  CAST(coalesce(sum(admissions), 0) AS BIGINT) AS admissions,
  CAST(coalesce(sum(attendances), 0) AS BIGINT) AS attendances
FROM at_risk
LEFT JOIN happened ON happened.tumour_group = at_risk.tumour_group AND happened.person = at_risk.person
GROUP BY at_risk.tumour_group, CUBE (sex, age_band, area)
"""

_DAYS = """,
slice AS (
  SELECT tumour_group, sex, age_band, area, sex AS stratum_sex, stratum.age AS stratum_age,
    least(ends, make_date(stratum.year + 1, 1, 1))
      - greatest(diagnosed, make_date(stratum.year, 1, 1)) AS days
  FROM at_risk
  JOIN stratum ON stratum.year_of_birth = at_risk.year_of_birth
    AND stratum.year >= year(diagnosed) AND stratum.year <= year(ends - 1)
)
SELECT tumour_group, sex, age_band, area, stratum_sex, stratum_age, CAST(sum(days) AS BIGINT) AS days
FROM slice
GROUP BY tumour_group, stratum_sex, stratum_age, CUBE (sex, age_band, area)
"""

_OTHERS = """
chosen AS (
  SELECT link_id, sex, year_of_birth, row_number() OVER (
    PARTITION BY link_id
    ORDER BY registration_start DESC, gp_practice_code NULLS LAST, sex NULLS LAST,
      year_of_birth NULLS LAST, icb_code NULLS LAST
  ) AS turn
  FROM registered WHERE registration_start < $span_end AND ends > $diagnosed_from
),
without_cancer AS (
  SELECT chosen.link_id, sex_code.label AS sex, chosen.year_of_birth
  FROM chosen
  JOIN person_index ON person_index.link_id = chosen.link_id
  JOIN sex_code ON sex_code.code = chosen.sex
  WHERE chosen.turn = 1 AND NOT EXISTS (
    SELECT 1 FROM cancer_registration
    JOIN group_code ON group_code.code = substr(cancer_registration.primary_diagnosis_icd10, 1, 3)
    WHERE cancer_registration.link_id = chosen.link_id
      AND group_code.label = $all_cancers AND diagnosis_date < $data_end
  )
),
present AS (
  SELECT without_cancer.link_id, sex, year_of_birth, greatest(unbroken.starts, $diagnosed_from) AS starts,
    least(unbroken.ends, $span_end, coalesce(died.day, $never)) AS ends
  FROM without_cancer
  JOIN unbroken ON unbroken.link_id = without_cancer.link_id
  LEFT JOIN died ON died.link_id = without_cancer.link_id
),
slice AS (
  SELECT link_id, sex, stratum.age, greatest(starts, make_date(stratum.year, 1, 1)) AS starts,
    least(ends, make_date(stratum.year + 1, 1, 1)) AS ends
  FROM present
  JOIN stratum ON stratum.year_of_birth = present.year_of_birth
    AND stratum.year >= year(starts) AND stratum.year <= year(ends - 1)
  WHERE ends > starts
),
figure AS (
  SELECT any_value(sex) AS sex, arg_min(age, starts) AS age, 1 AS persons, 0 AS days,
    0 AS admissions, 0 AS attendances
  FROM slice GROUP BY link_id
  UNION ALL
  SELECT sex, age, 0 AS persons, sum(ends - starts) AS days, 0 AS admissions, 0 AS attendances
  FROM slice GROUP BY sex, age
  UNION ALL
  SELECT present.sex, stratum.age, 0 AS persons, 0 AS days, event.admissions, event.attendances
  FROM event
  JOIN present ON present.link_id = event.link_id
    AND event.day >= present.starts AND event.day < present.ends
  JOIN stratum ON stratum.year_of_birth = present.year_of_birth AND stratum.year = year(event.day)
)
SELECT sex AS stratum_sex, age AS stratum_age, CAST(sum(persons) AS BIGINT) AS persons,
  CAST(sum(days) AS BIGINT) AS days, CAST(sum(admissions) AS BIGINT) AS admissions,
  CAST(sum(attendances) AS BIGINT) AS attendances
FROM figure GROUP BY sex, age
"""


@dataclass(frozen=True)
class Statements:
    """What is asked of the database, one after the other."""

    people: Statement
    """`tumour_group, sex, age_band, area` (null: the margin), lists of persons and sums of events."""
    days: Statement
    """The same cells by `stratum_sex, stratum_age`: days at risk."""
    others: Statement
    """By `stratum_sex, stratum_age`: persons, days and events of those compared with."""


def statements(plan: EmergencyPlan) -> Statements:
    """The statements that answer a plan; every margin is there, asked for or not, but no empty cell."""
    risk: dict[str, object] = lists(plan) | _risk(plan)
    people = {
        "area_labels": [area.label for area in plan.areas],
        "area_codes": [area.code for area in plan.areas],
        "diagnosed_from": plan.diagnosed_from,
        "diagnosed_to": plan.diagnosed_to,
        "window_days": plan.window_days,
        "data_end": plan.data_end,
        "nowhere": NOWHERE,
    }
    others = {
        "diagnosed_from": plan.diagnosed_from,
        "span_end": plan.span_end,
        "data_end": plan.data_end,
        "all_cancers": TOTAL,
    }
    before = LISTS + _HAPPENINGS
    return Statements(
        people=Statement(before + _CASES + _PEOPLE, risk | people),
        days=Statement(before + _CASES + _DAYS, risk | people),
        others=Statement(before + _OTHERS, risk | others),
    )


def _risk(plan: EmergencyPlan) -> dict[str, object]:
    ages = plan.template.reference_ages
    return {
        "age_youngest": list(ages),
        "age_oldest": [*(age - 1 for age in ages[1:]), None],
        "first_year": plan.diagnosed_from.year,
        "last_year": (plan.span_end - timedelta(days=1)).year,
        "admission_methods": list(plan.admission_methods),
        "planned_follow_up": PLANNED_FOLLOW_UP,
        "never": NEVER,
    }
