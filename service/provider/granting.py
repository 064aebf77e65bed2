"""Granting a data set to a project, as the controller of the data."""

from __future__ import annotations

from pathlib import Path

from linkage_engine.contract.permit import DataSetGrant, Grant, SignedGrant
from service.keys import folder_key, folder_party
from service.signed import TextType, sign


def granted(terms: Grant, keys: Path) -> DataSetGrant:
    """What governance puts into the permit: the terms, signed with the controller's key folder."""
    controller, key = folder_party(keys), folder_key(keys)
    signed = SignedGrant(
        controller=controller.name,
        controller_key=key.public,
        terms=terms,
        signature=sign(terms, key, TextType.GRANT),
    )
    return DataSetGrant(provider_id=terms.provider_id, data_set=terms.data_set, granted=signed)
