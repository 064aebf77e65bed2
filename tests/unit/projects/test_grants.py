"""A controller's grant: its own signature over exactly this data set, provider and project."""

from __future__ import annotations

from typing import Any

import pytest

from linkage_engine.contract.permit import DataSetGrant, SignedGrant
from service.projects.grants import is_granted
from service.signed import SigningKey, TextType, sign
from tests.factories import CONTROLLER, PROJECT, a_grant

GRANTED = a_grant("north", "death")
SIGNED = GRANTED.granted
assert SIGNED is not None


def with_(**changes: Any) -> DataSetGrant:
    assert SIGNED is not None
    return DataSetGrant(
        provider_id="north", data_set="death", granted=SignedGrant.model_validate(dict(SIGNED) | changes)
    )


def test_what_the_controller_signed_is_granted() -> None:
    assert is_granted(GRANTED, PROJECT)


@pytest.mark.parametrize(
    "data_set",
    [
        DataSetGrant(provider_id="north", data_set="death"),
        DataSetGrant(provider_id="south", data_set="death", granted=SIGNED),
        DataSetGrant(provider_id="north", data_set="apc_spell", granted=SIGNED),
        a_grant("north", "death", project_id="another-project"),
        a_grant("north", "death", key=SigningKey.generate()),
        with_(controller_key=SigningKey.generate().public),
        with_(terms=SIGNED.terms.model_copy(update={"classification": "personal"})),
        with_(terms=SIGNED.terms.model_copy(update={"valid_to": "2050-01-01"})),
        with_(signature=sign(SIGNED.terms, CONTROLLER, TextType.PERMIT)),
        with_(signature=SIGNED.signature + "A"),
        with_(signature=""),
    ],
)
def test_anything_else_is_not(data_set: DataSetGrant) -> None:
    assert not is_granted(data_set, PROJECT)
