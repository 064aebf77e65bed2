"""Rows of the hospitals' records of personalised care, with identifiers under names of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from linkage_engine.laboratory.england.copies import Copy
from linkage_engine.laboratory.england.local_ids import TRUST, Row, local_id
from linkage_engine.laboratory.england.people import Person
from linkage_engine.laboratory.england.personalised_care import CareRecord

STATUSES = {
    "": "",
    "offered_undecided": "1",
    "offered_declined": "2",
    "offered_accepted": "3",
    "not_offered": "4",
    "offered_unable": "5",
}


def care_rows(person: Person, records: tuple[CareRecord, ...], copy: Copy) -> Iterator[Row]:
    """A row of personalised_care.csv for each record."""
    patient = local_id(TRUST, person.index)
    for number, record in enumerate(records, start=1):
        yield {
            "PAT_NO": patient,
            "NEWNHSNO": copy.nhs_number or "",
            "SURNAME": copy.family_name,
            "FORENAME": copy.given_name,
            "DOB": copy.born.isoformat(),
            "SEX": {"M": "1", "F": "2"}[copy.sex],
            "PCODE": copy.postcode or "",
            "RECORD": f"{patient}K{number}",
            "SITE": f"{record.trust}01",
            "HNA_OFFERED": STATUSES[record.assessment.status],
            "HNA_DATE": _day(record.assessment.day),
            "PCSP_OFFERED": STATUSES[record.plan.status],
            "PCSP_DATE": _day(record.plan.day),
            "MODALITY": record.modality,
            "TREATMENT_START": _day(record.started),
            "TREATMENT_END": _day(record.ended),
            "EOTS_DATE": _day(record.summed_up),
        }


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()
