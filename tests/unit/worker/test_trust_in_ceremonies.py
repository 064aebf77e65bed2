"""What a worker believes of the linkage secret's ceremony, and which tokens it takes after it."""

from __future__ import annotations

from typing import Any

import pytest

from linkage_engine.contract.refusals import RefusalCode
from service.signed import SigningKey, TextType, sign
from service.worker import trust
from tests.factories import a_permit, a_secret_statement
from tests.unit.worker.test_trust import (
    GOVERNANCE,
    NORTH,
    PEOPLE,
    PERMIT,
    SOUTH,
    STRANGER,
    a_manifest_of,
    refused,
    signed_manifest,
)

BY_CEREMONY = a_permit(PEOPLE, key_check=None)
ENVELOPES = {"north": b"sealed to north", "south": b"sealed to south"}


def a_secret_text(key: SigningKey = NORTH.key, **changes: Any) -> str:
    statement = a_secret_statement((NORTH, SOUTH), ENVELOPES, key_check="1e" * 8, **changes)
    return sign(statement, key, TextType.LINKAGE_SECRET)


def test_the_key_check_that_the_lead_provider_signed_is_believed() -> None:
    assert trust.key_check(BY_CEREMONY, a_secret_text()) == "1e" * 8
    manifest = a_manifest_of(key_check="1e" * 8)
    assert trust.manifest(signed_manifest(manifest), BY_CEREMONY, a_secret_text()) == manifest


def test_tokens_of_another_secret_or_epoch_than_the_ceremonys_are_refused() -> None:
    for manifest in (a_manifest_of(), a_manifest_of(key_check="1e" * 8, secret_epoch=2)):
        text = signed_manifest(manifest)
        refused(
            RefusalCode.KEY_CHECK_DIFFERS,
            lambda text=text: trust.manifest(text, BY_CEREMONY, a_secret_text()),  # type: ignore[misc]
        )


def test_without_a_ceremony_or_a_key_check_in_the_permit_no_tokens_are_believed() -> None:
    assert trust.key_check(PERMIT, None) == PERMIT.key_check
    refused(RefusalCode.KEY_CHECK_DIFFERS, lambda: trust.key_check(BY_CEREMONY, None))


@pytest.mark.parametrize("key", [SOUTH.key, STRANGER, GOVERNANCE])
def test_a_statement_that_the_lead_provider_did_not_sign_is_refused(key: SigningKey) -> None:
    refused(RefusalCode.SIGNATURE_INVALID, lambda: trust.key_check(BY_CEREMONY, a_secret_text(key)))


@pytest.mark.parametrize("changes", [{"project_id": "another-project"}, {"secret_epoch": 2}, {"roster": ()}])
def test_a_statement_about_another_ceremony_is_refused(changes: dict[str, Any]) -> None:
    text = a_secret_text(**changes)
    refused(RefusalCode.KEY_CHECK_DIFFERS, lambda: trust.key_check(BY_CEREMONY, text))


def test_a_permit_whose_lead_provider_is_nobody_gives_no_key_to_believe() -> None:
    permit = a_permit(PEOPLE, key_check=None, lead_provider="nobody")
    refused(RefusalCode.SIGNATURE_INVALID, lambda: trust.key_check(permit, a_secret_text()))
