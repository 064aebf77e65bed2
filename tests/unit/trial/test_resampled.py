"""Populations of other sizes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa

from linkage_engine.laboratory.england.catalogue_form import OfProvider
from linkage_engine.laboratory.trial.resampled import resampled


def sets_of(*rows: list[tuple[int, str]]) -> list[OfProvider]:
    return [
        OfProvider(
            "north",
            f"set_{number}",
            pa.table({"person_key": [f"{person:032d}" for person, _ in each], "what": [w for _, w in each]}),
        )
        for number, each in enumerate(rows)
    ]


FIRST = [(0, "a"), (0, "b"), (2, "c")]
SECOND = [(2, "x"), (1, "y"), (2, "z"), (0, "w")]
LIVES = {0: ("ab", "w"), 1: ("", "y"), 2: ("c", "xz")}


def lives_of(sets: list[OfProvider]) -> dict[str, tuple[str, str]]:
    """For each person key what it has in both data sets, in order of letters."""
    found: dict[str, list[str]] = {}
    for place, each in enumerate(sets):
        for row in each.rows.to_pylist():
            found.setdefault(row["person_key"], ["", ""])[place] += row["what"]
    return {key: ("".join(sorted(a)), "".join(sorted(b))) for key, (a, b) in found.items()}


def test_everybody_who_is_drawn_has_all_that_one_person_had() -> None:
    drawn = np.bincount(np.random.default_rng(5).integers(0, 3, 50), minlength=3)
    sets = list(
        resampled(sets_of(FIRST, SECOND), people=3, population=50, generator=np.random.default_rng(5))
    )
    lives = lives_of(sets)
    assert set(lives) == {f"{number:032d}" for number in range(50)}
    assert Counter(lives.values()) == {LIVES[person]: count for person, count in enumerate(drawn.tolist())}


def test_a_data_set_of_nobody_stays_one() -> None:
    empty = OfProvider("north", "none", sets_of(FIRST)[0].rows.slice(0, 0))
    [made] = resampled([empty], people=3, population=9, generator=np.random.default_rng(1))
    assert made.rows.num_rows == 0
    assert made.rows.schema.names == ["person_key", "what"]
