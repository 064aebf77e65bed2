"""What a worker believes, text by text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from linkage_engine.contract.manifest import IDENTIFIERS, Manifest, Zone
from linkage_engine.contract.permit import Party, Permit, Role
from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.contract.statements import HandOver, HandOverKind, Verdict
from service.keys import Pins, WorkerKeys
from service.signed import SigningKey, TextType, sign
from service.worker import trust
from tests.at_browser import HOST, ORIGIN
from tests.authenticator import Authenticator
from tests.factories import (
    PROJECT,
    Chance,
    Person,
    a_decision,
    a_manifest,
    a_part,
    a_permit,
    a_person,
    a_question,
    a_specification,
    accredited,
)

GOVERNANCE, STRANGER = SigningKey.generate(), SigningKey.generate()
PINS = Pins(
    governance_key=GOVERNANCE.public,
    linkage=WorkerKeys(),
    analysis=WorkerKeys(),
    gate=WorkerKeys(),
    release_key=SigningKey.generate().public,
    log_vkey="log",
)
NORTH, SOUTH = a_person("north", Role.PROVIDER), a_person("south", Role.PROVIDER)
ROSALIND = a_person("rosalind", Role.RESEARCHER)
CHENG, CAROL, CHIDI = (a_person(name, Role.OUTPUT_CHECKER) for name in ("cheng", "carol", "chidi"))
PEOPLE = (NORTH, SOUTH, ROSALIND, CHENG, CAROL, CHIDI)
PERMIT = a_permit(PEOPLE)
LIVE = date(2026, 3, 2)
RELEASE, EVIDENCE = "ab" * 16, "e" * 64
RANDOM = Chance()


def refused(code: RefusalCode, act: Callable[[], object]) -> None:
    with pytest.raises(NotTrusted) as caught:
        act()
    assert caught.value.code is code
    assert str(caught.value) == code.value


# --- permits


def a_permit_text(key: SigningKey = GOVERNANCE, permit: Permit = PERMIT) -> str:
    return sign(permit, key, TextType.PERMIT)


def test_a_live_permit_of_governance_is_believed() -> None:
    assert trust.permit(a_permit_text(), PINS, PROJECT, today=LIVE) == PERMIT


@pytest.mark.parametrize("day", [PERMIT.valid_from, PERMIT.valid_to])
def test_a_permit_lives_on_its_first_and_last_day(day: date) -> None:
    assert trust.permit(a_permit_text(), PINS, PROJECT, today=day) == PERMIT


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2027, 1, 1)])
def test_a_permit_is_dead_before_and_after(day: date) -> None:
    refused(RefusalCode.PERMIT_NOT_LIVE, lambda: trust.permit(a_permit_text(), PINS, PROJECT, today=day))


def test_a_permit_to_link_plaintext_is_refused() -> None:
    plain = PERMIT.model_copy(update={"linkage_profile": LinkageProfile.PLAINTEXT})
    refused(
        RefusalCode.LINKAGE_PROFILE_NOT_SERVED,
        lambda: trust.permit(a_permit_text(permit=plain), PINS, PROJECT, today=LIVE),
    )


def test_without_a_day_the_dates_of_a_permit_are_not_looked_at() -> None:
    past = a_permit(PEOPLE, valid_from=date(2020, 1, 1), valid_to=date(2020, 1, 2))
    assert trust.permit(a_permit_text(permit=past), PINS, PROJECT, today=None) == past


@pytest.mark.parametrize(
    ("text", "project_id"),
    [
        (a_permit_text(STRANGER), PROJECT),
        (a_permit_text(ROSALIND.key), PROJECT),
        (a_permit_text(), "another-project"),
        (sign(PERMIT, GOVERNANCE, TextType.MANIFEST), PROJECT),
        (a_permit_text() + "A", PROJECT),
        ("", PROJECT),
    ],
    ids=["stranger's key", "researcher's key", "another project's", "another type", "longer", "nothing"],
)
def test_no_other_permit_is_believed(text: str, project_id: str) -> None:
    refused(RefusalCode.SIGNATURE_INVALID, lambda: trust.permit(text, PINS, project_id, today=LIVE))


# --- manifests

PARTS = (a_part(IDENTIFIERS, b"tokens"), a_part("cancer_registration", b"events"))


def a_manifest_of(who: str = "north", **changes: object) -> Manifest:
    return a_manifest(PARTS, random=RANDOM, provider_id=who).model_copy(update=changes)


def signed_manifest(manifest: Manifest, key: SigningKey = NORTH.key) -> str:
    return sign(manifest, key, TextType.MANIFEST)


def test_a_manifest_of_its_provider_is_believed() -> None:
    manifest = a_manifest_of()
    assert trust.manifest(signed_manifest(manifest), PERMIT, None) == manifest


@pytest.mark.parametrize(
    ("manifest", "key"),
    [
        (a_manifest_of(), STRANGER),
        (a_manifest_of(), SOUTH.key),
        (a_manifest_of("south"), NORTH.key),
        (a_manifest_of("rosalind"), NORTH.key),
        (a_manifest_of("nobody"), NORTH.key),
        (a_manifest_of(), ROSALIND.key),
        (a_manifest_of(project_id="another-project"), NORTH.key),
    ],
    ids=[
        "stranger's",
        "other provider's key",
        "in another's name",
        "in a researcher's name",
        "in nobody's name",
        "researcher's key",
        "another project's",
    ],
)
def test_a_forged_manifest_is_refused(manifest: Manifest, key: SigningKey) -> None:
    refused(
        RefusalCode.SIGNATURE_INVALID, lambda: trust.manifest(signed_manifest(manifest, key), PERMIT, None)
    )


@pytest.mark.parametrize(
    "part",
    [
        a_part("gp_registration", b"south's"),
        a_part("death", b"nobody's"),
        a_part(IDENTIFIERS, b"tokens", zone=Zone.ANALYSIS),
        a_part("cancer_registration", b"events", zone=Zone.LINKAGE),
    ],
    ids=["granted to the other provider", "granted to nobody", "tokens to analysis", "events to linkage"],
)
def test_a_part_that_the_permit_does_not_grant_is_refused(part: object) -> None:
    manifest = a_manifest_of(parts=(part,))
    refused(RefusalCode.OUTSIDE_THE_PERMIT, lambda: trust.manifest(signed_manifest(manifest), PERMIT, None))


def test_tokens_of_another_secret_are_refused() -> None:
    manifest = a_manifest_of(key_check="1e" * 16)
    refused(RefusalCode.KEY_CHECK_DIFFERS, lambda: trust.manifest(signed_manifest(manifest), PERMIT, None))


def test_a_delivery_in_another_linkage_profile_is_refused() -> None:
    manifest = a_manifest_of(linkage_profile="bloom")
    refused(
        RefusalCode.LINKAGE_PROFILE_DIFFERS, lambda: trust.manifest(signed_manifest(manifest), PERMIT, None)
    )


# --- questions


def a_question_text(asker: Person = ROSALIND, key: SigningKey | None = None, **changes: object) -> str:
    return sign(a_question(asker, random=RANDOM, **changes), key or asker.key, TextType.QUESTION)


def test_a_question_of_its_researcher_is_believed() -> None:
    assert trust.question(a_question_text(), PERMIT).asked_by == "rosalind"


RACHEL = a_person("rachel", Role.RESEARCHER)
WITH_RACHEL = a_permit((*PEOPLE, RACHEL))


@pytest.mark.parametrize(
    "text",
    [
        a_question_text(key=STRANGER),
        a_question_text(key=RACHEL.key),
        a_question_text(asked_by="cheng"),
        a_question_text(asked_by="nobody"),
        a_question_text(CHENG),
        sign(a_question(ROSALIND, random=RANDOM), ROSALIND.key, TextType.DECISION),
    ],
    ids=[
        "stranger's key",
        "colleague's key",
        "checker's name",
        "nobody's name",
        "checker's key",
        "another type",
    ],
)
def test_a_forged_question_is_refused(text: str) -> None:
    refused(RefusalCode.SIGNATURE_INVALID, lambda: trust.question(text, WITH_RACHEL))


def test_a_question_to_another_project_is_refused() -> None:
    text = a_question_text(specification=a_specification(project_id="another-project"))
    refused(RefusalCode.OUTSIDE_THE_PERMIT, lambda: trust.question(text, PERMIT))


def test_a_question_by_a_template_outside_the_permit_is_refused() -> None:
    narrow = a_permit(PEOPLE, templates=())
    refused(RefusalCode.OUTSIDE_THE_PERMIT, lambda: trust.question(a_question_text(), narrow))


# --- approvals


def an_approval(checker: Person, key: SigningKey | None = None, **changes: object) -> str:
    decision = a_decision(checker.id, RELEASE, EVIDENCE).model_copy(update=changes)
    return sign(decision, key or checker.key, TextType.DECISION)


def approvals(*texts: str, permit: Permit = PERMIT, asked_by: str = "rosalind") -> list[str]:
    believed = trust.approvals(texts, permit, asked_by=asked_by, release_id=RELEASE, evidence_sha256=EVIDENCE)
    return [decision.checker_id for decision in believed]


def test_two_approvals_of_two_checkers_are_believed_in_order_of_name() -> None:
    assert approvals(an_approval(CHENG), an_approval(CAROL)) == ["carol", "cheng"]


def test_three_approvals_are_no_fewer_than_two() -> None:
    assert len(approvals(an_approval(CHENG), an_approval(CAROL), an_approval(CHIDI))) == 3


@pytest.mark.parametrize(
    "texts",
    [
        (),
        (an_approval(CHENG),),
        (an_approval(CHENG), an_approval(CHENG)),
        (an_approval(CHENG), an_approval(CAROL, STRANGER)),
        (an_approval(CHENG), an_approval(CAROL, CHENG.key)),
        (an_approval(CHENG), an_approval(CAROL, verdict=Verdict.REFUSE)),
        (an_approval(CHENG), an_approval(CAROL, evidence_sha256="f" * 64)),
        (an_approval(CHENG), an_approval(CAROL, release_id="cd" * 16)),
        (an_approval(CHENG), an_approval(CAROL, project_id="another-project")),
        (an_approval(CHENG), an_approval(ROSALIND)),
        (an_approval(CHENG), an_approval(ROSALIND, CAROL.key)),
        (an_approval(CHENG), an_approval(a_person("nobody", Role.OUTPUT_CHECKER), CAROL.key)),
        (an_approval(CHENG), an_approval(CAROL), "a.b.c"),
        (an_approval(CHENG), an_approval(CAROL), an_approval(CHIDI, verdict=Verdict.REFUSE)),
    ],
    ids=[
        "none",
        "one",
        "one twice",
        "a stranger's",
        "one key under two names",
        "a refusal",
        "of other evidence",
        "of another release",
        "of another project",
        "the researcher's",
        "in the researcher's name",
        "in nobody's name",
        "two and a broken one",
        "two and a refusal",
    ],
)
def test_anything_but_two_approvals_is_refused(texts: tuple[str, ...]) -> None:
    refused(RefusalCode.SIGNATURE_INVALID, lambda: approvals(*texts))


def with_key(person: Person, principal_id: str, role: Role) -> Person:
    """Somebody else on the permit who holds the same key."""
    party = Party(principal_id=principal_id, name=principal_id, role=role, signing_key=person.key.public)
    return Person(party, person.key)


def test_an_author_who_is_a_checker_too_does_not_count() -> None:
    permit = a_permit((*PEOPLE, with_key(ROSALIND, "rosalind-as-checker", Role.OUTPUT_CHECKER)))
    own = sign(a_decision("rosalind-as-checker", RELEASE, EVIDENCE), ROSALIND.key, TextType.DECISION)
    refused(RefusalCode.SIGNATURE_INVALID, lambda: approvals(own, an_approval(CHENG), permit=permit))
    assert approvals(own, an_approval(CHENG), an_approval(CAROL), permit=permit) == ["carol", "cheng"]


def test_one_key_under_two_checkers_names_counts_once() -> None:
    twin = with_key(CHENG, "cheng-again", Role.OUTPUT_CHECKER)
    permit = a_permit((*PEOPLE, twin))
    refused(
        RefusalCode.SIGNATURE_INVALID,
        lambda: approvals(an_approval(CHENG), an_approval(twin), permit=permit),
    )


def test_an_author_who_is_no_party_has_no_approvals() -> None:
    refused(
        RefusalCode.SIGNATURE_INVALID,
        lambda: approvals(an_approval(CHENG), an_approval(CAROL), asked_by="nobody"),
    )


# --- hand-overs

SENDER = SigningKey.generate()
EXPECTED = HandOver(
    kind=HandOverKind.CROSSWALK,
    project_id=PROJECT,
    subject_id=RELEASE,
    sender="linkage",
    receiver="analysis",
    sealed_sha256=EVIDENCE,
)


def test_a_hand_over_that_the_sender_signed_is_believed() -> None:
    trust.hand_over(sign(EXPECTED, SENDER, TextType.HAND_OVER), SENDER.public, EXPECTED)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": HandOverKind.AGGREGATES},
        {"project_id": "another-project"},
        {"subject_id": "cd" * 16},
        {"sender": "gate"},
        {"receiver": "gate"},
        {"sealed_sha256": "f" * 64},
    ],
    ids=str,
)
def test_a_hand_over_of_anything_else_is_refused(change: dict[str, object]) -> None:
    text = sign(EXPECTED.model_copy(update=change), SENDER, TextType.HAND_OVER)
    refused(RefusalCode.HAND_OVER_INVALID, lambda: trust.hand_over(text, SENDER.public, EXPECTED))


def test_a_forged_hand_over_is_refused() -> None:
    text = sign(EXPECTED, STRANGER, TextType.HAND_OVER)
    refused(RefusalCode.SIGNATURE_INVALID, lambda: trust.hand_over(text, SENDER.public, EXPECTED))


def test_a_grant_is_for_one_provider_and_one_data_set() -> None:
    assert PERMIT.grants("north", "cancer_registration")
    assert not PERMIT.grants("south", "cancer_registration")


# --- approvals by passkey


PASSKEYS = {
    checker.id: Authenticator(ORIGIN, HOST, checker.id.encode(), counter=3)
    for checker in (CHENG, CAROL, CHIDI)
}


def with_passkeys(**holders: str) -> Permit:
    """The permit in which each checker has the passkey of somebody, of their own where nobody is named."""
    named = {name: holders.get(name, name) for name in PASSKEYS}
    parties = tuple(
        accredited(p.party).model_copy(update={"passkeys": (PASSKEYS[named[p.id]].named(),)})
        if p.id in named
        else p.party
        for p in PEOPLE
    )
    return a_permit(PEOPLE, permit=3, parties=parties)


def by_passkey(checker: Person, key: Authenticator | None = None, **changes: object) -> str:
    decision = a_decision(checker.id, RELEASE, EVIDENCE).model_copy(update=changes)
    return (key or PASSKEYS[checker.id]).decides(decision)


def test_approvals_by_passkey_are_believed_beside_those_by_key() -> None:
    permit = with_passkeys()
    assert approvals(by_passkey(CHENG), by_passkey(CAROL), permit=permit) == ["carol", "cheng"]
    assert approvals(by_passkey(CHENG), an_approval(CAROL), permit=permit) == ["carol", "cheng"]
    uses = trust.uses_of_passkeys([by_passkey(CHENG), an_approval(CAROL)], permit)
    assert [use.counter for use in uses] == [3]


@pytest.mark.parametrize(
    ("texts", "permit"),
    [
        ((by_passkey(CHENG), by_passkey(CAROL)), PERMIT),
        ((by_passkey(CHENG), by_passkey(CHENG)), with_passkeys()),
        ((by_passkey(CHENG), an_approval(CHENG)), with_passkeys()),
        ((by_passkey(CHENG), by_passkey(CAROL, PASSKEYS["cheng"])), with_passkeys(carol="cheng")),
        ((by_passkey(CHENG), by_passkey(CAROL, PASSKEYS["cheng"])), with_passkeys()),
        ((by_passkey(CHENG), by_passkey(CAROL, evidence_sha256="f" * 64)), with_passkeys()),
        ((by_passkey(CHENG), by_passkey(CAROL, release_id="cd" * 16)), with_passkeys()),
        ((by_passkey(CHENG), by_passkey(CAROL, verdict=Verdict.REFUSE)), with_passkeys()),
        ((by_passkey(CHENG), by_passkey(ROSALIND, PASSKEYS["carol"])), with_passkeys()),
        ((by_passkey(CHENG), "{}"), with_passkeys()),
    ],
    ids=[
        "no passkey in the permit",
        "twice",
        "one person's both",
        "a passkey that two have",
        "another's passkey",
        "other evidence",
        "another release",
        "a refusal",
        "no checker",
        "no answer",
    ],
)
def test_no_other_approvals_by_passkey_are_believed(texts: tuple[str, ...], permit: Permit) -> None:
    refused(RefusalCode.SIGNATURE_INVALID, lambda: approvals(*texts, permit=permit))
