"""Exact numbers through the gate's door: hidden cells stay hidden, within a table and between two."""

from __future__ import annotations

import io
import secrets
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.optimize import LinearConstraint, milp

from linkage_engine.boundary import DATA_VERSION, GateDoor, Inside
from linkage_engine.contract.controlled_table import TOTAL, CellStatus
from linkage_engine.contract.evidence import Evidence
from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.contract.statements import SignedQuestion
from linkage_engine.disclosure.mechanisms import suppressed
from linkage_engine.query.raw_table import RawCell, RawTable
from linkage_engine.sealing.seal import seal_bytes
from linkage_engine.unseal.identity import Identity
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from tests.factories import NOON, PROJECT, a_specification
from tests.property.disclosure_history.exact import Exactly

IDENTITY = Identity.generate(secrets.token_bytes)
FIRST_ID, SECOND_ID = "11" * 16, "22" * 16
SITES, AGES = ("Female", "Male", "Not known"), ("0-49", "50-69", "70-79", "80+")
SIZES: Mapping[tuple[str, str], int] = dict(
    zip(product(SITES, AGES), (3, 40, 60, 35, 30, 8, 45, 50, 25, 33, 41, 3), strict=True)
)
"""The counter-example to recomputing margins without the suppressed people: they subtract to 3, 8 and 3."""
FEW = tuple(labels for labels, size in SIZES.items() if size < 10)
COUNTED = 2
"""One in so many is counted."""


def people() -> dict[tuple[str, str], range]:
    ends = np.cumsum(list(SIZES.values())).tolist()
    return {labels: range(end - size, end) for (labels, size), end in zip(SIZES.items(), ends, strict=True)}


def inside(labels: tuple[str, ...], own: tuple[str, ...]) -> bool:
    return all(label in (at, TOTAL) for at, label in zip(own, labels, strict=True))


def handed_over(dimensions: tuple[str, ...]) -> bytes:
    """The table over both dimensions, or over age by itself, as the analysis worker seals it."""
    kept = [("sex", "age_band").index(name) for name in dimensions]
    ways = [(*(SITES, AGES)[at], TOTAL) for at in kept]
    cells = []
    for labels in product(*ways):
        whom = [
            person
            for own, group in people().items()
            if inside(labels, tuple(own[at] for at in kept))
            for person in group
        ]
        population = np.array(sorted(whom), dtype=np.int32)
        counted = population[population % COUNTED == 0]
        cells.append(RawCell(labels, population, {"numerator": counted}, applicable=True))
    table = RawTable("prevalence", dimensions, ("numerator",), tuple(cells)).to_arrow()
    sink = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, DATA_VERSION: b"a-run"}), sink)
    return seal_bytes(sink.getvalue(), recipients=[IDENTITY.recipient], random=secrets.token_bytes)


def asked(door: GateDoor, release_id: str, *breakdowns: Breakdown) -> Evidence:
    specification = a_specification(breakdowns=breakdowns)
    question = SignedQuestion(asked_by="ada", asked_at=NOON, nonce="ab" * 16, specification=specification)
    return door.control(
        io.BytesIO(handed_over(tuple(each.value for each in breakdowns))),
        question,
        release_id=release_id,
        policy="acro-default",
        specification_sha256="ef" * 32,
    )


@pytest.fixture
def door(tmp_path: Path) -> GateDoor:
    return GateDoor(Inside(identity=IDENTITY, vault=Vault(tmp_path, Keystore(bytes(32))), random=bytes))


def told(evidence: Evidence) -> dict[tuple[str, str, bool], int]:
    """Every number of people that is shown, by site, age, and whether it is of those counted."""
    found = {}
    for row in evidence.table.rows:
        site, age = row.labels if len(row.labels) > 1 else (TOTAL, *row.labels)
        for is_part, value in zip((True, False), row.values, strict=False):
            if value.status is CellStatus.SHOWN and value.value is not None:
                found[site, age, is_part] = int(value.value)
    return found


def test_site_by_age_and_then_age_by_itself_do_not_subtract_to_the_hidden_numbers(door: GateDoor) -> None:
    first = asked(door, FIRST_ID, Breakdown.SEX, Breakdown.AGE_BAND)
    second = asked(door, SECOND_ID, Breakdown.AGE_BAND)
    shown = {**told(first), **told(second)}
    assert {told(first)[key] for key in told(first).keys() & told(second).keys()}, "both tell something"
    assert not {(*labels, False) for labels in FEW} & shown.keys()
    atoms = list(product(SIZES, (True, False)))
    lines = np.array(
        [[inside(key[:2], own) and (not key[2] or is_part) for own, is_part in atoms] for key in shown],
        dtype=float,
    )
    known = LinearConstraint(lines, list(shown.values()), list(shown.values()))
    for labels in FEW:
        cell = np.array([own == labels for own, _ in atoms], dtype=float)
        ends = [milp(sign * cell, integrality=np.ones(len(atoms)), constraints=known) for sign in (1, -1)]
        assert all(each.success for each in ends)
        assert ends[0].fun < -ends[1].fun, "another table in whole numbers tells the same"


def test_no_small_set_of_either_table_follows_from_both_by_adding_and_subtracting(door: GateDoor) -> None:
    shown = {
        **told(asked(door, FIRST_ID, Breakdown.SEX, Breakdown.AGE_BAND)),
        **told(asked(door, SECOND_ID, Breakdown.AGE_BAND)),
    }
    by_labels = {own: frozenset(group) for own, group in people().items()}
    sets = {
        key: frozenset(
            person
            for own, group in by_labels.items()
            if inside(key[:2], own)
            for person in group
            if not key[2] or person % COUNTED == 0
        )
        for key in product((*SITES, TOTAL), (*AGES, TOTAL), (True, False))
    }
    assert all(len(sets[key]) == number for key, number in shown.items()), "what is shown is exact"
    truth = Exactly([sets[key] for key in shown], sum(SIZES.values()))
    parts = [each for key, each in sets.items() if key[2]]
    rests = [sets[*key[:2], False] - each for key, each in sets.items() if key[2]]
    small = [each for each in (*sets.values(), *parts, *rests) if 0 < len(each) < 10]
    assert len(small) > len(FEW)
    assert truth.determined(small) == [False] * len(small)
    assert truth.alone() == []


def test_its_checkers_see_what_the_audit_of_the_table_came_to(door: GateDoor) -> None:
    evidence = asked(door, FIRST_ID, Breakdown.SEX, Breakdown.AGE_BAND)
    assert evidence.suppression is not None
    hidden = sum(value.value is None for row in evidence.table.rows for value in row.values[:2])
    assert evidence.suppression.hidden == hidden > evidence.suppression.secondary > 0
    assert (evidence.suppression.determined, evidence.suppression.undecided) == (0, 0)
    assert Evidence.model_validate_json(evidence.to_json()) == evidence


def test_what_cannot_be_protected_is_refused_and_nothing_of_it_is_kept(
    door: GateDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suppressed, "SECONDS", 0.0)
    with pytest.raises(QueryRefused) as refusal:
        asked(door, FIRST_ID, Breakdown.SEX, Breakdown.AGE_BAND)
    assert refusal.value.code is RefusalCode.CANNOT_PROTECT
    assert door.inside.vault.names(PROJECT, "history/") == ("history/head",)
