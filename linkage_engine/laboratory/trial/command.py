"""tre-evaluate query, sql and figures at the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow.parquet as pq
import pydantic
import typer

from linkage_engine.catalogue.data_sets import DATA_SETS
from linkage_engine.catalogue.policies import POLICIES
from linkage_engine.contract.evidence import Evidence
from linkage_engine.contract.query_spec import QuerySpec, query_spec
from linkage_engine.contract.refusals import EngineRefusal, RefusalCode
from linkage_engine.laboratory.england.contacts import SINCE
from linkage_engine.laboratory.england.lifespan import EXTRACT_DATE, WINDOW_START
from linkage_engine.laboratory.trial.answered import answered, data_sets_of
from linkage_engine.laboratory.trial.forecast import forecast
from linkage_engine.laboratory.trial.public_figures import measured, table_rows
from linkage_engine.laboratory.trial.recorded import recorded
from linkage_engine.laboratory.trial.remarks import Held, remark_on, remarks
from linkage_engine.laboratory.trial.resampled import resampled
from linkage_engine.laboratory.trial.shown import forecast_lines, remark_lines, table_lines, write_csv
from linkage_engine.laboratory.trial.sql import TABLES, script
from linkage_engine.laboratory.trial.synthetic import read_england, synthetic_england

HELD = Held(diagnoses_from=WINDOW_START, events_from=SINCE, until=EXTRACT_DATE)
REMEDIES = {
    RefusalCode.NO_LINKED_DATA: f"Let the period of diagnosis begin before the data end, on {EXTRACT_DATE}.",
    RefusalCode.SPECIFICATION_INVALID: "tre-researcher check names the place that is wrong.",
    RefusalCode.TABLE_TOO_LARGE: "Ask with fewer breakdowns, coarser bands, or some tumour groups or areas.",
    RefusalCode.QUERY_TOO_SLOW: "Try it with fewer people.",
}
SYNTHETIC = Path("synthetic-england")
CELLS_NAMED = 12


def query(  # noqa: PLR0913, PLR0917 - a command has as many options as it has
    specification: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A question, in JSON.")],
    keep: Annotated[Path, typer.Option(help="Where synthetic England is kept between trials.")] = SYNTHETIC,
    people: Annotated[int, typer.Option(min=100, max=1_000_000, help="How many are made up.")] = 20_000,
    population: Annotated[
        int | None, typer.Option(min=100, max=2_000_000, help="Draw so many from them; else they are asked.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, max=20, help="Populations to forecast over.")] = 3,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    policy: Annotated[str, typer.Option(help="Profile of disclosure control.")] = "nhs-cancer-default",
    rows: Annotated[int, typer.Option(min=0, help="Rows of the table to print.")] = 20,
    csv_out: Annotated[Path | None, typer.Option("--csv", help="Write the whole table here.")] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="Write the forecast here.")] = None,
) -> None:
    """Try a question on synthetic data: its table as a release would have it, and what will be hidden."""
    asked = _question(specification)
    if policy not in POLICIES:
        raise typer.BadParameter(f"one of {', '.join(POLICIES)}", param_hint="--policy")
    size = population or people
    with _told():
        folder = synthetic_england(keep, people=people, seed=seed)
        tried = list(_tried(asked, folder, people=people, size=size, seeds=(seed, repeats), policy=policy))
    foreseen = forecast(tried)
    for line in (
        *remark_lines([*remarks(asked, HELD), *remark_on(tried[0])]),
        *table_lines(tried[0].table, rows),
        "",
        *forecast_lines(foreseen, people=people, population=size, cells=CELLS_NAMED),
    ):
        print(line)
    if csv_out is not None:
        write_csv(csv_out, tried[0].table)
    if json_out is not None:
        json_out.write_text(json.dumps(foreseen.as_json(), indent=2) + "\n", encoding="utf-8")


def sql(
    specification: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A question, in JSON.")],
    out: Annotated[Path, typer.Option(help="A new folder: question.sql, and tables/ that it reads.")],
    keep: Annotated[Path, typer.Option(help="Where synthetic England is kept between trials.")] = SYNTHETIC,
    people: Annotated[int, typer.Option(min=100, max=1_000_000, help="How many are made up.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0)] = 1,
) -> None:
    """Write a question as the SQL that the service runs, with the synthetic tables that it reads."""
    asked = _question(specification)
    if out.exists():
        raise typer.BadParameter("is there already: name a new folder", param_hint="--out")
    with _told():
        folder = synthetic_england(keep, people=people, seed=seed)
        recording = recorded(asked, read_england(folder, data_sets_of(asked)))
    (out / TABLES).mkdir(parents=True, exist_ok=False)
    for name, table in recording.tables.items():
        pq.write_table(table, out / TABLES / f"{name}.parquet", compression="zstd")
    text = "\n".join(script(asked, recording)) + "\n"
    (out / "question.sql").write_text(text, encoding="utf-8")
    print(text, end="")


def figures(
    keep: Annotated[Path, typer.Option(help="Where synthetic England is kept between trials.")] = SYNTHETIC,
    people: Annotated[int, typer.Option(min=5_000, max=1_000_000, help="How many are made up.")] = 100_000,
    seed: Annotated[int, typer.Option(min=0)] = 1,
) -> None:
    """Print public figures about cancer in England, how near they must be met, and what is met."""
    folder = synthetic_england(keep, people=people, seed=seed)
    print("| figure | published | within | synthetic England | source |\n|---|---|---|---|---|")
    for row in table_rows(measured(list(read_england(folder, DATA_SETS)))):
        print(row)


@contextmanager
def _told() -> Iterator[None]:
    """A refusal of the engine as a line with what to do, and exit code 1."""
    try:
        yield
    except EngineRefusal as refusal:
        remedy = REMEDIES.get(refusal.code, "")
        typer.echo(f"refused: {refusal} {refusal.counts} {remedy}".rstrip(), err=True)
        raise typer.Exit(1) from None


def _question(path: Path) -> QuerySpec:
    try:
        return query_spec(json.loads(path.read_bytes()))
    except (ValueError, pydantic.ValidationError):
        raise typer.BadParameter(
            "no specification in JSON; tre-researcher check says what is wrong with it",
            param_hint="SPECIFICATION",
        ) from None


def _tried(
    asked: QuerySpec, folder: Path, *, people: int, size: int, seeds: tuple[int, int], policy: str
) -> Iterator[Evidence]:
    """The question asked of each population: first of the people themselves, where as many are asked for."""
    seed, repeats = seeds
    for repeat in range(repeats):
        sets = list(read_england(folder, data_sets_of(asked)))
        dice = np.random.default_rng([seed, repeat])
        if repeat or size != people:
            sets = list(resampled(sets, people=people, population=size, generator=dice))
        yield answered(asked, sets, policy=policy, random=dice.bytes)
