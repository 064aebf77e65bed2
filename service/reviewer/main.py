"""The commands of tre-audit: `export` asks the service, `verify` and `verify-release` ask nobody."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer

from service.audit import verify
from service.client import Client
from service.clock import utc_now
from service.command_line import run

app = typer.Typer(
    help="Read the log; verify it offline with `verify` and `verify-release`.", no_args_is_help=True
)

Url = Annotated[str, typer.Option("--url", help="Address of the service.")]
Keys = Annotated[Path, typer.Option("--keys", help="Your key folder.")]
OFFLINE = ("verify", "verify-release")
"""Commands of `service.audit.verify`, which needs the standard library and cryptography only."""


@app.command()
def export(
    url: Url, keys: Keys, out: Annotated[Path, typer.Option("--out", help="The bundle to write.")]
) -> None:
    """Fetch the whole log and every release as one bundle that verifies offline."""
    bundle = _client(url, keys).download("/log/export")
    out.write_bytes(bundle)
    print(f"{out}: {len(bundle)} bytes")


@app.command()
def entries(url: Url, keys: Keys, after: int = 0, limit: int = 100) -> None:
    """Print entries of the log; reading them is an entry too."""
    print(json.dumps(_client(url, keys).get("/log/entries", after=after, limit=limit), indent=2))


def _client(url: str, keys: Path) -> Client:
    return Client.from_folder(url, keys, clock=utc_now, random=secrets.token_bytes)


def main() -> None:
    """Run the tool."""
    if sys.argv[1:2] and sys.argv[1] in OFFLINE:
        sys.exit(verify.main(sys.argv[1:]))
    sys.exit(run(app))
