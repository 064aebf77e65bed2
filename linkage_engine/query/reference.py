"""Prevalence in plain Python: the oracle for the SQL, with which it shares only the question."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any

from linkage_engine.catalogue.age_bands import age_bandings
from linkage_engine.catalogue.analysis_templates import analysis_template
from linkage_engine.catalogue.tumour_groups import tumour_groups
from linkage_engine.contract.query_spec import Breakdown, PrevalenceSpec

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Counted:
    """Who is counted in a cell, and out of whom."""

    numerator: frozenset[int]
    denominator: frozenset[int]


@dataclass(frozen=True)
class _Person:
    number: int
    sex: str
    age_band: str
    groups: frozenset[str]


def reference_answer(
    spec: PrevalenceSpec, tables: Mapping[str, Iterable[Row]]
) -> dict[tuple[str, ...], Counted]:
    """Numerators and denominators by labels, one person at a time and as slowly as need be.

    `tables` has the four tables of a run as rows of dictionaries.
    """
    rows = {name: list(table) for name, table in tables.items()}
    population = [
        person for entry in rows["person_index"] if (person := _person(spec, entry, rows)) is not None
    ]
    labels = [[*_labels(spec, breakdown), "Total"] for breakdown in spec.breakdowns]
    return {cell: _counted(spec.breakdowns, cell, population) for cell in product(*labels)}


def _counted(breakdowns: tuple[Breakdown, ...], cell: tuple[str, ...], population: list[_Person]) -> Counted:
    wanted = dict(zip(breakdowns, cell, strict=True))
    sex = wanted.get(Breakdown.SEX, "Total")
    band = wanted.get(Breakdown.AGE_BAND, "Total")
    group = wanted.get(Breakdown.TUMOUR_GROUP, "Total")
    base = [p for p in population if sex in {p.sex, "Total"} and band in {p.age_band, "Total"}]
    return Counted(
        numerator=frozenset(p.number for p in base if group in p.groups),
        denominator=frozenset(p.number for p in base),
    )


def _person(spec: PrevalenceSpec, entry: Row, rows: Mapping[str, list[Row]]) -> _Person | None:
    """The person as on the index date; nothing when not registered, not alive or not classified."""
    own = rows_of(entry, rows)
    found = registered_on(spec.parameters.index_date, spec.parameters.age_bands, own)
    if found is None:
        return None
    _, sex, band = found
    return _Person(entry["person"], sex, band, _groups(spec, own["cancer_registration"]))


def rows_of(entry: Row, rows: Mapping[str, list[Row]]) -> dict[str, list[Row]]:
    """The rows of each table that are one person's."""
    return {
        name: [row for row in table if row["link_id"] == entry["link_id"]] for name, table in rows.items()
    }


def registered_on(day: date, age_bands: str, own: Mapping[str, list[Row]]) -> tuple[Row, str, str] | None:
    """Registration, sex and age band of somebody registered and alive on a day; nothing of anybody else."""
    registration = registration_on(day, own["gp_registration"])
    if registration is None or any(row["date_of_death"] <= day for row in own["death"]):
        return None
    sex = sex_label(registration["sex"])
    band = age_band_of(age_bands, day.year - registration["year_of_birth"])
    return None if sex is None or band is None else (registration, sex, band)


def registration_on(day: date, registrations: list[Row]) -> Row | None:
    """The registration covering the day: of several the latest, then by practice, sex, year of birth."""
    covering = [
        row
        for row in registrations
        if row["registration_start"] <= day
        and (row["registration_end"] is None or day < row["registration_end"])
    ]
    if not covering:
        return None
    latest = max(row["registration_start"] for row in covering)
    return min(
        (row for row in covering if row["registration_start"] == latest),
        key=lambda row: (row["gp_practice_code"], row["sex"], row["year_of_birth"]),
    )


def _groups(spec: PrevalenceSpec, registrations: list[Row]) -> frozenset[str]:
    """Titles of the groups, and `Total`, in which the first diagnosis lies in the window."""
    end = spec.parameters.index_date
    try:
        start = end.replace(year=end.year - spec.parameters.lookback_years)
    except ValueError:  # 29 February
        start = end.replace(year=end.year - spec.parameters.lookback_years, day=28)
    asked = spec.parameters.tumour_groups
    groups = [("Total", tumour_groups().all_cancers)]
    groups += [
        (group.title, group) for group in tumour_groups().groups if asked is None or group.name in asked
    ]
    inside = set()
    for title, group in groups:
        dates = [
            row["diagnosis_date"]
            for row in registrations
            if any(r[:3] <= row["primary_diagnosis_icd10"][:3] <= (r[4:] or r) for r in group.codes)
        ]
        if dates and start < min(dates) <= end:
            inside.add(title)
    return frozenset(inside)


def sex_label(code: str) -> str | None:
    """The label of a code of sex, if it is one."""
    sexes = analysis_template("prevalence").sexes
    return next((sex.label for sex in sexes if code in sex.codes), None)


def age_band_of(name: str, age: int) -> str | None:
    """The band of an age in a banding, if it is in one."""
    banding = age_bandings().named(name)
    assert banding is not None
    fitting = [band.label for band in banding.bands if band.youngest <= age]
    return fitting[-1] if fitting else None


def age_band_labels(name: str) -> list[str]:
    """The labels of a banding."""
    banding = age_bandings().named(name)
    assert banding is not None
    return [band.label for band in banding.bands]


def _labels(spec: PrevalenceSpec, breakdown: Breakdown) -> list[str]:
    if breakdown is Breakdown.SEX:
        return [sex.label for sex in analysis_template("prevalence").sexes]
    if breakdown is Breakdown.AGE_BAND:
        return age_band_labels(spec.parameters.age_bands)
    asked = spec.parameters.tumour_groups
    names = [group.name for group in tumour_groups().groups] if asked is None else asked
    return [group.title for name in names if (group := tumour_groups().named(name)) is not None]


def sets_by_cell(
    found: Iterable[tuple[int, Mapping[Breakdown, str], Collection[str]]],
    breakdowns: tuple[Breakdown, ...],
    labels: Iterable[list[str]],
    parts: tuple[str, ...],
) -> dict[tuple[str, ...], dict[str, frozenset[int]]]:
    """`population` and every part by a cell's labels, from everybody's number, own labels and parts."""
    everybody, answer = list(found), {}
    for cell in product(*([*each, "Total"] for each in labels)):
        wanted = dict(zip(breakdowns, cell, strict=True))
        here = [
            (number, within)
            for number, own, within in everybody
            if all(label in {"Total", own[breakdown]} for breakdown, label in wanted.items())
        ]
        answer[cell] = {"population": frozenset(number for number, _ in here)} | {
            part: frozenset(number for number, within in here if part in within) for part in parts
        }
    return answer
