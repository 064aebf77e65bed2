"""The demo's page, cast and truth on small inputs; the whole demo is run by its own test."""

from __future__ import annotations

import csv
import json
import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from linkage_engine.contract.permit import Permit, Role
from linkage_engine.contract.query_spec import (
    SIX_MONTHS,
    CareReviewParameters,
    EmergencyParameters,
    PersonalisedCareParameters,
    query_spec,
)
from linkage_engine.laboratory.demo import commands
from linkage_engine.laboratory.demo.cast import (
    CAST,
    DATA_SETS,
    PROJECT,
    QUALITY,
    SERVICE_ONLY,
    grant_path,
    permit_draft,
    questions,
    specification,
)
from linkage_engine.laboratory.demo.commands import Journal, StepFailed, wait_for
from linkage_engine.laboratory.demo.page import page
from linkage_engine.laboratory.demo.path import Demo
from linkage_engine.laboratory.demo.truth import linkage_scores
from linkage_engine.laboratory.england.lifespan import EXTRACT_DATE
from linkage_engine.laboratory.england.personalised_care import TRUSTS
from linkage_engine.laboratory.scores import Scores
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from service.keys import make_key_folder
from tests.factories import a_grant

# --- the cast


def hand_in_grants(people: Path) -> None:
    for provider, names in DATA_SETS.items():
        for name in names:
            granted = a_grant(provider, name, project_id=PROJECT)
            grant_path(people, provider, name).write_text(granted.model_dump_json())


def test_the_draft_is_a_permit_of_those_who_handed_in_keys(tmp_path: Path) -> None:
    for member in CAST:
        make_key_folder(
            tmp_path / member.principal_id,
            principal_id=member.principal_id,
            name=member.name,
            role=Role(member.role),
        )
    hand_in_grants(tmp_path)
    permit = Permit.model_validate_json(json.dumps(permit_draft(tmp_path)))
    assert {party.principal_id for party in permit.parties} == {m.principal_id for m in CAST} - {
        *SERVICE_ONLY
    }
    assert {(g.provider_id, g.data_set) for g in permit.data_sets} == {
        (provider, name) for provider, names in DATA_SETS.items() for name in names
    }


def test_a_provider_that_takes_no_part_is_in_no_permit(tmp_path: Path) -> None:
    for member in CAST:
        make_key_folder(
            tmp_path / member.principal_id,
            principal_id=member.principal_id,
            name=member.name,
            role=Role(member.role),
        )
    hand_in_grants(tmp_path)
    draft = permit_draft(tmp_path, providers=("cancer-registry", "gp-federation"))
    permit = Permit.model_validate_json(json.dumps(draft))
    assert {g.data_set for g in permit.data_sets} == {"cancer_registration", "death", "gp_registration"}
    assert permit.templates == ("prevalence",)
    assert permit.party("council") is None


def test_the_questions_are_of_the_language_and_one_is_outside() -> None:
    asked = {template: query_spec(fields) for template, fields in questions().items()}
    assert {question.project_id for question in asked.values()} == {PROJECT}
    assert all(question.template == template for template, question in asked.items())
    emergency = asked["emergency_15m"].parameters
    assert isinstance(emergency, EmergencyParameters)
    assert emergency.diagnosed_to + timedelta(days=emergency.window_days) <= EXTRACT_DATE
    care, review = (asked[name].parameters for name in ("personalised_care_coverage", "cancer_care_review"))
    assert isinstance(care, PersonalisedCareParameters)
    assert care.diagnosed_to + timedelta(days=SIX_MONTHS) < EXTRACT_DATE
    assert set(care.organisations or ()) == {trust.code for trust in TRUSTS}
    assert isinstance(review, CareReviewParameters)
    assert review.last_day < EXTRACT_DATE
    assert specification(template="service_use_trajectory")["template"] != specification()["template"]


# --- truth


def write_csv(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_links_are_scored_by_the_people_behind_them(tmp_path: Path) -> None:
    """Persons 1 and 2 are at both providers; the run joined 1 rightly, and 2 to a stranger.

    A third provider took no part: what it holds of person 1 is not missed.
    """
    folder = tmp_path / "keys" / "analysis"
    folder.mkdir(parents=True)
    keystore = Keystore.create(folder / "at-rest.key", secrets.token_bytes)
    rows = [
        ("north", "n1", "a"),
        ("south", "s1", "a"),
        ("north", "n2", "b"),
        ("south", "s3", "b"),
        ("south", "s2", "c"),
    ]
    columns = dict(
        zip(("provider_id", "person_key", "link_id"), map(list, zip(*rows, strict=True)), strict=True)
    )
    Vault(tmp_path / "vault" / "analysis", keystore).write(PROJECT, "crosswalk", pa.table(columns))
    person_keys = {
        provider: write_csv(
            tmp_path / f"{provider}.csv",
            [{"person_key": f"{letter}{i}", "local_person_id": f"{letter.upper()}{i}"} for i in (1, 2, 3)],
        )
        for provider, letter in (("north", "n"), ("south", "s"))
    }
    truth = write_csv(
        tmp_path / "truth.csv",
        [
            {"person": person, "provider": provider, "local_person_id": local}
            for person, provider, local in (
                ("1", "north", "N1"),
                ("1", "south", "S1"),
                ("2", "north", "N2"),
                ("2", "south", "S2"),
                ("3", "south", "S3"),
                ("1", "east", "E1"),
            )
        ],
    )
    assert linkage_scores(tmp_path, PROJECT, person_keys, truth) == Scores(found=2, true=2, correct=1)


# --- the page


def some_facts() -> dict[str, Any]:
    numbers = {"records_a": 1197.0, "records_b": 903.0, "links": 879.0, "linked_percent_a": 73.4}
    figures: dict[str, Any] = {name: {"value": n, "status": ""} for name, n in numbers.items()}
    hidden = ("linked_percent_b", "match_weight_threshold", "false_links_percent_at_most")
    figures |= {name: {"value": None, "status": "[c]"} for name in hidden} | {"seconds": {"train": 1.5}}
    receipt = {"log_index": 4, "sealed_sha256": "ab" * 32}
    return {
        "england": {"people": 20000},
        "receipts": dict.fromkeys(DATA_SETS, receipt),
        "sent": {
            provider: {
                "files": [{"rows": {"data_set": name, "rows": 2108}} for name in names],
                "persons": {"rows": 1919},
            }
            for provider, names in DATA_SETS.items()
        },
        "linkage_run": {"figures": {"pairs": {"cancer-registry:gp-federation": figures}}},
        "queries": {"prevalence": {"query_id": "cd" * 16}, "emergency_15m": {"query_id": "ef" * 16}},
        "refused": "Outside the permit: no.\nWhat to do: ask.\n",
        "subtracted": "1. 4 cells hidden by history\n10. 12 of 24 cells have something hidden\n\n"
        "sex    cases (before)\nFemale 14\nleverage 2.1 %\n12 of 24 cells hidden; evidence 3f\n",
        "verified": "verified: 40 entries\n",
        "tampered": "entry 7 differs\n",
        "service": "api: isolation reduced; open: network\ngate: isolation full\nready\n",
        "scores": Scores(found=100, true=110, correct=99),
    }


ROW = {
    "tumour_group": "Breast",
    "sex": "Total",
    "age_band": "Total",
    "numerator": "33",
    "denominator": "87",
    "percent": "37.9",
    "numerator_status": "",
    "denominator_status": "",
    "percent_status": "",
}
WITHHELD = {"numerator": "", "numerator_status": "[low]", "percent": "", "percent_status": "[low]"}
HIDDEN = ROW | WITHHELD | {"tumour_group": "Anus"}
ADMISSIONS = {
    "observed": "93",
    "expected": "21.4",
    "ratio": "4.35",
    "ratio_lower": "",
    "ratio_upper": "5.32",
}
EMERGENCY_ROW = {"sex": "Total", "age_band": "65 to 74", "cases": "117", "cases_status": ""} | {
    f"emergency_admission_{name}{suffix}": value
    for name, number in ADMISSIONS.items()
    for suffix, value in (("", number), ("_status", "" if number else "[u]"))
}
RECORD = {
    "cells_hidden": 1,
    "cells_banded": 2,
    "cells": 3,
    "policy": "nhs-cancer-default",
    "policy_version": 1,
    "threshold": 10,
    "effective_threshold": 13,
    "rounding": "midpoint6",
    "margins": "independent",
}


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    prevalence = [ROW, HIDDEN, ROW | {"sex": "Male", "numerator": "7777"}]
    emergency = [EMERGENCY_ROW, EMERGENCY_ROW | {"sex": "Male", "cases": "8888"}]
    for template, rows in (("prevalence", prevalence), ("emergency_15m", emergency)):
        release = tmp_path / "release" / template
        release.mkdir(parents=True)
        write_csv(release / "table.csv", rows)
        (release / "disclosure-record.json").write_text(json.dumps(RECORD))
    return Demo(tmp_path, Journal(tmp_path, {"Linkage": 1.5, "Log": 0.5}), facts=some_facts())


def test_the_page_shows_what_everybody_saw(demo: Demo) -> None:
    text = page(demo)
    for words in (
        "20,000 made-up people",
        "ecds_attendance (2,108 rows), cosd_personalised_care (2,108 rows) about 1,919 persons",
        "log entry 4",
        "879 links (73.4% and [c]%)",
        "precision 0.9900, recall 0.9000",
        "entry 7 differs",
        "gate: isolation full",
        "1 of 3 cells hidden, 2 low",
        "1. 4 cells hidden by history",
        "10. 12 of 24 cells have something hidden",
        "2.0 s  together",
    ):
        assert words in text
    assert "Female 14" not in text, "what a checker saw before control is no part of the page"
    assert next(line.split() for line in text.splitlines() if "Breast" in line) == [
        "Breast",
        "33",
        "87",
        "37.9",
    ]
    assert next(line.split() for line in text.splitlines() if "Anus" in line) == [
        *("Anus", "[low]", "87", "[low]")
    ]
    assert next(line.split() for line in text.splitlines() if "65 to 74" in line) == [
        *("65", "to", "74"),
        *("117", "93", "21.4", "4.35", "[u]", "5.32"),
    ]
    assert "7777" not in text
    assert "8888" not in text


def test_the_page_leads_to_the_quality_report_and_says_what_it_says_first(demo: Demo) -> None:
    assert "QUALITY REPORT" not in page(demo)
    report = demo.release(QUALITY) / "linkage-quality.html"
    report.parent.mkdir()
    report.with_suffix(".json").write_text(json.dumps({"summary": ["Of about 9 people, 3 were linked."]}))
    demo.facts["queries"][QUALITY] = {"query_id": "ab" * 16}
    assert f"{report}" in page(demo)
    assert "Of about 9 people, 3 were linked." in page(demo)


def test_the_page_names_evidence_by_place(demo: Demo) -> None:
    assert f"EVIDENCE in {demo.out}" in page(demo)


# --- commands


@pytest.mark.process
def test_what_a_command_printed_is_kept_and_its_end_is_checked(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    with journal.step("Help"):
        assert "Usage" in journal.run("tre-audit", "--help")
    assert journal.seconds["Help"] > 0
    with pytest.raises(StepFailed, match="tre-audit ended with 2"):
        journal.run("tre-audit", "no-such-command")
    assert "no-such-command" in journal.run("tre-audit", "no-such-command", expect=2)
    kept = (tmp_path / "commands.txt").read_text()
    assert kept.count("$ tre-audit") == 3
    assert "exit code 2" in kept


def test_who_waits_in_vain_says_for_what(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "PATIENCE_SECONDS", 0.001)
    monkeypatch.setattr(commands, "LIMIT_SECONDS", 0.01)

    def never() -> Iterator[bool]:
        while True:
            yield False

    with pytest.raises(StepFailed, match="in vain: is it there"):
        wait_for("is it there?", never())
    with pytest.raises(StepFailed):
        wait_for("is it there?", iter([False]))
    wait_for("is it there?", iter([False, True]))
