"""Compared pairs as a table under their person keys: a resubmission begins with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage_engine.link.competition import Sides
from linkage_engine.link.matching import Compared, Model
from linkage_engine.link.prepare import Values, numbers_of
from linkage_engine.link.threshold import EVEN_ODDS, Flags, Floats

BELOW = 6.0
"""Bits below the lenient threshold and even odds down to which pairs are kept: the next one may lie there."""
LEVEL = "level_"
COLUMNS = frozenset({"left", "right", "left_is_b", "right_is_b", "match_weight", "is_candidate", "rest"})
"""Of every kept table, beside the levels."""


@dataclass(frozen=True, slots=True, repr=False)
class Weighed:
    """Compared pairs with the weights of a model, and which of them are candidates of the spine."""

    compared: Compared
    weight: Floats
    is_candidate: Flags
    is_best: Flags
    """Which won the competition: a quality report counts them by weight."""


def kept_table(pairs: Weighed, sides: Sides, person_keys: pa.Array, *, lenient: float) -> pa.Table:
    """The pairs, between and within the files, that may ever matter to the threshold, and all best ones.

    Columns are the person keys `left` and `right`, whether each is of the second file, the level of every
    comparison, the bits that depend on no level, the weight, and whether the pair is a candidate.
    """
    heavy = np.flatnonzero(pairs.is_best | (pairs.weight >= min(lenient, EVEN_ODDS) - BELOW))
    some = pairs.compared.at(heavy)
    columns = {
        "match_weight": pa.array(pairs.weight[heavy]),
        "is_candidate": pa.array(pairs.is_candidate[heavy]),
        "left": person_keys.take(pa.array(some.left)),
        "right": person_keys.take(pa.array(some.right)),
        "left_is_b": pa.array(some.left >= sides.records_a),
        "right_is_b": pa.array(some.right >= sides.records_a),
        "rest": pa.array(some.rest),
    }
    return pa.table(columns | {f"{LEVEL}{name}": pa.array(level) for name, level in some.levels.items()})


def candidates_of(table: pa.Table) -> pa.Table:
    """person_key_a, person_key_b and match_weight of the pairs that are candidates of the spine."""
    taken = table.filter(table["is_candidate"]).select(["left", "right", "match_weight"])
    return taken.rename_columns(["person_key_a", "person_key_b", "match_weight"])


def without_gone(table: pa.Table, keys_a: pa.Array, keys_b: pa.Array) -> pa.Table:
    """The kept pairs of which both records are there."""
    keys, records_a = pa.concat_arrays([keys_a, keys_b]), len(keys_a)
    there = [_numbers(table[end], table[f"{end}_is_b"], keys, records_a) >= 0 for end in ("left", "right")]
    return table.filter(pa.array(there[0] & there[1]))


def compared_of(
    table: pa.Table, comparisons: Model, person_keys: pa.Array, *, records_a: int, fresh: Values
) -> Compared:
    """The kept pairs under the numbers of the records now: of those that are there and not fresh."""
    left, right = (
        _numbers(table[end], table[f"{end}_is_b"], person_keys, records_a) for end in ("left", "right")
    )
    still = (left >= 0) & (right >= 0) & ~np.isin(left, fresh) & ~np.isin(right, fresh)
    levels = {c.name: table[f"{LEVEL}{c.name}"].to_numpy() for c in comparisons}
    return Compared(np.minimum(left, right), np.maximum(left, right), levels, table["rest"].to_numpy()).at(
        still
    )


def _numbers(keys: pa.ChunkedArray, is_b: pa.ChunkedArray, person_keys: pa.Array, records_a: int) -> Values:
    found, second = np.zeros(len(keys), np.int64), _flags(is_b)
    empty = pa.array([], keys.type)
    found[~second] = numbers_of(person_keys, (keys.filter(pc.invert(is_b)), empty), records_a=records_a)
    found[second] = numbers_of(person_keys, (empty, keys.filter(is_b)), records_a=records_a)
    return found


def _flags(column: pa.ChunkedArray) -> Flags:
    flags: Flags = column.to_numpy().astype(np.bool_)
    return flags
