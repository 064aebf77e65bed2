"""Signed texts that were touched are not believed: hand-overs, decisions, questions, manifests, tokens."""

from __future__ import annotations

import base64
import json
import random  # noqa: TID251  # seeded: the same mutations every time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from linkage_engine.contract.manifest import IDENTIFIERS, Manifest
from linkage_engine.contract.permit import Role
from linkage_engine.contract.refusals import NotTrusted
from linkage_engine.contract.statements import Decision, HandOver, HandOverKind, SignedQuestion
from service.access.proofs import Asked, proved_key, token_digest
from service.access.tokens import Issuer, TokenClaims
from service.problems.signing_in import NotSignedIn, ProofRefused
from service.problems.tools import SignatureRefused
from service.signed import SigningKey, TextType, sign, verified
from service.web.once import Once
from service.worker import trust
from tests.factories import NOON, PROJECT, Chance, a_decision, a_manifest, a_part, a_person, a_question

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n"
KEY, OTHER = SigningKey.generate(), SigningKey.generate()
ISSUER = Issuer(KEY, "tre-linkage", 300)
ADDRESS = "https://tre.example/queries"
HAND_OVER = HandOver(
    kind=HandOverKind.AGGREGATES,
    project_id=PROJECT,
    subject_id="ab" * 16,
    sender="analysis",
    receiver="gate",
    sealed_sha256="c" * 64,
)
TOKEN = ISSUER.issue("rosalind", Role.RESEARCHER, clock=lambda: NOON, random=Chance())
QUESTION = a_question(a_person("rosalind", Role.RESEARCHER), random=Chance())
MANIFEST = a_manifest([a_part(IDENTIFIERS, b"sealed")], random=Chance())
Believed = Callable[[str], object]
REFUSALS = (SignatureRefused, NotTrusted, NotSignedIn, ProofRefused)


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def decoded(part: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def a_proof(key: SigningKey = KEY) -> str:
    claims = {"jti": "proof-" * 4, "htm": "POST", "htu": ADDRESS, "iat": int(NOON.timestamp())}
    return key.prove(json.dumps(claims | {"ath": token_digest(TOKEN)}).encode())


def read_hand_over(text: str) -> None:
    trust.hand_over(text, KEY.public, HAND_OVER)


def read_proof(text: str) -> str:
    """Who proved: it must be the holder of our key, and each proof is new to this server."""
    asked = Asked("POST", ADDRESS, TOKEN)
    who = proved_key([text], asked, now=NOON, once=Once(NOON - timedelta(minutes=5)))
    if who != KEY.thumbprint:  # another key's proof is no proof of ours: its token is bound to this one
        raise ProofRefused
    return who


def reader(typ: TextType, form: type[Decision | SignedQuestion | Manifest]) -> Believed:
    return lambda text: verified(text, (KEY.public,), typ, form)


def read_token(text: str) -> TokenClaims:
    return ISSUER.read(text, datetime.fromtimestamp(NOON.timestamp() + 1, UTC))


TEXTS: Mapping[str, tuple[str, Believed]] = {
    "hand-over": (sign(HAND_OVER, KEY, TextType.HAND_OVER), read_hand_over),
    "decision": (
        sign(a_decision("cheng", "ab" * 16, "e" * 64), KEY, TextType.DECISION),
        reader(TextType.DECISION, Decision),
    ),
    "question": (sign(QUESTION, KEY, TextType.QUESTION), reader(TextType.QUESTION, SignedQuestion)),
    "manifest": (
        sign(MANIFEST, KEY, TextType.MANIFEST),
        reader(TextType.MANIFEST, Manifest),
    ),
    "token": (TOKEN, read_token),
    "proof": (a_proof(), read_proof),
}


def replaced(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text))
    return text[:at] + chance.choice(LETTERS) + text[at + 1 :]


def inserted(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(LETTERS) + text[at:]


def left_out(text: str, chance: random.Random) -> str:
    at, length = chance.randrange(len(text)), chance.randrange(1, 9)
    return text[:at] + text[at + length :]


def swapped(text: str, chance: random.Random) -> str:
    one, other = sorted((chance.randrange(len(text)), chance.randrange(len(text))))
    return text[:one] + text[other] + text[one + 1 : other] + text[one] + text[other + 1 :]


def with_part_of_another(text: str, chance: random.Random) -> str:
    parts, number = text.split("."), chance.randrange(3)
    parts[number] = chance.choice([each for each, _ in TEXTS.values()]).split(".")[number]
    return ".".join(parts)


def with_other_claims(text: str, chance: random.Random) -> str:
    head, body, seal = text.split(".")
    claims = decoded(body)
    name = chance.choice(sorted(claims))
    claims[name] = chance.choice([None, True, 0, -1, 1 << 40, "", "nobody", [], {}, f"{claims[name]}x"])
    return f"{head}.{encoded(claims)}.{seal}"


def with_other_head(text: str, chance: random.Random) -> str:
    head, body, seal = text.split(".")
    fields = decoded(head)
    more: dict[str, list[object]] = {
        "alg": ["none", "None", "HS256", "ES256", "EdDSA", "Ed448", ""],
        "typ": [*(each.value for each in TextType), "JWT", ""],
        "kid": [OTHER.thumbprint, "", None, 1],
        "jwk": [OTHER.public.model_dump(), {"kty": "oct", "k": KEY.public.x}],
        "crit": [["b64"], []],
        "b64": [False],
        "jku": ["https://attacker.example/keys"],
    }
    name = chance.choice(sorted(more))
    fields[name] = chance.choice(more[name])
    return f"{encoded(fields)}.{body}.{chance.choice([seal, '', seal[::-1]])}"


def by_another_key(text: str, chance: random.Random) -> str:
    head, body, _ = text.split(".")
    claims = decoded(body) | {"jti": f"{chance.random():.16f}" * 2}
    typ = TextType(str(decoded(head)["typ"]))
    payload = json.dumps(claims).encode()
    return OTHER.prove(payload) if typ is TextType.PROOF else OTHER.sign_bytes(payload, typ)


MUTATIONS = (
    *(replaced, inserted, left_out, swapped) * 3,
    *(with_part_of_another, with_other_claims, with_other_head, by_another_key),
)


def mutations(text: str, count: int, seed: int) -> Iterator[str]:
    chance = random.Random(seed)  # no secret
    while count:
        changed = chance.choice(MUTATIONS)(text, chance)
        if chance.random() < 0.1:  # a tenth twice
            changed = chance.choice((replaced, inserted, left_out, swapped))(changed, chance)
        if changed != text:
            count -= 1
            yield changed


def accepted(name: str, count: int, seed: int) -> list[str]:
    text, believe = TEXTS[name]
    believe(text)  # the text itself is believed, or the test says nothing
    found = []
    for changed in mutations(text, count, seed):
        try:
            believe(changed)
        except REFUSALS:
            continue
        found.append(changed)
    return found


@pytest.mark.parametrize("name", TEXTS)
def test_no_touched_text_is_believed(name: str) -> None:
    assert accepted(name, 1700, seed=1) == []


@pytest.mark.deep
@pytest.mark.parametrize("name", TEXTS)
def test_no_touched_text_of_very_many_is_believed(name: str) -> None:
    assert accepted(name, 5000, seed=2) == []


@pytest.mark.parametrize("name", TEXTS)
def test_no_other_last_letter_stands_for_the_same_signature(name: str) -> None:
    text, believe = TEXTS[name]
    for letter in LETTERS[:64]:
        if letter != text[-1]:
            with pytest.raises(REFUSALS):
                believe(text[:-1] + letter)
