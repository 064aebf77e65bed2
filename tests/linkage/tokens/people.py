"""Two providers' copies of synthetic people, encoded, with the truth kept aside."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.laboratory.england.copies import Copy, practice_copy, registry_copy
from linkage_engine.laboratory.england.dice import Dice
from linkage_engine.laboratory.england.people import PRACTICE_COPIES, REGISTRY_COPIES, everybody
from linkage_engine.pseudonymise.encoding import Encoding
from linkage_engine.pseudonymise.secret import LinkageSecret
from linkage_engine.pseudonymise.tokens import encode
from linkage_engine.vault.compute import locked_duckdb

FIELDS = (
    "nhs_number",
    "given_name",
    "middle_name",
    "family_name",
    "previous_family_name",
    "date_of_birth",
    "sex",
    "postcode",
)


@dataclass(frozen=True, slots=True)
class TwoFiles:
    """Plain identifiers of both providers, and the person behind each row."""

    registry: pa.Table
    practice: pa.Table
    registry_people: tuple[int, ...]
    practice_people: tuple[int, ...]

    @property
    def true_pairs(self) -> int:
        return len(set(self.registry_people) & set(self.practice_people))


def two_files(people: int, *, seed: int) -> TwoFiles:
    """The registry's file of those with cancer, and the practices' file of three quarters of everybody."""
    registry: list[tuple[int, Copy]] = []
    practice: list[tuple[int, Copy]] = []
    for block, persons in everybody(people, seed=seed):
        at_registry = Dice(seed, block=block, purpose=REGISTRY_COPIES)
        at_practice = Dice(seed, block=block, purpose=PRACTICE_COPIES)
        for person in persons:
            if person.history.tumours:
                registry.append((person.index, registry_copy(person, at_registry)))
            if at_practice.chance(0.75):
                practice.append((person.index, practice_copy(person, at_practice)))
    return TwoFiles(
        _table([copy for _, copy in registry]),
        _table([copy for _, copy in practice]),
        tuple(index for index, _ in registry),
        tuple(index for index, _ in practice),
    )


def _table(copies: list[Copy]) -> pa.Table:
    columns = {name: [getattr(copy, name, None) for copy in copies] for name in FIELDS}
    columns["date_of_birth"] = [copy.born.isoformat() for copy in copies]
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def encoded(
    records: pa.Table, *, keys_seed: int, profile: LinkageProfile = LinkageProfile.TOKENS
) -> tuple[pa.Table, list[str]]:
    """An identifier part, its person keys being random but repeatable."""
    encoding = Encoding(LinkageSecret(bytes(range(32))), "p-1", 1, profile)
    tokens = encode(records, encoding, random=secrets.token_bytes)
    keys = [
        key.tobytes().hex()
        for key in np.random.default_rng(keys_seed).integers(0, 256, (len(records), 16), "u1")
    ]
    return tokens.add_column(0, "person_key", pa.array(keys, pa.string())), keys


def locked_connection() -> duckdb.DuckDBPyConnection:
    """DuckDB as the linkage worker has it."""
    return locked_duckdb(memory_limit="2GB", threads=2)
