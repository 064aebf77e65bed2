"""Linked people in an encrypted vault, as the analysis worker keeps them: random, and like no real ones."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from linkage_engine.linkage_runs.crosswalk import RUN_ID
from linkage_engine.linked_data import CROSSWALK, EXTRACT_DATE, PERSON_INDEX
from linkage_engine.vault.parquet import Vault

PROJECT, DELIVERY = "bench", "1" * 32


def fill(vault: Vault, people: int, *, busier: int = 1) -> dict[str, int]:
    """Providers of the size England's are to one another; every person at the practices.

    Stays, attendances and events of social care are 2.3 a person, or `busier` times as many.
    """
    dice = np.random.default_rng(1)
    born = dice.integers(1925, 2010, people)
    sexes = dice.integers(1, 3, people)
    patients = np.concatenate([np.arange(people), dice.choice(people, people // 3, replace=False)])
    starts = dice.integers(_day("2000-01-01"), _day("2017-12-31"), len(patients))
    cases, dead = dice.choice(people, people // 10), dice.choice(people, people // 20, replace=False)
    spells = dice.integers(0, people, busier * people * 4 // 5)
    attendances = dice.integers(0, people, busier * people * 4 // 3)
    sites = np.array(["C50", "C61", "C34", "C18", "C20", "C43", "C67", "C56"])
    tables = {
        "gp_registration": (
            patients,
            {
                "gp_practice_code": _texts(np.char.add("A", (10000 + starts % 900).astype(str))),
                "registration_start": _days(starts),
                "registration_end": pa.nulls(len(patients), pa.date32()),
                "year_of_birth": pa.array(born[patients].astype(np.int16)),
                "sex": _texts(sexes[patients].astype(str)),
                "icb_code": pa.nulls(len(patients), pa.string()),
            },
        ),
        "cancer_registration": (
            cases,
            {
                "tumour_id": _texts(np.char.add("T", np.arange(len(cases)).astype(str))),
                "stage_best": _texts(np.array(["1", "2", "3", "4", "X"])[cases % 5]),
                "diagnosis_date": _days(dice.integers(_day("2005-01-01"), _day("2023-12-31"), len(cases))),
                "primary_diagnosis_icd10": _texts(sites[cases % len(sites)]),
                "age_at_diagnosis": pa.array((2015 - born[cases]).clip(0).astype(np.int32)),
                "person_stated_gender_code": _texts(sexes[cases].astype(str)),
                "ethnic_category": _texts(np.array(["A", "B", "H", "N"])[cases % 4]),
                "imd_quintile": _texts((cases % 5 + 1).astype(str)),
            },
        ),
        "death": (
            dead,
            {"date_of_death": _days(dice.integers(_day("2018-01-01"), _day("2023-12-31"), len(dead)))},
        ),
        "apc_spell": (
            spells,
            {
                "start_date_hospital_provider_spell": _days(
                    dice.integers(_day("2017-01-01"), _day("2023-12-31"), len(spells))
                ),
                "admission_method_code": _texts(np.array(["11", "21", "22", "2A"])[spells % 4]),
                "patient_classification_code": _texts(np.array(["1", "2"])[spells % 2]),
            },
        ),
        "ecds_attendance": (
            attendances,
            {
                "arrival_date": _days(
                    dice.integers(_day("2017-01-01"), _day("2023-12-31"), len(attendances))
                ),
                "attendance_category": _texts(np.array(["1", "2", "4"])[attendances % 3]),
            },
        ),
    }
    care = dice.integers(0, people, busier * people // 5)
    tables["asc_cld_event"] = (
        care,
        {
            "event_type": _texts(np.array(["request", "assessment", "service", "review"])[care % 4]),
            "event_start_date": _days(dice.integers(_day("2017-01-01"), _day("2023-12-31"), len(care))),
            "service_type": _texts(np.array(["long_term_community", "long_term_nursing"])[care % 2]),
        },
    )
    entered = dice.choice(people, people // 12)
    tables["gp_event"] = (
        entered,
        {
            "event_date": _days(dice.integers(_day("2005-01-01"), _day("2023-12-31"), len(entered))),
            "concept_type": pa.repeat("diagnosis", len(entered)),
            "condition": pa.repeat("cancer", len(entered)),
        },
    )
    tables["cosd_personalised_care"] = _personalised_care(dice, np.unique(cases))
    tables["qol_response"] = _survey(dice, np.unique(cases))
    keys = _texts(np.array([f"{number:032x}" for number in range(people)]))
    about = {EXTRACT_DATE: b"2023-12-31"}
    for name, (whose, columns) in tables.items():
        table = pa.table({"person_key": keys.take(pa.array(whose)), **columns})
        vault.write(
            PROJECT, f"payload/{_PROVIDER[name]}/{DELIVERY}/{name}", table.replace_schema_metadata(about)
        )
    _write_links(vault, {_PROVIDER[name]: np.unique(whose) for name, (whose, _) in tables.items()}, keys)
    return {name: len(whose) for name, (whose, _) in tables.items()}


def _personalised_care(dice: np.random.Generator, offered: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
    """A record of everybody with a cancer: of a site of four trusts, with a treatment of half a year."""
    days = dice.integers(_day("2017-01-01"), _day("2023-06-30"), len(offered))
    statuses = np.array(["offered_accepted", "offered_declined", "not_offered"])
    return offered, {
        "personalised_care_record_id": _texts(np.char.add("R", np.arange(len(offered)).astype(str))),
        "tumour_id": pa.nulls(len(offered), pa.string()),
        "organisation_site_identifier": _texts(np.array(["R0A01", "R0B01", "R0C01", "R0D01"])[offered % 4]),
        "hna_status": _texts(statuses[offered % 3]),
        "hna_date": _days(days),
        "pcsp_status": _texts(statuses[offered % 3]),
        "pcsp_date": _days(days),
        "treatment_start_date": _days(days),
        "treatment_end_date": _days(days + 180),
        "end_of_treatment_summary_date": _days(days + 200),
    }


def _survey(dice: np.random.Generator, invited: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
    """An invitation of everybody with a cancer, of whom every second one lets the answers be linked."""
    days = dice.integers(_day("2019-01-01"), _day("2023-06-30"), len(invited))
    most = dict.fromkeys(("eq_mo", "eq_sc", "eq_ua", "eq_pd", "eq_ad"), 5) | {"eq_vas": 100}
    most |= {f"q{number}": 4 for number in range(1, 29)} | {"q29": 7, "q30": 7}
    answered = invited % 2 == 0
    return invited, {
        "invite_date": _days(days),
        "response_date": _days(days + 20),
        "linkage_consent": _texts(np.where(answered, "yes", "no")),
        **{
            name: pa.array(dice.integers(1, last + 1, len(invited)).astype(np.int32))
            for name, last in most.items()
        },
    }


_PROVIDER = {
    "gp_registration": "practices",
    "cancer_registration": "registry",
    "death": "statistics",
    "apc_spell": "trust",
    "ecds_attendance": "emergency",
    "asc_cld_event": "council",
    "gp_event": "federation",
    "cosd_personalised_care": "hospital",
    "qol_response": "survey",
}


def _write_links(vault: Vault, known_by: dict[str, np.ndarray], keys: pa.Array) -> None:
    links = _texts(np.array([secrets.token_hex(16) for _ in range(len(keys))]))
    crosswalk = pa.concat_tables(
        pa.table(
            {
                "provider_id": _texts(np.repeat(provider, len(persons))),
                "person_key": keys.take(pa.array(persons)),
                **{
                    name: links.take(pa.array(persons))
                    for name in ("link_id", "link_id_strict", "link_id_lenient")
                },
                "delivery_id": _texts(np.repeat(DELIVERY, len(persons))),
            }
        )
        for provider, persons in known_by.items()
    )
    vault.write(PROJECT, CROSSWALK, crosswalk.replace_schema_metadata({RUN_ID: b"a-run"}))
    numbers = pa.array(np.arange(len(keys), dtype=np.int32))
    vault.write(PROJECT, PERSON_INDEX, pa.table({"link_id": links, "person": numbers}))


def _day(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def _days(numbers: np.ndarray) -> pa.Array:
    return pa.array(numbers.astype(np.int32), pa.int32()).cast(pa.date32())


def _texts(values: np.ndarray) -> pa.Array:
    return pa.array(values.tolist(), pa.string())
