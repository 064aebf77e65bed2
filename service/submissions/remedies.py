"""What a provider can do about each refusal of a part."""

from __future__ import annotations

from collections.abc import Mapping

from linkage_engine.contract.refusals import RefusalCode

SEAL_AGAIN = "Seal the extract again with the project's current file and send it."
TELL_OPERATOR = "Tell the operator: this should have been found before the delivery reached a worker."
REMEDIES: Mapping[RefusalCode, str] = {
    RefusalCode.NOT_AN_AGE_FILE: "Seal the extract with tre-provider; other tools write other files.",
    RefusalCode.SEALED_TO_ANOTHER_KEY: "Fetch the project file again, compare its keys, and seal anew.",
    RefusalCode.SEALED_FILE_DAMAGED: SEAL_AGAIN,
    RefusalCode.SEALED_FILE_TOO_LARGE: "Split the delivery, or ask the operator for a higher limit.",
    RefusalCode.PART_NOT_PARQUET: "Seal the extract with tre-provider; other tools write other files.",
    RefusalCode.PART_DIFFERS_FROM_MANIFEST: SEAL_AGAIN,
    RefusalCode.PART_TOO_LARGE: "Split the delivery, or ask the operator for a higher limit.",
    RefusalCode.KEY_CHECK_DIFFERS: "Run tre-provider secret fetch, then seal again.",
    RefusalCode.LINKAGE_PROFILE_DIFFERS: "Fetch the project file again, then seal again.",
    RefusalCode.UNKNOWN_DATA_SET: "Bring tre-provider up to date: the data set is not in this catalogue.",
    RefusalCode.COLUMNS_DIFFER: "Bring tre-provider up to date, then seal again: the columns differ.",
    RefusalCode.ROWS_INVALID: "Run tre-provider validate; correct the rows that the report names.",
    RefusalCode.PERSON_KEYS_INVALID: SEAL_AGAIN,
    RefusalCode.PERSON_KEYS_DIFFER: "Check the mapping file: parts must name the same local persons.",
    RefusalCode.DELIVERY_WITHDRAWN: "You withdrew this delivery for good: seal and send another.",
    RefusalCode.PERMIT_NOT_LIVE: "Ask governance for an amendment; then send the delivery again.",
    RefusalCode.GRANT_NOT_LIVE: "Have the controller grant the data set anew: tre-provider grant.",
    RefusalCode.STANDING_NOT_LIVE: "Renew the accreditation or training; governance amends the permit.",
    RefusalCode.VAULT_FULL: "Tell the operator, who has to make room; then seal the extract again.",
}
"""Refusals that a delivery can meet; any other is ours to look at."""


def remedy_of(code: str) -> str:
    """What to do about a refusal."""
    return REMEDIES.get(RefusalCode(code), TELL_OPERATOR)
