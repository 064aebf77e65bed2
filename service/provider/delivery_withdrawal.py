"""A whole delivery taken back, and the certificate that it is gone: commands of tre-provider."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Annotated

import typer

from linkage_engine.contract.destruction import DeliveryWithdrawal
from service.client import Client
from service.clock import Clock, utc_now
from service.keys import folder_key, folder_party
from service.provider.files import new_file
from service.signed import SigningKey, TextType, sign

Url = Annotated[str, typer.Option("--url", help="Address of the service.")]
Keys = Annotated[Path, typer.Option("--keys", help="Your key folder.")]


def withdraw_delivery(submission_id: str, url: Url, keys: Keys) -> None:
    """Take a whole delivery back for good: what came of it is destroyed, and the workers certify it."""
    client = _client(url, keys)
    signed = _signed(client, submission_id, folder_party(keys).principal_id, folder_key(keys), utc_now)
    told = client.post(f"/submissions/{submission_id}/withdrawal", {"statement": signed})
    print(f"destruction {told['destruction_id']}: {told['state']}")


def _signed(client: Client, submission_id: str, provider_id: str, key: SigningKey, clock: Clock) -> str:
    shown = client.get(f"/submissions/{submission_id}")
    print(f"delivery {shown['counter']}, extracted on {shown['extract_date']}: {shown['delivery_id']}")
    statement = DeliveryWithdrawal(
        project_id=shown["project_id"],
        provider_id=provider_id,
        delivery_id=shown["delivery_id"],
        withdrawn_at=clock(),
    )
    return sign(statement, key, TextType.DELIVERY_WITHDRAWAL)


def destruction(destruction_id: str, url: Url, keys: Keys) -> None:
    """Show where a destruction stands."""
    print(json.dumps(_client(url, keys).get(f"/destructions/{destruction_id}"), indent=2))


def certificate(
    destruction_id: str, url: Url, keys: Keys, out: Annotated[Path, typer.Option("--out")]
) -> None:
    """Fetch the certificate of a destruction, once both workers have signed it."""
    data = _client(url, keys).download(f"/destructions/{destruction_id}/certificate")
    with new_file(out) as file:
        file.write(data)
    print(out)


def _client(url: str, keys: Path) -> Client:
    return Client.from_folder(url, keys, clock=utc_now, random=secrets.token_bytes)
