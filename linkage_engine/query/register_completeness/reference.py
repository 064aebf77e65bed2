"""Two lists compared in plain Python: the oracle for the SQL, with which it shares only the question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from linkage_engine.catalogue.analysis_templates import analysis_template
from linkage_engine.catalogue.areas import areas
from linkage_engine.contract.query_spec import Breakdown, RegisterSpec
from linkage_engine.query.reference import Row, age_band_labels, registered_on, rows_of, sets_by_cell

CANCER = ("diagnosis", "cancer")
Lists = dict[str, frozenset[int]]
"""`population` and the three parts, each by the numbers of its people."""


def register_reference(
    spec: RegisterSpec, tables: Mapping[str, Iterable[Row]]
) -> dict[tuple[str, ...], Lists]:
    """Who is on which list, by labels, one person at a time and as slowly as need be."""
    rows = {name: list(table) for name, table in tables.items()}
    found = [each for entry in rows["person_index"] if (each := _person(spec, entry, rows)) is not None]
    labels = [_labels(spec, breakdown) for breakdown in spec.breakdowns]
    return sets_by_cell(found, spec.breakdowns, labels, spec.parts)


def _person(
    spec: RegisterSpec, entry: Row, rows: Mapping[str, list[Row]]
) -> tuple[int, dict[Breakdown, str], set[str]] | None:
    """Number, labels and list of somebody registered and alive; nothing of anybody else."""
    first, day = spec.parameters.diagnosed_from, spec.parameters.index_date
    own = rows_of(entry, rows)
    found = registered_on(day, spec.parameters.age_bands, own)
    if found is None:
        return None
    registration, sex, band = found
    registered = any(
        first <= row["diagnosis_date"] <= day and _is_cancer(row["primary_diagnosis_icd10"])
        for row in own["cancer_registration"]
    )
    coded = any(
        (row["concept_type"], row["condition"]) == ("diagnosis", "cancer")
        and first <= row["event_date"] <= day
        for row in own["gp_event"]
    )
    area = areas().coded(registration["icb_code"] or "")
    labels = {
        Breakdown.SEX: sex,
        Breakdown.AGE_BAND: band,
        Breakdown.AREA: "" if area is None else area.label,
    }
    listed = {(True, True): "both", (True, False): "registry_only", (False, True): "register_only"}
    return entry["person"], labels, {listed[registered, coded]} if registered or coded else set()


def _is_cancer(code: str) -> bool:
    return "C00" <= code[:3] <= "C97" and code[:3] != "C44"


def _labels(spec: RegisterSpec, breakdown: Breakdown) -> list[str]:
    if breakdown is Breakdown.SEX:
        return [sex.label for sex in analysis_template(spec.template).sexes]
    if breakdown is Breakdown.AGE_BAND:
        return age_band_labels(spec.parameters.age_bands)
    asked = spec.parameters.areas
    return [area.label for area in areas().areas if asked is None or area.code in asked]
