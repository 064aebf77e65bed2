"""The state of a project as flat columns for a vault, and back."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage_engine.contract.refusals import EngineRefusal, NotTrusted, RefusalCode
from linkage_engine.disclosure.admission.state import State
from linkage_engine.disclosure.history.sets import Floats, PersonSets

Columns = Mapping[str, npt.NDArray[Any]]
"""By name, each of its own length."""

_SETS = ("published", "groups", "watched")


def to_columns(state: State) -> Columns:
    """Sets as where each begins and who is in them; the factor's lower triangle, row by row."""
    sets: dict[str, npt.NDArray[Any]] = {}
    for name in _SETS:
        each: PersonSets = getattr(state, name)
        sets |= {f"{name}-starts": each.starts, f"{name}-members": each.members}
    return sets | {
        "independent": state.independent,
        "left": state.left,
        "factor": state.factor[np.tril_indices(state.rank)],
        "threshold": np.array([state.threshold], dtype=np.int64),
    }


COLUMNS: Mapping[str, npt.DTypeLike] = {
    **{f"{name}-{part}": kind for name in _SETS for part, kind in (("starts", "<i8"), ("members", "<i4"))},
    "independent": "<i8",
    "left": "<f8",
    "factor": "<f8",
    "threshold": "<i8",
}
"""The names of all columns, and what is in them."""


def from_columns(columns: Columns) -> State:
    """The state that `to_columns` wrote; columns that do not fit are `EngineRefusal(VAULT_DAMAGED)`."""
    try:
        return _read(columns)
    except (KeyError, ValueError, IndexError, NotTrusted):
        raise EngineRefusal(RefusalCode.VAULT_DAMAGED) from None


def digest(columns: Columns) -> str:
    """SHA-256 of all columns by name, length and bytes."""
    whole = sha256()
    for name in sorted(columns):
        whole.update(f"{name} {columns[name].size};".encode())
        whole.update(np.ascontiguousarray(columns[name]).tobytes())
    return whole.hexdigest()


def _read(columns: Columns) -> State:
    sets = {name: PersonSets(columns[f"{name}-starts"], columns[f"{name}-members"]) for name in _SETS}
    independent, left = columns["independent"], columns["left"]
    (threshold,) = columns["threshold"].tolist()
    if left.size != len(sets["groups"]) or (independent >= len(sets["published"])).any():
        raise ValueError
    return State(
        **sets,
        independent=independent,
        factor=_square(columns["factor"], independent.size),
        left=left,
        threshold=threshold,
    )


def _square(triangle: Floats, rank: int) -> Floats:
    """The lower triangle in its matrix; one of another size is `ValueError`."""
    if triangle.size != rank * (rank + 1) // 2:
        raise ValueError
    factor = np.zeros((rank, rank), order="F")
    factor[np.tril_indices(rank)] = triangle
    return factor
