"""The commands about one table: protect it, audit a pattern of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from linkage_engine.contract.refusals import EngineRefusal
from linkage_engine.laboratory.disclosure.audit import audit_pattern
from linkage_engine.laboratory.disclosure.protect import protect, write_protected
from linkage_engine.laboratory.disclosure.table_file import read_policy, read_spec, read_table

Read = typer.Argument(exists=True, dir_okay=False, help="CSV: records, or inner cells with their numbers.")
Spec = Annotated[Path, typer.Option(exists=True, dir_okay=False, help="JSON: dimensions, count, value.")]


def protect_table(
    data: Annotated[Path, Read],
    spec: Spec,
    policy: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="YAML or JSON.")],
    csv_out: Annotated[Path, typer.Option("--csv", help="Write every cell here, exact numbers too.")],
    json_out: Annotated[Path, typer.Option("--json", help="Write the figures here.")],
) -> None:
    """Hide what a policy does not let be told, and audit the result; exit 1 where that is not safe."""
    try:
        done = protect(read_table(data, read_spec(spec)), read_policy(policy))
    except EngineRefusal as refusal:
        _refused(refusal)
    figures = json.dumps(done.as_json(), indent=2)
    print(figures)
    json_out.write_text(figures + "\n", encoding="utf-8")
    if not done.findings.safe:
        typer.echo("refused: the auditor does not find the table safe; no table was written", err=True)
        raise typer.Exit(1)
    write_protected(done, csv_out)


def audit_table(
    data: Annotated[Path, Read],
    spec: Spec,
    pattern: Annotated[
        Path,
        typer.Option(
            exists=True, dir_okay=False, help="CSV as protect writes it; only `suppressed` is believed."
        ),
    ],
    json_out: Annotated[Path, typer.Option("--json", help="Write the findings here.")],
) -> None:
    """Say which suppressed cells of anybody's pattern can be worked out."""
    try:
        found = audit_pattern(read_table(data, read_spec(spec)), pattern)
    except EngineRefusal as refusal:
        _refused(refusal)
    text = json.dumps(found, indent=2)
    counts = {name: len(found[name]) for name in ("determined", "undecided")}
    print(json.dumps({"cells": found["cells"], "suppressed": found["suppressed"]} | counts, indent=2))
    json_out.write_text(text + "\n", encoding="utf-8")


def _refused(refusal: EngineRefusal) -> NoReturn:
    typer.echo(f"refused: {refusal} {refusal.counts}", err=True)
    raise typer.Exit(1)
