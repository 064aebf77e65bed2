"""Rows of the hospital trust's two extracts, each with identifiers under names of its own."""

from __future__ import annotations

from collections.abc import Iterator

from linkage_engine.laboratory.england.copies import Copy
from linkage_engine.laboratory.england.dice import Dice, Weighted
from linkage_engine.laboratory.england.hospital import Attendance, HospitalCare, Stay
from linkage_engine.laboratory.england.local_ids import TRUST, Row, local_id
from linkage_engine.laboratory.england.people import Person

PROVIDER_CODE = "RZZ"
"""No trust has it."""

DEPARTMENTS = Weighted.of({"Type 1": 66.0, "Type 2": 2.0, "UTC": 27.0, "WIC": 5.0})
URGENCY = Weighted.of({"1": 1.0, "2": 9.0, "3": 36.0, "4": 42.0, "5": 9.0, "": 3.0})
CATEGORIES = Weighted.of({"1": 91.0, "2": 5.0, "3": 1.5, "4": 2.5})
SOURCES = Weighted.of({"Self": 56.0, "999": 24.0, "111": 9.0, "GP": 7.0, "Care home": 1.0, "?": 3.0})
DESTINATIONS = Weighted.of({"Home": 86.0, "Left before treatment": 5.0, "Other trust": 4.0, "?": 5.0})
SNOMED = Weighted.of({"22298006": 10.0, "233604007": 12.0, "125605004": 20.0, "21522001": 18.0, "": 20.0})
PROCEDURES = Weighted.of({"X723": 30.0, "C712": 14.0, "W401": 6.0, "H221": 16.0, "T202": 8.0, "": 10.0})


def spell_rows(person: Person, care: HospitalCare, copy: Copy, dice: Dice) -> Iterator[Row]:
    """A row of spells.csv for each stay."""
    patient = local_id(TRUST, person.index)
    for number, stay in enumerate(care.stays, start=1):
        yield {
            "PAT_NO": patient,
            "NEWNHSNO": copy.nhs_number or "",
            "SURNAME": copy.family_name,
            "FORENAME": copy.given_name,
            "FORENAME_2": copy.middle_name or "",
            "DOB": copy.born.isoformat(),
            "SEX": {"M": "1", "F": "2"}[copy.sex],
            "HOMEADD": copy.address.line,
            "PCODE": copy.postcode or "",
            "PROVSPNO": f"{patient}S{number}",
            **_stay(stay, dice),
            "PROCODE": PROVIDER_CODE,
        }


def attendance_rows(person: Person, care: HospitalCare, copy: Copy, dice: Dice) -> Iterator[Row]:
    """A row of ed_attendances.csv for each attendance."""
    patient = local_id(TRUST, person.index)
    for number, attendance in enumerate(care.attendances, start=1):
        yield {
            "Patient No": patient,
            "NHS No": copy.nhs_number or "",
            "Last Name": copy.family_name.upper(),
            "First Name": copy.given_name.upper(),
            "Born": f"{copy.born:%d/%m/%Y}",
            "Gender": {"M": "Male", "F": "Female"}[copy.sex],
            "Post Code": copy.postcode or "",
            "Attendance": f"{patient}-{number}",
            **_attendance(attendance, dice),
            "Site": PROVIDER_CODE,
        }


def _stay(stay: Stay, dice: Dice) -> Row:
    return {
        "ADMIDATE": stay.start.isoformat(),
        "DISDATE": stay.end.isoformat() if stay.end is not None else "",
        "ADMIMETH": stay.method,
        "CLASSPAT": "2" if stay.is_day_case else "1",
        "DIAG_01": stay.disease,
        "DIAG_OTHER": ";".join(stay.other_diseases),
        "OPERTN_01": dice.draw(PROCEDURES) if stay.is_day_case else "",
        "DISMETH": "8" if stay.end is None else "4" if stay.died else "1",
    }


def _attendance(attendance: Attendance, dice: Dice) -> Row:
    return {
        "Arrived": f"{attendance.arrived:%d/%m/%Y}",
        "Department": "Type 1" if attendance.is_admitted else dice.draw(DEPARTMENTS),
        "Triage": dice.draw(URGENCY),
        "Category": dice.draw(CATEGORIES),
        "Came by": dice.draw(SOURCES),
        "Went to": "Ward" if attendance.is_admitted else dice.draw(DESTINATIONS),
        "Diagnosis": dice.draw(SNOMED),
    }
