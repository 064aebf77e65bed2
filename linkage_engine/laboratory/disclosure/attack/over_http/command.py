"""The part of `tre-evaluate disclosure attack` that asks a running installation."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from linkage_engine.contract.refusals import EngineRefusal
from linkage_engine.laboratory.demo.commands import Journal, StepFailed
from linkage_engine.laboratory.disclosure.attack.over_http.installation import Installation
from linkage_engine.laboratory.disclosure.attack.over_http.kinds import KINDS, NOT_OVER_HTTP
from linkage_engine.laboratory.disclosure.attack.over_http.run import HttpEvaluation, evaluate_over_http
from linkage_engine.laboratory.disclosure.attack.over_http.truth import read_truth
from linkage_engine.laboratory.disclosure.attack.run import POLICY, policy_with

COLUMNS = (
    ("kind", "<24"),
    ("answered", ">9"),
    ("refused", ">8"),
    ("preflights", ">11"),
    ("hidden_cells", ">13"),
    ("numbers_told", ">13"),
    ("determined_groups", ">18"),
    ("determined_persons", ">19"),
    ("determined_unlisted", ">20"),
    ("determined_threshold_only", ">26"),
    ("accuracy", ">9.3f"),
    ("accuracy_of_first_table", ">24.3f"),
    ("accuracy_threshold_only", ">24.3f"),
    ("seconds", ">8.0f"),
)


@dataclass(frozen=True)
class Target:
    """A running installation: where it is, who asks, who approves if they are here, and where truth is."""

    url: str
    project: str
    keys: Path
    checkers: Sequence[Path]
    home: Path


def attack_running(
    target: Target, *, kinds: Sequence[str], questions: int, seed: int, json_out: Path | None
) -> None:
    """Ask, score and print; figures are written after every kind. A refusal ends the run with exit code 1."""
    chosen = [each for each in kinds if each in KINDS]
    for each in kinds:
        if each in NOT_OVER_HTTP:
            print(f"{each}: not over HTTP, {NOT_OVER_HTTP[each]}")
    most = policy_with("checker").limits.queries_per_day
    if len(chosen) * questions > most:
        said = f"{len(chosen)} kinds ask {len(chosen) * questions} questions; {POLICY} allows {most} a day"
        raise typer.BadParameter(said, param_hint="--questions")
    print(" ".join(f"{name:{form.split('.')[0]}}" for name, form in COLUMNS))
    found: list[HttpEvaluation] = []
    try:
        truth = read_truth(target.home, target.project)
        with tempfile.TemporaryDirectory(prefix="tre-attack-") as folder:
            installation = Installation(
                target.url, target.project, target.keys, target.checkers, Journal(Path(folder))
            )
            asked = evaluate_over_http(installation, truth, kinds=chosen, questions=questions, seed=seed)
            for figures in asked:
                found.append(figures)
                values = figures.as_json()
                print(" ".join(f"{values[name]:{form}}" for name, form in COLUMNS), flush=True)
                _write(json_out, found, target, seed)
    except (EngineRefusal, StepFailed) as refusal:
        typer.echo(f"the attack stopped: {refusal}", err=True)
        raise typer.Exit(1) from None


def _write(json_out: Path | None, found: Sequence[HttpEvaluation], target: Target, seed: int) -> None:
    if json_out is not None:
        figures = {"project": target.project, "seed": seed, "kinds": [each.as_json() for each in found]}
        json_out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
