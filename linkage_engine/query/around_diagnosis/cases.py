"""Who is diagnosed in the period, and which of their days are at risk in each period around it."""

from __future__ import annotations

from linkage_engine.query.around_diagnosis.plan import AroundDiagnosisPlan

NOWHERE = ""
"""The area of somebody whose board is not on the list: in the total alone."""

CASES = """
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
    greatest(unbroken.starts, make_date(covering.year_of_birth, 1, 1)) AS starts,
    least($data_end, unbroken.ends, coalesce(died.day, $never)) AS ends
  FROM covering
  JOIN person_index ON person_index.link_id = covering.link_id
  JOIN sex_code ON sex_code.code = covering.sex
  JOIN band ON year(covering.diagnosed) - covering.year_of_birth >= band.youngest
    AND (band.oldest IS NULL OR year(covering.diagnosed) - covering.year_of_birth <= band.oldest)
  JOIN unbroken ON unbroken.link_id = covering.link_id
    AND unbroken.starts <= covering.diagnosed AND unbroken.ends > covering.diagnosed
  LEFT JOIN area ON area.code = covering.icb_code
  LEFT JOIN died ON died.link_id = covering.link_id
  WHERE covering.turn = 1 AND covering.diagnosed < least($data_end, coalesce(died.day, $never))
),
period AS (
  SELECT unnest($period_labels) AS label, CAST(unnest($period_from) AS INTEGER) AS from_day,
    CAST(unnest($period_to) AS INTEGER) AS to_day
),
followed AS (
  SELECT person_case.tumour_group, person_case.link_id, person_case.person, person_case.year_of_birth,
    person_case.sex, person_case.age_band, person_case.area, period.label AS period,
    greatest(starts, diagnosed + period.from_day) AS starts, least(ends, diagnosed + period.to_day) AS ends
  FROM person_case
  CROSS JOIN period
),
at_risk AS (
  SELECT * FROM followed WHERE ends > starts
)
"""
"""`person_case` has a row for each case of a tumour group, `at_risk` one a period with a day at risk."""

PEOPLE = """
SELECT tumour_group, sex, age_band, area, list(person ORDER BY person) AS persons
FROM person_case
GROUP BY tumour_group, CUBE (sex, age_band, area)
"""

PRESENT = """
SELECT tumour_group, period, sex, age_band, area, list(person ORDER BY person) AS persons
FROM at_risk
GROUP BY tumour_group, period, CUBE (sex, age_band, area)
"""

HAPPENED = """,
happened AS (
  SELECT at_risk.tumour_group, at_risk.period, sex, age_band, area, at_risk.person, event.kind,
    count(*) AS events
  FROM at_risk
  JOIN event ON event.link_id = at_risk.link_id AND event.day >= at_risk.starts AND event.day < at_risk.ends
  GROUP BY at_risk.tumour_group, at_risk.period, sex, age_band, area, at_risk.person, event.kind
)
SELECT tumour_group, period, kind, sex, age_band, area, list(person ORDER BY person) AS persons,
  CAST(sum(events) AS BIGINT) AS events
FROM happened
GROUP BY tumour_group, period, kind, CUBE (sex, age_band, area)
"""

DAYS = """,
slice AS (
  SELECT tumour_group, period, sex, age_band, area, sex AS stratum_sex, stratum.age AS stratum_age,
    least(ends, make_date(stratum.year + 1, 1, 1)) - greatest(starts, make_date(stratum.year, 1, 1)) AS days
  FROM at_risk
  JOIN stratum ON stratum.year_of_birth = at_risk.year_of_birth
    AND stratum.year >= year(starts) AND stratum.year <= year(ends - 1)
)
SELECT tumour_group, period, sex, age_band, area, stratum_sex, stratum_age, CAST(sum(days) AS BIGINT) AS days
FROM slice
GROUP BY tumour_group, period, stratum_sex, stratum_age, CUBE (sex, age_band, area)
"""


def cases(plan: AroundDiagnosisPlan) -> dict[str, object]:
    """The parameters of `CASES`."""
    return {
        "area_labels": [area.label for area in plan.areas],
        "area_codes": [area.code for area in plan.areas],
        "diagnosed_from": plan.diagnosed_from,
        "diagnosed_to": plan.diagnosed_to,
        "data_end": plan.data_end,
        "nowhere": NOWHERE,
        "period_labels": [period.label for period in plan.periods],
        "period_from": [period.from_day for period in plan.periods],
        "period_to": [period.to_day for period in plan.periods],
    }
