"""Whom the survey invited, and the scores of those who answered, as two DuckDB statements."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import lcm

import pyarrow as pa

from linkage_engine.catalogue.analysis_templates import SURVEY
from linkage_engine.catalogue.definitions.eq_5d_5l import LEVELS, eq_5d_5l
from linkage_engine.catalogue.definitions.qlq_c30 import ITEMS, Kind, qlq_c30
from linkage_engine.catalogue.definitions.quality_of_life_norms import Norm, quality_of_life_norms
from linkage_engine.contract.controlled_table import norms_of
from linkage_engine.contract.quality_of_life import RESPONDED, Score
from linkage_engine.query.prevalence_sql import INPUTS as PERSONS
from linkage_engine.query.quality_of_life.plan import QualityOfLifePlan
from linkage_engine.query.sql import LISTS, Statement, lists

ANSWERS = ("eq_mo", "eq_sc", "eq_ua", "eq_pd", "eq_ad", "eq_vas", *(f"q{n}" for n in range(1, ITEMS + 1)))
"""Columns of the survey that have an answer."""

INPUTS: Mapping[str, pa.Schema] = {
    **PERSONS,
    "gp_registration": PERSONS["gp_registration"].append(pa.field("icb_code", pa.string())),
    SURVEY: pa.schema(
        {
            "link_id": pa.string(),
            "invite_date": pa.date32(),
            "response_date": pa.date32(),
            "linkage_consent": pa.string(),
            **dict.fromkeys(ANSWERS, pa.int32()),
        }
    ),
}
"""The only tables that the statements read, and their columns."""

NOWHERE = ""
"""Area of somebody whose board is not on the list."""

_POPULATION = """
area AS (
  SELECT unnest($area_labels) AS label, unnest($area_codes) AS code
),
invitation AS (
  SELECT link_id, invite_date, response_date, linkage_consent, list_transform(
    [eq_mo, eq_sc, eq_ua, eq_pd, eq_ad, eq_vas, q1, q2, q3, q4, q5, q6, q7, q8, q9, q10, q11, q12, q13, q14,
      q15, q16, q17, q18, q19, q20, q21, q22, q23, q24, q25, q26, q27, q28, q29, q30],
    lambda answer: coalesce(answer, $unanswered)
  ) AS answers
  FROM qol_response
  WHERE invite_date >= $invited_from AND invite_date <= $invited_to
),
invited AS (
  SELECT *, row_number() OVER (
    PARTITION BY link_id
    ORDER BY invite_date, response_date NULLS LAST, linkage_consent NULLS LAST, answers
  ) AS turn
  FROM invitation
),
covering AS (
  SELECT invited.link_id, invite_date, response_date, linkage_consent, answers,
    year(invite_date) - year_of_birth AS age, sex, icb_code, row_number() OVER (
      PARTITION BY invited.link_id
      ORDER BY registration_start DESC, gp_practice_code NULLS LAST, sex NULLS LAST,
        year_of_birth NULLS LAST, icb_code NULLS LAST
    ) AS turn
  FROM invited
  JOIN gp_registration ON gp_registration.link_id = invited.link_id AND registration_start <= invite_date
    AND (registration_end IS NULL OR registration_end > invite_date)
  WHERE invited.turn = 1
),
population AS (
  SELECT covering.link_id, person_index.person, invite_date, response_date, linkage_consent, answers, age,
    covering.sex AS code, sex_code.label AS sex, band.label AS age_band,
    coalesce(area.label, $nowhere) AS area
  FROM covering
  JOIN person_index ON person_index.link_id = covering.link_id
  JOIN sex_code ON sex_code.code = covering.sex
  JOIN band ON age >= band.youngest AND (band.oldest IS NULL OR age <= band.oldest)
  LEFT JOIN area ON area.code = covering.icb_code
  WHERE covering.turn = 1 AND age >= $youngest AND NOT EXISTS (
    SELECT 1 FROM death WHERE death.link_id = covering.link_id AND death.date_of_death <= invite_date
  )
)
"""

_WHO = """,
of_group AS (
  SELECT DISTINCT group_code.label AS tumour_group, sex, age_band, area, person
  FROM population
  JOIN cancer_registration ON cancer_registration.link_id = population.link_id
    AND cancer_registration.diagnosis_date <= population.invite_date
  JOIN group_code ON group_code.code = substr(cancer_registration.primary_diagnosis_icd10, 1, 3)
)
SELECT tumour_group, sex, age_band, area, list(person ORDER BY person) AS persons
FROM of_group
GROUP BY tumour_group, CUBE (sex, age_band, area)
"""

_SCORES = """,
scale AS (
  SELECT unnest($scales) AS scale, unnest($scale_items) AS items, unnest($scale_ranges) AS item_range,
    unnest($scale_is_functional) AS is_functional, unnest($scale_in_summary) AS in_summary
),
scale_item AS (
  SELECT unnest($item_scales) AS scale, unnest($item_columns) AS item
),
decrement AS (
  SELECT unnest($decrement_columns) AS item, unnest($decrement_levels) AS answer, unnest($decrements) AS loss
),
dimension AS (
  SELECT unnest($dimensions) AS score, unnest($dimension_columns) AS item
),
norm AS (
  SELECT unnest($norm_scores) AS score, unnest($norm_codes) AS code, unnest($norm_youngest) AS youngest,
    unnest($norm_before) AS before, unnest($norms) AS value
),
responded AS (
  SELECT person, answers FROM population WHERE response_date IS NOT NULL AND linkage_consent = $agreed
),
every_answer AS (
  SELECT person, unnest($columns) AS item, unnest(answers) AS answer FROM responded
),
answer AS (
  SELECT person, item, answer FROM every_answer WHERE answer <> $unanswered
),
share AS (
  SELECT person, scale, items, item_range, is_functional, in_summary,
    count(*) AS answered, sum(answer - 1) AS points
  FROM answer JOIN scale_item USING (item) JOIN scale USING (scale)
  GROUP BY person, scale, items, item_range, is_functional, in_summary
  HAVING 2 * count(*) >= items
),
level AS (
  SELECT person, scale, is_functional, items * item_range AS levels,
    (2 * items * points + answered) // (2 * answered) AS level
  FROM share
),
goodness AS (
  SELECT person, sum($common // answered * (answered * item_range - points)) AS good,
    $common * sum(item_range) AS best
  FROM share WHERE in_summary
  GROUP BY person HAVING count(*) = $summary_scales
),
value AS (
  SELECT $responded AS score, person, 0 AS value FROM responded
  UNION ALL
  SELECT score, person, answer FROM answer JOIN dimension USING (item)
  UNION ALL
  SELECT item, person, answer FROM answer WHERE item = $vas
  UNION ALL
  SELECT $index, person, sum(loss) FROM answer JOIN decrement USING (item, answer)
  GROUP BY person HAVING count(*) = len($dimensions)
  UNION ALL
  SELECT $summary, person, (2 * 100 * good + best) // (2 * best) FROM goodness
  UNION ALL
  SELECT scale, person, CASE WHEN is_functional THEN levels - level ELSE level END FROM level
  UNION ALL
  SELECT score, person, value
  FROM population
  JOIN norm ON norm.code = population.code AND age >= youngest AND (before IS NULL OR age < before)
)
SELECT score, list(person ORDER BY person) AS persons, list(CAST(value AS BIGINT) ORDER BY person) AS values
FROM value
WHERE list_contains($wanted, score)
GROUP BY score
"""


def who(plan: QualityOfLifePlan) -> Statement:
    """The statement that says whom each cell is about.

    Columns: `tumour_group` (`Total`: all cancers), `sex`, `age_band`, `area` (null: the margin) and
    `persons`, a sorted list of the project's own numbers. Empty cells have no row.
    """
    return Statement(text=LISTS + _POPULATION + _WHO, parameters=_population(plan))


def scores(plan: QualityOfLifePlan) -> Statement:
    """The statement that says what the people invited answered.

    Columns: `score` (also who responded at all, and the norms of everybody), `persons`, sorted, and `values`,
    one whole number for each: levels of a scale, a dimension's level, thousandths below full health.
    """
    parameters = _population(plan) | _scales() | _eq(plan) | _norms(plan)
    wanted = [RESPONDED, *(name for score in plan.scores for name in (score.value, norms_of(score)))]
    parameters |= {
        "wanted": wanted,
        "columns": list(ANSWERS),
        "responded": RESPONDED,
        "agreed": "yes",
        "vas": Score.EQ_VAS.value,
        "index": Score.EQ_INDEX.value,
        "summary": Score.SUMMARY_SCORE.value,
    }
    return Statement(text=LISTS + _POPULATION + _SCORES, parameters=parameters)


def _population(plan: QualityOfLifePlan) -> dict[str, object]:
    return lists(plan) | {
        "area_labels": [area.label for area in plan.areas],
        "area_codes": [area.code for area in plan.areas],
        "nowhere": NOWHERE,
        "invited_from": plan.invited_from,
        "invited_to": plan.invited_to,
        "youngest": quality_of_life_norms().youngest,
        "unanswered": -1,
    }


def _scales() -> dict[str, object]:
    definition = qlq_c30()
    scales = definition.scales
    items = [(scale.name, f"q{item}") for scale in scales for item in scale.items]
    return {
        "scales": [scale.name for scale in scales],
        "scale_items": [len(scale.items) for scale in scales],
        "scale_ranges": [scale.item_range for scale in scales],
        "scale_is_functional": [scale.kind is Kind.FUNCTIONAL for scale in scales],
        "scale_in_summary": [scale in definition.summarised for scale in scales],
        "summary_scales": len(definition.summarised),
        # Shares of scales have as many answers below the line as were given: with this they have one.
        "common": lcm(*range(1, max(len(scale.items) for scale in scales) + 1)),
        "item_scales": [name for name, _ in items],
        "item_columns": [column for _, column in items],
    }


def _eq(plan: QualityOfLifePlan) -> dict[str, object]:
    dimensions = eq_5d_5l().dimensions
    levels = range(1, LEVELS + 1)
    taken = plan.value_set.decrements
    return {
        "dimensions": [each.name for each in dimensions],
        "dimension_columns": [each.column for each in dimensions],
        "decrement_columns": [each.column for each in dimensions for _ in levels],
        "decrement_levels": [level for _ in dimensions for level in levels],
        "decrements": [loss for each in dimensions for loss in taken[each.name]],
    }


def _norms(plan: QualityOfLifePlan) -> dict[str, object]:
    norms, codes = quality_of_life_norms(), [code for sex in plan.template.sexes for code in sex.codes]
    rows = [
        (norms_of(score), code, stratum.youngest, before, value)
        for code in codes
        for stratum, before in _up_to_the_next(norms.of_sex(code))
        for score, value in (
            (Score.EQ_VAS, stratum.vas_tenths),
            (Score.EQ_INDEX, stratum.index_loss[plan.value_set.name]),
        )
    ]
    names = ("norm_scores", "norm_codes", "norm_youngest", "norm_before", "norms")
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def _up_to_the_next(strata: tuple[Norm, ...]) -> list[tuple[Norm, int | None]]:
    """Each stratum with the age at which the next begins; the last has none."""
    return [*((each, later.youngest) for each, later in pairwise(strata)), (strata[-1], None)]
