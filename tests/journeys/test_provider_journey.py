"""A provider hands over an extract: validate, seal, submit, status; and the same again."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from linkage_engine.laboratory.demo.cast import PROJECT, sent_by
from tests.running import PROVIDERS, Running

pytestmark = pytest.mark.process


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_delivery_is_accepted_part_by_part(running: Running, provider: str) -> None:
    report = json.loads(running.demo.at(provider, "validation-report.json").read_text())
    assert {file["rows"]["data_set"] for file in report["files"]} == set(sent_by(provider, PROVIDERS))
    receipt = running.demo.facts["receipts"][provider]
    shown = json.loads(running.tool("tre-provider", "status", receipt["submission_id"], who=provider))
    assert shown["state"] in {"accepted", "superseded"}
    assert [part["name"] for part in shown["parts"]] == ["identifiers", *sent_by(provider, PROVIDERS)]
    assert {part["state"] for part in shown["parts"]} == {"unsealed"}
    rows = {file["rows"]["data_set"]: file["rows"]["rows"] for file in report["files"]}
    assert {part["name"]: part["rows"] for part in shown["parts"][1:]} == rows


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_receipt_is_for_the_bytes_sent_and_stands_in_the_log(running: Running, provider: str) -> None:
    receipt = running.demo.facts["receipts"][provider]
    package = running.demo.at(provider, "delivery.tresub")
    assert receipt["sealed_sha256"] == hashlib.sha256(package.read_bytes()).hexdigest()
    [entry] = [e for e in running.entries(actor=provider) if e["entry_id"] == receipt["entry_id"]]
    assert (entry["action"], entry["subject"]) == ("submission:receive", receipt["submission_id"])
    assert entry["log_index"] == receipt["log_index"]
    assert entry["detail"]["sealed_sha256"] == receipt["sealed_sha256"]
    done = running.entered(receipt["submission_id"])
    assert done.count("part:unseal") == 1 + len(sent_by(provider, PROVIDERS))
    assert done.count("submission:accept") == 1


def test_the_same_package_again_gives_the_same_receipt(running: Running, tmp_path: Path) -> None:
    provider = PROVIDERS[0]
    package = Path(shutil.copy(running.demo.at(provider, "delivery.tresub"), tmp_path))
    files = running.spool()
    said = running.tool("tre-provider", "submit", package, who=provider)
    kept = running.demo.facts["receipts"][provider]
    assert f"submission {kept['submission_id']}" in said
    again = json.loads((tmp_path / "delivery.tresub.receipt.json").read_text())
    for name in ("submission_id", "sealed_sha256", "received_at", "entry_id", "log_index"):
        assert again[name] == kept[name]
    assert running.spool() == files


def test_a_bad_row_is_named_and_nothing_is_sealed(running: Running, tmp_path: Path) -> None:
    provider = "gp-federation"
    folder = tmp_path / provider
    folder.mkdir()
    for name in ("mapping.json", "patients.csv"):
        shutil.copy(running.demo.at(provider, name), folder)
    extract = folder / "patients.csv"
    head, first, *rest = extract.read_text().splitlines()
    practice = first.split(",")[-8]
    extract.write_text("\n".join([head, first.replace(f",{practice},", ",NOT-A-PRACTICE,", 1), *rest]) + "\n")
    report = folder / "report.json"
    running.tool("tre-provider", "validate", folder / "mapping.json", "--json", report, expect=1)
    [file] = json.loads(report.read_text())["files"]
    failed = [f for f in file["rows"]["findings"] if f["outcome"].startswith("Failed") and f["rows"]]
    assert [(f["field"], f["rows"], f["row_numbers"]) for f in failed] == [("gp_practice_code", 1, [2])]
    assert "NOT-A-PRACTICE" not in report.read_text()
    package = folder / "delivery.tresub"
    said = running.tool(
        "tre-provider",
        *("seal", folder / "mapping.json", "--project", running.demo.at(provider, "project.json")),
        *("--keys", running.demo.keys(provider), "--out", package),
        expect=1,
    )
    assert said.startswith("Extract failed: ")
    assert "What to do: Run tre-provider validate" in said
    assert sorted(path.name for path in folder.iterdir()) == ["mapping.json", "patients.csv", "report.json"]


def test_the_project_file_names_what_this_provider_may_send(running: Running) -> None:
    for provider in PROVIDERS:
        fetched = json.loads(running.demo.at(provider, "project.json").read_text())
        assert (fetched["project_id"], tuple(fetched["data_sets"])) == (PROJECT, sent_by(provider, PROVIDERS))
        assert fetched["recipients"]["linkage"] != fetched["recipients"]["analysis"]


def test_a_provider_tightens_a_project_of_its_own_and_sees_it(running: Running) -> None:
    project, provider = running.open_project("tightened-project"), PROVIDERS[0]
    about = [project, "--least-persons", "25", "--reason", "Few people"]
    said = running.tool("tre-provider", "tighten", *about, "--policy", "nhs-cancer-default", who=provider)
    assert json.loads(said)["least_persons"] == 25
    shown = json.loads(running.tool("tre-provider", "mirror", project, who=provider))
    assert [each["provider_id"] for each in shown["tightenings"]] == [provider]
    running.tool("tre-provider", "tighten", *about, "--policy", "acro-default", who=provider, expect=1)
