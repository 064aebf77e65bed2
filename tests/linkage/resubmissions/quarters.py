"""Made-up providers that send everything again a quarter later, with the truth kept aside."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.laboratory.england.copies import Copy, council_copy, practice_copy, trust_copy
from linkage_engine.laboratory.england.dice import Dice
from linkage_engine.laboratory.england.people import Person, everybody
from linkage_engine.link.encoding import PROFILE, SECRET
from linkage_engine.pseudonymise.encoding import Encoding
from linkage_engine.pseudonymise.padding import Padding
from linkage_engine.pseudonymise.secret import LinkageSecret
from linkage_engine.pseudonymise.tokens import encode
from service.provider.person_keys import PersonKeys
from tests.linkage.tokens.people import FIELDS

SECRET_BYTES = bytes(range(32))
COPIES = {"council": council_copy, "practices": practice_copy, "trust": trust_copy}
HELD = {"council": 0.45, "practices": 0.8, "trust": 0.6}
"""The share of everybody whom a provider knows."""
NEW, CHANGED, GONE = 0.05, 0.03, 0.02
"""Of a provider's records, from one quarter to the next."""

Truth = Mapping[tuple[str, str], int]
"""Who is behind each provider's person key."""


@dataclass(frozen=True)
class Quarter:
    """What every provider sends, and who it is."""

    parts: Mapping[str, pa.Table]
    truth: Truth


@cache
def quarters(people: int, *, seed: int, providers: tuple[str, ...]) -> list[Quarter]:
    """The first delivery of each provider and, a quarter later, the second."""
    whole = [person for _, block in everybody(people, seed=seed) for person in block]
    sent = [{name: _held(name, whole, seed, quarter) for name in providers} for quarter in (0, 1)]
    return [
        Quarter(
            {name: _part(name, held) for name, held in one.items()},
            {
                (name, key): index
                for name, held in one.items()
                for key, index in zip(_keys(name).of(map(str, held)), held, strict=True)
            },
        )
        for one in sent
    ]


def _held(name: str, people: list[Person], seed: int, quarter: int) -> dict[int, Copy]:
    """The copies that a provider has: draws for each person say whether, when, and if copied anew."""
    place = sorted(COPIES).index(name)
    draws = np.random.default_rng([seed, place]).random((len(people), 3))
    known = np.flatnonzero(draws[:, 0] < HELD[name])
    first, later = Dice(seed, block=0, purpose=100 + place), Dice(seed, block=0, purpose=200 + place)
    found = {}
    for at in known.tolist():
        copy, again = COPIES[name](people[at], first), COPIES[name](people[at], later)
        is_new, is_gone, is_changed = draws[at, 1] < NEW, draws[at, 1] > 1 - GONE, draws[at, 2] < CHANGED
        if not (is_new and quarter == 0) and not (is_gone and quarter == 1):
            found[people[at].index] = again if is_changed and quarter == 1 else copy
    return found


def _keys(name: str) -> PersonKeys:
    own = LinkageSecret(name.encode().ljust(32, b"."))
    return PersonKeys(own, project_id="p-1", provider_id=name)


def _part(name: str, held: Mapping[int, Copy]) -> pa.Table:
    """An identifier part as the tool of that provider makes it, every time with the same secrets."""
    copies = list(held.values())
    columns = {field: [getattr(copy, field, None) for copy in copies] for field in FIELDS}
    columns["date_of_birth"] = [copy.born.isoformat() for copy in copies]
    records = pa.table({field: pa.array(values, pa.string()) for field, values in columns.items()})
    keys = _keys(name)
    person_keys = keys.of(map(str, held))
    encoding = Encoding(LinkageSecret(SECRET_BYTES), "p-1", 1, LinkageProfile.TOKENS)
    tokens = encode(
        records, encoding, random=secrets.token_bytes, padding=Padding.of(keys.padding_key, person_keys)
    )
    part = tokens.add_column(0, "person_key", pa.array(person_keys, pa.string()))
    return part.replace_schema_metadata({PROFILE: encoding.profile.encode(), SECRET: b"1 ab"})


def f1(crosswalk: pa.Table, truth: Truth, column: str = "link_id") -> float:
    """How well the pairs of records that share an id agree with the people behind them."""
    rows = zip(*(crosswalk[name].to_pylist() for name in ("provider_id", "person_key", column)), strict=True)
    known = [(link_id, truth[provider, key]) for provider, key, link_id in rows]
    together = _pairs(known)
    found, true = _pairs(link_id for link_id, _ in known), _pairs(person for _, person in known)
    return 2 * together / (found + true)


def _pairs(labels: Iterable[object]) -> int:
    return sum(n * (n - 1) // 2 for n in Counter(labels).values())


def clusters(crosswalk: pa.Table, column: str = "link_id") -> set[frozenset[str]]:
    """The clusters as sets of person keys."""
    found: dict[str, set[str]] = {}
    for key, link_id in zip(crosswalk["person_key"].to_pylist(), crosswalk[column].to_pylist(), strict=True):
        found.setdefault(link_id, set()).add(key)
    return {frozenset(keys) for keys in found.values()}
