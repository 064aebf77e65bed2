"""Synthetic England is neither clean nor hopeless: how well it is linked without NHS numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.laboratory.england.write import write_england
from linkage_engine.laboratory.linkage import LinkageEvaluation, evaluate_linkage
from linkage_engine.laboratory.main import app
from linkage_engine.laboratory.records import read_fields, read_records


def _evaluated(
    folder: Path,
    profile: LinkageProfile,
    *,
    without: tuple[str, ...] = ("nhs_number",),
    provider: str = "cancer-registry",
) -> LinkageEvaluation:
    known = folder / "known-truth"
    fields = {
        name: column for name, column in read_fields(known / "fields.json").items() if name not in without
    }
    a, b = (
        read_records(known / f"{name}.csv", fields=fields, truth="person")
        for name in (provider, "gp-federation")
    )
    return evaluate_linkage(a, b, profile=profile, threads=2, seed=1)


def _is_neither_clean_nor_hopeless(found: LinkageEvaluation) -> None:
    assert 0.95 < found.one_to_one.f1 < 0.998
    assert 0.95 < found.one_to_one.best_f1 < 0.998
    # The threshold was chosen without truth; it costs little.
    assert found.one_to_one.best_f1 - found.one_to_one.f1 < 0.01
    assert found.one_to_one.precision > 0.97


def test_plaintext_without_nhs_numbers_links_england_imperfectly(england_folder: Path) -> None:
    _is_neither_clean_nor_hopeless(_evaluated(england_folder, LinkageProfile.PLAINTEXT))


def test_the_councils_people_are_linked_to_practices_through_missing_nhs_numbers(
    england_folder: Path,
) -> None:
    found = _evaluated(england_folder, LinkageProfile.TOKENS, without=(), provider="council")
    assert found.one_to_one.f1 > 0.96
    assert found.one_to_one.precision > 0.98


def test_a_few_people_are_linked_though_a_column_teaches_the_model_nothing(tmp_path: Path) -> None:
    """Of 258 and 2,628 records, m of a level falls under the least that Splink takes."""
    write_england(tmp_path, people=3000, seed=1)
    found = _evaluated(tmp_path, LinkageProfile.TOKENS, without=())
    assert found.one_to_one.f1 > 0.97
    assert found.one_to_one.precision > 0.98


@pytest.mark.deep
@pytest.mark.parametrize("provider", ["hospital-trust", "council"])
def test_the_other_providers_are_as_hard_to_link_to_practices(england_folder: Path, provider: str) -> None:
    found = _evaluated(england_folder, LinkageProfile.PLAINTEXT, provider=provider)
    assert 0.94 < found.one_to_one.f1 < 0.999
    assert found.one_to_one.precision > 0.97


@pytest.mark.deep
@pytest.mark.parametrize("seed", [2, 3])
def test_other_englands_are_as_hard(tmp_path: Path, seed: int) -> None:
    write_england(tmp_path, people=20_000, seed=seed)
    _is_neither_clean_nor_hopeless(_evaluated(tmp_path, LinkageProfile.PLAINTEXT))


@pytest.mark.deep
def test_tokens_lose_little_against_plaintext(england_folder: Path) -> None:
    tokens = _evaluated(england_folder, LinkageProfile.TOKENS)
    plaintext = _evaluated(england_folder, LinkageProfile.PLAINTEXT)
    assert tokens.one_to_one.f1 > plaintext.one_to_one.f1 - 0.003


def test_the_command_prints_the_figures_and_writes_them(tmp_path: Path) -> None:
    made = CliRunner().invoke(
        app, ["england", "--people", "3000", "--seed", "3", "--out", str(tmp_path / "e")]
    )
    assert made.exit_code == 0, made.output
    assert json.loads(made.output)["people"] == 3000
    known = tmp_path / "e" / "known-truth"
    arguments = ["linkage", str(known / "cancer-registry.csv"), str(known / "gp-federation.csv")]
    arguments += ["--fields", str(known / "fields.json"), "--truth", "person", "--profile", "tokens"]
    arguments += ["--reliability", str(tmp_path / "reliability.txt")]
    found = CliRunner().invoke(app, [*arguments, "--json", str(tmp_path / "figures.json")])
    assert found.exit_code == 0, found.output
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert json.loads(found.output) == figures
    assert figures["profile"] == "tokens"
    assert figures["one_to_one"]["f1"] > 0.95
    assert set(figures["seconds"]) >= {"encode", "train", "predict", "assign"}
    assert figures["peak_rss_bytes"] > 10_000_000
    bands = figures["reliability"]["bands"]
    assert bands[0]["true_false_share"] > 0.9
    assert bands[-1]["true_false_share"] < 0.01
    table = (tmp_path / "reliability.txt").read_text(encoding="utf-8").splitlines()
    assert len(table) == len(bands) + 3  # its head, an empty line and all that is linked
    assert [int(line.split()[-3]) for line in table[1:3]] == [band["decoys"] for band in bands[:2]]
