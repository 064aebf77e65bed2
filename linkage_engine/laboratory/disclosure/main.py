"""tre-evaluate disclosure: disclosure control at the command line."""

from __future__ import annotations

import typer

from linkage_engine.laboratory.disclosure.tables import audit_table, protect_table

app = typer.Typer(help="Measure disclosure control on anybody's tables and histories.", no_args_is_help=True)


@app.callback()
def disclosure() -> None:
    """Measure disclosure control on anybody's tables and histories."""


app.command("protect")(protect_table)
app.command("audit")(audit_table)
