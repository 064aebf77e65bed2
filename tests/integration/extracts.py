"""Two providers' files about the same 160 people, small enough to count by hand.

| people     | sex    | what the registry knows                        | counted on 31 December 2024 |
|------------|--------|------------------------------------------------|-----------------------------|
| 0 to 3     | female | breast, 2018; died in 2020                     | no: dead                    |
| 4 to 39    | female | breast, 2018                                   | 36 cases                    |
| 40 to 44   | female | breast, 1990                                   | population: too long ago    |
| 45 to 89   | female | nothing                                        | population                  |
| 90 to 119  | male   | prostate, 2019                                 | 30 cases                    |
| 120 to 124 | male   | skin (C44), 2019                               | population: C44 is left out |
| 125 to 154 | male   | nothing                                        | population                  |
| 155 to 159 | male   | nothing; left their practice in 2023           | no: not registered          |

Female: 36 of 86. Male: 30 of 65. Together 66 of 151.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from linkage_engine.laboratory.england.nhs_number import nhs_number

PEOPLE = 160
FEMALE = range(90)
DEAD = range(4)
BREAST, BREAST_LONG_AGO, PROSTATE, SKIN = range(40), range(40, 45), range(90, 120), range(120, 125)
LEFT = range(155, 160)
REGISTRY, PRACTICES = "cancer-registry", "gp-federation"
EXTRACT_DATE = "2025-03-31"
EXACT = {"Male": (30, 65), "Female": (36, 86), "Not known or not specified": (0, 0), "Total": (66, 151)}
"""Cases and population by sex, as counted above."""

# fmt: off
GIVEN = (
    "Ada", "Ben", "Cara", "Dan", "Ella", "Finn", "Gwen", "Hugo", "Iris", "Jack", "Kate", "Liam",
    "Mary", "Neil", "Olga", "Paul",
)
FAMILY = (
    "Adams", "Baker", "Clark", "Dixon", "Evans", "Foster", "Green", "Harris", "Irwin", "Jones",
    "Kelly", "Lewis", "Moore", "Nolan", "Owen", "Price", "Quinn", "Reed", "Stone", "Turner",
    "Usher", "Vaughan", "Walker", "Young",
)
# fmt: on
IDENTIFIERS = (
    "nhs_number",
    "given_name",
    "family_name",
    "date_of_birth",
    "sex",
    "postcode",
)


def identifiers(person: int) -> dict[str, str]:
    """Who the person is, the same at both providers; days of birth and homes are shared, as in life."""
    born, home = person % 40, (person * 11) % 70
    return {
        "nhs_number": nhs_number(person),
        "given_name": GIVEN[person % len(GIVEN)],
        "family_name": FAMILY[(person * 7) % len(FAMILY)],
        "date_of_birth": f"{1930 + born}-{1 + born % 12:02d}-{1 + born % 28:02d}",
        "sex": "2" if person in FEMALE else "1",
        "postcode": f"AB{1 + home % 9} {1 + home % 7}{'ABDEFGHJLN'[home % 10]}{'PQRSTUWXYZ'[home // 10]}",
    }


def _tumour(person: int) -> dict[str, str]:
    code, day = (
        ("C509", "2018-05-06")
        if person in BREAST
        else ("C504", "1990-05-06")
        if person in BREAST_LONG_AGO
        else ("C61", "2019-07-08")
        if person in PROSTATE
        else ("C443", "2019-07-08")
    )
    return {"tumour_id": f"T{person}", "diagnosis_date": day, "primary_diagnosis_icd10": code}


def _registration(person: int) -> dict[str, str]:
    who = identifiers(person)
    return {
        "gp_practice_code": "A81001",
        "registration_start": "2000-01-01",
        "registration_end": "2023-06-30" if person in LEFT else "",
        "year_of_birth": who["date_of_birth"][:4],
        "person_sex": who["sex"],
    }


def _file(folder: Path, name: str, rows: Sequence[Mapping[str, str]]) -> None:
    with (folder / name).open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _mapping(provider_id: str, files: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"mapping": 1, "provider_id": provider_id, "extract_date": EXTRACT_DATE, "files": list(files)}


def _of_file(file: str, data_set: str, columns: Mapping[str, str], *, identifying: bool) -> dict[str, Any]:
    return {
        "file": file,
        "data_set": data_set,
        "local_person_id": "local_id",
        "identifiers": {name: name for name in IDENTIFIERS} if identifying else {},
        "columns": dict(columns),
    }


def registry_files(folder: Path, *, code: str | None = None, died: str = "2020-09-10") -> Path:
    """The cancer registry's files; its mapping. `code` stands in the place of every tumour's site."""
    known = [*BREAST, *BREAST_LONG_AGO, *PROSTATE, *SKIN]
    tumours = [{"local_id": f"R{i}", **identifiers(i), **_tumour(i)} for i in known]
    if code is not None:
        tumours = [row | {"primary_diagnosis_icd10": code} for row in tumours]
    _file(folder, "tumours.csv", tumours)
    _file(folder, "deaths.csv", [{"local_id": f"R{i}", "date_of_death": died} for i in DEAD])
    columns = {name: name for name in ("tumour_id", "diagnosis_date", "primary_diagnosis_icd10")}
    files = [
        _of_file("tumours.csv", "cancer_registration", columns, identifying=True),
        _of_file("deaths.csv", "death", {"date_of_death": "date_of_death"}, identifying=False),
    ]
    return _write(folder, _mapping(REGISTRY, files))


def practice_files(folder: Path) -> Path:
    """The practices' file; its mapping."""
    rows = [{"local_id": f"G{i}", **identifiers(i), **_registration(i)} for i in range(PEOPLE)]
    _file(folder, "registrations.csv", rows)
    columns = {
        "gp_practice_code": "gp_practice_code",
        "registration_start": "registration_start",
        "registration_end": "registration_end",
        "year_of_birth": "year_of_birth",
        "sex": "person_sex",
    }
    files = [_of_file("registrations.csv", "gp_registration", columns, identifying=True)]
    return _write(folder, _mapping(PRACTICES, files))


def _write(folder: Path, mapping: Mapping[str, Any]) -> Path:
    path = folder / "mapping.json"
    path.write_text(json.dumps(mapping))
    return path
