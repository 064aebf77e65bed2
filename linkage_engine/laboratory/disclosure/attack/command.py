"""tre-evaluate disclosure attack: what ten kinds of attackers get out of disclosure control."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from linkage_engine.laboratory.disclosure.attack.baseline import one_plain_table
from linkage_engine.laboratory.disclosure.attack.cohort import MOST_PERSONS
from linkage_engine.laboratory.disclosure.attack.kinds import KINDS
from linkage_engine.laboratory.disclosure.attack.over_http.command import Target, attack_running
from linkage_engine.laboratory.disclosure.attack.run import Asked, AttackEvaluation, evaluate

QUESTIONS, QUESTIONS_OVER_HTTP = 2_000, 12
QUESTIONS_HELP = f"By each kind: {QUESTIONS} in process, {QUESTIONS_OVER_HTTP} over HTTP."
COLUMNS = (
    ("kind", "<24"),
    ("over_budget", "<12"),
    ("answered", ">9"),
    ("refused", ">8"),
    ("hidden_cells", ">13"),
    ("determined_groups", ">18"),
    ("determined_persons", ">19"),
    ("determined_unlisted", ">20"),
    ("determined_unlisted_larger", ">27"),
    ("bit_accuracy", ">13.3f"),
    ("bit_accuracy_of_all", ">20.3f"),
    ("attacker_strength", ">18.3f"),
    ("seconds", ">9.0f"),
)


def attack(  # noqa: PLR0913, PLR0917 - a command has as many options as it has
    kinds: Annotated[str, typer.Option(help="Kinds of attackers, with commas; all of them.")] = ",".join(
        KINDS
    ),
    questions: Annotated[int | None, typer.Option(min=1, max=100_000, help=QUESTIONS_HELP)] = None,
    persons: Annotated[int, typer.Option(min=300, max=MOST_PERSONS, help="In process.")] = 600,
    seed: Annotated[int, typer.Option(min=0, help="The same seed asks the same questions.")] = 1,
    json_out: Annotated[Path | None, typer.Option("--json", help="Write the figures here too.")] = None,
    in_process: Annotated[bool | None, typer.Option("--in-process", help="The default.")] = None,
    url: Annotated[str | None, typer.Option(help="Ask this running installation instead.")] = None,
    project: Annotated[str, typer.Option(help="With --url: the project's id.")] = "",
    keys: Annotated[Path | None, typer.Option(help="With --url: a researcher's key folder.")] = None,
    checker: Annotated[
        list[Path] | None,
        typer.Option(help="With --url: a checker's key folder, twice; without, others approve in time."),
    ] = None,
    home: Annotated[
        Path | None, typer.Option(help="With --url: the installation's own folder, for the truth.")
    ] = None,
) -> None:
    """Let attackers ask adaptive questions of the shipped control, and score what follows from the answers.

    In process each kind asks a service with a threshold alone as well: that is how strong the attacker is.
    """
    chosen = tuple(each.strip() for each in kinds.split(","))
    if unknown := [each for each in chosen if each not in KINDS]:
        raise typer.BadParameter(f"there is no kind {', '.join(unknown)}", param_hint="--kinds")
    if url is None:
        _in_process(Asked(chosen, questions=questions or QUESTIONS, persons=persons, seed=seed), json_out)
        return
    if in_process:
        raise typer.BadParameter("one of both", param_hint="--in-process, --url")
    if keys is None or home is None or not project:
        raise typer.BadParameter("--project, --keys and --home are needed too", param_hint="--url")
    target = Target(url, project, keys, tuple(checker or ()), home)
    asked = questions or QUESTIONS_OVER_HTTP
    attack_running(target, kinds=chosen, questions=asked, seed=seed, json_out=json_out)


def _in_process(asked: Asked, json_out: Path | None) -> None:
    plain = one_plain_table(asked.cohort())
    print(" ".join(f"{name:{form.split('.')[0]}}" for name, form in COLUMNS))
    found = []
    for each in evaluate(asked):
        found.append(each)
        print(line(each), flush=True)
    print(f"One plain table of cells of ten, exact counts: {plain:.3f} of the bits; nothing learnt is 0.5.")
    if json_out is not None:
        figures = {
            "persons": asked.persons,
            "seed": asked.seed,
            "bit_accuracy_of_one_plain_table": plain,
            "kinds": [each.as_json() for each in found],
        }
        json_out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def line(found: AttackEvaluation) -> str:
    """One line of the table for people."""
    values = found.as_json()
    return " ".join(f"{values[name]:{form}}" for name, form in COLUMNS)
