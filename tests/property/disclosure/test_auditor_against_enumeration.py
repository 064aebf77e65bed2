"""The auditor against counting every table there is, on tables so small that it can be done."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.disclosure.audited import Labels, audited, claim_of, suppressed

SHAPES = [((2,), False), ((2, 2), False), ((3, 2), False), ((4,), True), ((2, 2), True)]
ABOVE = 4
"""How far above the truth each atom is tried: moves between tables of this size are of at most two."""


def table(shape: tuple[int, ...], *, crossed: bool) -> tuple[list[list[str]], dict[str, list[str]]]:
    places = list(product(*(range(size) for size in shape)))
    data = {f"c{axis}": [f"v{place[axis]}" for place in places] for axis in range(len(shape))}
    dimensions = [[name] for name in data]
    if crossed:
        data["half"] = [f"h{place[0] // 2}" for place in places]
        data["odd"] = [f"o{place[0] % 2}" for place in places]
        dimensions[0] += ["half", "odd"]
    return dimensions, data


@settings(deadline=None)
@given(data=st.data(), shape=st.sampled_from(SHAPES))
def test_the_auditor_says_what_counting_every_table_says(
    data: st.DataObject, shape: tuple[tuple[int, ...], bool]
) -> None:
    dimensions, columns = table(shape[0], crossed=shape[1])
    size = len(columns["c0"])
    numbers = np.array(data.draw(st.lists(st.integers(0, 3), min_size=size, max_size=size)))
    claim, labels = claim_of(dimensions, columns, numbers, frozenset())
    hidden: frozenset[Labels] = frozenset(data.draw(st.sets(st.sampled_from(labels))))
    claim, _ = claim_of(dimensions, columns, numbers, hidden)
    worlds = np.array(list(product(*(range(top + ABOVE + 1) for top in claim.truth.tolist()))))
    sums = worlds @ claim.cells.toarray().T
    possible = sums[((claim.least <= sums) & (sums <= claim.most)).all(axis=1)]
    told = possible.min(axis=0) == possible.max(axis=0)
    found = audited(dimensions, columns, numbers, hidden)
    assert found.undecided == ()
    assert {labels[cell] for cell in found.determined} == {
        label for label, is_told in zip(labels, told.tolist(), strict=True) if is_told and label in hidden
    }


@settings(deadline=None)
@given(data=st.data(), shape=st.sampled_from([((5,), True), ((4, 3), True), ((3, 3, 2), False)]))
def test_whatever_the_table_the_protector_s_pattern_is_safe(
    data: st.DataObject, shape: tuple[tuple[int, ...], bool]
) -> None:
    dimensions, columns = table(shape[0], crossed=shape[1])
    size = len(columns["c0"])
    numbers = np.array(data.draw(st.lists(st.integers(0, 30), min_size=size, max_size=size)))
    threshold, zeros = data.draw(st.integers(2, 12)), data.draw(st.booleans())
    pattern = suppressed(dimensions, columns, numbers, threshold=threshold, zeros=zeros)
    assert pattern.unsafe <= pattern.hidden
    assert audited(dimensions, columns, numbers, pattern.hidden).safe
