"""Files of synthetic England: repeatable, mapped, with mistakes at the stated rates."""

from __future__ import annotations

import json
import secrets
import tracemalloc
from collections import Counter
from datetime import date, datetime
from itertools import combinations
from pathlib import Path

import pytest

from linkage_engine.catalogue.data_sets import DATA_SETS
from linkage_engine.laboratory.england.write import England, write_england
from linkage_engine.pseudonymise import normalise
from service.provider.delivery import read_delivery
from service.provider.mapping import read_mapping
from service.provider.person_keys import PersonKeys
from tests.linkage.england.conftest import Rows, rows

PROVIDERS = ("cancer-registry", "gp-federation", "hospital-trust", "council", "community-trust")
FILES = (
    "cancer-registry/tumours.csv",
    "cancer-registry/deaths.csv",
    "cancer-registry/surveys.csv",
    "cancer-registry/mapping-surveys.json",
    "gp-federation/patients.csv",
    "hospital-trust/spells.csv",
    "hospital-trust/ed_attendances.csv",
    "hospital-trust/personalised_care.csv",
    "council/cld_events.csv",
    "gp-federation/gp_events.csv",
    "gp-federation/mapping-events.json",
    "community-trust/outpatients.csv",
    "community-trust/community_contacts.csv",
    *(f"{name}/mapping.json" for name in PROVIDERS),
    *(f"known-truth/{name}.csv" for name in PROVIDERS),
    "known-truth/fields.json",
    "truth.csv",
)
LACK_AN_NHS_NUMBER = {
    "cancer-registry": (0.05, 0.15),
    "gp-federation": (0.05, 0.15),
    "hospital-trust": (0.03, 0.10),
    "council": (0.30, 0.50),
    "community-trust": (0.03, 0.10),
}


def _first(found: Rows, key: str) -> Rows:
    """One row a person."""
    return list({row[key]: row for row in reversed(found)}.values())


def test_the_same_seed_gives_the_same_bytes(small_england: tuple[Path, England], tmp_path: Path) -> None:
    again = tmp_path / "again"
    write_england(again, people=1500, seed=4)
    assert all((again / name).read_bytes() == (small_england[0] / name).read_bytes() for name in FILES)


def test_another_seed_gives_other_people(small_england: tuple[Path, England], tmp_path: Path) -> None:
    write_england(tmp_path / "other", people=1500, seed=5)
    name = "gp-federation/patients.csv"
    assert (tmp_path / "other" / name).read_bytes() != (small_england[0] / name).read_bytes()


def test_a_larger_england_begins_with_the_files_of_the_smaller(
    small_england: tuple[Path, England], tmp_path: Path
) -> None:
    write_england(tmp_path / "larger", people=2600, seed=4)
    for name in FILES:
        assert (tmp_path / "larger" / name).read_bytes().startswith((small_england[0] / name).read_bytes())


def test_memory_does_not_grow_with_the_number_of_people(tmp_path: Path) -> None:
    peaks = []
    for people in (1000, 2700):
        tracemalloc.start()
        write_england(tmp_path / str(people), people=people, seed=2)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.3


def test_the_count_of_people_is_kept(small_england: tuple[Path, England]) -> None:
    folder, england = small_england
    truth = rows(folder / "truth.csv")
    assert england.people == 1500
    assert england.people_at == {name: sum(row["provider"] == name for row in truth) for name in PROVIDERS}
    assert all(england.people_at.values())
    assert england.as_json()["people_at_both"] == england.people_at_both > 0


def test_the_providers_overlap_in_part(england_folder: Path) -> None:
    people = {
        name: {row["person"] for row in rows(england_folder / "known-truth" / f"{name}.csv")}
        for name in PROVIDERS
    }
    registry, federation = people["cancer-registry"], people["gp-federation"]
    assert 0.5 < len(registry & federation) / len(registry) < 0.85
    assert len(federation - registry) > 10_000
    assert 0.35 < len(people["hospital-trust"]) / 20_000 < 0.55
    assert 0.03 < len(people["council"]) / 20_000 < 0.08
    for name in ("hospital-trust", "council"):
        assert 0.85 < len(people[name] & federation) / len(people[name]) < 0.98


def test_local_identifiers_do_not_join_the_providers(england_folder: Path) -> None:
    truth = rows(england_folder / "truth.csv")
    ids = {
        name: {
            row["local_person_id"].removeprefix("GP").removeprefix("LA")
            for row in truth
            if row["provider"] == name
        }
        for name in PROVIDERS
    }
    assert sum(map(len, ids.values())) == len(truth)
    assert all(len(ids[a] & ids[b]) < 8 for a, b in combinations(PROVIDERS, 2))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_providers_tool_accepts_the_files_as_they_are(england_folder: Path, provider: str) -> None:
    folder = england_folder / provider
    mapping = read_mapping(folder / "mapping.json")
    delivery = read_delivery(mapping, folder=folder, keys=PersonKeys.for_one_delivery(secrets.token_bytes))
    assert delivery.report.passed
    assert not [f for f in delivery.report.persons.findings if f.outcome.failed]
    assert set(delivery.payload) <= set(DATA_SETS)


def test_the_federation_may_send_its_events_too(england_folder: Path) -> None:
    folder = england_folder / "gp-federation"
    mapping = read_mapping(folder / "mapping-events.json")
    delivery = read_delivery(mapping, folder=folder, keys=PersonKeys.for_one_delivery(secrets.token_bytes))
    assert delivery.report.passed
    assert set(delivery.payload) == {"gp_registration", "gp_event"}
    assert set(delivery.payload["gp_event"]["person_key"].to_pylist()) <= set(
        delivery.payload["gp_registration"]["person_key"].to_pylist()
    )


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_columns_are_the_providers_own(england_folder: Path, provider: str) -> None:
    mapping = json.loads((england_folder / provider / "mapping.json").read_text(encoding="utf-8"))
    for file in mapping["files"]:
        header = set(rows(england_folder / provider / file["file"])[0])
        assert header >= {file["local_person_id"], *file["identifiers"].values(), *file["columns"].values()}
        assert not header & {*file["identifiers"], *file["columns"]} - {"address"}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_nhs_numbers_are_missing_as_often_as_in_life(england_folder: Path, provider: str) -> None:
    people = rows(england_folder / "known-truth" / f"{provider}.csv")
    low, high = LACK_AN_NHS_NUMBER[provider]
    assert low < sum(not row["nhs_number"] for row in people) / len(people) < high


def test_nhs_numbers_are_valid_unless_mistyped(england_folder: Path) -> None:
    patients = _first(rows(england_folder / "gp-federation" / "patients.csv"), "patient_ref")
    numbers = [row["nhs_no"] for row in patients if row["nhs_no"]]
    valid = [number for number in map(normalise.nhs_number, numbers) if number]
    assert 0.99 < len(valid) / len(numbers) < 1.0
    assert {number[0] for number in valid} == {"9"}
    assert len(set(valid)) == len(valid)


def test_identifiers_differ_between_the_copies_of_one_person(england_folder: Path) -> None:
    copies = {
        name: {row["person"]: row for row in rows(england_folder / "known-truth" / f"{name}.csv")}
        for name in PROVIDERS
    }
    registry, federation = copies["cancer-registry"], copies["gp-federation"]
    both = registry.keys() & federation.keys()

    def differ(field: str) -> float:
        pairs = [(registry[p][field], federation[p][field]) for p in both]
        return sum(bool(a and b and a != b) for a, b in pairs) / len(pairs)

    assert 0.10 < differ("given_name") < 0.30
    assert 0.08 < differ("family_name") < 0.30
    assert 0.03 < differ("date_of_birth") < 0.20
    assert 0.20 < differ("postcode") < 0.50
    assert 0.0 < differ("sex") < 0.03
    assert 0.02 < sum(not registry[p]["postcode"] for p in both) / len(both) < 0.15
    swapped = [
        p
        for p in both
        if registry[p]["given_name"] == federation[p]["family_name"]
        and registry[p]["family_name"] == federation[p]["given_name"]
    ]
    assert swapped


def test_postcodes_have_a_valid_form(england_folder: Path) -> None:
    people = rows(england_folder / "known-truth" / "gp-federation.csv")
    given = [row["postcode"] for row in people if row["postcode"]]
    assert all(normalise.postcode(code) == code for code in given)


def test_the_registry_has_causes_of_death_of_its_dead(england_folder: Path) -> None:
    tumours = rows(england_folder / "cancer-registry" / "tumours.csv")
    deaths = rows(england_folder / "cancer-registry" / "deaths.csv")
    dead = {row["PATIENTID"] for row in tumours if row["VITALSTATUS"] == "D"}
    assert dead == {row["PATIENTID"] for row in deaths}
    of_cancer = sum(row["DEATHCAUSECODE_UNDERLYING"].startswith(("C", "D")) for row in deaths)
    assert 0.5 < of_cancer / len(deaths) < 0.9


def test_extracts_end_on_the_extract_date(england_folder: Path) -> None:
    mapping = read_mapping(england_folder / "gp-federation" / "mapping.json")
    assert mapping.extract_date == date(2025, 3, 31)


def test_nothing_happens_to_anybody_after_their_death(england_folder: Path) -> None:
    truth = rows(england_folder / "truth.csv")
    person = {(row["provider"], row["local_person_id"]): row["person"] for row in truth}
    died = {
        person["cancer-registry", row["PATIENTID"]]: datetime.strptime(row["DEATHDATE"], "%d/%m/%Y").date()  # noqa: DTZ007  # a day
        for row in rows(england_folder / "cancer-registry" / "deaths.csv")
    }
    stays = rows(england_folder / "hospital-trust" / "spells.csv")
    last = [(person["hospital-trust", row["PAT_NO"]], row["DISDATE"] or row["ADMIDATE"]) for row in stays]
    ends = [(died[who], date.fromisoformat(day)) for who, day in last if who in died]
    assert len(ends) > 100
    assert all(end <= death for death, end in ends)
    assert sum(row["DISMETH"] == "4" for row in stays) > 2


def test_council_events_of_a_case_follow_each_other(england_folder: Path) -> None:
    events = rows(england_folder / "council" / "cld_events.csv")
    kinds = Counter(row["Event"] for row in events)
    assert kinds["Request"] > kinds["Assessment"] > 100
    assert kinds["Service"] > 100
    assert kinds["Review"] > 50
    assert all(
        bool(row["Service"]) == bool(row["Component"]) == (row["Event"] == "Service") for row in events
    )
    assert {row["Council"][:3] for row in events} <= {"E06", "E08", "E09", "E10"}
