"""Reviews of cancer care in plain Python: the oracle for the SQL, with which it shares only the question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import product

from linkage_engine.catalogue.areas import areas
from linkage_engine.contract.query_spec import Breakdown, CareReviewSpec
from linkage_engine.query.reference import Row, age_band_labels, registered_on, rows_of

Reviews = dict[str, frozenset[int]]
"""`population` and every part, each by the numbers of its people."""
REGISTER_SINCE = date(2003, 4, 1)
A_WEEK, THREE_MONTHS, A_YEAR = 7, 93, 365
NAMELESS = {"support_info", "dissent", "unsuitable"}


def care_review_reference(
    spec: CareReviewSpec, tables: Mapping[str, Iterable[Row]]
) -> dict[tuple[str, ...], Reviews]:
    """Who counts how, by labels, one person at a time and as slowly as need be."""
    rows = {name: list(table) for name, table in tables.items()}
    found = [each for entry in rows["person_index"] if (each := _person(spec, entry, rows)) is not None]
    labels = [[*_labels(spec, breakdown), "Total"] for breakdown in spec.breakdowns]
    answer = {}
    for cell in product(*labels):
        wanted = dict(zip(spec.breakdowns, cell, strict=True))
        here = [
            (number, parts)
            for number, own, parts in found
            if all(label in {"Total", own[breakdown]} for breakdown, label in wanted.items())
        ]
        answer[cell] = {"population": frozenset(number for number, _ in here)} | {
            name: frozenset(number for number, parts in here if name in parts) for name in spec.parts
        }
    return answer


def _person(
    spec: CareReviewSpec, entry: Row, rows: Mapping[str, list[Row]]
) -> tuple[int, dict[Breakdown, str], set[str]] | None:
    """Number, labels and parts of somebody on a register; nothing of anybody else."""
    end, own = spec.parameters.last_day, rows_of(entry, rows)
    found = registered_on(end, spec.parameters.age_bands, own)
    entries = [row for row in own["gp_event"] if row["event_date"] <= end and _is_about_cancer(row)]
    diagnoses = [day for day in _days(entries, "diagnosis") if day >= REGISTER_SINCE]
    if found is None or not diagnoses:
        return None
    registration, sex, band = found
    area = areas().coded(registration["icb_code"] or "")
    labels = {
        Breakdown.SEX: sex,
        Breakdown.AGE_BAND: band,
        Breakdown.AREA: "" if area is None else area.label,
    }
    start = registration["registration_start"]
    parts = {*_can004(entries, max(diagnoses), start, end), *_can005(entries, max(diagnoses), start, end)}
    return entry["person"], labels, parts | set(_plainly(entries, min(diagnoses), end))


def _is_about_cancer(row: Row) -> bool:
    return row["condition"] == "cancer" or (row["condition"] is None and row["concept_type"] in NAMELESS)


def _days(entries: list[Row], kind: str) -> list[date]:
    return sorted(row["event_date"] for row in entries if row["concept_type"] == kind)


def _months_ago(end: date, months: int) -> date:
    """The first of so many months, the last of which is March."""
    first = date(end.year, 4, 1)
    for _ in range(months):
        first = (first - timedelta(days=1)).replace(day=1)
    return first


def _can004(entries: list[Row], diagnosed: date, start: date, end: date) -> Iterator[str]:
    reviews = [day for day in _days(entries, "review") if day >= diagnosed]
    if diagnosed < _months_ago(end, 24):
        yield "can004_can_dat24m"
    elif reviews and reviews[-1] < _months_ago(end, 12):
        yield "can004_mdrv_dat"
    elif diagnosed >= _months_ago(end, 12) and not reviews:
        yield "can004_diagcrv12m"
    else:
        in_time = bool(reviews) and (reviews[0] - diagnosed).days <= A_YEAR
        yield from (f"can004_{part}" for part in _counted(entries, diagnosed, start, end, in_time=in_time))


def _can005(entries: list[Row], diagnosed: date, start: date, end: date) -> Iterator[str]:
    told = [day for day in _days(entries, "support_info") if day >= diagnosed]
    if diagnosed < _months_ago(end, 15):
        yield "can005_candat15m"
    elif told and told[-1] < _months_ago(end, 12):
        yield "can005_cansup12m"
    elif diagnosed >= _months_ago(end, 3) and not told:
        yield "can005_diagcsup3m"
    else:
        in_time = bool(told) and (told[0] - diagnosed).days <= THREE_MONTHS
        yield from (f"can005_{part}" for part in _counted(entries, diagnosed, start, end, in_time=in_time))


def _counted(entries: list[Row], diagnosed: date, start: date, end: date, *, in_time: bool) -> Iterator[str]:
    """Of somebody whom no exclusion takes out: done, adjusted or neither."""
    yield "den_plus_pca"
    if in_time:
        yield from ("numerator", "denominator")
        return
    lately = [row for row in entries if row["event_date"] >= _months_ago(end, 12)]
    invited = _days(lately, "invitation")
    reasons = {
        "caninvite": bool(invited) and (invited[-1] - invited[0]).days >= A_WEEK,
        "canpcadec": bool(_days(lately, "dissent")),
        "canpcapu": bool(_days(lately, "unsuitable")),
        "diag1_dat": diagnosed >= _months_ago(end, 3),
        "reg1_dat3": start >= _months_ago(end, 3),
    }
    yield next((name for name, holds in reasons.items() if holds), "denominator")


def _plainly(entries: list[Row], first: date, end: date) -> Iterator[str]:
    def within(kind: str, days: int) -> bool:
        return any(0 <= (day - first).days <= days for day in _days(entries, kind))

    if _months_ago(end, 24) <= first < _months_ago(end, 12):
        yield "review_due"
        if within("review", A_YEAR):
            yield "reviewed"
    if THREE_MONTHS <= (end - first).days < THREE_MONTHS + A_YEAR:
        yield "support_due"
        if within("support_info", THREE_MONTHS):
            yield "supported"


def _labels(spec: CareReviewSpec, breakdown: Breakdown) -> list[str]:
    if breakdown is Breakdown.SEX:
        return ["Male", "Female", "Not known or not specified"]
    if breakdown is Breakdown.AREA:
        asked = spec.parameters.areas
        return [area.label for area in areas().areas if asked is None or area.code in asked]
    return age_band_labels(spec.parameters.age_bands)
