"""tre-evaluate disclosure: disclosure control at the command line."""

from __future__ import annotations

import typer

app = typer.Typer(help="Measure disclosure control on anybody's tables and histories.", no_args_is_help=True)


@app.callback()
def disclosure() -> None:
    """Measure disclosure control on anybody's tables and histories."""
