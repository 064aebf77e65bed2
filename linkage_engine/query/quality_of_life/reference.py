"""A survey in plain Python: the oracle for the SQL, with which it shares only the question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import product

from linkage_engine.catalogue.age_bands import age_bandings
from linkage_engine.catalogue.analysis_templates import analysis_template
from linkage_engine.catalogue.areas import areas
from linkage_engine.catalogue.definitions.eq_5d_5l import eq_5d_5l
from linkage_engine.catalogue.definitions.qlq_c30 import qlq_c30
from linkage_engine.catalogue.definitions.quality_of_life_norms import quality_of_life_norms
from linkage_engine.catalogue.tumour_groups import tumour_groups
from linkage_engine.contract.query_spec import Breakdown, QualityOfLifeSpec, Score
from linkage_engine.query.quality_of_life.scoring import (
    Answers,
    index_loss,
    scale_level,
    summary_level,
    vas,
)
from linkage_engine.query.reference import Row, registered_on, rows_of


@dataclass(frozen=True)
class Surveyed:
    """One cell: who was invited, who is in each part, and of each variable what everybody has."""

    population: frozenset[int]
    parts: dict[str, frozenset[int]]
    values: dict[str, dict[int, int]]


@dataclass(frozen=True)
class _Person:
    number: int
    labels: dict[Breakdown, frozenset[str]]
    parts: frozenset[str]
    values: dict[str, int] = field(default_factory=dict)


def quality_of_life_reference(
    spec: QualityOfLifeSpec, tables: Mapping[str, Iterable[Row]]
) -> dict[tuple[str, ...], Surveyed]:
    """Every cell by labels, one person at a time and as slowly as need be."""
    rows = {name: list(table) for name, table in tables.items()}
    found = [each for entry in rows["person_index"] if (each := _person(spec, entry, rows)) is not None]
    labels = [[*_labels(spec, breakdown), "Total"] for breakdown in spec.breakdowns]
    return {cell: _cell(spec, cell, found) for cell in product(*labels)}


def _cell(spec: QualityOfLifeSpec, cell: tuple[str, ...], people: list[_Person]) -> Surveyed:
    wanted = dict(zip(spec.breakdowns, cell, strict=True))
    here = [
        each
        for each in people
        if all(label == "Total" or label in each.labels[by] for by, label in wanted.items())
    ]
    variables = sorted({name for each in people for name in each.values})
    return Surveyed(
        population=frozenset(each.number for each in here),
        parts={name: frozenset(each.number for each in here if name in each.parts) for name in spec.parts},
        values={name: {each.number: each.values.get(name, 0) for each in here} for name in variables},
    )


def _person(spec: QualityOfLifeSpec, entry: Row, rows: Mapping[str, list[Row]]) -> _Person | None:
    """Somebody invited, with a cancer, registered, alive and old enough; nothing of anybody else."""
    own = rows_of(entry, rows)
    invitation = _first(spec, own["qol_response"])
    if invitation is None:
        return None
    day = invitation["invite_date"]
    groups = _groups(own["cancer_registration"], day)
    found = registered_on(day, spec.parameters.age_bands, own)
    if found is None or "Total" not in groups:
        return None
    registration, sex, band = found
    norm = quality_of_life_norms().of(registration["sex"], day.year - registration["year_of_birth"])
    if norm is None:
        return None
    area = areas().coded(registration["icb_code"] or "")
    labels = {
        Breakdown.TUMOUR_GROUP: groups,
        Breakdown.SEX: frozenset({sex}),
        Breakdown.AGE_BAND: frozenset({band}),
        Breakdown.AREA: frozenset() if area is None else frozenset({area.label}),
    }
    norms = {"eq_vas_norm": norm.vas_tenths, "eq_index_norm": norm.index_loss[spec.parameters.value_set]}
    values = {name: value for name, value in norms.items() if name[: -len("_norm")] in spec.parameters.scores}
    if invitation["response_date"] is None or invitation["linkage_consent"] != "yes":
        return _Person(entry["person"], labels, frozenset(), values)
    scored = {score: _value(spec, score, invitation) for score in spec.parameters.scores}
    parts = {_part(score, value) for score, value in scored.items() if value is not None}
    values |= {str(score): value for score, value in scored.items() if value and not _is_dimension(score)}
    return _Person(entry["person"], labels, frozenset(parts | {"responded"}), values)


def _first(spec: QualityOfLifeSpec, invitations: list[Row]) -> Row | None:
    """The first in the period; of several on a day the one answered first, then by what it says."""
    asked = spec.parameters
    return min(
        (row for row in invitations if asked.invited_from <= row["invite_date"] <= asked.invited_to),
        key=lambda row: (
            row["invite_date"],
            row["response_date"] or date.max,
            row["linkage_consent"] or "~",
            [-1 if row[name] is None else row[name] for name in _columns()],
        ),
        default=None,
    )


def _columns() -> list[str]:
    return ["eq_mo", "eq_sc", "eq_ua", "eq_pd", "eq_ad", "eq_vas"] + [f"q{item}" for item in range(1, 31)]


def _value(spec: QualityOfLifeSpec, score: Score, answers: Answers) -> int | None:
    if score is Score.EQ_VAS:
        return vas(answers)
    if score is Score.EQ_INDEX:
        values = eq_5d_5l().value_set(spec.parameters.value_set)
        assert values is not None
        return index_loss(values, answers)
    if score is Score.SUMMARY_SCORE:
        return summary_level(qlq_c30(), answers)
    scale = next((each for each in qlq_c30().scales if each.name == score), None)
    if scale is not None:
        return scale_level(scale, answers)
    return next(answers[each.column] for each in eq_5d_5l().dimensions if each.name == score)


def _is_dimension(score: Score) -> bool:
    return score in {each.name for each in eq_5d_5l().dimensions}


def _part(score: Score, value: int) -> str:
    if not _is_dimension(score):
        return str(score)
    return f"{score}_none" if value == 1 else f"{score}_problem"


def _groups(registrations: list[Row], day: date) -> frozenset[str]:
    """Titles of the groups of everything diagnosed up to a day, and `Total` where one is a cancer."""
    codes = [row["primary_diagnosis_icd10"][:3] for row in registrations if row["diagnosis_date"] <= day]
    named = [("Total", tumour_groups().all_cancers)]
    named += [(group.title, group) for group in tumour_groups().groups]
    return frozenset(title for title, group in named if set(codes) & set(group.categories))


def _labels(spec: QualityOfLifeSpec, breakdown: Breakdown) -> list[str]:
    if breakdown is Breakdown.TUMOUR_GROUP:
        asked = spec.parameters.tumour_groups
        return [group.title for group in tumour_groups().groups if asked is None or group.name in asked]
    if breakdown is Breakdown.SEX:
        return [sex.label for sex in analysis_template(spec.template).sexes]
    if breakdown is Breakdown.AGE_BAND:
        banding = age_bandings().named(spec.parameters.age_bands)
        assert banding is not None
        return [band.label for band in banding.bands]
    boards = spec.parameters.areas
    return [area.label for area in areas().areas if boards is None or area.code in boards]
