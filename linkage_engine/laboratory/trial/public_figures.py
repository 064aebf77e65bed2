"""Figures that are public about cancer in England, and what synthetic England gives for each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files

import duckdb
import numpy as np
from pydantic import TypeAdapter

from linkage_engine.contract.query_spec import query_spec
from linkage_engine.contract.value import FieldName, ShortText, Value
from linkage_engine.laboratory.england.catalogue_form import OfProvider
from linkage_engine.laboratory.trial.answered import answered, data_sets_of

INDEX_DATE = date(2024, 12, 31)
_QUESTIONS: Mapping[str, Mapping[str, object]] = {
    "prevalence": {"index_date": INDEX_DATE.isoformat(), "lookback_years": 21},
    "emergency_15m": {"diagnosed_from": "2021-04-01", "diagnosed_to": "2023-12-31"},
    "social_care_response": {
        "diagnosed_from": "2022-04-01",
        "diagnosed_to": "2023-09-29",
        "events": ["care_assessment"],
    },
    "quality_of_life": {"invited_from": "2021-04-01", "invited_to": "2024-12-31", "scores": ["eq_vas"]},
    "personalised_care_coverage": {
        "diagnosed_from": "2022-04-01",
        "diagnosed_to": "2023-12-31",
        "items": ["needs_assessment"],
    },
}
_MEASURES = {
    "attendance_ratio": ("emergency_15m", "emergency_attendance_ratio"),
    "admission_ratio": ("emergency_15m", "emergency_admission_ratio"),
    "assessed_percent": ("social_care_response", "care_assessment_within_3m"),
    "response_percent": ("quality_of_life", "response_percent"),
    "vas_mean": ("quality_of_life", "eq_vas_mean"),
    "vas_population": ("quality_of_life", "eq_vas_expected"),
    "offered_percent": ("personalised_care_coverage", "needs_assessment_offered_percent"),
}
"""Figures that a template tells as they are: of which, and its measure for everybody."""

_REGISTER = """
WITH listed AS (
  SELECT DISTINCT person_key FROM gp_registration
  WHERE registration_start <= $index_date AND (registration_end IS NULL OR registration_end > $index_date)
    AND person_key NOT IN (SELECT person_key FROM death WHERE date_of_death <= $index_date)
),
known AS (
  SELECT DISTINCT person_key FROM cancer_registration
  WHERE diagnosis_date <= $index_date AND primary_diagnosis_icd10 BETWEEN 'C00' AND 'C98'
    AND NOT starts_with(primary_diagnosis_icd10, 'C44')
),
entered AS (
  SELECT DISTINCT person_key FROM gp_event
  WHERE concept_type = 'diagnosis' AND event_date <= $index_date
)
SELECT count(known.person_key) AS known, count(entered.person_key) AS entered,
  count(*) FILTER (WHERE known.person_key IS NOT NULL AND entered.person_key IS NOT NULL) AS in_both
FROM listed
LEFT JOIN known ON known.person_key = listed.person_key
LEFT JOIN entered ON entered.person_key = listed.person_key
"""
"""Whom of the people listed and alive the registry knows, and whom the practices have entered."""

_REVIEWED = """
SELECT avg(CAST(EXISTS (
  SELECT 1 FROM gp_event AS review
  WHERE review.person_key = diagnosis.person_key AND review.concept_type = 'review'
    AND review.event_date >= diagnosis.event_date AND review.event_date <= diagnosis.event_date + 365
) AS INTEGER)) AS share
FROM gp_event AS diagnosis
WHERE concept_type = 'diagnosis' AND event_date >= DATE '2021-04-01' AND event_date < DATE '2024-03-31'
  AND EXISTS (
    SELECT 1 FROM gp_registration AS listed
    WHERE listed.person_key = diagnosis.person_key AND registration_start <= event_date + 365
      AND (registration_end IS NULL OR registration_end > event_date + 365)
  )
"""

_SILENT = """
SELECT avg(CAST(is_silent AS INTEGER)) AS share
FROM (
  SELECT bool_and(hna_status IS NULL) AS is_silent
  FROM cosd_personalised_care
  GROUP BY substr(organisation_site_identifier, 1, 3)
)
"""


class PublicFigure(Value):
    """A published figure, and how far synthetic England may stray from it: 100,000 people or more."""

    name: FieldName
    title: ShortText
    published: float
    tolerance: float
    source: ShortText
    note: ShortText


@cache
def public_figures() -> tuple[PublicFigure, ...]:
    """The figures that synthetic England is held to."""
    text = (files("linkage_engine.laboratory.trial") / "public_figures.json").read_text(encoding="utf-8")
    return TypeAdapter(tuple[PublicFigure, ...]).validate_json(text)


def measured(sets: Sequence[OfProvider]) -> dict[str, float]:
    """What a synthetic England gives for each figure, by its name: by the templates where they tell it."""
    told = {template: _everybody(template, sets) for template in _QUESTIONS}
    known, entered, in_both = _row(_REGISTER, sets, {"index_date": INDEX_DATE})
    (reviewed,) = _row(_REVIEWED, sets, {})
    (silent,) = _row(_SILENT, sets, {})
    living = told["prevalence"]
    return {
        "prevalence_percent": 100 * living["numerator"] / living["denominator"],
        "register_percent_of_registry": 100 * entered / known,
        "coded_percent": 100 * in_both / known,
        "reviewed_percent": 100 * reviewed,
        "silent_trusts_percent": 100 * silent,
        **{name: told[template][measure] for name, (template, measure) in _MEASURES.items()},
    }


def table_rows(found: Mapping[str, float]) -> Iterator[str]:
    """A row of a page for each figure: what it is, what is published, how near it must be, what was found."""
    for figure in public_figures():
        numbers = f"{figure.published:g} | ± {figure.tolerance:g} | {found[figure.name]:.3g}"
        yield f"| {figure.title} | {numbers} | {figure.source}. {figure.note} |"


def _everybody(template: str, sets: Collection[OfProvider]) -> dict[str, float]:
    """A template's exact measures for everybody together."""
    fields = {"project_id": "figures", "template": template, "breakdowns": []}
    asked = query_spec({**fields, "parameters": _QUESTIONS[template]})
    needed = [each for each in sets if each.name in data_sets_of(asked)]
    told = answered(asked, needed, policy="nhs-cancer-default", random=np.random.default_rng(0).bytes)
    names = [measure.name for measure in told.table.measures]
    return {n: value for n, value in zip(names, told.exact[0], strict=True) if value is not None}


def _row(sql: str, sets: Collection[OfProvider], parameters: Mapping[str, object]) -> tuple[float, ...]:
    with duckdb.connect(":memory:") as connection:
        for each in sets:
            connection.register(each.name, each.rows)
        [row] = connection.execute(sql, dict(parameters)).fetchall()
        return tuple(row)
