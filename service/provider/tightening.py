"""A provider's word that a project that its data are in is to tell less than its permit lets it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from linkage_engine.contract.statements import Tightening
from service.client import Client
from service.clock import Clock
from service.keys import folder_key, folder_party
from service.signed import TextType, sign


def tighten(client: Client, keys: Path, clock: Clock, **about: Any) -> Any:  # noqa: ANN401  # JSON
    """Sign and send it, about a project, a policy, the fewest people and a reason; what the service says."""
    provider_id = folder_party(keys).principal_id
    said = Tightening(provider_id=provider_id, tightened_at=clock(), **about)
    text = sign(said, folder_key(keys), TextType.TIGHTENING)
    return client.post(f"/projects/{said.project_id}/tightenings", {"tightening": text})
