"""tre-evaluate reidentify at the command line."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow as pa
import typer

from linkage_engine.contract.profiles import LinkageProfile, column_names
from linkage_engine.contract.refusals import EngineRefusal
from linkage_engine.laboratory.encoding import encoded
from linkage_engine.laboratory.records import read_fields, read_identifiers
from linkage_engine.laboratory.reidentification.evaluate import evaluate_reidentification
from linkage_engine.laboratory.reidentification.people import People, of_england, of_file

PURPOSE_RECORDS = 9


def reidentify(  # noqa: PLR0913, PLR0917 - a command has as many options as it has
    profile: Annotated[
        LinkageProfile, typer.Option(help="What the attacker sees of each record.")
    ] = LinkageProfile.TOKENS,
    records: Annotated[int, typer.Option(min=2, help="How many records the attacker holds.")] = 32_000,
    known: Annotated[str, typer.Option(help="Numbers of known people, with commas between.")] = "0,10,50,500",
    seed: Annotated[int, typer.Option(min=0)] = 1,
    data: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="CSV or Parquet.")] = None,
    fields: Annotated[Path | None, typer.Option(exists=True, help="JSON: which column holds what.")] = None,
    without: Annotated[list[str] | None, typer.Option(help="A column that he does not see.")] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="Write the figures here too.")] = None,
) -> None:
    """Attack encodings without their secret: which names, dates, postcodes and whole records come out.

    The people are synthetic England's, or those of --data with --fields; the attacker has public tables of
    names, years and postcodes and the full identity of some people.
    """
    if profile is LinkageProfile.PLAINTEXT:
        raise typer.BadParameter("plaintext hides nothing: there is nothing to attack")
    numbers, hidden = _numbers(known), _columns(profile, without or [])
    try:
        people = _people(records, seed=seed, data=data, fields=fields)
    except EngineRefusal as refusal:
        typer.echo(f"refused: {refusal} {refusal.counts}", err=True)
        raise typer.Exit(1) from None
    anew = partial(encode_anew, profile=profile, hidden=hidden)
    found = evaluate_reidentification(people, anew, profile=profile, known=numbers, seed=seed)
    figures = json.dumps(found.as_json(), indent=2)
    print(figures)
    if json_out is not None:
        json_out.write_text(figures + "\n", encoding="utf-8")


def encode_anew(identifiers: pa.Table, *, profile: LinkageProfile, hidden: list[str]) -> pa.Table:
    """The provider's own encoding, under a new secret."""
    (encodings,) = encoded(identifiers, profile=profile)
    return encodings.drop_columns(["person_key", *hidden])


def _columns(profile: LinkageProfile, names: list[str]) -> list[str]:
    if not set(names) <= set(column_names(profile)):
        raise typer.BadParameter("--without takes columns of the profile")
    return names


def _numbers(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise typer.BadParameter("--known takes whole numbers with commas between")
    return tuple(int(part) for part in parts)


def _people(records: int, *, seed: int, data: Path | None, fields: Path | None) -> People:
    if (data is None) != (fields is None):
        raise typer.BadParameter("--data and --fields go together")
    if data is None or fields is None:
        return of_england(records, seed=seed)
    return of_file(_some(read_identifiers(data, fields=read_fields(fields)), records, seed=seed))


def _some(table: pa.Table, records: int, *, seed: int) -> pa.Table:
    """As many rows as asked for, or all where there are fewer."""
    if table.num_rows <= records:
        return table
    chosen = np.random.default_rng((seed, PURPOSE_RECORDS)).choice(table.num_rows, records, replace=False)
    return table.take(pa.array(np.sort(chosen)))
