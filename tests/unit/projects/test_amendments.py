"""Which permit may take the place of another."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from linkage_engine.catalogue.policies import POLICIES, TIGHTENED_BY, is_no_looser, policy_text
from linkage_engine.contract.permit import Permit, Role
from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.contract.refusals import NotTrusted
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.strictest import strictest
from service.problems.projects import AmendmentRefused, PermitRefused
from service.projects.amendments import chain_of, check_amendment, digest_of, faults_of_amendment
from service.signed import SigningKey, TextType, sign
from tests.factories import OUTSIDERS, a_grant, a_permit, a_person, accredited, an_amendment, the_people

GOVERNANCE = SigningKey.generate()
PEOPLE = [person for name, person in the_people().items() if name not in OUTSIDERS]
FIRST = a_permit(PEOPLE, policy="hes-2018")
TEXT = sign(FIRST, GOVERNANCE, TextType.PERMIT)
NEW = accredited(a_person("newcomer", Role.RESEARCHER).party)


def amendment(**changes: Any) -> Permit:
    return an_amendment(TEXT, PEOPLE, **{"policy": "hes-2018", **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"valid_to": date(2027, 12, 31)},
        {"parties": (*FIRST.parties, NEW)},
        {"parties": tuple(party for party in FIRST.parties if party.principal_id != "rachel")},
        {"data_sets": (*FIRST.data_sets, a_grant("northern-trust", "death"))},
        {"templates": ("prevalence", "emergency_15m")},
        {"policy": "nhs-cancer-default"},
        {"secret_epoch": 2, "key_check": None},
        {"secret_epoch": 2, "key_check": None, "lead_provider": "southern-trust"},
        {"closed_on": date(2026, 6, 1)},
    ],
    ids=str,
)
def test_people_data_dates_and_stricter_policies_may_change(changes: dict[str, Any]) -> None:
    check_amendment(FIRST, digest_of(TEXT), amendment(**changes))


def somebody_else() -> tuple[object, ...]:
    cheng = next(party for party in FIRST.parties if party.principal_id == "cheng")
    others = tuple(party for party in FIRST.parties if party is not cheng)
    return (*others, cheng.model_copy(update={"person_id": "chang"}))


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"sequence": 3}, "/sequence"),
        ({"sequence": 1}, "/sequence"),
        ({"amends": "0" * 64}, "/amends"),
        ({"amends": None}, "/amends"),
        ({"permit": 1}, "/permit"),
        ({"project_id": "another-project"}, "/project_id"),
        ({"policy": "public-dashboard"}, "/policy"),
        ({"linkage_profile": LinkageProfile.BLOOM}, "/linkage_profile"),
        ({"lead_provider": "southern-trust"}, "/lead_provider"),
        ({"secret_epoch": 3}, "/secret_epoch"),
        ({"key_check": "1e" * 8}, "/key_check"),
        ({"parties": somebody_else()}, "/parties"),
    ],
)
def test_nothing_else_may_take_its_place(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(AmendmentRefused) as refused:
        check_amendment(FIRST, digest_of(TEXT), amendment(**changes))
    assert pointer in {fault["pointer"] for fault in refused.value.facts["faults"]}  # type: ignore[union-attr,index]


def test_a_policy_does_not_come_back() -> None:
    tighter = amendment(policy="nhs-cancer-default")
    text = sign(tighter, GOVERNANCE, TextType.PERMIT)
    back = an_amendment(text, PEOPLE, sequence=3, policy="hes-2018")
    assert faults_of_amendment(tighter, digest_of(text), back) == [{"pointer": "/policy", "code": "looser"}]


def test_nothing_follows_a_closing() -> None:
    closing = amendment(closed_on=date(2026, 6, 1))
    text = sign(closing, GOVERNANCE, TextType.PERMIT)
    after = an_amendment(text, PEOPLE, sequence=3, policy="hes-2018")
    assert faults_of_amendment(closing, digest_of(text), after) == [
        {"pointer": "/closed_on", "code": "closed"}
    ]


def is_tightened(before: Policy, after: Policy) -> bool:
    """Whether the strictest of both is the one after, figure by figure: what the table was made from."""
    named = {"profile", "version", "title"}
    try:
        both = strictest([before, after])
    except NotTrusted:
        return False
    return both.model_dump(exclude=named) == after.model_dump(exclude=named)


def test_the_table_of_stricter_policies_is_what_the_policies_say() -> None:
    policies = {name: Policy.from_json(policy_text(name)) for name in POLICIES}
    for name, before in policies.items():
        found = {other for other, after in policies.items() if other != name and is_tightened(before, after)}
        assert TIGHTENED_BY.get(name, frozenset()) == found
        assert is_no_looser(name, name)


# --- chains


def chain(length: int) -> list[str]:
    texts = [TEXT]
    while len(texts) < length:
        after = an_amendment(texts[-1], PEOPLE, sequence=len(texts) + 1, policy="hes-2018")
        texts.append(sign(after, GOVERNANCE, TextType.PERMIT))
    return texts


def test_a_chain_is_followed_back_to_the_first_permit() -> None:
    texts = chain(4)
    kept = {digest_of(text): text for text in texts}
    assert chain_of(texts[-1], GOVERNANCE.public, kept.get) == tuple(digest_of(text) for text in texts)


def stranger_in_between(texts: list[str]) -> list[str]:
    forged = sign(an_amendment(texts[0], PEOPLE, policy="hes-2018"), SigningKey.generate(), TextType.PERMIT)
    last = an_amendment(forged, PEOPLE, sequence=3, policy="hes-2018")
    return [texts[0], forged, sign(last, GOVERNANCE, TextType.PERMIT)]


def one_that_may_not(texts: list[str]) -> list[str]:
    looser = an_amendment(texts[0], PEOPLE, policy="public-dashboard")
    return [texts[0], sign(looser, GOVERNANCE, TextType.PERMIT)]


def no_first(texts: list[str]) -> list[str]:
    return [sign(a_permit(PEOPLE, sequence=2), GOVERNANCE, TextType.PERMIT)]


@pytest.mark.parametrize("forge", [stranger_in_between, one_that_may_not, no_first])
def test_a_chain_with_anything_else_in_it_is_refused(forge: Any) -> None:
    texts = forge(chain(3))
    kept = {digest_of(text): text for text in texts}
    with pytest.raises(PermitRefused):
        chain_of(texts[-1], GOVERNANCE.public, kept.get)


def test_a_chain_with_a_link_lost_or_swapped_is_refused() -> None:
    texts = chain(3)
    for found in (None, texts[0], "a.b.c"):
        with pytest.raises(PermitRefused):
            chain_of(texts[-1], GOVERNANCE.public, {digest_of(texts[1]): found}.get)
