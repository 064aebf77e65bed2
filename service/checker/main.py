"""The commands of tre-checker."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from linkage_engine.contract.permit import Role
from linkage_engine.unseal.identity import Identity
from service.checker.evidence import (
    Opened,
    as_text,
    audit_lines,
    excluded_lines,
    linkage_lines,
    open_evidence,
    signed_decision,
    suppression_lines,
)
from service.checker.parts import parts, write_folder
from service.checker.queue import in_order, queue_lines
from service.checker.words import earlier_lines, summary
from service.client import Client
from service.clock import utc_now
from service.command_line import run
from service.keys import folder_key, folder_party, make_key_folder
from service.problems.requests import RequestUnreadable

app = typer.Typer(help="Check what would leave, and decide.", no_args_is_help=True)

Url = Annotated[str, typer.Option("--url", help="Address of the service.")]
Keys = Annotated[Path, typer.Option("--keys", help="Your key folder.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the decision.")]


@app.command()
def keys(folder: Path, principal_id: Annotated[str, typer.Option("--id")], name: str) -> None:
    """Make your keys: one to sign with, one that evidence is sealed to."""
    identity = Identity.generate(secrets.token_bytes)
    pair = (identity.secret_text(), str(identity.recipient))
    make_key_folder(folder, principal_id=principal_id, name=name, role=Role.OUTPUT_CHECKER, age=pair)
    print(f"{folder / 'public.json'}: thumbprint {folder_key(folder).thumbprint}")


@app.command()
def queue(
    url: Url, keys: Keys, as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False
) -> None:
    """List releases: those that wait for you first, the oldest of them first."""
    releases = _client(url, keys).get("/releases")
    if as_json:
        print(json.dumps(in_order(releases), indent=2))
    else:
        print(*queue_lines(releases, utc_now()), sep="\n")


@app.command()
def query(query_id: str, url: Url, keys: Keys) -> None:
    """Show where a question stands, and why it was not answered."""
    print(json.dumps(_client(url, keys).get(f"/queries/{query_id}"), indent=2))


@app.command("open")
def open_(
    release_id: str,
    url: Url,
    keys: Keys,
    out: Annotated[Path | None, typer.Option("--out", help="Write its parts into this new folder.")] = None,
) -> None:
    """Fetch and open the evidence of a release: what to look at first, and the table before and after."""
    (evidence, digest), _ = _opened(release_id, url, keys)
    if out is not None:
        write_folder(out, parts(evidence, digest))
    print(*summary(evidence), "", as_text(evidence), *earlier_lines(evidence), sep="\n")
    audits = [*audit_lines(evidence), *suppression_lines(evidence.suppression)]
    print(*audits, *excluded_lines(evidence.excluded), *linkage_lines(evidence.linkage), sep="\n")
    record = evidence.table.record
    print(f"policy {record.policy} version {record.policy_version}, threshold {record.threshold},")
    print(
        f"{record.cells_hidden} of {record.cells} cells hidden, {record.cells_banded} with a band; "
        f"evidence {digest}"
    )


@app.command()
def approve(release_id: str, url: Url, keys: Keys, reason: Reason) -> None:
    """Sign an approval of exactly the evidence that you can open now."""
    _decide(release_id, url, keys, verdict="approve", reason=reason)


@app.command()
def refuse(release_id: str, url: Url, keys: Keys, reason: Reason) -> None:
    """Sign a refusal."""
    _decide(release_id, url, keys, verdict="refuse", reason=reason)


def _decide(
    release_id: str, url: str, keys: Path, *, verdict: Literal["approve", "refuse"], reason: str
) -> None:
    opened, client = _opened(release_id, url, keys)
    text = signed_decision(
        opened,
        checker_id=folder_party(keys).principal_id,
        verdict=verdict,
        reason=reason,
        key=folder_key(keys),
        clock=utc_now,
    )
    print(json.dumps(client.post(f"/releases/{release_id}/decisions", {"decision": text}), indent=2))


def _opened(release_id: str, url: str, keys: Path) -> tuple[Opened, Client]:
    """The evidence of that release: whoever relayed it can seal what he likes to a public key."""
    client = _client(url, keys)
    opened = open_evidence(client.download(f"/releases/{release_id}/evidence"), keys)
    if opened[0].release_id != release_id:
        raise RequestUnreadable
    return opened, client


def _client(url: str, keys: Path) -> Client:
    return Client.from_folder(url, keys, clock=utc_now, random=secrets.token_bytes)


def main() -> None:
    """Run the tool."""
    sys.exit(run(app))
