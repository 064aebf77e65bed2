"""What was offered to whom, accepted and done in time, as one DuckDB statement."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from linkage_engine.catalogue.data_sets import code_list
from linkage_engine.contract.personalised_care import SIX_MONTHS
from linkage_engine.query.personalised_care.plan import PersonalisedCarePlan
from linkage_engine.query.prevalence_sql import INPUTS as PERSONS
from linkage_engine.query.sql import LISTS, Statement, lists

INPUTS: Mapping[str, pa.Schema] = {
    "person_index": PERSONS["person_index"],
    "cancer_registration": pa.schema(
        {
            "link_id": pa.string(),
            "tumour_id": pa.string(),
            "diagnosis_date": pa.date32(),
            "primary_diagnosis_icd10": pa.string(),
            "stage_best": pa.string(),
            "age_at_diagnosis": pa.int32(),
            "person_stated_gender_code": pa.string(),
        }
    ),
    "death": PERSONS["death"],
    "cosd_personalised_care": pa.schema(
        {
            "link_id": pa.string(),
            "personalised_care_record_id": pa.string(),
            "tumour_id": pa.string(),
            "organisation_site_identifier": pa.string(),
            "hna_status": pa.string(),
            "hna_date": pa.date32(),
            "pcsp_status": pa.string(),
            "pcsp_date": pa.date32(),
            "end_of_treatment_summary_date": pa.date32(),
            "treatment_start_date": pa.date32(),
            "treatment_end_date": pa.date32(),
        }
    ),
}
"""The only tables that the statement reads, and their columns."""

EVERYBODY, NOWHERE = "", ""
"""Part of the population itself; trust or age of whom no record tells one."""

CARED = """
stage_code AS (
  SELECT unnest($stage_labels) AS label, unnest($stage_codes) AS code
),
tumour AS (
  SELECT group_code.label AS tumour_group, cancer_registration.link_id, tumour_id,
    diagnosis_date AS diagnosed, stage_best, age_at_diagnosis, person_stated_gender_code, row_number() OVER (
      PARTITION BY group_code.label, cancer_registration.link_id
      ORDER BY diagnosis_date, list_position(['4', '3', '2', '1'], stage_best) NULLS LAST, tumour_id,
        age_at_diagnosis NULLS LAST, person_stated_gender_code NULLS LAST
    ) AS turn
  FROM cancer_registration
  JOIN group_code ON group_code.code = substr(primary_diagnosis_icd10, 1, 3)
),
diagnosed_person AS (
  SELECT tumour.tumour_group, tumour.link_id, person_index.person, tumour.tumour_id, tumour.diagnosed,
    coalesce(sex_code.label, $sex_unknown) AS sex, coalesce(band.label, $nowhere) AS age_band,
    coalesce(stage_code.label, $stage_unknown) AS stage
  FROM tumour
  JOIN person_index ON person_index.link_id = tumour.link_id
  LEFT JOIN sex_code ON sex_code.code = tumour.person_stated_gender_code
  LEFT JOIN band ON tumour.age_at_diagnosis >= band.youngest
    AND (band.oldest IS NULL OR tumour.age_at_diagnosis <= band.oldest)
  LEFT JOIN stage_code ON stage_code.code = tumour.stage_best
  WHERE turn = 1 AND diagnosed >= $diagnosed_from AND diagnosed <= $diagnosed_to AND NOT EXISTS (
    SELECT 1 FROM death
    WHERE death.link_id = tumour.link_id AND death.date_of_death <= tumour.diagnosed + $six_months
  )
),
record AS (
  SELECT diagnosed_person.tumour_group, diagnosed_person.diagnosed, care.*,
    substr(organisation_site_identifier, 1, 3) AS organisation, row_number() OVER (
      PARTITION BY diagnosed_person.tumour_group, care.link_id
      ORDER BY treatment_start_date NULLS LAST, personalised_care_record_id, organisation_site_identifier
    ) AS turn
  FROM diagnosed_person
  JOIN cosd_personalised_care AS care ON care.link_id = diagnosed_person.link_id
  WHERE care.tumour_id IS NULL OR care.tumour_id = diagnosed_person.tumour_id OR NOT EXISTS (
    SELECT 1 FROM cancer_registration AS other
    WHERE other.link_id = care.link_id AND other.tumour_id = care.tumour_id
  )
),
summarising AS (
  SELECT DISTINCT substr(organisation_site_identifier, 1, 3) AS organisation
  FROM cosd_personalised_care
  WHERE end_of_treatment_summary_date IS NOT NULL
),
care AS (
  SELECT tumour_group, link_id, max(organisation) FILTER (WHERE turn = 1) AS organisation,
    bool_or(list_contains($offered, hna_status)) AS hna_offered,
    bool_or(hna_status = 'not_offered') AS hna_not_offered,
    bool_or(hna_status = 'offered_accepted') AS hna_accepted,
    min(hna_date) FILTER (WHERE hna_status = 'offered_accepted' AND hna_date >= diagnosed) AS hna_done,
    bool_or(list_contains($offered, pcsp_status)) AS pcsp_offered,
    bool_or(pcsp_status = 'not_offered') AS pcsp_not_offered,
    bool_or(pcsp_status = 'offered_accepted') AS pcsp_accepted,
    min(pcsp_date) FILTER (WHERE pcsp_status = 'offered_accepted' AND pcsp_date >= diagnosed) AS pcsp_done,
    max(treatment_end_date) FILTER (WHERE treatment_end_date >= diagnosed) AS ended,
    min(end_of_treatment_summary_date) FILTER (WHERE end_of_treatment_summary_date >= diagnosed) AS summarised
  FROM record
  GROUP BY tumour_group, link_id
),
cared AS (
  SELECT diagnosed_person.*, coalesce(care.organisation, $nowhere) AS organisation, care.* EXCLUDE (
      tumour_group, link_id, organisation
    ),
    coalesce(ended + $six_months < $data_end, FALSE) AS has_ended,
    care.organisation IN (SELECT organisation FROM summarising) AS is_summarising
  FROM diagnosed_person
  LEFT JOIN care ON care.tumour_group = diagnosed_person.tumour_group
    AND care.link_id = diagnosed_person.link_id
)
"""
"""`tumour` has everybody's tumours in turn, `cared` a row for each person of a group: how far care came."""

_COUNTED = """,
counted AS (
  SELECT tumour_group, sex, age_band, stage, organisation, person, unnest([
    $everybody,
    CASE WHEN hna_offered THEN 'needs_assessment_offered' END,
    CASE WHEN hna_not_offered AND hna_offered IS NOT TRUE THEN 'needs_assessment_not_offered' END,
    CASE WHEN hna_offered IS NOT TRUE AND hna_not_offered IS NOT TRUE
      THEN 'needs_assessment_no_submission' END,
    CASE WHEN hna_accepted THEN 'needs_assessment_accepted' END,
    CASE WHEN hna_done IS NOT NULL THEN 'needs_assessment_completed' END,
    CASE WHEN hna_done <= diagnosed + $within_days THEN 'needs_assessment_timely' END,
    CASE WHEN pcsp_offered THEN 'care_plan_offered' END,
    CASE WHEN pcsp_not_offered AND pcsp_offered IS NOT TRUE THEN 'care_plan_not_offered' END,
    CASE WHEN pcsp_offered IS NOT TRUE AND pcsp_not_offered IS NOT TRUE
      THEN 'care_plan_no_submission' END,
    CASE WHEN pcsp_accepted THEN 'care_plan_accepted' END,
    CASE WHEN pcsp_done IS NOT NULL THEN 'care_plan_completed' END,
    CASE WHEN pcsp_done <= diagnosed + $within_days THEN 'care_plan_timely' END,
    CASE WHEN has_ended AND is_summarising THEN 'treatment_summary_due' END,
    CASE WHEN has_ended AND NOT is_summarising THEN 'treatment_summary_no_submission' END,
    CASE WHEN has_ended AND is_summarising AND summarised IS NOT NULL THEN 'treatment_summary_completed' END,
    CASE WHEN has_ended AND is_summarising AND summarised <= ended + $six_months
      THEN 'treatment_summary_timely' END
  ]) AS part
  FROM cared
)
SELECT part, tumour_group, sex, age_band, stage, organisation, list(person ORDER BY person) AS persons
FROM counted
WHERE part IS NOT NULL
GROUP BY part, tumour_group, CUBE (sex, age_band, stage, organisation)
"""


def statement(plan: PersonalisedCarePlan) -> Statement:
    """The statement that answers a plan.

    Columns: `part` (empty: the population itself), `tumour_group`, `sex`, `age_band`, `stage`, `organisation`
    (null: the margin) and `persons`, a sorted list of the project's own numbers. Empty cells have no row.
    """
    own = {"everybody": EVERYBODY, "within_days": plan.within_days}
    return Statement(LISTS + CARED + _COUNTED, lists(plan) | cared(plan) | own)


def cared(plan: PersonalisedCarePlan) -> dict[str, object]:
    """The parameters of `CARED`."""
    stages = [(stage.label, code) for stage in plan.template.stages for code in stage.codes]
    return {
        "stage_labels": [label for label, _ in stages],
        "stage_codes": [code for _, code in stages],
        "stage_unknown": plan.template.stages[-1].label,
        "sex_unknown": plan.template.sexes[-1].label,
        "offered": list(code_list("offer_status").groups["offered"]),
        "nowhere": NOWHERE,
        "six_months": SIX_MONTHS,
        "diagnosed_from": plan.diagnosed_from,
        "diagnosed_to": plan.diagnosed_to,
        "data_end": plan.data_end,
    }
