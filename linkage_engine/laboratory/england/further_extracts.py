"""Rows of practices' events, outpatient appointments and community contacts, as providers name them."""

from __future__ import annotations

from collections.abc import Iterator

from linkage_engine.laboratory.england.appointments import Appointment
from linkage_engine.laboratory.england.copies import Copy
from linkage_engine.laboratory.england.dice import Dice, Weighted
from linkage_engine.laboratory.england.local_ids import COMMUNITY, FEDERATION, Row, local_id
from linkage_engine.laboratory.england.people import Person
from linkage_engine.laboratory.england.practice_events import MODES, STAFF, PracticeEvent

PROVIDER_CODE = "RYZ"
"""No trust has it."""
CODES = {"diagnosis": "363346000"}
"""SNOMED CT: malignant neoplastic disease. Codes of other kinds come with a rule set, and are not here."""
SPECIALTIES = Weighted.of({"800": 30.0, "300": 26.0, "110": 18.0, "130": 14.0, "103": 12.0})
TEAMS = Weighted.of({"DN": 55.0, "THER": 22.0, "PALL": 6.0, "IC": 9.0, "OTH": 8.0})
MEDIA = Weighted.of({"01": 78.0, "02": 19.0, "03": 3.0})


def practice_rows(person: Person, events: tuple[PracticeEvent, ...], dice: Dice) -> Iterator[Row]:
    """A row of gp_events.csv for each entry; who it is stands in patients.csv."""
    patient = local_id(FEDERATION, person.index)
    for number, event in enumerate(events, start=1):
        is_contact = event.kind in {"consultation", "review"}
        yield {
            "patient_ref": f"GP{patient}",
            "entry": f"{patient}E{number}",
            "entered": event.day.isoformat().replace("-", ""),
            "what": event.kind,
            "about": "cancer" if event.is_about_cancer else "",
            "snomed": CODES.get(event.kind, ""),
            "staff": dice.draw(STAFF) if is_contact else "administrative",
            "how": dice.draw(MODES) if is_contact else "not_a_contact",
            "practice": event.practice,
        }


def outpatient_rows(
    person: Person, appointments: tuple[Appointment, ...], copy: Copy, dice: Dice
) -> Iterator[Row]:
    """A row of outpatients.csv for each appointment, with identifiers."""
    patient = local_id(COMMUNITY, person.index)
    for number, one in enumerate(appointments, start=1):
        yield {
            **_who(patient, copy),
            "APPT_ID": f"{patient}O{number}",
            "APPTDATE": one.day.isoformat(),
            "ATTENDED": one.kept,
            "FIRSTATT": "1" if one.is_first else "2",
            "TRETSPEF": dice.draw(SPECIALTIES),
            "MEDIUM": dice.draw(MEDIA),
            "PROCODE": PROVIDER_CODE,
        }


def community_rows(
    person: Person, appointments: tuple[Appointment, ...], copy: Copy, dice: Dice
) -> Iterator[Row]:
    """A row of community_contacts.csv for each contact, with identifiers."""
    patient = local_id(COMMUNITY, person.index)
    for number, one in enumerate(appointments, start=1):
        yield {
            **_who(patient, copy),
            "CONTACT_ID": f"{patient}C{number}",
            "CONTACT_DATE": one.day.isoformat(),
            "TEAM": dice.draw(TEAMS),
            "MINUTES": str(5 * dice.between(2, 12)),
            "ATTENDANCE_STATUS": one.kept,
            "PROCODE": PROVIDER_CODE,
        }


def _who(patient: str, copy: Copy) -> Row:
    return {
        "PAT_NO": patient,
        "NEWNHSNO": copy.nhs_number or "",
        "SURNAME": copy.family_name,
        "FORENAME": copy.given_name,
        "DOB": copy.born.isoformat(),
        "SEX": {"M": "1", "F": "2"}[copy.sex],
        "PCODE": copy.postcode or "",
    }
