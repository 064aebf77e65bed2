"""Everything that is kept of a project between two tables, and as flat columns for a vault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage_engine.contract.refusals import EngineRefusal, NotTrusted, RefusalCode
from linkage_engine.disclosure.admission import columns as of_state
from linkage_engine.disclosure.admission.columns import Columns
from linkage_engine.disclosure.admission.state import State, nothing_released
from linkage_engine.disclosure.history.cohorts import Cohorts
from linkage_engine.disclosure.history.sets import PersonSets
from linkage_engine.disclosure.history.told import Telling, Told

VERSION = 2
"""Of the columns: 1 did not say which outcome was told over which sets."""
DIGEST = 32
"""Bytes of a SHA-256."""


@dataclass(frozen=True, eq=False)
class Past:
    """What was decided for a project so far: sets and outcomes told, how many tables, cohorts."""

    state: State = field(default_factory=nothing_released)
    releases: int = 0
    told: Told = field(default_factory=Told)
    cohorts: Cohorts = field(default_factory=Cohorts)

    def __repr__(self) -> str:
        return "Past(withheld)"


def to_columns(past: Past) -> Columns:
    """The state, its outcomes and its cohorts; how many tables there were is said elsewhere."""
    tellings, numbers = tuple(past.told.sets), past.told.sets.values()
    over = PersonSets.of(each.astype(np.int32) for each in numbers)
    kept: Mapping[str, npt.NDArray[Any]] = {
        "version": np.array([VERSION], dtype=np.int64),
        "told-outcomes": _bytes(each.outcome for each in tellings),
        "told-ways": _bytes(each.way for each in tellings),
        "told-variances": np.array([each.variance for each in tellings], dtype=np.float64),
        "told-starts": over.starts,
        "told-sets": over.members,
        "cohort-filters": _bytes(past.cohorts.filters),
        "cohort-starts": past.cohorts.people.starts,
        "cohort-members": past.cohorts.people.members,
    }
    return {**of_state.to_columns(past.state), **kept}


COLUMNS: Mapping[str, npt.DTypeLike] = {
    **of_state.COLUMNS,
    "version": "<i8",
    **dict.fromkeys(("told-outcomes", "told-ways", "cohort-filters"), "<u1"),
    "told-variances": "<f8",
    **dict.fromkeys(("told-starts", "cohort-starts"), "<i8"),
    **dict.fromkeys(("told-sets", "cohort-members"), "<i4"),
}
"""The names of all columns, and what is in them."""


def from_columns(columns: Columns, *, releases: int) -> Past:
    """What `to_columns` wrote after so many tables.

    Columns that do not fit are `EngineRefusal(VAULT_DAMAGED)`; those of another version do not say what
    this one has to know: `EngineRefusal(HISTORY_MISSING)`.
    """
    if columns.get("version", np.empty(0)).tolist() != [VERSION]:
        raise EngineRefusal(RefusalCode.HISTORY_MISSING)
    state = of_state.from_columns(columns)
    try:
        return Past(state, releases, _told(columns, len(state.published)), _cohorts(columns))
    except (KeyError, ValueError, IndexError, NotTrusted):
        raise EngineRefusal(RefusalCode.VAULT_DAMAGED) from None


def _told(columns: Columns, published: int) -> Told:
    over = PersonSets(columns["told-starts"], columns["told-sets"])
    named = zip(_digests(columns["told-outcomes"]), _digests(columns["told-ways"]), strict=True)
    made = zip(named, columns["told-variances"].tolist(), strict=True)
    tellings = [Telling(*digests, variance) for digests, variance in made]
    if over.least_persons > published or len(set(tellings)) != len(over):
        raise ValueError
    return Told({telling: over[number].astype(np.int64) for number, telling in enumerate(tellings)})


def _cohorts(columns: Columns) -> Cohorts:
    people = PersonSets(columns["cohort-starts"], columns["cohort-members"])
    filters = _digests(columns["cohort-filters"])
    if len(filters) != len(people):
        raise ValueError
    return Cohorts(filters, people)


def _bytes(digests: Iterable[bytes]) -> npt.NDArray[np.uint8]:
    return np.frombuffer(b"".join(digests), dtype=np.uint8)


def _digests(column: npt.NDArray[np.uint8]) -> tuple[bytes, ...]:
    return tuple(each.tobytes() for each in column.reshape(-1, DIGEST))
