"""Who of the registry's people is not in an answer, and why: nobody is left out in silence."""

from __future__ import annotations

import pyarrow as pa

from linkage_engine.catalogue.areas import areas
from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.contract.excluded import Exclusion, Oddity, PersonsBy
from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.query.around_diagnosis.cases import CASES, cases
from linkage_engine.query.around_diagnosis.plan import AroundDiagnosisPlan
from linkage_engine.query.around_diagnosis.time_at_risk import TIME_AT_RISK, time_at_risk
from linkage_engine.query.cancer_care_review.plan import CareReviewPlan
from linkage_engine.query.linkage_quality_plan import LinkageQualityPlan
from linkage_engine.query.personalised_care.plan import PersonalisedCarePlan
from linkage_engine.query.personalised_care.statement import CARED, cared
from linkage_engine.query.plan import AnyPlan
from linkage_engine.query.prevalence_plan import PrevalencePlan
from linkage_engine.query.prevalence_sql import COUNTED, bound
from linkage_engine.query.quality_of_life.plan import QualityOfLifePlan
from linkage_engine.query.register_completeness.plan import RegisterPlan
from linkage_engine.query.sql import LISTS, Statement, lists

_OF_CASES = """,
listed AS (
  SELECT link_id, year_of_birth, sex, icb_code FROM covering WHERE turn = 1 AND tumour_group = $all_cancers
),
of_period AS (
  SELECT first_diagnosis.link_id, first_diagnosis.diagnosed, first_diagnosis.diagnosed AS that_day,
    person_case.link_id IS NOT NULL AS is_counted,
    $by_area AND (icb_code IS NULL OR NOT list_contains($known_areas, icb_code)) AS is_in_no_area
  FROM first_diagnosis
  LEFT JOIN person_case ON person_case.link_id = first_diagnosis.link_id
    AND person_case.tumour_group = $all_cancers
  LEFT JOIN listed ON listed.link_id = first_diagnosis.link_id
  WHERE first_diagnosis.tumour_group = $all_cancers
),
"""

_OF_PREVALENCE = """,
listed AS (
  SELECT link_id, year_of_birth, sex FROM covering WHERE turn = 1
),
of_period AS (
  SELECT cancer_registration.link_id, min(diagnosis_date) AS diagnosed, $index_date AS that_day,
    cancer_registration.link_id IN (SELECT link_id FROM population) AS is_counted, FALSE AS is_in_no_area
  FROM cancer_registration
  JOIN group_code ON group_code.code = substr(cancer_registration.primary_diagnosis_icd10, 1, 3)
  WHERE group_code.label = $all_cancers
  GROUP BY cancer_registration.link_id
  HAVING min(diagnosis_date) > $window_opens AND min(diagnosis_date) <= $index_date
),
"""

_OF_CARE = """,
known_death AS (
  SELECT link_id, min(date_of_death) AS day, count(DISTINCT date_of_death) AS days FROM death GROUP BY link_id
),
told AS (
  SELECT coalesce(known_death.days, 0) > 1 AS has_several_deaths,
    cared.organisation = $nowhere AS is_at_no_trust,
    CASE
      WHEN cared.link_id IS NOT NULL THEN 'counted'
      WHEN known_death.day < tumour.diagnosed THEN 'died-before-diagnosis'
      WHEN known_death.day <= tumour.diagnosed + $six_months THEN 'not-alive-that-day'
      ELSE 'otherwise'
    END AS reason
  FROM tumour
  LEFT JOIN cared ON cared.link_id = tumour.link_id AND cared.tumour_group = tumour.tumour_group
  LEFT JOIN known_death ON known_death.link_id = tumour.link_id
  WHERE turn = 1 AND tumour.tumour_group = $all_cancers
    AND tumour.diagnosed >= $diagnosed_from AND tumour.diagnosed <= $diagnosed_to
)
SELECT reason, count(*) AS persons FROM told GROUP BY reason
UNION ALL
SELECT 'several-deaths', count(*) FROM told WHERE reason = 'counted' AND has_several_deaths
UNION ALL
SELECT 'at-no-trust', count(*) FROM told WHERE reason = 'counted' AND is_at_no_trust
"""
"""The same of the question about personalised care, half a year after the diagnosis."""

_REASONS = """
known_death AS (
  SELECT link_id, min(date_of_death) AS day, count(DISTINCT date_of_death) AS days FROM death GROUP BY link_id
),
told AS (
  SELECT coalesce(known_death.days, 0) > 1 AS has_several_deaths, of_period.is_in_no_area, CASE
      WHEN of_period.is_counted THEN 'counted'
      WHEN known_death.day < of_period.diagnosed THEN 'died-before-diagnosis'
      WHEN of_period.link_id NOT IN (SELECT link_id FROM gp_registration) THEN 'on-no-list'
      WHEN of_period.that_day >= CAST($ends AS DATE) THEN 'after-the-data'
      WHEN known_death.day <= of_period.that_day THEN 'not-alive-that-day'
      WHEN listed.link_id IS NULL THEN 'not-listed-that-day'
      WHEN listed.year_of_birth IS NULL OR listed.year_of_birth > year(of_period.that_day) THEN 'born-later'
      WHEN listed.sex IS NULL OR listed.sex NOT IN (SELECT code FROM sex_code)
        THEN 'sex-unknown-to-the-template'
      ELSE 'otherwise'
    END AS reason
  FROM of_period
  LEFT JOIN known_death ON known_death.link_id = of_period.link_id
  LEFT JOIN listed ON listed.link_id = of_period.link_id
)
SELECT reason, count(*) AS persons FROM told GROUP BY reason
UNION ALL
SELECT 'several-deaths', count(*) FROM told WHERE reason = 'counted' AND has_several_deaths
UNION ALL
SELECT 'area-outside-the-hierarchy', count(*) FROM told WHERE reason = 'counted' AND is_in_no_area
"""
"""One reason for each person with a first diagnosis in the period: the first that holds."""


def statement(plan: AnyPlan) -> Statement | None:
    """By `reason` how many `persons` the registry has in the period; nothing where there is no period."""
    if isinstance(plan, LinkageQualityPlan | RegisterPlan | CareReviewPlan | QualityOfLifePlan):
        return None
    if isinstance(plan, PersonalisedCarePlan):
        return Statement(LISTS + CARED + _OF_CARE, lists(plan) | cared(plan) | {"all_cancers": TOTAL})
    if isinstance(plan, PrevalencePlan):
        own = {"all_cancers": TOTAL, "ends": None}
        return Statement(LISTS + COUNTED + _OF_PREVALENCE + _REASONS, bound(plan) | own)
    return Statement(
        LISTS + TIME_AT_RISK + CASES + _OF_CASES + _REASONS,
        lists(plan) | time_at_risk(plan) | cases(plan) | _of_cases(plan),
    )


def _of_cases(plan: AroundDiagnosisPlan) -> dict[str, object]:
    return {
        "all_cancers": TOTAL,
        "ends": plan.data_end,
        "by_area": Breakdown.AREA in plan.breakdowns,
        "known_areas": [area.code for area in areas().areas],
    }


def persons_by(rows: pa.Table) -> tuple[PersonsBy, ...]:
    """The rows of the statement in the order of the reasons; reasons that hold for nobody are left out."""
    found = dict(zip(rows["reason"].to_pylist(), rows["persons"].to_pylist(), strict=True))
    reasons: tuple[Exclusion | Oddity, ...] = (*Exclusion, *Oddity)
    return tuple(PersonsBy(reason=each, persons=found[each]) for each in reasons if found.get(each))
