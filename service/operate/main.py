"""The commands of tre-operate."""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from linkage_engine.contract.permit import Permit, Role
from migrations import upgrade
from service.access.actions import (
    register_client_key,
    register_principal,
    revoke_client_key,
    revoke_principal,
)
from service.access.permissions import SERVICE_ROLES
from service.audit.vocabulary import Action
from service.client import Client
from service.clock import utc_now
from service.command_line import run
from service.database import engine_for, sessions
from service.keys import Pins, fingerprint, folder_key, make_key_folder, read_party, signing_key
from service.openid.id_token import identifier
from service.openid.registration import read_registration
from service.operate import people_key, permits, provider_registration
from service.operate import up as supervision
from service.operate.acting import acting, shared_files
from service.operate.backups.command import backup, restore
from service.operate.database_roles import divide, refresh_rights
from service.operate.destruction import destruction
from service.operate.doctor import findings
from service.operate.doctor.examine import examine
from service.operate.folders import FIRST_UID, arrange
from service.operate.installation import Home, Installation, create, share_database
from service.operate.rotation.command import rotate
from service.operate.supervise import can_run_as
from service.organisations.actions import bind
from service.organisations.routes import BACK
from service.people.actions import open_enrolment, passkey_held
from service.problems.signing_in import ClientKeyRefused
from service.projects.actions import enter_all_warnings
from service.public_keys import client_key
from service.signed import SigningKey, thumbprint

app = typer.Typer(help="Set up and run the service on one machine.", no_args_is_help=True)

HomeFolder = Annotated[Path, typer.Argument(help="Folder of the installation.")]
Url = Annotated[str, typer.Option("--url", help="Address of the service.")]
Keys = Annotated[Path, typer.Option("--keys", help="Your key folder.")]
POLL_SECONDS = 0.5


@app.command()
def init(
    home: HomeFolder,
    port: Annotated[int, typer.Option("--port", help="Of the api; 0 takes a free one.")] = 8700,
    database: Annotated[str | None, typer.Option("--database", help="PostgreSQL instead of SQLite.")] = None,
) -> None:
    """Make an installation: folders, keys, pins, database."""
    place = Home(home.absolute())
    separate = os.geteuid() == 0 and bool(can_run_as(FIRST_UID + 1, FIRST_UID, sys.executable))
    installation = Installation(port=port or _free_port(), separate_users=separate, database_url=database)
    create(place, installation, random=secrets.token_bytes)
    _migrate(place)
    users = "each process as a user of its own" if separate else "all processes as one user"
    print(f"{place.root}: {users}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@app.command()
def migrate(home: HomeFolder) -> None:
    """Bring the control database, and the rights of folders, to this version."""
    place = Home(home.absolute())
    arrange(place.root, separate_users=place.read().separate_users)
    _migrate(place)


def _migrate(home: Home) -> None:
    with shared_files():
        upgrade(home.database_url)
        share_database(home)
    if home.read().database_roles:
        refresh_rights(home)


@app.command("database-roles")
def database_roles(home: HomeFolder) -> None:
    """Give each process a role of its own in PostgreSQL; again for new passwords. Then start `up` anew."""
    place = Home(home.absolute())
    roles = divide(place, secrets.token_bytes)
    with acting(place) as act:
        act.enter(Action.DATABASE_DIVIDE, "control", count=len(roles))
    for process, role in roles.items():
        print(f"{process}: {role}, its password in {place.passfile(process)}")


@app.command("people-key")
def people_key_(home: HomeFolder) -> None:
    """Make the key of sign-ins by browser, where an installation has none. Then start `up` anew."""
    place = Home(home.absolute())
    people_key.prepare(place, secrets.token_bytes)
    with acting(place) as act:
        act.enter(Action.KEY_MAKE, "people")
    people_key.put_in_place(place)
    print(f"{place.people_key}: made; start the service again")


@app.command("identity-provider")
def identity_provider_(
    home: HomeFolder,
    registration: Path,
    secret: Annotated[
        Path | None, typer.Option("--secret", help="The file of a secret that the provider shares with us.")
    ] = None,
) -> None:
    """Let people sign in with their organisation, by OpenID Connect. Then start `up` anew."""
    place = Home(home.absolute())
    said = provider_registration.prepare(place, registration, secret)
    with acting(place) as act:
        act.enter(Action.IDENTITY_PROVIDER_REGISTER, "organisation", kind=said.authentication)
    provider_registration.put_in_place(place)
    print(
        f"{place.identity_provider}: made; register ADDRESS{BACK} with the provider, start the service again"
    )
    key = provider_registration.public_jwk(said)
    if key is not None:
        print(f"our public key, for the provider: {key}")


app.command()(rotate)
app.command()(backup)
app.command()(restore)
app.command()(destruction)


@app.command()
def up(home: HomeFolder) -> None:
    """Start and supervise api and workers; print each one's measured isolation; run until SIGTERM."""
    supervision.run(Home(home.absolute()), lambda line: print(line, flush=True))


@app.command()
def keys(
    folder: Path,
    name: str,
    principal_id: Annotated[str, typer.Option("--id")],
    role: Annotated[Role, typer.Option("--role")],
) -> None:
    """Make a key folder for an operator or an audit reviewer; the other roles' own tools make theirs."""
    if role not in SERVICE_ROLES:
        raise typer.BadParameter("operator or audit_reviewer", param_hint="--role")
    make_key_folder(folder, principal_id=principal_id, name=name, role=role)
    print(f"{folder / 'public.json'}: thumbprint {folder_key(folder).thumbprint}")


@app.command()
def register(
    home: HomeFolder,
    public: list[Path],
    person: Annotated[
        str | None, typer.Option("--person", help="Who acts under it, where somebody has several names.")
    ] = None,
) -> None:
    """Register principals by their public.json files; compare the thumbprints by telephone first."""
    said = {"person_id": person} if person else {}
    parties = [read_party(path).model_copy(update=said) for path in public]
    with acting(Home(home.absolute())) as act:
        for party in parties:
            register_principal(act, party)
    for party in parties:  # all or none
        shown = thumbprint(party.signing_key)
        print(f"{party.principal_id}: registered as {party.role.value}, thumbprint {shown}")
        if party.age_recipient:
            print(f"{party.principal_id}: sealed to fingerprint {fingerprint(party.age_recipient)}")


@app.command()
def fingerprints(home: HomeFolder) -> None:
    """Print what providers pin and compare by telephone: whose permits to believe, whose keys to seal to."""
    pins = Pins.read(Home(home.absolute()).pins)
    print(f"governance key {thumbprint(pins.governance_key)}")
    for role, keys_of in (("linkage", pins.linkage), ("analysis", pins.analysis)):
        print(f"{role} key {fingerprint(str(keys_of.age_recipient))}")
        if keys_of.hand_over_key is not None:
            print(f"{role} certificates {thumbprint(keys_of.hand_over_key)}")


@app.command()
def revoke(home: HomeFolder, principal_id: str) -> None:
    """Revoke a principal: the next request is refused, whatever token it holds."""
    with acting(Home(home.absolute())) as act:
        revoke_principal(act, principal_id)


@app.command("client-key")
def client_key_(home: HomeFolder, principal_id: str, jwk: Path) -> None:
    """Let a program sign in with a further public key: a JWK for ES384, RS384 or Ed25519."""
    try:
        key = client_key(json.loads(jwk.read_bytes()))
    except ValueError:
        raise ClientKeyRefused from None
    with acting(Home(home.absolute())) as act:
        register_client_key(act, principal_id, key)
    print(f"{principal_id}: may sign in with {key.algorithm}, key id {key.thumbprint}")


@app.command("revoke-client-key")
def revoke_client_key_(home: HomeFolder, key_id: str) -> None:
    """Revoke a further client key: the next request with a token that was got with it is refused."""
    with acting(Home(home.absolute())) as act:
        revoke_client_key(act, key_id)


@app.command()
def enrol(
    home: HomeFolder,
    principal_id: str,
    url: Annotated[str, typer.Option("--url", help="Address that people open in their browsers.")],
    hours: Annotated[int, typer.Option("--hours", min=1, max=168)] = 24,
) -> None:
    """Make a link with which a person enrols a passkey or an authenticator app; hand it over yourself."""
    with acting(Home(home.absolute())) as act:
        link = open_enrolment(act, principal_id, hours=hours)
    print(f"{url.rstrip('/')}/enrol/{link}")


@app.command("bind-account")
def bind_account(home: HomeFolder, principal_id: str, subject: str) -> None:
    """Know a person by the account of that name (`sub`) at the organisation's identity provider."""
    place = Home(home.absolute())
    issuer = read_registration(place.identity_provider).issuer
    with acting(place) as act:
        bind(act, principal_id, identifier(issuer, subject))


@app.command()
def passkey(
    home: HomeFolder,
    principal_id: str,
    url: Annotated[str, typer.Option("--url", help="Address that people open in their browsers.")],
) -> None:
    """Print a passkey as a permit names it; its owner sees the fingerprint too: compare by telephone."""
    with acting(Home(home.absolute())) as act:
        held = passkey_held(act.session, principal_id, origin=url.rstrip("/"))
        act.enter(Action.PRINCIPAL_READ, principal_id, kind="passkey")
    print(held.model_dump_json(indent=2))
    print(f"fingerprint {fingerprint(held.public_key)}", file=sys.stderr)


@app.command()
def permit(home: HomeFolder, draft: Path, out: Annotated[Path, typer.Option("--out")]) -> None:
    """As governance: sign the first permit of a project."""
    signed = Permit.model_validate_json(draft.read_bytes())
    out.write_text(permits.first(signed, _governance(home), utc_now().date()) + "\n")
    print(out)


@app.command()
def amend(
    home: HomeFolder, permit_file: Path, changes: Path, out: Annotated[Path, typer.Option("--out")]
) -> None:
    """As governance: sign the permit that takes the place of another; a JSON file says what changes."""
    said = json.loads(changes.read_bytes())
    text = permits.amended(permit_file.read_text().strip(), said, _governance(home))
    out.write_text(text + "\n")
    print(out)


@app.command("close-out")
def close_out(home: HomeFolder, permit_file: Path, out: Annotated[Path, typer.Option("--out")]) -> None:
    """As governance: sign the end of a project as of today; brought in like any permit, it revokes access."""
    said = {"closed_on": utc_now().date().isoformat()}
    out.write_text(permits.amended(permit_file.read_text().strip(), said, _governance(home)) + "\n")
    print(out)


def _governance(home: Path) -> SigningKey:
    return signing_key(Home(home.absolute()).governance_key)


@app.command("fetch-permit")
def fetch_permit(project_id: str, url: Url, keys: Keys, out: Annotated[Path, typer.Option("--out")]) -> None:
    """Fetch the permit that is in force, for governance to amend."""
    out.write_text(_client(url, keys).get(f"/projects/{project_id}/permit")["permit"] + "\n")
    print(out)


@app.command()
def doctor(
    home: HomeFolder,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say what is wrong with an installation and what to do; exit code 1 where something is ill."""
    place = Home(home.absolute())
    with shared_files():
        found = list(examine(place, lambda: sessions(engine_for(place.database_url)), utc_now()))
    if as_json:
        _print(findings.as_json(found))
    else:
        print("\n".join(findings.as_lines(found)))
    if all(each.area not in {"database", "pins"} or each.state is findings.State.WELL for each in found):
        with acting(place) as act:
            enter_all_warnings(act)
            counts = {state: sum(each.state is state for each in found) for state in findings.State}
            act.enter(
                Action.INSTALLATION_EXAMINE,
                "installation",
                ill=counts[findings.State.ILL],
                watch=counts[findings.State.WATCH],
            )
    if findings.worst(found) is findings.State.ILL:
        raise typer.Exit(1)


@app.command("open")
def open_(permit_file: Path, url: Url, keys: Keys) -> None:
    """Bring a signed permit in: its project is opened, or amended where it takes another's place."""
    text = permit_file.read_text().strip()
    _print(_client(url, keys).post(permits.address_of(text), {"permit": text}))


@app.command()
def link(
    project_id: str,
    url: Url,
    keys: Keys,
    wait_seconds: Annotated[float, typer.Option("--wait")] = 0.0,
    in_full: Annotated[
        bool, typer.Option("--in-full", help="Link everything anew, not only what is new since the last run.")
    ] = False,
) -> None:
    """Ask for a linkage run; prints its state and figures."""
    client = _client(url, keys)
    asked = client.post(f"/projects/{project_id}/linkage-runs", {"in_full": in_full})
    deadline = time.monotonic() + wait_seconds
    while asked["state"] not in {"finished", "failed"} and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        asked = client.get(f"/linkage-runs/{asked['run_id']}")
    _print(asked)
    if asked["state"] == "failed":
        raise typer.Exit(1)


def _print(answer: Any) -> None:  # noqa: ANN401  # JSON
    print(json.dumps(answer, indent=2))


def _client(url: str, keys: Path) -> Client:
    return Client.from_folder(url, keys, clock=utc_now, random=secrets.token_bytes)


def main() -> None:
    """Run the tool."""
    sys.exit(run(app))
