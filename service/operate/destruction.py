"""`tre-operate destruction`: where the destruction of a closed project stands, and its certificate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from service.client import Client
from service.clock import utc_now
from service.operate.acting import CHANCE


def destruction(
    project_id: str,
    url: Annotated[str, typer.Option("--url", help="Address of the service.")],
    keys: Annotated[Path, typer.Option("--keys", help="Your key folder.")],
    out: Annotated[Path | None, typer.Option("--out", help="Fetch the certificate, too.")] = None,
) -> None:
    """Show where the destruction of a closed project stands; keep its certificate."""
    client = Client.from_folder(url, keys, clock=utc_now, random=CHANCE)
    print(json.dumps(client.get(f"/projects/{project_id}/destruction"), indent=2))
    if out is not None:
        out.write_bytes(client.download(f"/projects/{project_id}/destruction/certificate"))
