"""The commands of tre-audit: `export` asks the service, `verify` and `verify-release` ask nobody."""

from __future__ import annotations

import secrets
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from service.audit import verify
from service.audit.vocabulary import Action, Outcome
from service.client import Client
from service.clock import utc_now
from service.command_line import run
from service.reviewer.search import (
    PAGE,
    WRITTEN,
    Form,
    asked,
    entries_after,
    every_entry,
    first_moment,
    moment_after,
)

app = typer.Typer(
    help="Read the log; verify it offline with `verify` and `verify-release`.", no_args_is_help=True
)

Url = Annotated[str, typer.Option("--url", help="Address of the service.")]
Keys = Annotated[Path, typer.Option("--keys", help="Your key folder.")]
Person = Annotated[str | None, typer.Option("--person", help="Who acted, or whom it is about.")]
Actor = Annotated[str | None, typer.Option("--actor", help="Who acted.")]
Subject = Annotated[str | None, typer.Option("--subject", help="What or whom it is about.")]
Project = Annotated[str | None, typer.Option("--project")]
Act = Annotated[Action | None, typer.Option("--action", metavar="ACT", help="As query:ask.")]
Became = Annotated[Outcome | None, typer.Option("--outcome")]
Since = Annotated[
    str | None,
    typer.Option("--from", parser=first_moment, metavar="WHEN", help="A day, or a moment with its zone."),
]
Until = Annotated[
    str | None,
    typer.Option("--to", parser=moment_after, metavar="WHEN", help="A day, included, or a moment, excluded."),
]


class Printed(StrEnum):
    """How entries are printed."""

    TABLE = Form.TABLE
    JSON = Form.JSON


class Exported(StrEnum):
    """What is exported."""

    BUNDLE = "bundle"
    JSONL = Form.JSONL
    CSV = Form.CSV


OFFLINE = ("verify", "verify-release", "verify-certificate")
"""Commands of `service.audit.verify`, which needs the standard library and cryptography only."""


@app.command()
def export(  # noqa: PLR0913, PLR0917  # one word an option
    ctx: typer.Context,
    url: Url,
    keys: Keys,
    out: Annotated[Path, typer.Option("--out", help="The file to write.")],
    form: Annotated[Exported, typer.Option("--as", help="What to write.")] = Exported.BUNDLE,
    person: Person = None,
    actor: Actor = None,
    subject: Subject = None,
    project: Project = None,
    action: Act = None,
    outcome: Became = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """Fetch the whole log and every release as one bundle that verifies offline, or a search as a file."""
    search, client = asked(ctx.params), _client(url, keys)
    if form is Exported.BUNDLE:
        if search:
            raise typer.BadParameter("a bundle is the whole log: search with jsonl or csv", param_hint="--as")
        bundle = client.download("/log/export")
        out.write_bytes(bundle)
        print(f"{out}: {len(bundle)} bytes")
        return
    found = every_entry(client, search)
    out.write_text(WRITTEN[Form(form)](found), encoding="utf-8", newline="")
    print(f"{out}: {len(found)} entries")


@app.command()
def entries(  # noqa: PLR0913, PLR0917  # one word an option
    ctx: typer.Context,
    url: Url,
    keys: Keys,
    after: Annotated[int, typer.Option(min=0, help="Only entries beyond this sequence number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=PAGE, help="At most so many.")] = 100,
    form: Annotated[Printed, typer.Option("--as", help="How to print them.")] = Printed.TABLE,
    person: Person = None,
    actor: Actor = None,
    subject: Subject = None,
    project: Project = None,
    action: Act = None,
    outcome: Became = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """Print entries of the log that fit all that is said; reading them is an entry too."""
    found = entries_after(_client(url, keys), asked(ctx.params), after=after, limit=limit)
    print(WRITTEN[Form(form)](found), end="")
    if len(found) == limit:
        print(f"There may be more: --after {found[-1]['sequence']}", file=sys.stderr)


def _client(url: str, keys: Path) -> Client:
    return Client.from_folder(url, keys, clock=utc_now, random=secrets.token_bytes)


def main() -> None:
    """Run the tool."""
    if sys.argv[1:2] and sys.argv[1] in OFFLINE:
        sys.exit(verify.main(sys.argv[1:]))
    sys.exit(run(app))
