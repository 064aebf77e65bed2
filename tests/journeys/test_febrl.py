"""FEBRL's people (dataset 4: 5,000 originals and a spoilt copy of each) through the tools and the workers.

P. Christen, A. Pudjijono, "Accurate synthetic generation of realistic personal information", PAKDD 2009. The
social security number is withheld: what remains is names, day of birth, postcode and street. What happened to
these people is made up here, from their numbers.
"""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from linkage_engine.laboratory.demo import path
from linkage_engine.laboratory.demo.cast import PROJECT
from linkage_engine.laboratory.demo.commands import Journal, service_up
from linkage_engine.laboratory.demo.path import Demo
from linkage_engine.laboratory.demo.truth import linkage_scores

pytestmark = [pytest.mark.process, pytest.mark.deep, pytest.mark.outside(tool="febrl")]
REGISTRY, FEDERATION = "cancer-registry", "gp-federation"
FILES = {REGISTRY: "dataset4a.csv", FEDERATION: "dataset4b.csv"}
PEOPLE = 5000
IDENTIFIERS = {
    "given_name": "given_name",
    "family_name": "surname",
    "date_of_birth": "date_of_birth",
    "postcode": "postcode",
    "address": "address",
}
LEAST_F1 = 0.970


def tumour(number: int) -> dict[str, str]:
    return {
        "tumour_id": f"T{number}",
        "diagnosis_date": f"2019{1 + number % 12:02d}{1 + number % 28:02d}",
        "primary_diagnosis_icd10": ("C509", "C61", "C189")[number % 3],
    }


def registration(number: int) -> dict[str, str]:
    return {
        "gp_practice_code": f"A8{number % 1000:04d}",
        "registration_start": "20000101",
        "year_of_birth": str(1940 + number % 50),
        "sex": str(1 + number % 2),
    }


PAYLOADS = {REGISTRY: ("cancer_registration", tumour), FEDERATION: ("gp_registration", registration)}


def write_extract(source: Path, folder: Path, provider: str) -> list[dict[str, str]]:
    """One file of FEBRL's as an extract with its mapping; whose record each is."""
    data_set, happened = PAYLOADS[provider]
    with source.open(newline="") as file:
        people = list(csv.DictReader(file, skipinitialspace=True))
    rows = []
    for person in people:
        address = f"{person['street_number']} {person['address_1']} {person['address_2']}"
        who = {
            name: person[name] for name in ("rec_id", "given_name", "surname", "date_of_birth", "postcode")
        }
        rows.append({**who, "address": address, **happened(number_of(person))})
    folder.mkdir(parents=True)
    with (folder / "extract.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    mapped: Mapping[str, Any] = {
        "file": "extract.csv",
        "data_set": data_set,
        "local_person_id": "rec_id",
        "date_format": "%Y%m%d",
        "identifiers": IDENTIFIERS,
        "columns": {name: name for name in happened(1)},
    }
    mapping = {"mapping": 1, "provider_id": provider, "extract_date": "2025-03-31", "files": [mapped]}
    (folder / "mapping.json").write_text(json.dumps(mapping))
    return [
        {"provider": provider, "local_person_id": row["rec_id"], "person": str(number_of(row))}
        for row in rows
    ]


def number_of(person: Mapping[str, str]) -> int:
    """rec-17-org and rec-17-dup-0 are one person."""
    return int(person["rec_id"].split("-")[1])


def test_febrls_people_are_found_again_one_to_one(febrl: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="tre-linkage-febrl-") as folder, ExitStack() as stack:
        out = Path(folder)
        out.chmod(0o755)
        demo = Demo(out, Journal(out), (REGISTRY, FEDERATION))
        truth = [
            record
            for provider, name in FILES.items()
            for record in write_extract(febrl / name, out / "providers" / provider, provider)
        ]
        with (out / "truth.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(truth[0]))
            writer.writeheader()
            writer.writerows(truth)
        path.set_up(demo)
        stack.enter_context(service_up(demo.home, out / "service.log"))
        path.open_project(demo)
        path.share_secret(demo)
        for provider in demo.providers:
            path.deliver(demo, provider)
        path.link(demo)
        keys = {provider: demo.at(provider, "person-keys.csv") for provider in demo.providers}
        scores = linkage_scores(demo.home, PROJECT, keys, out / "truth.csv")
    assert scores.true == PEOPLE
    assert scores.f1 >= LEAST_F1, scores
