"""Who of a data set was linked to another one, one row a person, as one DuckDB statement."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.query.linkage_quality_plan import NOT_KNOWN, LinkageQualityPlan
from linkage_engine.query.sql import Statement

WHOSE: Mapping[str, pa.DataType] = {
    name: pa.string()
    for name in ("provider_id", "person_key", "link_id", "link_id_strict", "link_id_lenient")
}
"""Whose row it is: columns of the crosswalk."""
_OF_PERSON: Mapping[str, pa.DataType] = {
    "latest_by": pa.date32(),
    "year_of_birth": pa.int32(),
    "age": pa.int32(),
    "sex": pa.string(),
    "ethnic_group": pa.string(),
    "deprivation": pa.string(),
    "area": pa.string(),
}
ROWS = pa.schema({**WHOSE, **_OF_PERSON})
"""The rows of either data set as the statement reads them."""
PERSON_INDEX = pa.schema({"link_id": pa.string(), "person": pa.int32()})
CODED = (Breakdown.SEX, Breakdown.ETHNIC_GROUP, Breakdown.DEPRIVATION, Breakdown.AREA)

_STATEMENT = """
WITH code AS (
  SELECT unnest($code_of) AS breakdown, unnest($code_labels) AS label, unnest($codes) AS code
),
band AS (
  SELECT unnest($band_labels) AS label, unnest($band_youngest) AS youngest, unnest($band_oldest) AS oldest
),
record AS (SELECT DISTINCT provider_id, link_id, link_id_strict, link_id_lenient FROM own_rows),
other AS (SELECT DISTINCT provider_id, link_id, link_id_strict, link_id_lenient FROM other_rows),
linked_strict AS (
  SELECT DISTINCT record.link_id FROM record
  JOIN other ON other.link_id_strict = record.link_id_strict AND other.provider_id <> record.provider_id
),
linked AS (
  SELECT DISTINCT record.link_id FROM record
  JOIN other ON other.link_id = record.link_id AND other.provider_id <> record.provider_id
),
linked_lenient AS (
  SELECT DISTINCT record.link_id FROM record
  JOIN other ON other.link_id_lenient = record.link_id_lenient AND other.provider_id <> record.provider_id
),
read AS (
  SELECT *, $index_year - coalesce(year_of_birth, year(latest_by) - age) AS years, row_number() OVER (
    PARTITION BY link_id
    ORDER BY latest_by DESC NULLS LAST, provider_id, person_key, year_of_birth NULLS LAST, age NULLS LAST,
      sex NULLS LAST, ethnic_group NULLS LAST, deprivation NULLS LAST, area NULLS LAST
  ) AS turn
  FROM own_rows
)
SELECT person_index.person,
  coalesce(band.label, $not_known) AS age_band,
  coalesce(of_sex.label, $unknown_sex) AS sex,
  coalesce(of_ethnic_group.label, $unknown_ethnic_group) AS ethnic_group,
  coalesce(of_deprivation.label, $not_known) AS deprivation,
  coalesce(of_area.label, $not_known) AS area,
  linked_strict.link_id IS NOT NULL AS linked_strict,
  linked.link_id IS NOT NULL AS linked,
  linked_lenient.link_id IS NOT NULL AS linked_lenient
FROM read
JOIN person_index ON person_index.link_id = read.link_id
LEFT JOIN band ON read.years >= band.youngest AND (band.oldest IS NULL OR read.years <= band.oldest)
LEFT JOIN code AS of_sex ON of_sex.breakdown = 'sex' AND of_sex.code = read.sex
LEFT JOIN code AS of_ethnic_group
  ON of_ethnic_group.breakdown = 'ethnic_group' AND of_ethnic_group.code = read.ethnic_group
LEFT JOIN code AS of_deprivation
  ON of_deprivation.breakdown = 'deprivation' AND of_deprivation.code = read.deprivation
LEFT JOIN code AS of_area ON of_area.breakdown = 'area' AND of_area.code = read.area
LEFT JOIN linked_strict ON linked_strict.link_id = read.link_id
LEFT JOIN linked ON linked.link_id = read.link_id
LEFT JOIN linked_lenient ON linked_lenient.link_id = read.link_id
WHERE read.turn = 1
ORDER BY person_index.person
"""


def inputs_of(plan: LinkageQualityPlan) -> Mapping[str, pa.Schema]:
    """What is read of each data set: whose rows they are, and of the first what it holds of a person."""
    held = plan.template.held[plan.data_set]
    columns = {column: _OF_PERSON[what] for what, column in held.items()}
    return {
        plan.data_set: pa.schema({**WHOSE, **columns}),
        plan.linked_to: pa.schema(WHOSE),
        "person_index": PERSON_INDEX,
    }


def rows_as_read(plan: LinkageQualityPlan, tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """The tables under the names that the statement has for them; what is not held is blank."""
    own, held = tables[plan.data_set], plan.template.held[plan.data_set]
    columns = {
        field.name: own[name] if name in own.column_names else pa.nulls(own.num_rows, field.type)
        for field in ROWS
        for name in [held.get(field.name, field.name if field.name in WHOSE else "")]
    }
    return {
        "own_rows": pa.table(columns, schema=ROWS),
        "other_rows": tables[plan.linked_to],
        "person_index": tables["person_index"],
    }


def statement(plan: LinkageQualityPlan) -> Statement:
    """The statement that answers a plan: one row a person, with a label for each breakdown."""
    coded = [
        (breakdown.value, label, code)
        for breakdown in CODED
        for label, codes in plan.codes(breakdown)
        for code in codes
    ]
    return Statement(
        text=_STATEMENT,
        parameters={
            "code_of": [breakdown for breakdown, _, _ in coded],
            "code_labels": [label for _, label, _ in coded],
            "codes": [code for _, _, code in coded],
            "band_labels": [band.label for band in plan.bands],
            "band_youngest": [band.youngest for band in plan.bands],
            "band_oldest": [band.oldest for band in plan.bands],
            "index_year": plan.index_date.year,
            "not_known": NOT_KNOWN,
            "unknown_sex": plan.codes(Breakdown.SEX)[-1][0],
            "unknown_ethnic_group": plan.codes(Breakdown.ETHNIC_GROUP)[-1][0],
        },
    )
