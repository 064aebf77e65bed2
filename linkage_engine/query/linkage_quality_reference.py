"""The quality of a linkage worked out one person at a time in plain Python: what the SQL is held to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from linkage_engine.catalogue.age_bands import age_bandings
from linkage_engine.catalogue.analysis_templates import linkage_quality_template
from linkage_engine.catalogue.areas import areas
from linkage_engine.catalogue.data_sets import code_list
from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.contract.query_spec import Breakdown, LinkageQualitySpec

Row = Mapping[str, Any]
LEVELS = {"linked_strict": "link_id_strict", "linked": "link_id", "linked_lenient": "link_id_lenient"}


@dataclass
class Found:
    """Who is in a cell, and who of them is linked by each link id."""

    people: set[int] = field(default_factory=set)
    parts: dict[str, set[int]] = field(default_factory=lambda: {part: set() for part in LEVELS})


def linkage_quality_reference(
    spec: LinkageQualitySpec, tables: Mapping[str, Iterable[Row]]
) -> dict[tuple[str, ...], Found]:
    """Every cell in which somebody is; of the others nothing is said."""
    asked, width = spec.parameters, len(spec.breakdowns)
    others = list(tables[asked.linked_to])
    rows_of: dict[str, list[Row]] = defaultdict(list)
    for row in tables[asked.data_set]:
        rows_of[row["link_id"]].append(row)
    found: dict[tuple[str, ...], Found] = defaultdict(Found)
    for entry in tables["person_index"]:
        own = rows_of.get(entry["link_id"])
        if not own:
            continue
        labels = [_label(spec, breakdown, _latest(spec, own)) for breakdown in spec.breakdowns]
        cells = [(TOTAL,) * width]
        cells += [
            (*(TOTAL,) * place, label, *(TOTAL,) * (width - place - 1))
            for place, label in enumerate(labels)
            if label is not None
        ]
        for cell in cells:
            found[cell].people.add(entry["person"])
            for part, column in LEVELS.items():
                if _is_linked(own, others, column):
                    found[cell].parts[part].add(entry["person"])
    return dict(found)


def _is_linked(own: list[Row], others: list[Row], column: str) -> bool:
    return any(
        one[column] == other[column] and one["provider_id"] != other["provider_id"]
        for one in own
        for other in others
    )


def _latest(spec: LinkageQualitySpec, rows: list[Row]) -> Row:
    """The row that is read of a person: the latest, then the first in order, blanks last."""
    held = linkage_quality_template().held[spec.parameters.data_set]

    def order(row: Row) -> tuple[Any, ...]:
        day = row[held["latest_by"]] if "latest_by" in held else None
        rest = [row["provider_id"], row["person_key"]]
        ordered = ("year_of_birth", "age", "sex", "ethnic_group", "deprivation", "area")
        values = [row[held[name]] for name in ordered if name in held]
        keys = [(value is None, 0 if value is None else value) for value in values]
        return (day is None, 0 if day is None else -day.toordinal(), *rest, *keys)

    return min(rows, key=order)


def _label(spec: LinkageQualitySpec, breakdown: Breakdown, row: Row) -> str | None:
    """The label of a person's row in a breakdown; nothing where the data set does not hold it."""
    held = linkage_quality_template().held[spec.parameters.data_set]
    if breakdown is Breakdown.AGE_BAND:
        return _age_label(spec, row, held) if {"age", "year_of_birth"} & held.keys() else None
    if breakdown.value not in held:
        return None
    code = row[held[breakdown.value]]
    if breakdown is Breakdown.AREA:
        area = areas().coded(code or "")
        return "Not known" if area is None else area.label
    if breakdown is Breakdown.DEPRIVATION:
        return code_list("imd_quintile").codes.get(code, "Not known")
    groups = linkage_quality_template()
    listed = groups.sexes if breakdown is Breakdown.SEX else groups.ethnic_groups
    return next((each.label for each in listed if code in each.codes), listed[-1].label)


def _age_label(spec: LinkageQualitySpec, row: Row, held: Mapping[str, str]) -> str:
    banding = age_bandings().named(spec.parameters.age_bands)
    assert banding is not None
    born = row[held["year_of_birth"]] if "year_of_birth" in held else None
    if born is None and "age" in held and row[held["age"]] is not None:
        day: date | None = row[held["latest_by"]]
        born = None if day is None else day.year - row[held["age"]]
    if born is None:
        return "Not known"
    age = spec.parameters.index_date.year - born
    fitting = [band.label for band in banding.bands if band.youngest <= age]
    return fitting[-1] if fitting else "Not known"
