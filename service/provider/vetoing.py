"""A provider's veto of a release that its data are in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from linkage_engine.contract.statements import Veto
from service.client import Client
from service.clock import Clock
from service.keys import folder_key, folder_party
from service.signed import TextType, sign


def veto(client: Client, keys: Path, clock: Clock, *, project_id: str, release_id: str, reason: str) -> Any:  # noqa: ANN401  # JSON
    """Sign and send it; what the service says."""
    said = Veto(
        release_id=release_id,
        project_id=project_id,
        provider_id=folder_party(keys).principal_id,
        reason=reason,
        vetoed_at=clock(),
    )
    return client.post(
        f"/releases/{release_id}/vetoes", {"veto": sign(said, folder_key(keys), TextType.VETO)}
    )
