"""tre-evaluate disclosure: disclosure control at the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from linkage_engine.contract.refusals import EngineRefusal, NotTrusted, RefusalCode
from linkage_engine.laboratory.disclosure.admit import figures, run, write_decisions
from linkage_engine.laboratory.disclosure.attack.command import attack
from linkage_engine.laboratory.disclosure.history import evaluate_history
from linkage_engine.laboratory.disclosure.history_files import read_tables, write_sets, write_tables
from linkage_engine.laboratory.disclosure.planned import cohort, plan, table_of
from linkage_engine.laboratory.disclosure.tables import audit_table, protect_table

app = typer.Typer(help="Measure disclosure control on anybody's tables and histories.", no_args_is_help=True)

Input = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Parquet: release, cell, record.")]
Threshold = Annotated[int, typer.Option(help="The smallest number of persons told apart, 2 or more.")]
LEAST = 2
JsonOut = Annotated[Path | None, typer.Option("--json", help="Write the figures here too.")]


@app.callback()
def disclosure() -> None:
    """Measure disclosure control on anybody's tables and histories."""


@app.command()
def history(
    cells: Input,
    groups: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Parquet: group, record.")],
    threshold: Threshold = 10,
    json_out: JsonOut = None,
) -> None:
    """Run the gate alone: which groups, persons and differences of cells could be computed."""
    try:
        _check(threshold)
        found = evaluate_history(cells, groups, threshold=threshold)
    except EngineRefusal as refusal:
        _refuse(refusal)
    _say(found.as_json(), json_out)


@app.command()
def admit(  # noqa: PLR0913, PLR0917 - a command has as many options as it has
    cells: Input,
    csv_out: Annotated[Path, typer.Option("--csv", help="Published or hidden, by release and cell.")],
    threshold: Threshold = 10,
    seed: Annotated[int, typer.Option(min=0, help="Of the vectors that test what is given away.")] = 1,
    published: Annotated[Path | None, typer.Option(help="Write the published cells for `history`.")] = None,
    groups: Annotated[Path | None, typer.Option(help="Write the recorded groups for `history`.")] = None,
    json_out: JsonOut = None,
) -> None:
    """Decide on the releases of a history in order; the file has parent and dimension_count too."""
    try:
        _check(threshold)
        done = run(read_tables(cells), threshold=threshold, seed=seed)
    except EngineRefusal as refusal:
        _refuse(refusal)
    write_decisions(csv_out, done)
    if published is not None:
        numbers = np.arange(len(done.state.published))
        columns = {"release": np.zeros_like(numbers), "cell": numbers}
        write_sets(published, columns, done.state.published)
    if groups is not None:
        write_sets(groups, {"group": np.arange(len(done.state.groups))}, done.state.groups)
    _say(figures(done).as_json(), json_out)


@app.command()
def planned(
    out: Annotated[Path, typer.Option(help="Parquet to write, as `admit` reads it.")],
    persons: Annotated[int, typer.Option(min=100, max=2_000_000)] = 20_000,
    tables: Annotated[int, typer.Option(min=1, max=1_000)] = 100,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same history.")] = 1,
) -> None:
    """Write an honest history: planned tables over a made-up cohort, in fixed nested bands."""
    random = np.random.default_rng(seed)
    people = cohort(persons, random)
    made = (table_of(people, each) for each in plan(tables, random))
    write_tables(out, enumerate(made))
    _say({"persons": persons, "tables": tables, "file": str(out)}, None)


def _check(threshold: int) -> None:
    """Under 2 there is nobody to protect."""
    if threshold < LEAST:
        raise NotTrusted(RefusalCode.POLICY_INVALID, threshold=threshold)


def _refuse(refusal: EngineRefusal) -> None:
    typer.echo(f"refused: {refusal} {refusal.counts}", err=True)
    raise typer.Exit(1) from None


def _say(found: dict[str, object], json_out: Path | None) -> None:
    text = json.dumps(found, indent=2)
    print(text)
    if json_out is not None:
        json_out.write_text(text + "\n", encoding="utf-8")


app.command("attack")(attack)
app.command("protect")(protect_table)
app.command("audit")(audit_table)
