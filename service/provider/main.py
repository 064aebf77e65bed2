"""The commands of tre-provider."""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from linkage_engine.contract.permit import Grant, Role
from linkage_engine.contract.permit_parts import Classification, OptOuts
from linkage_engine.contract.project_file import ProjectFile
from linkage_engine.contract.statements import SecretStatement
from service.client import Client
from service.clock import utc_now
from service.command_line import run
from service.keys import fingerprint, folder_key, folder_party, in_groups, make_key_folder
from service.problems.provider_tool import DeliveryShrank, OutputExists
from service.provider import ceremony, pins
from service.provider.delivery import Delivery, read_delivery
from service.provider.delivery_withdrawal import certificate, destruction, withdraw_delivery
from service.provider.dictionary import dictionary
from service.provider.extract import LOCAL_PERSON_ID, read_local_ids
from service.provider.files import keep_counter, new_file, next_counter, write_person_keys
from service.provider.granting import granted
from service.provider.history import as_lines as changes_as_lines
from service.provider.history import compared, keep_last, read_last, remembered
from service.provider.identity import new_identity
from service.provider.mapping import read_mapping
from service.provider.person_keys import PersonKeys, own_secret
from service.provider.pins import PinnedProvider
from service.provider.progress import progress
from service.provider.report import as_lines, as_page
from service.provider.seal import Sealer, read_project, seal_delivery
from service.provider.secret import check_secret, kept_path, read_secret
from service.provider.submit import RECEIPT_SUFFIX
from service.provider.submit import submit as submit_package
from service.provider.tightening import tighten as send_tightening
from service.provider.vetoing import veto as send_veto
from service.provider.volume import VolumeFinding
from service.provider.withdrawal import Withdrawer
from service.provider.withdrawal import withdraw as withdraw_persons

app = typer.Typer(help="Check, pseudonymise, seal and hand over an extract.", no_args_is_help=True)
secret_app = typer.Typer(help="Make or fetch the project linkage secret.", no_args_is_help=True)
app.add_typer(secret_app, name="secret")

Url = Annotated[str, typer.Option("--url", help="Address of the service.")]
Keys = Annotated[Path, typer.Option("--keys", help="Your key folder.")]
SecretOption = Annotated[
    Path | None,
    typer.Option("--secret", help="A linkage secret that was shared by hand; else the kept one."),
]
Thumbprint = Annotated[
    str, typer.Option("--thumbprint", help="Of the signing key, as its owner reads it out.")
]
Replace = Annotated[bool, typer.Option("--replace", help="Also where another key is pinned.")]
PersonColumn = Annotated[
    str, typer.Option("--person-column", help="The column with your person ids in that file.")
]
DAY = "%Y-%m-%d"
ProjectOption = Annotated[Path, typer.Option("--project", help="The project file, from the operator.")]


@app.command()
def keys(folder: Path, principal_id: Annotated[str, typer.Option("--id")], name: str) -> None:
    """Make your keys; give public.json to the operator, and read both lines out by telephone."""
    age = new_identity(secrets.token_bytes)
    make_key_folder(folder, principal_id=principal_id, name=name, role=Role.PROVIDER, age=age)
    print(f"{folder / 'public.json'}: thumbprint {folder_key(folder).thumbprint}")
    print(f"sealed to fingerprint {fingerprint(age[1])}")


@app.command("pin-governance")
def pin_governance(thumbprint: Thumbprint, keys: Keys, replace: Replace = False) -> None:
    """Pin whose permits you believe: the thumbprint that governance reads out by telephone."""
    pins.pin_governance(keys, thumbprint, replace=replace)
    print(f"governance: thumbprint {thumbprint}")


@app.command()
def pin(
    provider_id: str,
    thumbprint: Thumbprint,
    fingerprint: Annotated[str, typer.Option("--fingerprint", help="Of the key that is sealed to.")],
    keys: Keys,
    replace: Replace = False,
) -> None:
    """Pin another provider's two keys, as that provider reads them out by telephone."""
    pin = PinnedProvider(thumbprint=thumbprint, fingerprint=pins.plain(fingerprint))
    pins.pin_provider(keys, provider_id, pin, replace=replace)
    print(f"{provider_id}: thumbprint {pin.thumbprint}, fingerprint {pin.fingerprint}")


@secret_app.command("make")
def make_secret(project_id: str, url: Url, keys: Keys) -> None:
    """As the lead provider: make the secret, seal it to every provider's pinned key, and hand it over."""
    _tell(ceremony.make(_seat(url, keys), project_id), keys)


@secret_app.command("fetch")
def fetch_secret(project_id: str, url: Url, keys: Keys) -> None:
    """Open the secret that the lead provider sealed for you, check it, and keep it."""
    _tell(ceremony.fetch(_seat(url, keys), project_id), keys)


def _tell(statement: SecretStatement, keys: Path) -> None:
    print(f"key check {statement.key_check}, epoch {statement.secret_epoch}, for {statement.project_id}")
    for envelope in statement.roster:
        print(f"sealed to {envelope.provider_id}, {in_groups(envelope.recipient_sha256)}")
    print(f"kept in   {kept_path(keys, statement.project_id, statement.secret_epoch)}")


def _seat(url: str, keys: Path) -> ceremony.Seat:
    return ceremony.Seat(keys, _client(url, keys), utc_now, secrets.token_bytes)


@app.command()
def grant(  # noqa: PLR0913, PLR0917  # each is an option of the command
    project_id: str,
    data_set: str,
    classification: Annotated[Classification, typer.Option("--classification")],
    opt_outs: Annotated[
        OptOuts, typer.Option("--opt-outs", help="What was done about people who opted out.")
    ],
    valid_from: Annotated[datetime, typer.Option("--from", formats=[DAY])],
    valid_to: Annotated[datetime, typer.Option("--to", formats=[DAY])],
    keys: Keys,
    out: Annotated[Path, typer.Option("--out")],
    provider: Annotated[str | None, typer.Option("--provider", help="Who sends it, if not you.")] = None,
) -> None:
    """As the controller: grant a data set to a project; governance puts the file into the permit."""
    terms = Grant(
        project_id=project_id,
        provider_id=provider or folder_party(keys).principal_id,
        data_set=data_set,
        classification=classification,
        opt_outs=opt_outs,
        valid_from=valid_from.date(),
        valid_to=valid_to.date(),
    )
    with new_file(out) as file:
        file.write(granted(terms, keys).model_dump_json(indent=2).encode() + b"\n")
    print(out)


@app.command()
def mirror(project_id: str, url: Url, keys: Keys) -> None:
    """Show which linkage runs and releases of a project your data are in, with the log's receipts."""
    print(json.dumps(_client(url, keys).get(f"/projects/{project_id}/mirror"), indent=2))


@app.command()
def veto(
    project_id: str, release_id: str, url: Url, keys: Keys, reason: Annotated[str, typer.Option("--reason")]
) -> None:
    """Keep a release that your data are in from leaving: the gate looks for your signature."""
    about = {"project_id": project_id, "release_id": release_id, "reason": reason}
    print(json.dumps(send_veto(_client(url, keys), keys, utc_now, **about), indent=2))


@app.command()
def tighten(
    project_id: str,
    url: Url,
    keys: Keys,
    policy: Annotated[str, typer.Option("--policy", help="The permit's, or a stricter one.")],
    reason: Annotated[str, typer.Option("--reason")],
    least_persons: Annotated[
        int | None, typer.Option("--least-persons", min=2, max=1000, help="Tell of no fewer people.")
    ] = None,
) -> None:
    """Have a project that your data are in tell less from now on; this cannot be taken back."""
    about = {"project_id": project_id, "policy": policy, "least_persons": least_persons, "reason": reason}
    print(json.dumps(send_tightening(_client(url, keys), keys, utc_now, **about), indent=2))


@app.command()
def project(project_id: str, url: Url, keys: Keys, out: Annotated[Path, typer.Option("--out")]) -> None:
    """Fetch the project file; compare the two fingerprints with the operator's by telephone."""
    fetched = ProjectFile.model_validate(_client(url, keys).get(f"/projects/{project_id}/provider-file"))
    with new_file(out) as file:
        file.write(fetched.to_json().encode())
    print(f"linkage key  {fingerprint(fetched.recipients.linkage)}")
    print(f"analysis key {fingerprint(fetched.recipients.analysis)}")


@app.command()
def validate(
    mapping: Path,
    json_out: Annotated[Path | None, typer.Option("--json", help="Also write the report as JSON.")] = None,
    html_out: Annotated[Path | None, typer.Option("--html", help="Also write it as a page.")] = None,
) -> None:
    """Check every file of a mapping; exit code 1 when rows fail."""
    report = _read(mapping).report
    for line in as_lines(report):
        print(line)
    if json_out:
        json_out.write_text(report.to_json() + "\n", encoding="utf-8")
    if html_out:
        html_out.write_text(as_page(report), encoding="utf-8")
    if not report.passed:
        raise typer.Exit(1)


@app.command()
def changes(mapping: Path, project_path: ProjectOption, keys: Keys, secret_file: SecretOption = None) -> None:
    """Compare the files of a mapping with the last delivery that you sealed; nothing is sealed or kept."""
    _show_changes(_read(mapping), _sealer(project_path, secret_file, keys), keys)


@app.command()
def seal(  # noqa: PLR0913, PLR0917  # each is an option of the command
    mapping: Path,
    project_path: ProjectOption,
    keys: Keys,
    out: Annotated[Path, typer.Option("--out", help="The package to write, FILE.tresub.")],
    secret_file: SecretOption = None,
    keep_person_keys: Annotated[
        Path | None,
        typer.Option("--keep-person-keys", help="Also keep the key of each person, in a CSV file."),
    ] = None,
    leave_out: Annotated[
        Path | None, typer.Option("--leave-out", help="A CSV file of persons whose rows are not sent.")
    ] = None,
    person_column: PersonColumn = LOCAL_PERSON_ID,
    despite_losses: Annotated[
        bool, typer.Option("--despite-losses", help="Also where half of a data set, or quarters, are gone.")
    ] = False,
    counter: Annotated[
        int | None,
        typer.Option("--counter", min=1, help="Number of the delivery; else one more than the last."),
    ] = None,
) -> None:
    """Check, pseudonymise, split, shuffle, seal and sign; works without a network."""
    kept = keep_person_keys
    if kept and kept.exists():
        raise OutputExists
    sealer = _sealer(project_path, secret_file, keys)
    project_id = sealer.project.project_id
    number = counter or next_counter(keys, project_id)
    for zone, recipient in sealer.project.recipients:
        print(f"{zone} key {fingerprint(recipient)}")
    left_out = read_local_ids(leave_out, person_column) if leave_out else None
    delivery = _read(mapping, _person_keys(sealer.project, keys), left_out)
    lost = [found for found in _show_changes(delivery, sealer, keys) if found.refuses]
    if lost and not despite_losses:
        raise DeliveryShrank(faults=[{"pointer": found.data_set, "code": str(found)} for found in lost])
    manifest = seal_delivery(delivery, sealer, out=out, counter=number)
    keep_counter(keys, project_id, number)
    keep_last(keys, project_id, remembered(delivery, sealer.project, sealer.secret, number))
    for part in manifest.parts:
        print(f"{part.name}: {part.rows} rows, {part.sealed_bytes} bytes, for {part.zone} only")
    for each in manifest.left_out:
        print(f"left out ({each.reason}): {each.persons} persons, {each.rows} rows")
    print(f"{out}: delivery {number} of {manifest.provider_id} to {project_id}")
    if kept:
        write_person_keys(delivery.persons, kept)
        print(
            f"Warning: {kept} joins person keys to your own person ids. Keep it safe and delete it.",
            file=sys.stderr,
        )


@app.command()
def submit(package: Path, url: Url, keys: Keys) -> None:
    """Hand over a sealed package and keep the receipt; run it again to go on after a break."""
    client = _client(url, keys)
    with progress(package.stat().st_size, sys.stderr) as reached:
        receipt = submit_package(package, keys=keys, client=client, pause=time.sleep, reached=reached)
    print(f"submission {receipt.submission_id}")
    print(f"SHA-256    {receipt.sealed_sha256}")
    print(f"log index  {'not yet: see status' if receipt.log_index is None else receipt.log_index}")
    print(f"receipt    {package}{RECEIPT_SUFFIX}")
    for each in receipt.left_out:
        print(f"left out   {each.persons} persons, {each.rows} rows ({each.reason})")
    if replaced := receipt.replaces:
        print(f"Replaces delivery {replaced.counter}, submission {replaced.submission_id}, once accepted:")
        for part in replaced.parts:
            print(f"  {part.name}: {_rows(part.rows_before)}, now {_rows(part.rows)}")


@app.command()
def status(submission_id: str, url: Url, keys: Keys) -> None:
    """Show where a submission stands."""
    print(json.dumps(_client(url, keys).get(f"/submissions/{submission_id}"), indent=2))


@app.command()
def withdraw(
    persons: Path,
    project_path: ProjectOption,
    url: Url,
    keys: Keys,
    person_column: PersonColumn = LOCAL_PERSON_ID,
) -> None:
    """Take persons out of a project for good, by a CSV file of your own person ids."""
    local_ids = read_local_ids(persons, person_column)
    project = read_project(project_path)
    for zone, recipient in project.recipients:
        print(f"{zone} key {fingerprint(recipient)}")
    withdrawer = Withdrawer(
        provider_id=folder_party(keys).principal_id,
        project=project,
        key=folder_key(keys),
        person_keys=_person_keys(project, keys),
        clock=utc_now,
        random=secrets.token_bytes,
    )
    for withdrawn in withdraw_persons(local_ids, withdrawer, _client(url, keys)):
        print(f"withdrawal {withdrawn.withdrawal_id}: {withdrawn.persons} persons, {withdrawn.state}")


@app.command("withdrawal")
def show_withdrawal(withdrawal_id: str, url: Url, keys: Keys) -> None:
    """Show where a withdrawal stands."""
    print(json.dumps(_client(url, keys).get(f"/withdrawals/{withdrawal_id}"), indent=2))


app.command()(dictionary)
app.command("withdraw-delivery")(withdraw_delivery)
app.command()(destruction)
app.command()(certificate)


def _rows(rows: int | None) -> str:
    return "not sent" if rows is None else f"{rows} rows"


def _sealer(project_path: Path, secret_file: Path | None, keys: Path) -> Sealer:
    """Whose delivery it is and what it is sealed with; raises WrongLinkageSecret before a file is read."""
    project = read_project(project_path)
    sealer = Sealer(
        provider_id=folder_party(keys).principal_id,
        project=project,
        secret=read_secret(secret_file or kept_path(keys, project.project_id, project.secret_epoch)),
        key=folder_key(keys),
        clock=utc_now,
        random=secrets.token_bytes,
        workers=os.cpu_count() or 1,
    )
    check_secret(sealer.secret, sealer.project)
    return sealer


def _show_changes(delivery: Delivery, sealer: Sealer, keys: Path) -> tuple[VolumeFinding, ...]:
    """Print what changed since the last delivery, and warn when it is much; what was lost."""
    last = read_last(keys, sealer.project.project_id)
    if last is None:
        print("No earlier delivery to compare with.")
        return ()
    comparison = compared(delivery, last, sealer.project, sealer.secret)
    for line in changes_as_lines(comparison):
        print(line)
    if comparison.is_large:
        print("Warning: the number of rows changed by more than a fifth.", file=sys.stderr)
    return comparison.losses


def _read(mapping: Path, keys: PersonKeys | None = None, leave_out: Sequence[str] | None = None) -> Delivery:
    """The files of a mapping; without keys their persons get some that no delivery has."""
    keys = keys or PersonKeys.for_one_delivery(secrets.token_bytes)
    return read_delivery(read_mapping(mapping), folder=mapping.parent, keys=keys, leave_out=leave_out)


def _person_keys(project: ProjectFile, keys: Path) -> PersonKeys:
    provider_id = folder_party(keys).principal_id
    own = own_secret(keys, secrets.token_bytes)
    return PersonKeys(own, project_id=project.project_id, provider_id=provider_id)


def _client(url: str, keys: Path) -> Client:
    return Client.from_folder(url, keys, clock=utc_now, random=secrets.token_bytes)


def main() -> None:
    """Run the tool."""
    sys.exit(run(app))
