"""No changed letter of a permit, a grant or an amendment is believed, wherever it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from linkage_engine.contract.permit import DataSetGrant, SignedGrant
from linkage_engine.contract.refusals import NotTrusted
from service.keys import Pins, WorkerKeys
from service.problems.projects import PermitRefused
from service.projects.amendments import chain_of, digest_of
from service.projects.grants import is_granted
from service.signed import SigningKey, TextType, sign
from service.worker import trust
from tests.factories import OUTSIDERS, PROJECT, a_grant, a_permit, an_amendment, the_people

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
MARKS = (*LETTERS[::9], ".", "=", " ", "\n", "\0", "é")
"""What a letter becomes: other letters of the alphabet, and what is in none."""
GOVERNANCE = SigningKey.generate()
PINS = Pins(
    governance_key=GOVERNANCE.public,
    linkage=WorkerKeys(),
    analysis=WorkerKeys(),
    gate=WorkerKeys(),
    release_key=SigningKey.generate().public,
    log_vkey="log",
)
PEOPLE = [person for name, person in the_people().items() if name not in OUTSIDERS][:4]
FIRST = sign(a_permit(PEOPLE), GOVERNANCE, TextType.PERMIT)
NEXT = sign(an_amendment(FIRST, PEOPLE), GOVERNANCE, TextType.PERMIT)
GRANT = a_grant("northern-trust", "death")
SIGNED = GRANT.granted
assert SIGNED is not None


def permit_is_believed(text: str) -> bool:
    try:
        trust.permit(text, PINS, PROJECT, today=None)
    except NotTrusted:
        return False
    return True


def amendment_is_believed(text: str) -> bool:
    """The newest permit is good; the one that it says it took the place of was changed."""
    try:
        chain_of(NEXT, GOVERNANCE.public, {digest_of(FIRST): text}.get)
    except PermitRefused:
        return False
    return True


def grant_is_believed(text: str) -> bool:
    assert SIGNED is not None
    granted = SignedGrant.model_validate(dict(SIGNED) | {"signature": text})
    return is_granted(DataSetGrant(provider_id="northern-trust", data_set="death", granted=granted), PROJECT)


BELIEVED: dict[str, tuple[str, Callable[[str], bool]]] = {
    "permit": (FIRST, permit_is_believed),
    "permit before an amendment": (FIRST, amendment_is_believed),
    "grant": (SIGNED.signature, grant_is_believed),
}


def mutants(text: str, *, step: int) -> Iterator[str]:
    """One letter changed, left out or put in at each place; cut short; its parts in another order."""
    for place in range(0, len(text), step):
        mark = MARKS[place % len(MARKS)]
        yield text[:place] + mark + text[place + 1 :]
        yield text[:place] + text[place + 1 :]
        yield text[:place] + mark + text[place:]
        yield text[:place]
    header, payload, signature = text.split(".")
    yield from (f"{payload}.{header}.{signature}", f"{header}..{signature}", f"{header}.{payload}.", "..")


def believed(name: str, *, step: int) -> tuple[int, list[str]]:
    """How many mutants were tried, and those that were believed."""
    text, is_believed = BELIEVED[name]
    tried = [mutant for mutant in mutants(text, step=step) if mutant != text]
    return len(tried), [mutant for mutant in tried if is_believed(mutant)]


@pytest.mark.parametrize("name", BELIEVED)
def test_what_is_changed_is_what_is_believed(name: str) -> None:
    text, is_believed = BELIEVED[name]
    assert is_believed(text)


@pytest.mark.parametrize("name", BELIEVED)
def test_no_mutant_is_believed(name: str) -> None:
    tried, found = believed(name, step=71 if name != "grant" else 5)
    assert tried > 250
    assert found == []


@pytest.mark.deep
@pytest.mark.parametrize("name", BELIEVED)
def test_no_mutant_is_believed_wherever_it_is_changed(name: str) -> None:
    tried, found = believed(name, step=1)
    assert tried > (2_000 if name == "grant" else 20_000)
    assert found == []
