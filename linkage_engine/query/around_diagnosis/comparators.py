"""Those compared with: everybody without cancer, by sex and age, with their time at risk and their events."""

from __future__ import annotations

from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.query.around_diagnosis.plan import AroundDiagnosisPlan

COMPARATORS = """
chosen AS (
  SELECT link_id, sex, year_of_birth, row_number() OVER (
    PARTITION BY link_id
    ORDER BY registration_start DESC, gp_practice_code NULLS LAST, sex NULLS LAST,
      year_of_birth NULLS LAST, icb_code NULLS LAST
  ) AS turn
  FROM registered WHERE registration_start < $span_end AND ends > $span_start
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
  SELECT without_cancer.link_id, sex, year_of_birth, greatest(unbroken.starts, $span_start) AS starts,
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
  SELECT any_value(sex) AS sex, arg_min(age, starts) AS age, NULL AS kind, 1 AS persons, 0 AS days,
    0 AS events
  FROM slice GROUP BY link_id
  UNION ALL
  SELECT sex, age, NULL AS kind, 0 AS persons, sum(ends - starts) AS days, 0 AS events
  FROM slice GROUP BY sex, age
  UNION ALL
  SELECT present.sex, stratum.age, event.kind, 0 AS persons, 0 AS days, 1 AS events
  FROM event
  JOIN present ON present.link_id = event.link_id
    AND event.day >= present.starts AND event.day < present.ends
  JOIN stratum ON stratum.year_of_birth = present.year_of_birth AND stratum.year = year(event.day)
)
SELECT sex AS stratum_sex, age AS stratum_age, kind, CAST(sum(persons) AS BIGINT) AS persons,
  CAST(sum(days) AS BIGINT) AS days, CAST(sum(events) AS BIGINT) AS events
FROM figure GROUP BY sex, age, kind
"""


def comparators(plan: AroundDiagnosisPlan) -> dict[str, object]:
    """The parameters of `COMPARATORS`."""
    return {
        "span_start": plan.span_start,
        "span_end": plan.span_end,
        "data_end": plan.data_end,
        "all_cancers": TOTAL,
    }
