"""A gate or an admission that was broken on purpose does not agree with exact elimination."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from linkage_engine.disclosure.admission import admit as admission
from linkage_engine.disclosure.admission import sweep
from linkage_engine.disclosure.admission.factor import extended
from linkage_engine.disclosure.admission.pairs import small_pair_sets
from linkage_engine.disclosure.admission.state import State
from linkage_engine.disclosure.admission.table import Table
from linkage_engine.disclosure.gate import factor, verdict
from linkage_engine.disclosure.gate.factor import NullSpace
from linkage_engine.disclosure.history.sets import Floats, PersonSets, no_sets
from tests.property.disclosure_history.following import Tally, everything_told, follow
from tests.property.disclosure_history.mixed import (
    Shape,
    near_whole,
    nested,
    overlapping,
    parts,
    trackers,
    unions,
    wholes,
)

HISTORIES = 25
Patch = pytest.MonkeyPatch


def nothing_is_determined_to_admission(patch: Patch) -> None:
    patch.setattr(sweep, "DETERMINED", -np.inf)


def admission_takes_much_for_determined(patch: Patch) -> None:
    patch.setattr(sweep, "DETERMINED", 0.5)


def remainders_are_dropped(patch: Patch) -> None:
    patch.setattr(Table, "remainders", lambda *_: no_sets())
    patch.setattr(admission, "small_pair_sets", lambda *_, **__: no_sets())


def pairs_are_not_looked_at(patch: Patch) -> None:
    patch.setattr(admission, "small_pair_sets", lambda *_, **__: no_sets())


def old_pairs_are_not_looked_at_again(patch: Patch) -> None:
    def forgetful(published: PersonSets, cells: PersonSets, **given: object) -> PersonSets:
        return small_pair_sets(published, cells, **given | {"watched": no_sets()})  # type: ignore[arg-type]

    patch.setattr(admission, "small_pair_sets", forgetful)
    after = admission._after
    patch.setattr(admission, "_after", lambda *given: replace(after(*given), watched=no_sets()))


def recorded_groups_are_forgotten(patch: Patch) -> None:
    """And not found again as unions of sorts, which alone would protect them."""
    patch.setattr(admission, "small_unions", lambda *_, **__: no_sets())
    whole = admission._grown

    def forgetful(
        state: State, groups: PersonSets, left: Floats, more: PersonSets, persons: int
    ) -> tuple[PersonSets, Floats]:
        if groups is state.groups:
            groups, left = no_sets(), np.empty(0)
        return whole(state, groups, left, more, persons)

    patch.setattr(admission, "_grown", forgetful)


def admission_forgets_a_row(patch: Patch) -> None:
    """Of the factor: what the last new set has in common with the earlier ones."""

    def short(old: Floats, across: Floats, corner: Floats) -> Floats:
        across = across.copy()
        across[-1:] = 0
        return extended(old, across, corner)

    patch.setattr(admission, "extended", short)


def what_is_left_is_stale(patch: Patch) -> None:
    patch.setattr(
        admission,
        "sweep",
        lambda cells, products, left: replace(sweep.sweep(cells, products, left), left=left),
    )


def persons_are_not_looked_at(patch: Patch) -> None:
    """Nor found as unions of one sort."""
    patch.setattr(admission, "small_unions", lambda *_, **__: no_sets())
    patch.setattr(admission, "unexplained", lambda _, __, vectors: vectors)


def the_gate_forgets_a_row(patch: Patch) -> None:
    """And measures the residual over the others alone."""
    whole = factor.null_space

    def short(published: PersonSets, vectors: Floats) -> NullSpace:
        return whole(published.take(np.arange(len(published) - 1)), vectors)

    patch.setattr(verdict, "null_space", short)


def the_vectors_are_stale(patch: Patch) -> None:
    """Drawn once, and in the null space of nothing."""
    patch.setattr(verdict, "null_space", lambda published, vectors: NullSpace(vectors, len(published), 0.0))


def the_residual_is_not_looked_at(patch: Patch) -> None:
    """Of a factor from which half of the sets were thrown away."""
    whole = factor.null_space

    def careless(published: PersonSets, vectors: Floats) -> NullSpace:
        found = whole(published.take(np.arange(0, len(published), 2)), vectors)
        return replace(found, residual=0.0)

    patch.setattr(verdict, "null_space", careless)


def nothing_is_determined_to_the_gate(patch: Patch) -> None:
    patch.setattr(verdict, "DETERMINED", 0.0)
    patch.setattr(verdict, "SAFE", 0.0)


def the_gate_takes_much_for_determined(patch: Patch) -> None:
    patch.setattr(verdict, "DETERMINED", 0.5)
    patch.setattr(verdict, "SAFE", 0.5)


def the_gate_drops_groups(patch: Patch) -> None:
    whole = PersonSets.sums
    patch.setattr(
        PersonSets, "sums", lambda sets, values: np.where(sets.sizes[:, None] == 2, 1.0, whole(sets, values))
    )


def the_gate_has_one_vector_and_it_is_flat(patch: Patch) -> None:
    """Everybody has the same number: differences of sets of one size vanish."""
    whole = factor.null_space
    patch.setattr(verdict, "null_space", lambda published, vectors: whole(published, np.ones_like(vectors)))


OF_ADMISSION: tuple[tuple[Callable[[Patch], None], tuple[Shape, ...]], ...] = (
    (nothing_is_determined_to_admission, (nested,)),
    (admission_takes_much_for_determined, (overlapping, unions)),
    (remainders_are_dropped, (nested, near_whole)),
    (pairs_are_not_looked_at, (nested,)),
    (old_pairs_are_not_looked_at_again, (overlapping, trackers)),
    (recorded_groups_are_forgotten, (parts, wholes)),
    (admission_forgets_a_row, (overlapping,)),
    (what_is_left_is_stale, (nested, unions)),
    (persons_are_not_looked_at, (nested, near_whole)),
)
OF_THE_GATE = (
    the_gate_forgets_a_row,
    the_vectors_are_stale,
    the_residual_is_not_looked_at,
    nothing_is_determined_to_the_gate,
    the_gate_takes_much_for_determined,
    the_gate_drops_groups,
    the_gate_has_one_vector_and_it_is_flat,
)


def every_answer_is_exact(histories: int, shapes: tuple[Shape, ...]) -> None:
    for seed in range(histories):
        tally = Tally()
        follow(seed, largest=120, tables=4, tally=tally, shapes=shapes)
        tally.check()


@pytest.mark.parametrize(("weakness", "shapes"), OF_ADMISSION, ids=lambda each: getattr(each, "__name__", ""))
def test_a_weakness_planted_in_admission_is_found(
    weakness: Callable[[Patch], None], shapes: tuple[Shape, ...], monkeypatch: Patch
) -> None:
    weakness(monkeypatch)
    with pytest.raises(AssertionError):
        every_answer_is_exact(HISTORIES, shapes)


@pytest.mark.parametrize("weakness", OF_THE_GATE, ids=lambda each: each.__name__)
def test_a_weakness_planted_in_the_gate_is_found(
    weakness: Callable[[Patch], None], monkeypatch: Patch
) -> None:
    weakness(monkeypatch)
    with pytest.raises(AssertionError):
        everything_told(HISTORIES, largest=70).check()


@pytest.mark.parametrize("shapes", [each for _, each in OF_ADMISSION[3:6]])
def test_without_a_weakness_nothing_is_found(shapes: tuple[Shape, ...]) -> None:
    every_answer_is_exact(5, shapes)
