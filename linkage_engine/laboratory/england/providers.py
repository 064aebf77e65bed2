"""The five providers: what each of them holds about a person, file by file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from linkage_engine.laboratory.england.appointments import community_appointments, outpatient_appointments
from linkage_engine.laboratory.england.care_extract import care_rows
from linkage_engine.laboratory.england.copies import (
    Copy,
    council_copy,
    practice_copy,
    registry_copy,
    trust_copy,
)
from linkage_engine.laboratory.england.council_extract import event_rows
from linkage_engine.laboratory.england.dice import Dice
from linkage_engine.laboratory.england.extracts import death_rows, patient_rows, tumour_rows
from linkage_engine.laboratory.england.further_extracts import community_rows, outpatient_rows, practice_rows
from linkage_engine.laboratory.england.hospital import hospital_care
from linkage_engine.laboratory.england.local_ids import (
    COMMUNITY,
    COUNCIL,
    FEDERATION,
    REGISTRY,
    TRUST,
    Row,
    local_id,
)
from linkage_engine.laboratory.england.people import (
    COMMUNITY_EXTRACTS,
    COUNCIL_EXTRACTS,
    PERSONALISED_CARE,
    PRACTICE_COPIES,
    PRACTICE_EVENTS,
    REGISTRY_COPIES,
    SURVEYS,
    TRUST_EXTRACTS,
    Person,
)
from linkage_engine.laboratory.england.personalised_care import care_records
from linkage_engine.laboratory.england.practice_events import practice_events
from linkage_engine.laboratory.england.social_care import care_events
from linkage_engine.laboratory.england.survey import survey
from linkage_engine.laboratory.england.survey_extract import survey_rows
from linkage_engine.laboratory.england.trust_extract import attendance_rows, spell_rows


@dataclass(frozen=True, slots=True)
class Extract:
    """What one provider sends about one person: rows by file, under its own identifier."""

    local_person_id: str
    copy: Copy
    rows: dict[str, list[Row]]


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider: its files, the purposes of its dice, and what it holds about somebody, if anything."""

    name: str
    purposes: tuple[int, ...]
    files: tuple[str, ...]
    extract: Callable[[Person, Sequence[Dice]], Extract | None]
    """From dice of each purpose: what came later has its own, so that what was there stays as it is."""


def _at_registry(person: Person, all_dice: Sequence[Dice]) -> Extract | None:
    dice, of_surveys = all_dice
    if not person.history.tumours:
        return None
    copy = registry_copy(person, dice)
    rows = {
        "tumours.csv": list(tumour_rows(person, copy, dice)),
        "deaths.csv": list(death_rows(person, dice)),
        "surveys.csv": list(survey_rows(person, survey(of_surveys, person))),
    }
    return Extract(local_id(REGISTRY, person.index), copy, rows)


def _at_practice(person: Person, all_dice: Sequence[Dice]) -> Extract | None:
    dice, of_events = all_dice
    copy = practice_copy(person, dice)
    rows = list(patient_rows(person, copy, dice))
    if not rows:
        return None
    events = list(practice_rows(person, practice_events(of_events, person), of_events))
    files = {"patients.csv": rows, "gp_events.csv": events}
    return Extract(f"GP{local_id(FEDERATION, person.index)}", copy, files)


def _at_trust(person: Person, all_dice: Sequence[Dice]) -> Extract | None:
    dice, of_care = all_dice
    care, records = hospital_care(dice, person), care_records(of_care, person)
    is_known = bool(care.stays or care.attendances)
    if not (is_known or records):
        return None
    copy = trust_copy(person, dice if is_known else of_care)
    rows = {
        "spells.csv": list(spell_rows(person, care, copy, dice)),
        "ed_attendances.csv": list(attendance_rows(person, care, copy, dice)),
        "personalised_care.csv": list(care_rows(person, records, copy)),
    }
    return Extract(local_id(TRUST, person.index), copy, rows)


def _at_council(person: Person, all_dice: Sequence[Dice]) -> Extract | None:
    [dice] = all_dice
    events = care_events(dice, person)
    if not events:
        return None
    copy = council_copy(person, dice)
    rows = {"cld_events.csv": list(event_rows(person, events, copy, dice))}
    return Extract(f"LA{local_id(COUNCIL, person.index)}", copy, rows)


def _at_community_trust(person: Person, all_dice: Sequence[Dice]) -> Extract | None:
    [dice] = all_dice
    clinics, visits = outpatient_appointments(dice, person), community_appointments(dice, person)
    if not (clinics or visits):
        return None
    copy = trust_copy(person, dice)
    rows = {
        "outpatients.csv": list(outpatient_rows(person, clinics, copy, dice)),
        "community_contacts.csv": list(community_rows(person, visits, copy, dice)),
    }
    return Extract(local_id(COMMUNITY, person.index), copy, rows)


PROVIDERS = (
    Provider(
        REGISTRY, (REGISTRY_COPIES, SURVEYS), ("tumours.csv", "deaths.csv", "surveys.csv"), _at_registry
    ),
    Provider(FEDERATION, (PRACTICE_COPIES, PRACTICE_EVENTS), ("patients.csv", "gp_events.csv"), _at_practice),
    Provider(
        TRUST,
        (TRUST_EXTRACTS, PERSONALISED_CARE),
        ("spells.csv", "ed_attendances.csv", "personalised_care.csv"),
        _at_trust,
    ),
    Provider(COUNCIL, (COUNCIL_EXTRACTS,), ("cld_events.csv",), _at_council),
    Provider(
        COMMUNITY, (COMMUNITY_EXTRACTS,), ("outpatients.csv", "community_contacts.csv"), _at_community_trust
    ),
)
"""In the order in which they write the truth about a person."""
