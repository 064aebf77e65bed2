"""tre-evaluate: the laboratory at the command line."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import gettempdir
from typing import Annotated

import typer

from linkage_engine.contract.permit import LinkageEngine
from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.contract.refusals import EngineRefusal, RefusalCode
from linkage_engine.laboratory.demo.commands import StepFailed
from linkage_engine.laboratory.demo.run import run_demo
from linkage_engine.laboratory.disclosure.main import app as disclosure
from linkage_engine.laboratory.england.write import write_england
from linkage_engine.laboratory.linkage import evaluated, link_files
from linkage_engine.laboratory.linkage_report import linkage_report, write_report
from linkage_engine.laboratory.records import read_fields, read_records
from linkage_engine.laboratory.reidentification.command import reidentify
from linkage_engine.laboratory.trial.command import figures, query, sql
from linkage_engine.link.spark_session import SparkPlace

REMEDIES = {
    RefusalCode.SPARK_ABSENT: "Install the extra `spark` (requirements/spark.txt) and Java 17 or later.",
    RefusalCode.SPARK_UNREACHABLE: "Check the master's address, that it runs, and that it has workers.",
}
app = typer.Typer(
    help="Measure linkage, re-identification and disclosure on data with known truth.", no_args_is_help=True
)
app.add_typer(disclosure, name="disclosure")


@app.callback()
def laboratory() -> None:
    """Measure linkage, re-identification and disclosure on data with known truth."""


@app.command()
def england(
    out: Annotated[Path, typer.Option(help="Folder to write to; existing files are overwritten.")],
    people: Annotated[int, typer.Option(min=1, max=10_000_000, help="How many people to make up.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 1,
) -> None:
    """Write a synthetic England: each provider's files with its mapping, and the truth."""
    written = write_england(out, people=people, seed=seed)
    print(json.dumps(written.as_json() | {"folder": str(out)}, indent=2))


@app.command()
def linkage(  # noqa: PLR0913, PLR0917 - a command has as many options as it has
    a: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or Parquet.")],
    b: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or Parquet.")],
    fields: Annotated[Path, typer.Option(exists=True, help="JSON: which column holds which identifier.")],
    truth: Annotated[str, typer.Option(help="The column that says whose a record is.")],
    profile: Annotated[
        LinkageProfile, typer.Option(help="What the linkage may see.")
    ] = LinkageProfile.TOKENS,
    threads: Annotated[int, typer.Option(min=1)] = 2,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    engine: Annotated[LinkageEngine, typer.Option(help="What compares the pairs.")] = LinkageEngine.DUCKDB,
    spark_master: Annotated[str, typer.Option(help="Where Spark is: its master's address.")] = "local[2]",
    json_out: Annotated[Path | None, typer.Option("--json", help="Write the figures here too.")] = None,
    reliability_out: Annotated[
        Path | None,
        typer.Option(
            "--reliability",
            help="Write here, as text, how many links are false by weight: expected and true.",
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write the quality report into this folder: JSON, CSV and a page.")
    ] = None,
) -> None:
    """Link two files and score the result against the truth, which decides nothing."""
    if engine is LinkageEngine.SPARK and profile is LinkageProfile.PLAINTEXT:
        raise typer.BadParameter("plaintext is linked by duckdb alone", param_hint="--engine")
    try:
        columns = read_fields(fields)
        records = [read_records(path, fields=columns, truth=truth) for path in (a, b)]
        place = SparkPlace(spark_master, Path(gettempdir())) if engine is LinkageEngine.SPARK else None
        linked = link_files(*records, profile=profile, threads=threads, seed=seed, place=place)
        found = evaluated(linked, *records, profile=profile)
    except EngineRefusal as refusal:
        typer.echo(f"refused: {refusal} {refusal.counts} {REMEDIES.get(refusal.code, '')}".rstrip(), err=True)
        raise typer.Exit(1) from None
    figures = json.dumps(found.as_json(), indent=2)
    print(figures)
    if json_out is not None:
        json_out.write_text(figures + "\n", encoding="utf-8")
    if reliability_out is not None:
        reliability_out.write_text(found.reliability.as_text(), encoding="utf-8")
    if report is not None:
        write_report(report, linkage_report(linked, *records, profile=profile))


app.command("reidentify")(reidentify)
app.command("query")(query)
app.command("sql")(sql)
app.command("figures")(figures)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder to write to; an earlier run in it is removed.")],
    people: Annotated[int, typer.Option(min=1_000)] = 20_000,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the service up until interrupted.")] = False,
) -> None:
    """Run the whole path with real processes: four providers' CSV files to a signed table."""
    try:
        run_demo(out, people=people, seed=seed, keep=keep)
    except StepFailed as failed:
        typer.echo(f"the demo stopped: {failed}", err=True)
        raise typer.Exit(1) from None


def main() -> None:
    """The console script."""
    app()
