"""A controller's grant: whether the key that governance knows the controller by signed these very terms."""

from __future__ import annotations

from linkage_engine.contract.permit import DataSetGrant, Grant
from service.problems.tools import SignatureRefused
from service.signed import TextType, verified


def is_granted(data_set: DataSetGrant, project_id: str) -> bool:
    """Whether the controller granted just this: this provider, this data set, this project."""
    granted = data_set.granted
    if granted is None:
        return False
    terms = granted.terms
    about = (terms.project_id, terms.provider_id, terms.data_set)
    if about != (project_id, data_set.provider_id, data_set.data_set):
        return False
    try:
        return verified(granted.signature, (granted.controller_key,), TextType.GRANT, Grant) == terms
    except SignatureRefused:
        return False
