"""What governance signs: the first permit of a project, and each that takes the place of another."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import ValidationError

from linkage_engine.contract.permit import SAID_NOW, WITH_PASSKEYS, Permit
from service.problems.problem import faults_of
from service.problems.projects import AmendmentRefused, PermitRefused
from service.problems.tools import SignatureRefused
from service.projects.amendments import check_amendment, digest_of
from service.signed import SigningKey, TextType, sign, verified

FIRST = 1


def first(permit: Permit, governance: SigningKey, today: date) -> str:
    """The signed text of a project's first permit; raises PermitRefused for one that is over or no first."""
    if permit.valid_to < today or permit.sequence != FIRST or permit.amends is not None:
        raise PermitRefused
    return sign(permit, governance, TextType.PERMIT)


def amended(text: str, changes: Mapping[str, Any], governance: SigningKey) -> str:
    """The signed text of the permit that takes the place of another, with the fields that change.

    Its place in line and the digest of the one before are filled in. Raises PermitRefused where
    governance did not sign the one before, and AmendmentRefused with its faults.
    """
    try:
        before = verified(text, (governance.public,), TextType.PERMIT, Permit)
    except SignatureRefused:
        raise PermitRefused from None
    digest = digest_of(text)
    version = max(SAID_NOW, before.permit, WITH_PASSKEYS if _names_passkeys(changes) else 0)
    told = {"permit": version, "sequence": before.sequence + 1, "amends": digest}
    try:
        after = Permit.model_validate_json(json.dumps(before.model_dump(mode="json") | dict(changes) | told))
    except ValidationError as invalid:
        raise AmendmentRefused(faults=faults_of(invalid.errors())) from None
    check_amendment(before, digest, after)
    return sign(after, governance, TextType.PERMIT)


def _names_passkeys(changes: Mapping[str, Any]) -> bool:
    parties = changes.get("parties", [])
    return any(isinstance(party, dict) and party.get("passkeys") for party in parties)


def address_of(text: str) -> str:
    """Where a signed permit is brought in; the service looks at the signature, this does not."""
    try:
        payload = text.split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        amends, project_id = said["amends"] is not None, said["project_id"]
    except (IndexError, ValueError, TypeError, KeyError):
        return "/projects"
    return f"/projects/{project_id}/amendments" if amends else "/projects"
