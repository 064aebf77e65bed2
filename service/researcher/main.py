"""The commands of tre-researcher."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import typer

from linkage_engine.contract.permit import Role
from linkage_engine.contract.preflight import Preflight
from linkage_engine.contract.query_spec import QuerySpec
from service.client import Client
from service.clock import utc_now
from service.command_line import run
from service.keys import folder_key, folder_party, make_key_folder
from service.researcher.in_words import in_words
from service.researcher.questions import read_specification, sentence, signed_question, unpack
from service.researcher.trial import EXAMPLES, is_installed, laboratory
from service.researcher.waiting import PREFLIGHT_UNDER_WAY, QUERY_UNDER_WAY, awaited
from service.signed import TextType

app = typer.Typer(help="Ask questions of a project and fetch what was released.", no_args_is_help=True)

Url = Annotated[str, typer.Option("--url", help="Address of the service.")]
Keys = Annotated[Path, typer.Option("--keys", help="Your key folder.")]
SYNTHETIC = Path("synthetic-england")


def _client(url: str, keys: Path) -> Client:
    return Client.from_folder(url, keys, clock=utc_now, random=secrets.token_bytes)


@app.command()
def keys(folder: Path, principal_id: Annotated[str, typer.Option("--id")], name: str) -> None:
    """Make your keys; give public.json to the operator and compare the thumbprint by telephone."""
    make_key_folder(folder, principal_id=principal_id, name=name, role=Role.RESEARCHER)
    print(f"{folder / 'public.json'}: thumbprint {folder_key(folder).thumbprint}")


@app.command()
def check(  # noqa: PLR0913, PLR0917 - a command has as many options as it has
    specification: Path,
    keep: Annotated[Path, typer.Option("--keep", help="Where synthetic England is kept.")] = SYNTHETIC,
    people: Annotated[int, typer.Option(help="How many people are made up.")] = 20_000,
    population: Annotated[
        int | None,
        typer.Option(help="How many your data are about: so many are drawn from the made-up people."),
    ] = None,
    repeats: Annotated[int, typer.Option(help="Populations to forecast over.")] = 3,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people and tables.")] = 1,
    policy: Annotated[str, typer.Option(help="The policy that the permit names.")] = "nhs-cancer-default",
    rows: Annotated[int, typer.Option(help="Cells of the table to print.")] = 20,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write the whole table here.")] = None,
    *,
    words: Annotated[bool, typer.Option("--words", help="Say what it asks, and try nothing.")] = False,
) -> None:
    """Say what a specification asks, or what is wrong with it, and try it on synthetic data, here."""
    asked = read_specification(specification)
    for line in in_words(asked):
        print(line)
    if words:
        return
    print(flush=True)
    options = {"--people": people, "--repeats": repeats, "--seed": seed, "--rows": rows, "--policy": policy}
    options |= {"--population": people if population is None else population, "--keep": keep}
    options |= {} if csv is None else {"--csv": csv}
    _try(asked, options)


@app.command()
def examples(
    out: Path,
    keep: Annotated[Path, typer.Option("--keep", help="Where synthetic England is kept.")] = SYNTHETIC,
    people: Annotated[int, typer.Option(help="How many people are made up.")] = 20_000,
    population: Annotated[int, typer.Option(help="So many are drawn from them.")] = 200_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people and tables.")] = 1,
) -> None:
    """Write a question of every template, and its table on synthetic data, into a new folder."""
    out.mkdir(parents=True, exist_ok=False)
    for example in sorted(EXAMPLES.iterdir()):
        (out / example.name).write_bytes(example.read_bytes())
        asked = read_specification(example)
        print(f"{out / example.name}:", *in_words(asked), sep="\n", flush=True)
        table = (out / example.name).with_suffix(".csv")
        options = {"--people": people, "--population": population, "--seed": seed, "--keep": keep}
        _try(asked, options | {"--repeats": 1, "--csv": table, "--rows": 5})
        print(flush=True)


@app.command()
def sql(
    specification: Path,
    out: Path,
    keep: Annotated[Path, typer.Option("--keep", help="Where synthetic England is kept.")] = SYNTHETIC,
    people: Annotated[int, typer.Option(help="How many people are made up.")] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people.")] = 1,
) -> None:
    """Write a question as SQL, and synthetic tables on which any DuckDB runs it, into a new folder."""
    options = {"--out": out, "--keep": keep, "--people": people, "--seed": seed}
    _try(read_specification(specification), options, "sql")


def _try(asked: QuerySpec, options: Mapping[str, object], command: Literal["query", "sql"] = "query") -> None:
    """Let the laboratory have a question where it is installed; what it refuses ends the command."""
    if not is_installed():
        print("Not tried on synthetic data: install the extra `laboratory` for that.")
        return
    code = laboratory(command, asked, *(str(word) for pair in options.items() for word in pair))
    if code:
        raise typer.Exit(code)


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
    query = awaited(client, query, f"/queries/{query['query_id']}", QUERY_UNDER_WAY, wait_seconds)
    print(json.dumps(query, indent=2))


@app.command()
def preflight(
    specification: Path,
    url: Url,
    keys: Keys,
    wait_seconds: Annotated[float, typer.Option("--wait", help="Wait so long for it.")] = 150.0,
) -> None:
    """Say how many cells of a question's answer will be hidden, and of coarser ones; nothing is released."""
    project_id, text = _signed(specification, keys, TextType.PREFLIGHT)
    client = _client(url, keys)
    asked = client.post(f"/projects/{project_id}/preflights", {"question": text})
    asked = awaited(client, asked, f"/preflights/{asked['preflight_id']}", PREFLIGHT_UNDER_WAY, wait_seconds)
    if asked["figures"] is None:
        print(json.dumps(asked, indent=2))
    else:
        print(sentence(Preflight.model_validate(asked["figures"])))


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


def _signed(specification: Path, keys: Path, typ: TextType = TextType.QUESTION) -> tuple[str, str]:
    asked = read_specification(specification)
    text = signed_question(
        asked,
        asked_by=folder_party(keys).principal_id,
        key=folder_key(keys),
        clock=utc_now,
        random=secrets.token_bytes,
        typ=typ,
    )
    return asked.project_id, text


def main() -> None:
    """Run the tool."""
    sys.exit(run(app))
