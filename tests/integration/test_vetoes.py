"""The gate looks for a provider's veto before it signs, and nobody else's stops it."""

from __future__ import annotations

from typing import Any

import pytest

from linkage_engine.contract.refusals import RefusalCode
from linkage_engine.contract.statements import Veto
from service.jobs import Job
from service.mirror.actions import veto_release
from service.releases.rules import ReleaseState
from service.signed import TextType, sign
from tests.factories import PROJECT
from tests.integration.conftest import At
from tests.integration.extracts import PRACTICES, REGISTRY
from tests.integration.refusing import release_failed
from tests.integration.workshop import Workshop


def veto_text(shop: Workshop, signer: str, **changes: Any) -> str:
    said = {"release_id": shop.ids["query"], "project_id": PROJECT, "provider_id": REGISTRY, "reason": "No"}
    veto = Veto.model_validate({**said, "vetoed_at": shop.clock(), **changes})
    return sign(veto, shop.people[signer].key, TextType.VETO)


def test_the_gate_does_not_sign_what_a_provider_vetoed(at: At) -> None:
    shop = at("approved")
    with shop.acting(REGISTRY) as act:
        veto_release(act, shop.ids["query"], veto_text(shop, REGISTRY))
    shop.do(Job.SIGN_RELEASE, shop.ids["query"])
    release_failed(shop, RefusalCode.VETOED)


FORGED: dict[str, tuple[str, dict[str, str]]] = {
    "a researcher's": ("rosalind", {}),
    "another provider's in its name": (PRACTICES, {}),
    "of another release": (REGISTRY, {"release_id": "ab" * 16}),
    "of another project": (REGISTRY, {"project_id": "another-project"}),
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_veto_that_no_provider_signed_stops_nothing(at: At, forged: str) -> None:
    shop, (signer, changes) = at("approved"), FORGED[forged]
    with shop.acting(REGISTRY) as act:
        veto_release(act, shop.ids["query"], veto_text(shop, REGISTRY))
    shop.change("UPDATE release_veto SET veto = :text", text=veto_text(shop, signer, **changes))
    shop.do(Job.SIGN_RELEASE, shop.ids["query"])
    assert shop.release(shop.ids["query"]).state is ReleaseState.SIGNED
