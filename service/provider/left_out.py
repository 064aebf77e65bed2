"""Persons whose rows are not sent: the provider's own list and opt-outs in force, applied and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from linkage_engine.contract.manifest import LeftOut, LeftOutReason
from service.problems.provider_tool import ExtractUnreadable
from service.provider.extract import LOCAL_PERSON_ID

APPLIES_TO: Mapping[LeftOutReason, frozenset[str]] = {
    LeftOutReason.TYPE1: frozenset({"gp_registration", "gp_event"}),
    LeftOutReason.SURVEY: frozenset({"qol_response"}),
}
"""The data sets that a reason is about; one that is not here is about all."""

Excluded = Mapping[LeftOutReason, Sequence[str]]
"""Local person ids by reason."""


def in_force(opt_outs: pa.Table, extract_date: date) -> dict[LeftOutReason, list[str]]:
    """Who opted out on the day of the extract, by kind; rows that passed the checks of `opt_out`."""
    today = extract_date.isoformat()
    found: dict[LeftOutReason, list[str]] = {
        kind: [] for kind in LeftOutReason if kind is not LeftOutReason.LIST
    }
    for row in opt_outs.select([LOCAL_PERSON_ID, "kind", "valid_from", "valid_to"]).to_pylist():
        if row["valid_from"] <= today <= (row["valid_to"] or today):
            found[LeftOutReason(row["kind"])].append(row[LOCAL_PERSON_ID])
    return found


@dataclass(frozen=True)
class LeavingOut:
    """Takes persons out of one file after the other, and counts them; shows counts only."""

    excluded: Excluded
    _persons: dict[LeftOutReason, set[str]] = field(default_factory=dict, repr=False)
    _rows: dict[LeftOutReason, int] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        return f"LeavingOut({len(self.excluded)} reasons)"

    def of(self, extract: pa.Table, *, file: str, data_set: str) -> pa.Table:
        """The rows of a file that are about nobody else; raises ExtractUnreadable where none is left."""
        kept = extract
        for reason, local_ids in self.excluded.items():
            if data_set not in APPLIES_TO.get(reason, {data_set}):
                continue
            hit = pc.is_in(kept[LOCAL_PERSON_ID], value_set=pa.array(local_ids, pa.string()))
            gone = kept.filter(hit)[LOCAL_PERSON_ID]
            self._persons.setdefault(reason, set()).update(gone.to_pylist())
            self._rows[reason] = self._rows.get(reason, 0) + len(gone)
            kept = kept.filter(pc.invert(hit))
        if not kept.num_rows:
            fault = {"pointer": file, "code": "has no rows but of persons to be left out"}
            raise ExtractUnreadable(faults=[fault])
        return kept

    def counted(self) -> tuple[LeftOut, ...]:
        """How many persons and rows were left out, for each reason that was looked at."""
        return tuple(
            LeftOut(reason=reason, persons=len(self._persons.get(reason, ())), rows=self._rows.get(reason, 0))
            for reason in self.excluded
        )
