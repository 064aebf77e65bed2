"""Rows of the registry's and the federation's extracts, under their own column names, dates and codes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from linkage_engine.laboratory.england.cancers import Tumour
from linkage_engine.laboratory.england.copies import Copy
from linkage_engine.laboratory.england.dice import Dice, Weighted
from linkage_engine.laboratory.england.lifespan import EXTRACT_DATE
from linkage_engine.laboratory.england.local_ids import FEDERATION, REGISTRY, Row, local_id
from linkage_engine.laboratory.england.people import Person

FEDERATION_SINCE = date(2015, 4, 1)
"""The federation holds every spell that had not ended by this day."""

STAGES = {
    "1": Weighted.of({"1": 3.0, "1A": 4.0, "1B": 3.0}),
    "2": Weighted.of({"2": 4.0, "2A": 3.0, "2B": 3.0}),
    "3": Weighted.of({"3": 4.0, "3A": 2.0, "3B": 3.0, "3C": 1.0}),
    "4": Weighted.of({"4": 7.0, "4A": 1.0, "4B": 2.0}),
    "X": Weighted.of({"U": 6.0, "?": 3.0, "": 1.0}),
}
ROUTES = {
    "urgent_referral": "Two Week Wait",
    "gp_referral": "GP referral",
    "emergency": "Emergency presentation",
    "other_outpatient": "Other outpatient",
    "screening": "Screening",
    "inpatient_elective": "Inpatient elective",
    "unknown": "Unknown",
    "death_certificate": "DCO",
}
QUINTILES = {1: "1 - most deprived", 2: "2", 3: "3", 4: "4", 5: "5 - least deprived"}
PLACES_OF_DEATH = Weighted.of({"1": 44.0, "2": 27.0, "3": 20.0, "4": 6.0, "5": 2.0, "X": 1.0})
OTHER_CAUSES = Weighted.of(
    {
        "I219": 20.0,
        "I259": 15.0,
        "I639": 12.0,
        "F019": 10.0,
        "G309": 12.0,
        "J440": 12.0,
        "J189": 12.0,
        "K703": 4.0,
    }
)


def tumour_rows(person: Person, copy: Copy, dice: Dice) -> Iterator[Row]:
    """A row of the registry for each tumour, with the same identifiers on each."""
    patient = local_id(REGISTRY, person.index)
    for number, tumour in enumerate(person.history.tumours, start=1):
        yield {
            "PATIENTID": patient,
            "NHSNUMBER": copy.nhs_number or "",
            "SURNAME": copy.family_name.upper(),
            "FORENAME": copy.given_name.upper(),
            "FORENAME2": (copy.middle_name or "").upper(),
            "BIRTHDATEBEST": f"{copy.born:%d/%m/%Y}",
            "SEX": {"M": "1", "F": "2"}[copy.sex],
            "ADDRESS": copy.address.line.upper(),
            "POSTCODE": copy.postcode or "",
            "TUMOURID": f"{patient}{number}",
            **_tumour(tumour, dice),
            "ETHNICITY": person.ethnic_category,
            "QUINTILE_2019": QUINTILES[person.imd_quintile],
            "LSOA11_CODE": person.neighbourhood.lsoa_code,
            "CANALLIANCE_CODE": person.neighbourhood.alliance_code,
            "VITALSTATUS": "A" if person.died is None else "D",
            "VITALSTATUSDATE": f"{person.died or EXTRACT_DATE:%d/%m/%Y}",
        }


def death_rows(person: Person, dice: Dice) -> Iterator[Row]:
    """The registry's row of a death, of cancer or of something else; nothing for the living."""
    if person.died is not None:
        yield {
            "PATIENTID": local_id(REGISTRY, person.index),
            "DEATHDATE": f"{person.died:%d/%m/%Y}",
            "DEATHCAUSECODE_UNDERLYING": person.history.fatal_site or dice.draw(OTHER_CAUSES),
            "DEATHLOCATIONCODE": dice.draw(PLACES_OF_DEATH),
        }


def patient_rows(person: Person, copy: Copy, dice: Dice) -> Iterator[Row]:
    """A row of the federation for each spell it holds, with the same identifiers on each."""
    spells = [s for s in person.registrations if s.end is None or s.end > FEDERATION_SINCE]
    gender = "I" if dice.chance(0.0006) else copy.sex
    for spell in spells:
        yield {
            "patient_ref": f"GP{local_id(FEDERATION, person.index)}",
            "nhs_no": _spaced(copy.nhs_number),
            "last_name": copy.family_name,
            "first_name": copy.given_name,
            "middle_names": copy.middle_name or "",
            "former_name": copy.previous_family_name or "",
            "dob": f"{copy.born:%Y%m%d}",
            "gender": gender,
            "address": copy.address.line,
            "post_code": copy.postcode or "",
            "practice": spell.practice,
            "reg_start": f"{spell.start:%Y%m%d}",
            "reg_end": f"{spell.end:%Y%m%d}" if spell.end is not None else "",
            # Nobody is registered before the year of their birth, whatever date of birth was typed.
            "birth_year": str(min(copy.born.year, person.registrations[0].start.year)),
            "lsoa": person.neighbourhood.lsoa_code,
            "icb": person.neighbourhood.icb_code,
            "ethnic": person.ethnic_category,
            "imd": str(person.imd_quintile),
        }


def _tumour(tumour: Tumour, dice: Dice) -> Row:
    return {
        "DIAGNOSISDATEBEST": f"{tumour.diagnosed:%d/%m/%Y}",
        "SITE_ICD10_O2": tumour.site,
        "MORPH_ICD10_O2": tumour.morphology,
        "BEHAVIOUR_ICD10_O2": tumour.behaviour,
        "STAGE_BEST": dice.draw(STAGES[tumour.stage]),
        "BASISOFDIAGNOSIS": tumour.evidence,
        "LATERALITY": tumour.side,
        "AGE": str(tumour.age),
        "FINAL_ROUTE": ROUTES[tumour.route],
    }


def _spaced(number: str | None) -> str:
    return f"{number[:3]} {number[3:6]} {number[6:]}" if number else ""
