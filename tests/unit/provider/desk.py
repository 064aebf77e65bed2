from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage_engine.contract.permit import Party
from linkage_engine.unseal.identity import Identity

TUMOURS = """PATIENTID,NHSNUMBER,SURNAME,FORENAME,BIRTHDATE,SEX,POSTCODE,TUMOURID,DIAGNOSED,SITE,STAGE
CANARY-P1,943 476 5919,CANARY-SMITH,ANN,02/03/1950,F,SW1A 1AA,T1,05/06/2018,C50.9,3A
CANARY-P2,4010232137,CANARY-JONES,BOB,04/05/1948,M,,T2,07/08/2019,c61,2
CANARY-P1,,CANARY-SMYTHE,ANN,02/03/1950,F,SW1A 1AA,T3,09/10/2020,C18.0,
"""
DEATHS = """PATIENTID,DIED,CAUSE
CANARY-P2,01/02/2021,C61
CANARY-P3,11/12/2022,
"""
MAPPING: dict[str, Any] = {
    "mapping": 1,
    "provider_id": "cancer-registry",
    "extract_date": "2025-03-31",
    "files": [
        {
            "file": "tumours.csv",
            "data_set": "cancer_registration",
            "local_person_id": "PATIENTID",
            "date_format": "%d/%m/%Y",
            "identifiers": {
                "nhs_number": "NHSNUMBER",
                "family_name": "SURNAME",
                "given_name": "FORENAME",
                "date_of_birth": "BIRTHDATE",
                "sex": "SEX",
                "postcode": "POSTCODE",
            },
            "columns": {
                "tumour_id": "TUMOURID",
                "diagnosis_date": "DIAGNOSED",
                "primary_diagnosis_icd10": "SITE",
                "stage_best": "STAGE",
                "person_stated_gender_code": "SEX",
            },
            "codes": {
                "stage_best": {"3A": "3"},
                "sex": {"M": "1", "F": "2"},
                "person_stated_gender_code": {"M": "1", "F": "2"},
            },
        },
        {
            "file": "deaths.csv",
            "data_set": "death",
            "local_person_id": "PATIENTID",
            "date_format": "%d/%m/%Y",
            "columns": {"date_of_death": "DIED", "underlying_cause_icd10": "CAUSE"},
        },
    ],
}

Edit = Callable[[dict[str, Any]], object]


@dataclass(frozen=True)
class Desk:
    """A provider's folder: files, mapping, keys, secret and project file; and the workers' identities."""

    folder: Path
    linkage: Identity
    analysis: Identity
    party: Party

    @property
    def mapping(self) -> Path:
        return self.folder / "mapping.json"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def secret(self) -> Path:
        return self.folder / "project.secret"

    @property
    def project(self) -> Path:
        return self.folder / "project.json"

    @property
    def package(self) -> Path:
        return self.folder / "delivery.tresub"

    def change_mapping(self, edit: Edit) -> None:
        mapping = json.loads(self.mapping.read_text())
        edit(mapping)
        self.mapping.write_text(json.dumps(mapping))

    def change_tumours(self, old: str, new: str) -> None:
        path = self.folder / "tumours.csv"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def seal_arguments(self, *more: str) -> list[str]:
        return [
            "seal",
            str(self.mapping),
            *("--project", str(self.project)),
            *("--secret", str(self.secret)),
            *("--keys", str(self.keys)),
            *("--out", str(self.package)),
            *more,
        ]
