"""The commands of tre-researcher."""

from __future__ import annotations

import json
import secrets
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from linkage_engine.contract.permit import Role
from service.client import Client
from service.clock import utc_now
from service.command_line import run
from service.keys import folder_key, folder_party, make_key_folder
from service.researcher.questions import read_specification, signed_question, unpack

app = typer.Typer(help="Ask questions of a project and fetch what was released.", no_args_is_help=True)

Url = Annotated[str, typer.Option("--url", help="Address of the service.")]
Keys = Annotated[Path, typer.Option("--keys", help="Your key folder.")]
POLL_SECONDS = 0.5
UNDER_WAY = {"asked", "answered"}


def _client(url: str, keys: Path) -> Client:
    return Client.from_folder(url, keys, clock=utc_now, random=secrets.token_bytes)


@app.command()
def keys(folder: Path, principal_id: Annotated[str, typer.Option("--id")], name: str) -> None:
    """Make your keys; give public.json to the operator and compare the thumbprint by telephone."""
    make_key_folder(folder, principal_id=principal_id, name=name, role=Role.RESEARCHER)
    print(f"{folder / 'public.json'}: thumbprint {folder_key(folder).thumbprint}")


@app.command()
def sign(specification: Path, keys: Keys) -> None:
    """Print the signed question of a specification, ready for any HTTP client."""
    print(_signed(specification, keys)[1])


@app.command()
def ask(
    specification: Path,
    url: Url,
    keys: Keys,
    wait_seconds: Annotated[float, typer.Option("--wait", help="Wait so long for the answer.")] = 0.0,
) -> None:
    """Ask the question of a specification; prints the query's state."""
    project_id, text = _signed(specification, keys)
    client = _client(url, keys)
    query = client.post(f"/projects/{project_id}/queries", {"question": text})
    deadline = time.monotonic() + wait_seconds
    while query["state"] in UNDER_WAY and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        query = client.get(f"/queries/{query['query_id']}")
    print(json.dumps(query, indent=2))


@app.command()
def watch(query_id: str, url: Url, keys: Keys) -> None:
    """Print where a query stands."""
    print(json.dumps(_client(url, keys).get(f"/queries/{query_id}"), indent=2))


@app.command()
def fetch(release_id: str, url: Url, keys: Keys, out: Annotated[Path, typer.Option("--out")]) -> None:
    """Fetch a release package: the archive as signed, and its files beside it in a new folder."""
    package = _client(url, keys).download(f"/releases/{release_id}/package")
    files = unpack(package, out)
    out.with_suffix(".zip").write_bytes(package)
    for path in files:
        print(path)


def _signed(specification: Path, keys: Path) -> tuple[str, str]:
    asked = read_specification(specification)
    text = signed_question(
        asked,
        asked_by=folder_party(keys).principal_id,
        key=folder_key(keys),
        clock=utc_now,
        random=secrets.token_bytes,
    )
    return asked.project_id, text


def main() -> None:
    """Run the tool."""
    sys.exit(run(app))
