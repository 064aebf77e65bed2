"""Which approvals release nothing, whatever the database says of them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from linkage_engine.contract.refusals import RefusalCode
from linkage_engine.contract.statements import Verdict
from service.jobs import Job
from service.releases.rules import ReleaseState
from service.signed import SigningKey, TextType, sign
from tests.factories import a_decision
from tests.integration.conftest import At
from tests.integration.refusing import STRANGER, release_failed
from tests.integration.workshop import Workshop


def put_decisions(shop: Workshop, texts: Sequence[str]) -> None:
    """Rows that say that two checkers approved, with these texts, by who owns the database and its laws."""
    shop.change("DROP TRIGGER release_decision_no_delete")
    shop.change("DELETE FROM release_decision")
    for checker, text in zip(("cheng", "carol"), texts, strict=False):
        shop.change(
            "INSERT INTO release_decision (release_id, checker_id, author_id, verdict, reason, decision,"
            " decision_sha256, decided_at)"
            " VALUES (:id, :checker, 'rosalind', 'approve', 'Safe', :text, :digest, '2025-04-07 09:00:00')",
            id=shop.ids["query"],
            checker=checker,
            text=text,
            digest="0" * 64,
        )


def decision(shop: Workshop, checker: str, key: SigningKey | None = None, **changes: object) -> str:
    _, digest = shop.evidence("cheng", shop.ids["query"])
    made = a_decision(checker, shop.ids["query"], digest).model_copy(update=changes)
    return sign(made, key or shop.people[checker].key, TextType.DECISION)


def approving_texts(shop: Workshop, of: str) -> list[str]:
    first = decision(shop, "cheng")
    return {
        "one only": [first],
        "none": [],
        "one checker's twice": [first, first],
        "the author's": [first, decision(shop, "rosalind")],
        "one key under two names": [first, decision(shop, "carol", shop.people["cheng"].key)],
        "a stranger's": [first, decision(shop, "carol", STRANGER)],
        "of other evidence": [first, decision(shop, "carol", evidence_sha256="f" * 64)],
        "of another release": [first, decision(shop, "carol", release_id="cd" * 16)],
        "a refusal": [first, decision(shop, "carol", verdict=Verdict.REFUSE)],
    }[of]


APPROVALS = (
    "one only",
    "none",
    "one checker's twice",
    "the author's",
    "one key under two names",
    "a stranger's",
    "of other evidence",
    "of another release",
    "a refusal",
)


@pytest.mark.parametrize("of", APPROVALS)
def test_no_such_approvals_release_anything(at: At, of: str) -> None:
    shop = at("approved")
    put_decisions(shop, approving_texts(shop, of))
    shop.do(Job.SIGN_RELEASE, shop.ids["query"])
    release_failed(shop, RefusalCode.SIGNATURE_INVALID)


def test_true_approvals_put_into_the_database_by_hand_are_believed(at: At) -> None:
    shop = at("approved")
    put_decisions(shop, [decision(shop, "cheng"), decision(shop, "carol")])
    shop.do(Job.SIGN_RELEASE, shop.ids["query"])
    assert shop.release(shop.ids["query"]).state is ReleaseState.SIGNED


def test_a_release_whose_evidence_is_gone_is_not_signed(at: At) -> None:
    shop = at("approved")
    for path in (shop.home.vault("gate")).rglob("evidence.parquet"):
        path.unlink()
    shop.do(Job.SIGN_RELEASE, shop.ids["query"])
    release_failed(shop, RefusalCode.VAULT_OBJECT_MISSING)


def test_nothing_is_signed_that_was_not_approved(at: At) -> None:
    shop = at("controlled")
    before = shop.everything()
    shop.do(Job.SIGN_RELEASE, shop.ids["query"])
    assert shop.everything() == before
    assert not (shop.spool / "releases" / shop.ids["query"]).exists()
