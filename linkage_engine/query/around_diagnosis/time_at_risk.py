"""Who is registered and alive when, and in which stratum of age: the same for cases and for others."""

from __future__ import annotations

from datetime import date, timedelta

from linkage_engine.query.around_diagnosis.plan import AroundDiagnosisPlan

NEVER = date(9999, 12, 31)

TIME_AT_RISK = """
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


def time_at_risk(plan: AroundDiagnosisPlan) -> dict[str, object]:
    """The parameters of `TIME_AT_RISK`."""
    ages = plan.template.reference_ages
    return {
        "age_youngest": list(ages),
        "age_oldest": [*(age - 1 for age in ages[1:]), None],
        "first_year": plan.span_start.year,
        "last_year": (plan.span_end - timedelta(days=1)).year,
        "never": NEVER,
    }
