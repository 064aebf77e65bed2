"""What was decided for a project, in the gate's vault: read before a table is decided, kept with it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pydantic

from linkage_engine.contract.evidence import Evidence
from linkage_engine.contract.refusals import EngineRefusal, NotTrusted, RefusalCode
from linkage_engine.contract.roles import AskedRoles
from linkage_engine.contract.statements import SignedQuestion
from linkage_engine.contract.value import RandomId, Sha256, Value
from linkage_engine.disclosure.admission.columns import Columns, digest
from linkage_engine.disclosure.cells import ExactTable
from linkage_engine.disclosure.differential_privacy.budget import Receipt, Spending, charged, receipt_of
from linkage_engine.disclosure.differential_privacy.release import needs_budget, noisy_table
from linkage_engine.disclosure.differential_privacy.span import Structure
from linkage_engine.disclosure.evidence.archive import TableAsked, ToldCell, ToldCount
from linkage_engine.disclosure.history.sets import Numbers, Persons
from linkage_engine.disclosure.membership import KeptColumns
from linkage_engine.disclosure.past import COLUMNS, Past, from_columns, to_columns
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.policy_parts import DifferentialPrivacy
from linkage_engine.disclosure.record import Provenance
from linkage_engine.disclosure.release import Decided, decide, unaudited
from linkage_engine.vault.parquet import RECORD_KEYS, Vault

HISTORY, HEAD, EVIDENCE = "history", "history/head", "evidence"
TOLD, MANY = "history/told", 50
"""Told cells of many tables together, for looking back; from how many on they are written down."""
PIECE = 1 << 26
"""Bytes of a column that are kept as one value."""


class Head(Value):
    """Which tables were decided, in order, and where the state after the last of them is."""

    releases: tuple[RandomId, ...] = ()
    slot: Literal["a", "b"] = "a"
    state_sha256: Sha256
    spent: tuple[Spending, ...] = ()
    """What questions took of the privacy budget, written down before their noise was drawn."""


@dataclass(frozen=True, eq=False)
class Asked:
    """A table to decide: its exact cells, what its question is made of, and which answer it is."""

    release_id: str
    exact: ExactTable
    structure: Structure
    roles: AskedRoles
    provenance: Provenance

    def __repr__(self) -> str:
        return "Asked(withheld)"


@dataclass(frozen=True)
class ReleaseHistory:
    """The history of one project.

    A table is decided when the head names it; until then it is as if it had never been asked. What is
    written before that is written over by the next attempt: a kill between any two writes changes
    nothing. One process writes, one table at a time: the gate's queue does its jobs one after the other
    (`worker_concurrency=1` in `service/jobs.py`).
    """

    vault: Vault
    project_id: str

    def begun(self) -> Head:
        """What was decided so far; the first asking begins the history. Raises what `head` raises."""
        head = self.head()
        if not self.vault.exists(self.project_id, HEAD):
            self._write_head(head)
        return head

    def head(self) -> Head:
        """What was decided so far, nothing perhaps; reading it writes nothing.

        Raises `EngineRefusal`: VAULT_DAMAGED, and HISTORY_MISSING where something was kept of a project
        and its head is gone.
        """
        if not self.vault.exists(self.project_id, HEAD):
            if self.vault.names(self.project_id, f"{HISTORY}/"):
                raise EngineRefusal(RefusalCode.HISTORY_MISSING)
            return Head(state_sha256=digest(to_columns(Past())))
        try:
            return Head.model_validate_json(self._text(HEAD))
        except pydantic.ValidationError:
            raise EngineRefusal(RefusalCode.VAULT_DAMAGED) from None

    def past(self, head: Head) -> Past:
        """What is known after the last table.

        One that is not the head's is `EngineRefusal(VAULT_DAMAGED)`; one that was kept before outcomes and
        cohorts were is `EngineRefusal(HISTORY_MISSING)`.
        """
        if not head.releases:
            return Past()
        columns = _unpacked(self.vault.read(self.project_id, f"{HISTORY}/state-{head.slot}"))
        past = from_columns(columns, releases=len(head.releases))
        if digest(columns) != head.state_sha256:
            raise EngineRefusal(RefusalCode.VAULT_DAMAGED)
        return past

    def evidence(self, release_id: str) -> str:
        """The evidence of a table as JSON, as its checkers saw it."""
        return self._text(f"{HISTORY}/{release_id}/{EVIDENCE}")

    def decided(self, head: Head, release_id: str, question: object) -> Evidence | None:
        """The evidence of a table that was decided before; nothing when it was not.

        An answer to another question under the same id is `NotTrusted(HAND_OVER_INVALID)`.
        """
        if release_id not in head.releases:
            return None
        evidence = Evidence.model_validate_json(self.evidence(release_id))
        if evidence.question != question:
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID)
        return evidence

    def decide(
        self, head: Head, asked: Asked, policy: Policy, *, generator: np.random.Generator
    ) -> tuple[Head, Decided]:
        """What is told of a table after everything decided before, and the head with what it cost.

        Nothing else is kept yet. Where counts get noise of their own, the budget is written down before it is
        drawn, and history has no say: it is about numbers that add up. Raises what `decide`, `needs_budget`
        and `charged` raise.
        """
        past = self.past(head)
        if policy.counts.mechanism != "dp":
            secret = self.vault.secret(self.project_id, RECORD_KEYS)
            return head, decide(
                past,
                asked.exact,
                policy,
                provenance=replace(asked.provenance, secret=secret),
                generator=generator,
                roles=asked.roles,
            )
        needs = needs_budget(asked.exact, policy, asked.structure, provenance=asked.provenance)
        head, receipt = self._spend(head, asked, policy.dp)
        return head, unaudited(past, noisy_table(needs, receipt, generator=generator), policy)

    def _spend(self, head: Head, asked: Asked, dp: DifferentialPrivacy) -> tuple[Head, Receipt]:
        """Take what one question costs of the project's budget: when this returns, it is spent for good.

        A release that was charged is not charged again: killed after this and asked once more, its noise
        is drawn anew for the same receipt, since the earlier one never left.
        """
        ledger = charged(
            head.spent,
            dp,
            release_id=asked.release_id,
            specification_sha256=asked.provenance.specification_sha256,
        )
        after = head.model_copy(update={"spent": ledger})
        if after != head:
            self._write_head(after)
        return after, receipt_of(ledger, asked.release_id)

    def keep(self, head: Head, evidence: Evidence, people: KeptColumns, past: Past) -> None:
        """Keep who is behind each cell, evidence and what is known; then, by the head, that it is decided."""
        folder = f"{HISTORY}/{evidence.release_id}"
        self._write(f"{folder}/cells", people.cells)
        self._write(f"{folder}/members", people.members)
        self._write(f"{folder}/{EVIDENCE}", {"text": [evidence.to_json()]})
        columns = to_columns(past)
        slot: Literal["a", "b"] = "b" if head.slot == "a" else "a"
        self.vault.write(self.project_id, f"{HISTORY}/state-{slot}", _packed(columns), replace=True)
        releases = (*head.releases, evidence.release_id)
        decided = {"releases": releases, "slot": slot, "state_sha256": digest(columns)}
        self._write_head(head.model_copy(update=decided))

    def archive(self, head: Head) -> KeptTables:
        """What was told in all tables that the head names."""
        return KeptTables(self, head.releases)

    def columns(self, release_id: str, name: str, *, only: Sequence[str] | None = None) -> pa.Table:
        """Some of what was kept of who is behind the cells of a table: `cells` or `members`."""
        return self.vault.read(self.project_id, f"{HISTORY}/{release_id}/{name}", columns=only)

    def _write_head(self, head: Head) -> None:
        self._write(HEAD, {"text": [head.to_json()]})

    def _write(self, name: str, columns: Any) -> None:  # noqa: ANN401  # arrays and lists of text
        table = pa.table({key: pa.array(column) for key, column in columns.items()})
        self.vault.write(self.project_id, name, table, replace=True)

    def _text(self, name: str) -> str:
        return str(self.vault.read(self.project_id, name)["text"][0].as_py())


@dataclass(frozen=True)
class KeptTables:
    """What a project was told, read from the vault a table at a time (`Archive` of a look back)."""

    history: ReleaseHistory
    releases: tuple[str, ...]
    """The ids of all tables, oldest first."""

    def cells(self, sha256: Collection[str]) -> list[ToldCell]:
        """The cells that told one of these populations, of the oldest table first."""
        told, wanted = self._told, pa.array(sorted(sha256), pa.string())
        is_population = told["is_population"].to_numpy()
        is_wanted = is_population & pc.is_in(told["sha256"], value_set=wanted).to_numpy()
        cell = _cell_numbers(told)
        people = told.filter(pa.array(is_wanted))
        parts = told.filter(pa.array(~is_population & np.isin(cell, cell[is_wanted])))
        counts: dict[tuple[int, str], dict[str, ToldCount]] = defaultdict(dict)
        for row in parts.to_pylist():
            counted = ToldCount(row["size"], row["set"], row["sha256"])
            counts[row["table"], row["key"]][row["measure"]] = counted
        return [
            ToldCell(row["table"], row["key"], row["sha256"], counts[row["table"], row["key"]])
            for row in people.to_pylist()
        ]

    @cached_property
    def _told(self) -> pa.Table:
        """The told cells of all tables, the number of each in a column.

        What was decided does not change: once there are many that were read one by one, all are written
        down together, and next time read at once.
        """
        vault, project_id = self.history.vault, self.history.project_id
        together = [vault.read(project_id, TOLD)] if vault.exists(project_id, TOLD) else []
        known = together[0]["table"][-1].as_py() + 1 if together else 0
        told = pa.concat_tables(
            [*together, *(self._cells(table) for table in range(known, len(self.releases))), _NOTHING_TOLD]
        )
        if len(self.releases) - known >= MANY and told.num_rows:
            vault.write(project_id, TOLD, told, replace=True)
        return told

    def _cells(self, table: int) -> pa.Table:
        kept = self.history.columns(self.releases[table], "cells")
        told = kept.filter(kept["shown"]).drop_columns("shown")
        return (
            told.append_column("table", pa.array([table] * told.num_rows, pa.int32()))
            .select(_NOTHING_TOLD.column_names)
            .cast(_NOTHING_TOLD.schema)
        )

    def people(self, table: int, numbers: Collection[int]) -> dict[int, Persons]:
        """Who is in some sets of a table, by their numbers."""
        members = self.history.columns(self.releases[table], "members")
        sets, persons = members["set"].to_numpy(), members["person"].to_numpy()
        return {number: persons[sets == number] for number in numbers}

    def largest(self, table: int) -> str | None:
        """The digest of the largest population that a table told."""
        of_table = pc.equal(self._told["table"], table)
        told = self._told.filter(pc.and_(of_table, self._told["is_population"]))
        if told.num_rows == 0:
            return None
        return str(told["sha256"][int(np.argmax(told["size"].to_numpy()))].as_py())

    def asked(self, table: int) -> TableAsked:
        """What a table was asked to tell."""
        kept = json.loads(self.history.evidence(self.releases[table]))
        question = SignedQuestion.model_validate(kept["question"])
        return TableAsked(kept["table"]["title"], question)


def _cell_numbers(told: pa.Table) -> Numbers:
    """For each row a number of its cell: of its table and key together."""
    keys = told["key"].combine_chunks().dictionary_encode()
    tables = told["table"].to_numpy().astype(np.int64)
    numbers: Numbers = tables * (len(keys.dictionary) + 1) + keys.indices.to_numpy()
    return numbers


_NOTHING_TOLD = pa.table(
    {
        "table": pa.array([], pa.int32()),
        "key": pa.array([], pa.string()),
        "measure": pa.array([], pa.string()),
        "set": pa.array([], pa.int32()),
        "is_population": pa.array([], pa.bool_()),
        "size": pa.array([], pa.int32()),
        "sha256": pa.array([], pa.string()),
    }
)


def _packed(columns: Columns) -> pa.Table:
    """Columns of any length as one table: the bytes of each, in pieces that a page can hold."""
    pieces = [
        (name, data[begin : begin + PIECE])
        for name, column in columns.items()
        for data in [column.astype(COLUMNS[name]).tobytes()]
        for begin in range(0, len(data), PIECE)
    ]
    names, data = zip(*pieces, strict=True)
    return pa.table({"name": pa.array(names), "data": pa.array(data, pa.large_binary())})


def _unpacked(table: pa.Table) -> Columns:
    """The columns that `_packed` wrote."""
    data = {name: bytearray() for name in COLUMNS}
    for name, piece in zip(table["name"].to_pylist(), table["data"], strict=True):
        if name not in data:
            raise EngineRefusal(RefusalCode.VAULT_DAMAGED)
        data[name] += piece.as_buffer()
    return {name: np.frombuffer(data[name], dtype=kind) for name, kind in COLUMNS.items()}
