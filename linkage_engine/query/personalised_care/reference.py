"""Personalised care in plain Python: the oracle for the SQL, with which it shares only the question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import product

from linkage_engine.catalogue.tumour_groups import tumour_groups
from linkage_engine.contract.query_spec import Breakdown, PersonalisedCareSpec
from linkage_engine.query.reference import Row, age_band_labels, age_band_of, rows_of, sex_label

Care = dict[str, frozenset[int]]
"""`population` and every part, each by the numbers of its people."""
HALF_A_YEAR = timedelta(days=183)
STAGES = ("1", "2", "3", "4")
OFFERED = {"offered_undecided", "offered_declined", "offered_accepted", "offered_unable"}
STATUSES = {"needs_assessment": ("hna_status", "hna_date"), "care_plan": ("pcsp_status", "pcsp_date")}
UNKNOWN_SEX, UNKNOWN_STAGE = "Not known or not specified", "Stage not recorded"


def personalised_care_reference(
    spec: PersonalisedCareSpec, tables: Mapping[str, Iterable[Row]], *, data_end: date
) -> dict[tuple[str, ...], Care]:
    """Who is in which part, by labels, one person at a time and as slowly as need be."""
    rows = {name: list(table) for name, table in tables.items()}
    found = [each for entry in rows["person_index"] for each in _person(spec, entry, rows, data_end)]
    labels = [[*_labels(spec, breakdown), "Total"] for breakdown in spec.breakdowns]
    answer = {}
    for cell in product(*labels):
        wanted = dict(zip(spec.breakdowns, cell, strict=True))
        group = wanted.pop(Breakdown.TUMOUR_GROUP, "Total")
        here = [
            (number, parts)
            for number, of_group, own, parts in found
            if of_group == group
            and all(label in {"Total", own[breakdown]} for breakdown, label in wanted.items())
        ]
        answer[cell] = {"population": frozenset(number for number, _ in here)} | {
            name: frozenset(number for number, parts in here if name in parts) for name in spec.parts
        }
    return answer


def _person(
    spec: PersonalisedCareSpec, entry: Row, rows: Mapping[str, list[Row]], data_end: date
) -> Iterator[tuple[int, str, dict[Breakdown, str], set[str]]]:
    """Number, group, labels and parts of somebody, for each group in which they are asked about."""
    own = rows_of(entry, rows)
    groups = [("Total", tumour_groups().all_cancers), *((g.title, g) for g in tumour_groups().groups)]
    for title, group in groups:
        tumours = [
            row
            for row in own["cancer_registration"]
            if any(r[:3] <= row["primary_diagnosis_icd10"][:3] <= (r[4:] or r) for r in group.codes)
        ]
        if not tumours:
            continue
        first = min(tumours, key=_turn)
        day = first["diagnosis_date"]
        if not spec.parameters.diagnosed_from <= day <= spec.parameters.diagnosed_to:
            continue
        if any(row["date_of_death"] <= day + HALF_A_YEAR for row in own["death"]):
            continue
        named = {row["tumour_id"] for row in own["cancer_registration"]} - {first["tumour_id"]}
        records = [row for row in own["cosd_personalised_care"] if row["tumour_id"] not in named]
        trust = min(records, key=_order)["organisation_site_identifier"][:3] if records else ""
        labels = {
            Breakdown.SEX: sex_label(first["person_stated_gender_code"]) or UNKNOWN_SEX,
            Breakdown.AGE_BAND: _age_band(spec, first["age_at_diagnosis"]),
            Breakdown.STAGE: f"Stage {first['stage_best']}"
            if first["stage_best"] in STAGES
            else UNKNOWN_STAGE,
            Breakdown.ORGANISATION: trust,
        }
        parts = {f"{item}_{part}" for item in STATUSES for part in _offers(spec, item, records, day)}
        submitting = {
            row["organisation_site_identifier"][:3]
            for row in rows["cosd_personalised_care"]
            if row["end_of_treatment_summary_date"] is not None
        }
        parts |= {
            f"treatment_summary_{part}"
            for part in _summary(records, day, data_end, submits=trust in submitting)
        }
        yield entry["person"], title, labels, parts


def _turn(row: Row) -> tuple[object, ...]:
    """First by day, then the most advanced stage, then the lowest tumour identifier."""
    stage = row["stage_best"]
    unknown = {"age_at_diagnosis": 999, "person_stated_gender_code": "~"}
    return (
        row["diagnosis_date"],
        -int(stage) if stage in STAGES else 0,
        row["tumour_id"],
        *(instead if row[name] is None else row[name] for name, instead in unknown.items()),
    )


def _order(row: Row) -> tuple[object, ...]:
    return (
        row["treatment_start_date"] or date.max,
        row["personalised_care_record_id"],
        row["organisation_site_identifier"],
    )


def _age_band(spec: PersonalisedCareSpec, age: int | None) -> str:
    return "" if age is None else age_band_of(spec.parameters.age_bands, age) or ""


def _offers(spec: PersonalisedCareSpec, item: str, records: list[Row], day: date) -> Iterator[str]:
    status, date_of = STATUSES[item]
    told = {row[status] for row in records}
    if told & OFFERED:
        yield "offered"
    else:
        yield "not_offered" if "not_offered" in told else "no_submission"
    accepted = [row for row in records if row[status] == "offered_accepted"]
    if accepted:
        yield "accepted"
    done = [row[date_of] for row in accepted if row[date_of] is not None and row[date_of] >= day]
    if done:
        yield "completed"
        if (min(done) - day).days <= spec.parameters.within_days:
            yield "timely"


def _summary(records: list[Row], day: date, data_end: date, *, submits: bool) -> Iterator[str]:
    def since(name: str) -> list[date]:
        return [row[name] for row in records if row[name] is not None and row[name] >= day]

    ended, written = since("treatment_end_date"), since("end_of_treatment_summary_date")
    if not ended or max(ended) + HALF_A_YEAR >= data_end:
        return
    if not submits:
        yield "no_submission"
        return
    yield "due"
    if written:
        yield "completed"
        if min(written) <= max(ended) + HALF_A_YEAR:
            yield "timely"


def _labels(spec: PersonalisedCareSpec, breakdown: Breakdown) -> list[str]:
    asked = spec.parameters
    if breakdown is Breakdown.TUMOUR_GROUP:
        return [
            g.title
            for g in tumour_groups().groups
            if asked.tumour_groups is None or g.name in asked.tumour_groups
        ]
    if breakdown is Breakdown.SEX:
        return ["Male", "Female", UNKNOWN_SEX]
    if breakdown is Breakdown.STAGE:
        return [*(f"Stage {stage}" for stage in STAGES), UNKNOWN_STAGE]
    if breakdown is Breakdown.ORGANISATION:
        return list(asked.organisations or ())
    return age_band_labels(asked.age_bands)
