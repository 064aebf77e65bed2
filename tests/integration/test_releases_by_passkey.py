"""The gate and passkeys: answers to this decision by passkeys of the signed permit, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from linkage_engine.contract.permit import Permit
from linkage_engine.contract.refusals import RefusalCode
from service.asserted import Use
from service.jobs import Job, WorkerRole
from service.releases.rules import ReleaseState
from service.signed import TextType, verified
from service.worker.counters import note_uses
from tests.authenticator import Authenticator
from tests.factories import a_decision
from tests.integration.conftest import At
from tests.integration.refusing import open_with, release_failed
from tests.integration.test_refused_releases import put_decisions
from tests.integration.workshop import Workshop

CHECKERS = ("cheng", "carol")
PASSKEYS = {
    name: Authenticator("https://tre.example", "tre.example", name.encode(), counter=3) for name in CHECKERS
}


def named_in_the_permit(shop: Workshop) -> None:
    """The project's permit, in which both checkers have a passkey."""
    permit = verified(shop.permit_text(), (shop.governance.public,), TextType.PERMIT, Permit)
    parties = tuple(
        p.model_copy(update={"passkeys": (PASSKEYS[p.principal_id].named(),)})
        if p.principal_id in PASSKEYS
        else p
        for p in permit.parties
    )
    open_with(shop, shop.permit_text(permit=3, parties=parties))


def answer(shop: Workshop, checker: str, key: Authenticator | None = None, **changes: object) -> str:
    _, digest = shop.evidence("cheng", shop.ids["query"])
    decision = a_decision(checker, shop.ids["query"], digest).model_copy(update=changes)
    return (key or PASSKEYS[checker]).decides(decision)


def test_two_answers_by_passkeys_of_the_permit_release_and_are_noted(at: At) -> None:
    shop = at("approved")
    named_in_the_permit(shop)
    put_decisions(shop, [answer(shop, name) for name in CHECKERS])
    for _ in range(2):  # again, as after a crash
        shop.do(Job.SIGN_RELEASE, shop.ids["query"])
    assert shop.release(shop.ids["query"]).state is ReleaseState.SIGNED
    assert len(list((shop.home.vault("gate") / "passkeys").iterdir())) == 2


@pytest.mark.parametrize(
    "of",
    [
        "a passkey of its own",
        "one passkey under two names",
        "a sign-in",
        "other evidence",
        "another release",
        "another host",
        "nobody there",
    ],
)
def test_rows_that_somebody_wrote_release_nothing(at: At, of: str) -> None:
    shop = at("approved")
    named_in_the_permit(shop)
    own = Authenticator("https://tre.example", "tre.example", b"carol", counter=9)
    carol = PASSKEYS["carol"]
    sign_in = carol.used({"challenge": "c2lnbi1pbg"})["response"]["signature"]
    true = answer(shop, "carol")
    made = {
        "a passkey of its own": lambda: answer(shop, "carol", own),
        "one passkey under two names": lambda: answer(shop, "carol", PASSKEYS["cheng"]),
        "a sign-in": lambda: true.replace(true.split('"signature":"')[1].split('"')[0], sign_in),
        "other evidence": lambda: answer(shop, "carol", evidence_sha256="f" * 64),
        "another release": lambda: answer(shop, "carol", release_id="cd" * 16),
        "another host": lambda: answer(shop, "carol", replace(carol, host="evil.example")),
        "nobody there": lambda: answer(shop, "carol", replace(carol, flags=0x04)),
    }[of]()
    put_decisions(shop, [answer(shop, "cheng"), made])
    shop.do(Job.SIGN_RELEASE, shop.ids["query"])
    release_failed(shop, RefusalCode.SIGNATURE_INVALID)


def test_a_count_that_came_for_another_decision_releases_nothing(at: At) -> None:
    shop = at("approved")
    named_in_the_permit(shop)
    name = PASSKEYS["carol"].named().credential_id
    note_uses(shop.surroundings(WorkerRole.GATE).passkeys, [Use(name, 3, "0" * 64)])
    put_decisions(shop, [answer(shop, each) for each in CHECKERS])
    shop.do(Job.SIGN_RELEASE, shop.ids["query"])
    release_failed(shop, RefusalCode.SIGNATURE_INVALID)


def test_without_passkeys_in_the_permit_none_is_believed(at: At) -> None:
    shop = at("approved")
    put_decisions(shop, [answer(shop, name) for name in CHECKERS])
    shop.do(Job.SIGN_RELEASE, shop.ids["query"])
    release_failed(shop, RefusalCode.SIGNATURE_INVALID)
